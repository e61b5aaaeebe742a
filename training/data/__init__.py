"""Clips, groups, splits, the cache of decoded frames, and the windows drawn from it."""
