"""From probabilities to a decision: smoothing, rejection, events."""
