"""A network that learns in seconds, as a configuration has it."""

NETWORK = """
[network]
name = "cnn_gru"
height = 24
width = 32
filters = [4, 8, 8]
conv3d = 8
gru = [8, 8]
"""
