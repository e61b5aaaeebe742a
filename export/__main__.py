"""python -m export: build, verify, measure."""

from export.cli import main

if __name__ == "__main__":
    main()
