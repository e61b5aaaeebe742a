"""Turns a trained run into a verified model bundle. Runs from a checkout."""
