"""python -m training: prepare, fit, evaluate."""

import sys

if __name__ == "__main__":
    try:
        from har_desktop import console

        try:
            from training.cli import main
        except ModuleNotFoundError as error:
            sys.exit(console.tell("python -m training", error))
        main()
    except KeyboardInterrupt:  # as it is imported: `console` sees to it from then on
        sys.exit(130)
