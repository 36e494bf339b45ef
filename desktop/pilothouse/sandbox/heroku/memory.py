"""How much memory a dyno has, and what the dyno manager says when it takes more.

Over its quota a dyno goes on, with an R14 in the log every twenty platform seconds; at twice its
quota it is killed, with an R15 (error codes and dyno types in the platform's documentation).
"""

from __future__ import annotations

from pilothouse.sandbox.heroku import catalogue

LOOK_S = 20.0
"""Platform seconds between two looks at a dyno's memory."""
_MB_IN_GB = 1024
_KILLED_AT = 2


def quota_mb(size: str) -> float:
    """The memory that comes with a size of dyno."""
    found = catalogue.size(size)
    return _MB_IN_GB * (catalogue.SIZES[0] if found is None else found).memory_gb


def limit_mb(size: str) -> float:
    """The memory at which a dyno of a size is killed."""
    return _KILLED_AT * quota_mb(size)


def complaint(size: str, used_mb: float) -> list[str]:
    """What the log says of a dyno that takes so much memory; nothing while it is within bounds."""
    if used_mb <= quota_mb(size):
        return []
    return [_running(size, used_mb), "Error R14 (Memory quota exceeded)"]


def farewell(size: str) -> list[str]:
    """What the log says of a dyno that was killed for its memory."""
    return [
        _running(size, limit_mb(size)),
        "Error R15 (Memory quota vastly exceeded)",
        "Stopping process with SIGKILL",
    ]


def _running(size: str, used_mb: float) -> str:
    return f"Process running mem={used_mb:.0f}M({100 * used_mb / quota_mb(size):.1f}%)"
