"""Waiting in tests: for a state, never for time, and always with a deadline.

The only module of the tests that pauses at all (test_house.py sees to it). A state
that does not come in time is an error which says what was waited for.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

PAUSE_S = 0.01
"""Between two looks."""


class TooLateError(AssertionError):
    """What a test waited for did not come."""

    def __init__(self, what: str, deadline_s: float) -> None:
        super().__init__(f"waited {deadline_s:g} s in vain for: {what}")


def until(look: Callable[[], T], what: str, deadline_s: float = 10.0) -> T:
    """The first true answer of `look`, asked again and again.

    Raises:
        TooLateError: there was none within the deadline.
    """
    pause = threading.Event()
    end = time.monotonic() + deadline_s
    while True:
        if found := look():
            return found
        if time.monotonic() >= end:
            raise TooLateError(what, deadline_s)
        pause.wait(PAUSE_S)


async def until_async(look: Callable[[], Awaitable[T]], what: str, deadline_s: float = 10.0) -> T:
    """As `until`, for a look that is awaited, while the loop goes on.

    Raises:
        TooLateError: there was no true answer within the deadline.
    """
    end = time.monotonic() + deadline_s
    while True:
        if found := await look():
            return found
        if time.monotonic() >= end:
            raise TooLateError(what, deadline_s)
        await asyncio.sleep(PAUSE_S)
