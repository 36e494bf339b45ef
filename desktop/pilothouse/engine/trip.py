"""The named points of a run at which a test may kill the program.

The set is closed: a new point without a journey that dies there fails the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """Where the loop may be struck; in the order of a run."""

    CREATED = "created"
    STARTED = "started"
    INTENDED = "intended"
    APPLIED = "applied"
    SETTLED = "settled"
    DECIDED = "decided"
    ENDING = "ending"
    ENDED = "ended"


Trip = Callable[[Point, str], None]
"""Called with the point and the step's key (or the deployment's id where there is no step)."""


def no_trip(_point: Point, _where: str) -> None:
    """Pass every point."""
