"""The poster's tables, measured: its network beside others, each trained as it should be."""
