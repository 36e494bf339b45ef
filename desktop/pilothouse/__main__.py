"""The way in: `python -m pilothouse`, and the `pilothouse` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the program; returns its exit code."""
    from pilothouse.app.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
