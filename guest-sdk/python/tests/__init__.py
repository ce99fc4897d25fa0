"""Run them in `guest-sdk/python` with `python -m unittest`."""

import sys

sys.path[:0] = ["sdk"]
