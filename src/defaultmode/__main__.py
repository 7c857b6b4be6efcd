"""`python -m defaultmode` is the command line."""

import sys

from defaultmode.cli import main

if __name__ == "__main__":
    sys.exit(main())
