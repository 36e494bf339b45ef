"""The guards of a draft as rows: which are asked, what they said, what may be done: pure.

A row keeps its last word until the guard speaks again. What stops a plan is the plan's own
verdicts; this only says it in the order in which a person needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from pilothouse.domain.guard import Family, Ruling, Verdict

ALWAYS = (Family.CREDENTIAL, Family.BASE, Family.APP, Family.WAY_BACK)

NAMES = {
    Family.CREDENTIAL: "Credential",
    Family.BASE: "Base",
    Family.APP: "App",
    Family.WAY_BACK: "Way back",
    Family.CALENDAR: "Calendar",
    Family.PLATFORM: "Platform",
    Family.COMMAND: "Command",
    Family.APPROVAL: "Approval",
    Family.NAME: "Name",
}


class Standing(Enum):
    """How a row stands, in the order of the list."""

    BLOCK = "blocks"
    UNKNOWN = "unknown"
    WARN = "warns"
    CHECKING = "is checking"
    FINE = "passes"


class Act(Enum):
    """What a row offers."""

    OVERRIDE = "Override…"
    ASK_AGAIN = "Ask again"


@dataclass(frozen=True, slots=True)
class Row:
    """One guard as a person sees it."""

    family: Family
    standing: Standing
    reason: str
    stops: bool = False
    act: Act | None = None
    overridden: str = ""
    detail: str = ""

    @property
    def name(self) -> str:
        """The family's word."""
        return NAMES[self.family]

    @property
    def spoken(self) -> str:
        """The row as a sentence for those who listen."""
        said = "overridden" if self.overridden else self.standing.value
        act = f". Button {self.act.value.rstrip('…')} {self.name}" if self.act else ""
        return f"{self.name} {said}: {self.reason.rstrip('.')}{act}"


_STANDINGS = {
    Ruling.BLOCK: Standing.BLOCK,
    Ruling.UNKNOWN: Standing.UNKNOWN,
    Ruling.WARN: Standing.WARN,
    Ruling.PASS: Standing.FINE,
}


def row_of(verdict: Verdict) -> Row:
    """The row for a verdict."""
    if verdict.overridden:
        reason = f"overridden: “{verdict.overridden}”"
        return Row(verdict.family, Standing.FINE, reason, overridden=verdict.overridden)
    act = None
    if verdict.can_override and verdict.stops:
        act = Act.OVERRIDE
    elif verdict.ruling is Ruling.UNKNOWN:
        act = Act.ASK_AGAIN
    return Row(
        verdict.family,
        _STANDINGS[verdict.ruling],
        verdict.sentence,
        stops=verdict.stops,
        act=act,
        detail=verdict.detail,
    )


def rows(given: Mapping[Family, Verdict], asked: Iterable[Family] = ()) -> tuple[Row, ...]:
    """All rows in order: what was said, and what is still asked."""
    made = [row_of(verdict) for verdict in given.values() if verdict.family is not Family.NAME]
    made += [
        Row(family, Standing.CHECKING, "Looking…")
        for family in asked
        if family not in given and family is not Family.NAME
    ]
    standings, families = list(Standing), list(Family)
    return tuple(
        sorted(made, key=lambda row: (standings.index(row.standing), families.index(row.family)))
    )


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows stand one way; `ink` names its colour."""

    words: str
    ink: str


_INKS = {
    Standing.BLOCK: "bad",
    Standing.UNKNOWN: "unk",
    Standing.WARN: "text2",
    Standing.CHECKING: "text2",
    Standing.FINE: "text2",
}


def counts(shown: Iterable[Row]) -> tuple[Count, ...]:
    """The counts above the rows, the pressing ones last, where the eye ends."""
    standings = [row.standing for row in shown]
    made = []
    for standing in reversed(Standing):
        number = standings.count(standing)
        if number:
            word = _plural(standing, number)
            made.append(Count(f"{number} {word}", _INKS[standing]))
    return tuple(made)


def _plural(standing: Standing, number: int) -> str:
    one = number == 1
    match standing:
        case Standing.BLOCK:
            return "blocks" if one else "block"
        case Standing.WARN:
            return "warns" if one else "warn"
        case Standing.CHECKING:
            return "is checking" if one else "are checking"
        case Standing.FINE:
            return "passes" if one else "pass"
        case Standing.UNKNOWN:
            return "unknown"


def first_stop(shown: Iterable[Row]) -> str:
    """Why the change cannot go on yet, in one line; empty when no guard stops it."""
    listed = tuple(shown)
    stopping = next((row for row in listed if row.stops), None)
    if stopping is not None:
        word = "blocks" if stopping.standing is Standing.BLOCK else "is not known, and must be"
        if stopping.act is Act.OVERRIDE:
            return f"{stopping.name} {word}: override it with a reason."
        return f"{stopping.name} {word}: {stopping.reason}"
    checking = [row.name for row in listed if row.standing is Standing.CHECKING]
    if checking:
        more = f" and {len(checking) - 1} more" if len(checking) > 1 else ""
        return f"Waiting for {checking[0]}{more}."
    return ""
