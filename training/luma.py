"""How bright red, green and blue are."""

# ITU-R BT.601, as OpenCV turns RGB to grey.
LUMA = (0.299, 0.587, 0.114)
COLOURS = len(LUMA)
