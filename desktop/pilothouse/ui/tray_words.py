"""What the tray says: badge, line of counts, one line an app that is not simply serving. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pilothouse.domain.model import AppState
from pilothouse.domain.news import Reach
from pilothouse.engine.views import AppView
from pilothouse.ui.glyph import Badge
from pilothouse.ui.run.endings import newcomer
from pilothouse.ui.run.outline import done_of
from pilothouse.ui.shapes import Shape
from pilothouse.ui.sights import AccountSight
from pilothouse.ui.words import app_state, clock_time, version


@dataclass(frozen=True, slots=True)
class TrayLine:
    """One app in the menu."""

    view: AppView
    shape: Shape
    text: str


def is_live(view: AppView) -> bool:
    """Whether a deployment of ours goes on."""
    return view.last is not None and not view.last.progress.state.is_ended


def progress_of(views: Iterable[AppView]) -> float:
    """How far the first running deployment is, 0 to 1."""
    for view in views:
        if view.last is not None and is_live(view):
            done, every = done_of(view.last.progress)
            return done / max(1, every)
    return 0.0


def badge_of(views: Sequence[AppView], sights: Sequence[AccountSight], open_notices: int) -> Badge:
    """The first badge that holds, the most pressing first."""
    states = {view.state for view in views}
    blind = bool(sights) and all(one.reach is not Reach.SEEN for one in sights)
    if open_notices or AppState.BROKEN in states:
        return Badge.NEEDS_YOU
    if blind:
        return Badge.BLIND
    if AppState.UNKNOWN in states:
        return Badge.UNKNOWN
    if any(view.hold_reason is not None for view in views):
        return Badge.HELD
    if AppState.DEPLOYING in states or any(is_live(view) for view in views):
        return Badge.DEPLOYING
    return Badge.ALL_SERVE


def counts_line(views: Sequence[AppView], open_notices: int) -> str:
    """The counts that are not nought, the pressing ones first."""
    if not views:
        return "No apps yet"
    parts = []
    if open_notices:
        parts.append(f"{open_notices} need{'s' if open_notices == 1 else ''} you")
    for state, word in (
        (AppState.BROKEN, "broken"),
        (AppState.UNKNOWN, "unknown"),
        (AppState.DEPLOYING, "deploying"),
        (AppState.PROVISIONAL, "provisional"),
        (AppState.SERVING, "serving"),
    ):
        count = sum(view.state is state for view in views)
        if count:
            parts.append(f"{count} {word}")
    return ", ".join(parts)


def lines(views: Iterable[AppView]) -> tuple[TrayLine, ...]:
    """The apps that are not simply serving, the worst first."""
    order = list(AppState)
    wanted = [
        view for view in views if view.state is not AppState.SERVING or view.hold_reason is not None
    ]
    wanted.sort(key=lambda view: (-order.index(view.state), view.app.name))
    return tuple(_line(view) for view in wanted)


def _line(view: AppView) -> TrayLine:
    word = app_state(view.state)
    live = version(view.release.version) if view.release is not None else "nothing known"
    if is_live(view) and view.last is not None:
        done, every = done_of(view.last.progress)
        new = newcomer(view.last.progress.plan)
        return TrayLine(view, word.shape, f"Deploying {new}, {done} of {every}")
    if view.state is AppState.UNKNOWN:
        since = f" since {clock_time(view.seen_at)}" if view.seen_at is not None else ""
        return TrayLine(view, word.shape, f"Unknown{since}")
    if view.hold_reason is not None and view.state is AppState.SERVING:
        return TrayLine(view, Shape.HELD, f"Held, {live} serves")
    held = ", held" if view.hold_reason is not None else ""
    return TrayLine(view, word.shape, f"{word.word} {live}{held}")
