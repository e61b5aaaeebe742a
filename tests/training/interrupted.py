"""For tests that interrupt a run."""

import pytest

# Keras' CSV logger leaves its file to the garbage collector when a run is interrupted.
interrupted = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
)
