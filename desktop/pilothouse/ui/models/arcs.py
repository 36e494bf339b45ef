"""Arcs in the history's gutter: from a release that was gone back from to the one gone back to.

At most three lanes; an arc that finds none free is left to the words of the row. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from pilothouse.domain.model import Release, ReleaseKind, ReleaseVerdict

LANES = 3


class Part(Enum):
    """What an arc is in one row."""

    START = "start"
    THROUGH = "through"
    END = "end"


Piece = tuple[int, Part]


@dataclass(frozen=True, slots=True)
class Arc:
    """From a row down to another, in a lane."""

    top: int
    bottom: int
    lane: int


def ends_of(releases: Sequence[Release]) -> list[tuple[int, int]]:
    """Versions that belong together: the bad one, and the one gone back to."""
    bad = {r.version for r in releases if r.verdict is ReleaseVerdict.ROLLED_BACK}
    ends: dict[int, int] = {}
    for release in releases:
        target = release.went_back_to
        if target is None:
            continue
        if release.kind is not ReleaseKind.ROLLBACK:
            ends[release.version] = target
        elif target < release.version - 1:
            before = range(release.version - 1, target, -1)
            start = next((version for version in before if version in bad), release.version - 1)
            ends.setdefault(start, target)
    return list(ends.items())


def arcs_of(ends: Sequence[tuple[int, int]], rows: Mapping[int, int]) -> list[Arc]:
    """Arcs between rows that are shown, the short ones in the inner lanes."""
    spans = [(rows[a], rows[b]) for a, b in ends if a in rows and b in rows and rows[a] < rows[b]]
    arcs: list[Arc] = []
    taken: list[list[tuple[int, int]]] = [[] for _ in range(LANES)]
    for top, bottom in sorted(spans, key=lambda span: (span[1] - span[0], span[0])):
        for lane, others in enumerate(taken):
            if all(bottom < start or top > end for start, end in others):
                others.append((top, bottom))
                arcs.append(Arc(top, bottom, lane))
                break
    return arcs


def pieces_of(arcs: Sequence[Arc]) -> dict[int, tuple[Piece, ...]]:
    """What is to be painted in each row."""
    pieces: dict[int, tuple[Piece, ...]] = {}
    for arc in arcs:
        for row in range(arc.top, arc.bottom + 1):
            part = Part.THROUGH
            if row == arc.top:
                part = Part.START
            elif row == arc.bottom:
                part = Part.END
            pieces[row] = (*pieces.get(row, ()), (arc.lane, part))
    return pieces
