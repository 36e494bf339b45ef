"""`python -m pilothouse.sandbox`: a sandbox without the rest of the program.

It imports nothing of the window or the engine, so that a detached one starts quickly.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pilothouse.sandbox.pace import DEFAULT_SCALE, check_scale
from pilothouse.sandbox.server import main_sandbox


def _scale(text: str) -> float:
    try:
        scale = float(text)
        check_scale(scale)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from wrong
    return scale


def main() -> int:
    """Read the arguments and run the sandbox."""
    parser = argparse.ArgumentParser(prog="pilothouse-sandbox", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="directory to keep the state in")
    parser.add_argument("--port", type=int, default=None, help="port of the Fly API; 0 takes any")
    parser.add_argument("--scale", type=_scale, default=DEFAULT_SCALE, help="platform s per s")
    parser.add_argument("--json", action="store_true", help="announce in one line of JSON")
    parser.add_argument("--idle", type=float, default=None, help="end after so many idle seconds")
    given = parser.parse_args()
    return main_sandbox(given.port, given.state, given.scale, given.json, given.idle)


if __name__ == "__main__":
    sys.exit(main())
