"""How frames are driven through the engine: a file in order, a camera newest first."""
