"""Limits that a system sets."""

from contextlib import contextmanager


@contextmanager
def largest_file(size):
    """A system that lets nobody write files of more than so many bytes."""
    import resource  # which Windows has not

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
