"""From events to a deployment's state: pure, and the only way a state comes to be.

Once a deployment goes back it never goes forward again, and a wish to stop is never forgotten;
a pause lasts, crashes or not, until a person says to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from pilothouse.domain.change import Plan, Step
from pilothouse.domain.deployment import (
    Cause,
    Event,
    EventKind,
    Outcome,
    Progress,
    State,
    StepStatus,
)
from pilothouse.domain.model import Json


def fold(plan: Plan, events: Iterable[Event]) -> Progress:
    """The state that a plan and its events make."""
    progress = Progress(plan)
    for event in events:
        progress = advance(progress, event)
    return progress


def advance(progress: Progress, event: Event) -> Progress:
    """The state after one more event; events come in the order of their numbers."""
    progress = replace(progress, last_seq=event.seq, fence=event.fence)
    if event.step is not None:
        return _advance_step(progress, event)
    change = _CHANGES.get(event.kind)
    return progress if change is None else change(progress, event)


def _start(progress: Progress, event: Event) -> Progress:
    return replace(
        progress,
        state=_moving(progress),
        owner=str(event.data["owner"]),
        started_at=progress.started_at or event.at,
        ended_at=None,
    )


def _pause(progress: Progress, event: Event) -> Progress:
    return replace(progress, state=State.PAUSED, reason=str(event.data["reason"]))


def _resume(progress: Progress, _event: Event) -> Progress:
    reason = progress.reason if progress.going_back else ""
    return replace(progress, state=_moving(progress), reason=reason)


def _lose_sight(progress: Progress, event: Event) -> Progress:
    return replace(progress, blind_since=event.at)


def _regain_sight(progress: Progress, _event: Event) -> Progress:
    return replace(progress, blind_since=None)


def _decide(progress: Progress, event: Event) -> Progress:
    data: Any = event.data
    return replace(
        progress,
        state=State.GOING_BACK,
        cause=Cause(data["cause"]),
        turned_for=str(data["reason"]),
        reason=str(data["reason"]),
        back=tuple([Step(**step) for step in data["steps"]]),
    )


def _end(progress: Progress, event: Event) -> Progress:
    data = event.data
    return replace(
        progress,
        state=State(str(data["state"])),
        reason=str(data["reason"]),
        serving=str(data.get("serving", "")),
        provisional=bool(data.get("provisional", False)),
        asked=_whole(data.get("asked")),
        lost=_whole(data.get("lost")),
        blind_since=None,
        ended_at=event.at,
    )


def _whole(number: Json) -> int:
    return number if isinstance(number, int) else 0


def _wish(progress: Progress, event: Event) -> Progress:
    match event.data.get("kind"):
        case "stop":
            who, why = str(event.data["by"]) or "A person", str(event.data.get("text", ""))
            return replace(progress, stopped_by=who, stop_reason=why)
        case "pause" | "resume" as wish:
            return replace(progress, paused=wish == "pause")
        case _:
            return progress


_CHANGES: dict[EventKind, Callable[[Progress, Event], Progress]] = {
    EventKind.STARTED: _start,
    EventKind.REQUESTED: _wish,
    EventKind.PAUSED: _pause,
    EventKind.RESUMED: _resume,
    EventKind.BLIND: _lose_sight,
    EventKind.SIGHTED: _regain_sight,
    EventKind.DECIDED: _decide,
    EventKind.ENDED: _end,
}


def _moving(progress: Progress) -> State:
    return State.GOING_BACK if progress.going_back else State.RUNNING


SETTLED_AS = {
    Outcome.DONE: StepStatus.DONE,
    Outcome.ABSENT: StepStatus.PENDING,
    Outcome.CUT: StepStatus.PENDING,
    Outcome.REFUSED: StepStatus.REFUSED,
    Outcome.FAILED: StepStatus.FAILED,
    Outcome.UNKNOWN: StepStatus.UNKNOWN,
}


def _advance_step(progress: Progress, event: Event) -> Progress:
    key, data = event.step, event.data
    if key is None:
        return progress
    was = progress.of(key)
    match event.kind:
        case EventKind.INTENDED:
            deadline: Any = data["deadline"]
            now = replace(
                was,
                status=StepStatus.INTENDED,
                attempts=was.attempts + 1,
                deadline=deadline,
                started_at=was.started_at or event.at,
                note="",
            )
        case EventKind.SETTLED:
            given: Any = data.get("data") or {}
            now = replace(
                was,
                status=SETTLED_AS[Outcome(str(data["outcome"]))],
                data=given,
                reason=str(data.get("reason", "")),
                ended_at=event.at,
            )
        case EventKind.NOTED:
            now = replace(was, note=str(data["text"]))
        case _:
            return progress
    return replace(progress, steps={**progress.steps, key: now})
