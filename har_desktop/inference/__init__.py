"""From a frame to a recognition: bundle, session, window in time, recognizer."""
