"""python -m export: build, verify, measure."""

import sys

if __name__ == "__main__":
    try:
        from export.cli import main

        main()
    except KeyboardInterrupt:  # as it is imported: `console` sees to it from then on
        sys.exit(130)
