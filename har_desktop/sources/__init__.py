"""Where frames come from. A source delivers `Frame`s with true times."""
