"""Pages of the lists that the Machines API cuts up, by cursors that live half an hour.

A page begins after the last identifier of the page before, so that what comes and goes meanwhile
neither repeats nor hides a row. A cursor expires 30 minutes after the first page was asked for
(Fly.io, Machines API, "Pagination").
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from pilothouse.sandbox.fly.errors import invalid

CURSOR_S = 1800.0
MOST_ROWS = 1000

T = TypeVar("T")


def page(
    rows: Sequence[T], key: Callable[[T], str], query: Mapping[str, str], now: float
) -> tuple[Sequence[T], str | None]:
    """Return the page of `rows` that `limit` and `cursor` ask for, and the next page's cursor.

    `rows` are in rising order of `key`. Without a limit everything comes at once.

    Raises:
        FlyError: 400 for a limit that is none, or a cursor that is unknown or too old.
    """
    if "limit" not in query and not query.get("cursor"):
        return rows, None
    size = _limit(query.get("limit") or str(MOST_ROWS))
    began, after = _read(query["cursor"], now) if query.get("cursor") else (now, "")
    left = [row for row in rows if key(row) > after]
    if len(left) <= size:
        return left, None
    cut = left[:size]
    return cut, _write(began, key(cut[-1]))


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) == 0:
        raise invalid(f"limit must be a whole number from 1, not {text[:40]!r}")
    return min(int(text), MOST_ROWS)


def _write(began: float, after: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([began, after]).encode()).decode()


def _read(cursor: str, now: float) -> tuple[float, str]:
    try:
        began, after = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise invalid("unknown cursor") from None
    if not isinstance(began, float) or not isinstance(after, str):
        raise invalid("unknown cursor")
    if now - began > CURSOR_S:
        raise invalid("the cursor has expired; begin with the first page")
    return began, after
