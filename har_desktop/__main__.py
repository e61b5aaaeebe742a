"""`python -m har_desktop` is `har-desktop`."""

import sys

from har_desktop.cli import main

sys.exit(main())
