"""Run them with `python -m unittest`."""

import sys

# Where `tidemill build` looks, too.
sys.path[:0] = ["src", ".tidemill/sdk"]
