"""Lengths of time and moments as sheets and runs write them, beside the words of the window."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QLocale

from pilothouse.ui.words import duration, number


def in_about(seconds: float) -> str:
    """A predicted length in a sentence: "about 9 s"."""
    return f"about {duration(float(round(seconds) or 1))}"


def clock(seconds: float) -> str:
    """A running length: "2:26", "1:02:26"."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def of_day(at: datetime) -> str:
    """The local time of day with seconds, as the log writes it."""
    return at.astimezone().strftime("%H:%M:%S")


def milliseconds(seconds: float) -> str:
    """An answer time: "41 ms"."""
    return f"{number(round(seconds * 1000))} ms"


def at_most(share: float) -> str:
    """An upper bound on a share (0 to 1) in per cent, never rounded down: "0.25 %"."""
    value = share * 100
    digits = 0 if value >= 10 else 1 if value >= 1 else 2
    step = 10.0**-digits
    return f"{QLocale().toString(min(100.0, value + step * 0.4999), 'f', digits)} %"
