"""`python -m har_desktop` is `har-desktop`."""

import sys
from typing import NoReturn


def run() -> NoReturn:
    """Be the program; Ctrl-C ends it quietly even while it is imported."""
    try:
        from har_desktop import cli

        cli.run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
