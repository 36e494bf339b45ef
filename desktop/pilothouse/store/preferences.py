"""The preferences: each declared once, with its type, its default and what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T", bool, int, float, str)


@dataclass(frozen=True, slots=True)
class Preference(Generic[T]):
    """One thing a person may prefer; the type of `default` is the preference's type."""

    key: str
    default: T
    help: str

    def accepts(self, value: object) -> bool:
        """Whether a value from a file is one of this preference."""
        return type(value) is type(self.default)


ALERTS = Preference("alerts", True, "Show a notice on the desktop when something needs a person.")
SINGLE_KEYS = Preference("single_keys", True, "Letters such as D and R act while a list has focus.")
LOG_SCALE = Preference("log_scale", 100, "Size of the log's text in per cent.")

ALL: tuple[Preference[bool] | Preference[int], ...] = (ALERTS, SINGLE_KEYS, LOG_SCALE)
