"""Lengths of time in words, as the window writes them everywhere in sheets and runs.

A predicted length carries "~" or "about"; a measured one carries nothing.
"""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QLocale

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0


def span(seconds: float) -> str:
    """A measured length: "0.3 s", "41 s", "5 min 40 s", "2 h 5 min"."""
    if seconds < 9.95:
        tenths = QLocale().toString(max(0.0, seconds), "f", 1)
        return f"{tenths} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60} min" if rest >= MINUTE else f"{hours} h"


def whole_span(seconds: float) -> str:
    """The same without tenths, at least one second: for predictions and ages."""
    return span(max(10.0, seconds)) if seconds >= 9.5 else f"{max(1, round(seconds))} s"


def predicted(seconds: float) -> str:
    """A predicted length in a column: "~38 s"."""
    return f"~{whole_span(seconds)}"


def about(seconds: float) -> str:
    """A predicted length in a sentence: "about 9 s"."""
    return f"about {whole_span(seconds)}"


def clock(seconds: float) -> str:
    """A running length: "2:26", "1:02:26"."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def age(then: datetime, now: datetime) -> str:
    """How long ago, in one unit: "4 s", "26 min", "3 h", "2 d"."""
    seconds = max(0.0, (now - then).total_seconds())
    for unit, length in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def of_day(at: datetime) -> str:
    """The local time of day with seconds, as the log writes it."""
    return at.astimezone().strftime("%H:%M:%S")


def of_minute(at: datetime) -> str:
    """The local time of day without seconds."""
    return at.astimezone().strftime("%H:%M")


def number(value: int) -> str:
    """A count with the locale's grouping."""
    return QLocale().toString(value)


def milliseconds(seconds: float) -> str:
    """An answer time: "41 ms"."""
    return f"{number(round(seconds * 1000))} ms"
