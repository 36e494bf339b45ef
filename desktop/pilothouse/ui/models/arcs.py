"""Arcs in the history's gutter: from a release that was gone back from to the one gone back to.

Keyed by version, so that rows may come above and below without moving them. At most three lanes;
an arc that finds none free is left to the words of the row. Pages come newest first; an arc is
drawn once its target is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from pilothouse.domain.model import Release, ReleaseKind, ReleaseVerdict

LANES = 3
LONGEST = 500


class Part(Enum):
    """What an arc is in one row."""

    START = "start"
    THROUGH = "through"
    END = "end"


Piece = tuple[int, Part]


class Gutter:
    """The arcs of one history, grown page by page."""

    def __init__(self) -> None:
        self._bad: set[int] = set()
        self._open: list[Release] = []
        self._joined: set[int] = set()
        self._taken: dict[int, int] = {}
        self._pieces: dict[int, tuple[Piece, ...]] = {}

    def pieces(self, version: int) -> tuple[Piece, ...]:
        """What is to be painted in a release's row."""
        return self._pieces.get(version, ())

    def grow(self, releases: Sequence[Release], oldest: int) -> None:
        """Take more releases; everything down to the version `oldest` is known afterwards."""
        for release in releases:
            if release.verdict is ReleaseVerdict.ROLLED_BACK:
                self._bad.add(release.version)
            if release.went_back_to is not None and release.went_back_to < release.version:
                self._open.append(release)
        ready = [one for one in self._open if (one.went_back_to or 0) >= oldest]
        self._open = [one for one in self._open if (one.went_back_to or 0) < oldest]
        ends = [self._ends(one) for one in sorted(ready, key=_own_first)]
        for start, target in sorted(ends, key=_length):
            self._join(start, target)

    def _ends(self, release: Release) -> tuple[int, int]:
        """The bad release and its target; a rollback's bad one is the newest bad one below it."""
        target = release.went_back_to or 0
        if release.kind is not ReleaseKind.ROLLBACK:
            return release.version, target
        before = range(release.version - 1, target, -1)
        bad = next((version for version in before if version in self._bad), release.version - 1)
        return bad, target

    def _join(self, start: int, target: int) -> None:
        if start in self._joined or not 0 < start - target <= LONGEST:
            return
        self._joined.add(start)
        span = range(target, start + 1)
        taken = 0
        for version in span:
            taken |= self._taken.get(version, 0)
        lane = next((lane for lane in range(LANES) if not taken & 1 << lane), None)
        if lane is None:
            return
        for version in span:
            self._taken[version] = self._taken.get(version, 0) | 1 << lane
            part = Part.THROUGH
            if version == start:
                part = Part.START
            elif version == target:
                part = Part.END
            self._pieces[version] = (*self._pieces.get(version, ()), (lane, part))


def _own_first(release: Release) -> bool:
    """A bad release that says itself where it went comes before the rollback that followed it."""
    return release.kind is ReleaseKind.ROLLBACK


def _length(ends: tuple[int, int]) -> int:
    return ends[0] - ends[1]
