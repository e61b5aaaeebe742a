"""What the program's speed is measured against: docs/performance.md says what each figure means."""
