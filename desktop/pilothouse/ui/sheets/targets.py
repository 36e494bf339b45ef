"""Which releases a roll back may go to, in the order in which the sheet offers them: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pilothouse.domain.model import Release, ReleaseStatus, ReleaseVerdict
from pilothouse.engine.views import AppView
from pilothouse.ui.words import ago, verdict

BAD = frozenset({ReleaseVerdict.ROLLED_BACK, ReleaseVerdict.FAILED_SAFE, ReleaseVerdict.UNKNOWN})
FIRST = 2


@dataclass(frozen=True, slots=True)
class Targets:
    """`first` are offered at once, `more` on request; `cannot` is how many cannot be gone to."""

    first: tuple[Release, ...]
    more: tuple[Release, ...]
    cannot: int

    @property
    def all(self) -> tuple[Release, ...]:
        """Every release that can be chosen."""
        return self.first + self.more


def targets(view: AppView, history: Sequence[Release]) -> Targets:
    """The app's way back first, then proven ones, then the rest of the complete earlier ones."""
    live = view.release.version if view.release is not None else None
    others = [one for one in history if one.version != live]
    able = [one for one in others if _can(one)]
    cannot = sum(1 for one in others if one.status is ReleaseStatus.COMPLETE and not _can(one))
    best = view.way_back
    proven = [one for one in able if one.verdict is ReleaseVerdict.VERIFIED]
    rest = [one for one in able if one not in proven]
    ordered = [one for one in (*proven, *rest) if best is None or one.version != best.version]
    if best is not None:
        ordered.insert(0, best)
    first = tuple(ordered[:FIRST])
    more = tuple(sorted(ordered[FIRST:], key=lambda one: -one.version))
    return Targets(first, more, cannot)


def _can(release: Release) -> bool:
    complete = release.status is ReleaseStatus.COMPLETE
    return complete and release.artifact is not None and release.eligible is not False


def described(release: Release, now: datetime) -> str:
    """The small line under a release's title."""
    since = ago((now - release.created_at).total_seconds())
    return f"{verdict(release.verdict).word} · released {since} by {release.author}"


def is_bad(release: Release) -> bool:
    """Whether going there means going to something known to be bad."""
    return release.verdict in BAD
