"""Run the command as `python -m mramcim`."""

import sys

from mramcim.command import main

if __name__ == "__main__":
    sys.exit(main())
