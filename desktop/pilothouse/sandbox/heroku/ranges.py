"""Paging by the `Range` header, as the Platform API speaks it.

Grammar: `<field> [ "[" | "]" ][<start>]..[<end>][; max=<n>][, order=asc|desc]`, with the options
in either order, separated by `;` or `,`, spaces and empty options allowed, because real clients
send all of these. A list that ends here is 200 and has no `Next-Range`; one that goes on is 206
and has one that can be sent back as it is. (Platform API reference, ranges.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DEFAULT_MAX = 200
LARGEST_MAX = 1000

Key = int | str
Fields = Mapping[str, Callable[[Any], Key]]
"""For each sortable field of a list, how to read it from an item."""

_HEAD = re.compile(
    r"^\s*(?P<field>[a-z_]+)\s+(?P<open>[\[\]]?)(?P<start>[^\s;,\[\]]*?)"
    r"\.\.(?P<end>[^\s;,\[\]]*)(?P<close>[\[\]]?)\s*$"
)
# More digits than any number here has; Python refuses to read some thousands of them.
_DIGITS = re.compile(r"[0-9]{1,18}")


class RangeError(ValueError):
    """The header cannot be satisfied; it is a 416 on the wire."""


@dataclass(frozen=True, slots=True)
class Span:
    """A parsed `Range`: which part of a list, in which order, how many at most."""

    field: str
    start: str = ""
    end: str = ""
    exclusive: bool = False
    limit: int = DEFAULT_MAX
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a list to answer with: its items, status and headers."""

    items: tuple[Any, ...]
    status: int
    headers: dict[str, str]


def parse(header: str | None, fields: Fields) -> Span:
    """The span that a `Range` header asks for; without one, the first field ascending.

    Raises:
        RangeError: for a field that cannot be sorted by, or a text outside the grammar.
    """
    if header is None or not header.strip():
        return Span(field=next(iter(fields)))
    head, *options = re.split(r"[;,]", header)
    found = _HEAD.match(head)
    if found is None or found["field"] not in fields:
        raise RangeError(header)
    limit, descending = _options(options)
    return Span(
        field=found["field"],
        start=found["start"],
        end=found["end"],
        exclusive=found["open"] == "]",
        limit=limit,
        descending=descending,
    )


def _options(options: Sequence[str]) -> tuple[int, bool]:
    limit, descending = DEFAULT_MAX, False
    for option in options:
        name, _, value = (part.strip() for part in option.partition("="))
        if name == "max" and _DIGITS.fullmatch(value) and int(value) > 0:
            limit = min(int(value), LARGEST_MAX)
        elif name == "order" and value in {"asc", "desc"}:
            descending = value == "desc"
        elif name:
            raise RangeError(option)
    return limit, descending


def paginate(items: Sequence[Any], header: str | None, fields: Fields) -> Page:
    """The page of `items` that the header asks for.

    Raises:
        RangeError: as `parse`, and for a bound that is not of the field's kind.
    """
    span = parse(header, fields)
    read = fields[span.field]
    ordered = sorted(items, key=read, reverse=span.descending)
    inside = [item for item in ordered if _is_inside(read(item), span)]
    page = tuple(inside[: span.limit])
    headers = {"Accept-Ranges": ", ".join(fields)}
    if page:
        first, last = read(page[0]), read(page[-1])
        headers["Content-Range"] = f"{span.field} {first}..{last}; max={span.limit}"
    if len(inside) > len(page):
        headers["Next-Range"] = _next_range(span, read(page[-1]))
        return Page(page, 206, headers)
    return Page(page, 200, headers)


def _next_range(span: Span, last: Key) -> str:
    order = ", order=desc" if span.descending else ""
    return f"{span.field} ]{last}..{span.end}; max={span.limit}{order}"


def _is_inside(value: Key, span: Span) -> bool:
    sign = -1 if span.descending else 1
    if span.start:
        place = sign * _compare(value, span.start)
        if place < 0 or (span.exclusive and place == 0):
            return False
    return not span.end or sign * _compare(value, span.end) <= 0


def _compare(value: Key, bound: str) -> int:
    if isinstance(value, int):
        if _DIGITS.fullmatch(bound) is None:
            raise RangeError(bound)
        return (value > int(bound)) - (value < int(bound))
    return (value > bound) - (value < bound)
