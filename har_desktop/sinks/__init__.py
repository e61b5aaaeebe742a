"""Where results go: annotated video, JSONL, CSV, WebVTT."""
