"""python -m training: prepare, fit, evaluate."""

from training.cli import main

if __name__ == "__main__":
    main()
