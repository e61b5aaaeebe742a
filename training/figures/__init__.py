"""The poster's figures, drawn from a run and from the bundle that was built of it."""
