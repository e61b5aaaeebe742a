"""python -m training: prepare, fit, evaluate."""

import sys

from har_desktop import console

if __name__ == "__main__":
    try:
        from training.cli import main
    except ModuleNotFoundError as error:
        sys.exit(console.tell("python -m training", error))
    main()
