"""`python -m har_desktop` is `har-desktop`."""

from har_desktop.cli import run

run()
