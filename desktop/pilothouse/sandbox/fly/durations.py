"""Durations as Go writes and reads them, since the platform's API is written in it.

A string such as `1m30s` or `500ms`; a bare number counts nanoseconds.
"""

from __future__ import annotations

import re

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|us|µs|ns|h|m|s)")


def duration(value: object) -> float | None:
    """Return a duration in seconds; None when `value` does not say one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) / 1e9
    if not isinstance(value, str):
        return None
    if value == "0":
        return 0.0
    parts = _PART.findall(value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        return None
    return float(sum(float(number) * _UNITS[unit] for number, unit in parts))


def seconds(value: object, default: float) -> float:
    """Return a duration in seconds, or `default` where none is said."""
    found = duration(value)
    return default if found is None else found
