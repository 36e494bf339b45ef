"""A deployment: the events of one run of a plan, and its state as a pure function of them.

Events are only ever added. An intent without an outcome is the mark of a call in flight when
the program died. Once a deployment goes back it never goes forward again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from pilothouse.domain.change import Plan, Step
from pilothouse.domain.model import Json, JsonMap


class State(StrEnum):
    """Where a deployment stands."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    GOING_BACK = "going_back"
    WAITING = "waiting"
    GOOD = "good"
    FAILED_SAFE = "failed_safe"
    ROLLED_BACK = "rolled_back"
    HELD = "held"
    UNKNOWN = "unknown"

    @property
    def is_ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in ENDED


ENDED = frozenset(
    {State.GOOD, State.FAILED_SAFE, State.ROLLED_BACK, State.HELD, State.UNKNOWN},
)
LIVE = frozenset(State) - ENDED
EXIT_CODES = {
    State.GOOD: 0,
    State.FAILED_SAFE: 10,
    State.ROLLED_BACK: 11,
    State.UNKNOWN: 12,
    State.HELD: 13,
}
NEED_A_PERSON = ENDED - {State.GOOD}


class EventKind(StrEnum):
    """What can be written into a deployment's journal; the data of each in brackets.

    STARTED [owner] · INTENDED [attempt, deadline: {boot_id, boot_s, at}] · SETTLED [outcome, data,
    reason] · NOTED [text] · REQUESTED [kind, by, text] · PAUSED [reason] · RESUMED [] · BLIND
    [reason] · SIGHTED [] · DECIDED [cause, reason, steps] · ENDED [state, reason, serving,
    provisional, asked, lost]. INTENDED, SETTLED and most NOTED name a step.
    """

    STARTED = "started"
    INTENDED = "intended"
    SETTLED = "settled"
    NOTED = "noted"
    REQUESTED = "requested"
    PAUSED = "paused"
    RESUMED = "resumed"
    BLIND = "blind"
    SIGHTED = "sighted"
    DECIDED = "decided"
    ENDED = "ended"


class Outcome(StrEnum):
    """How one attempt at a step came out.

    ABSENT: provably not done, so it may be done again. UNKNOWN: the answer was lost; observed
    before anything else. CUT: a step that changes nothing was interrupted.
    """

    DONE = "done"
    ABSENT = "absent"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CUT = "cut"


class Cause(StrEnum):
    """Why a deployment turned back."""

    STEP = "step"
    EVIDENCE = "evidence"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal; `id` is unique for ever, `fence` says under whose right."""

    deployment_id: str
    seq: int
    id: str
    fence: int
    at: datetime
    actor: str
    kind: EventKind
    step: str | None = None
    data: JsonMap = field(default_factory=dict)


class StepStatus(StrEnum):
    """How far a step is."""

    PENDING = "pending"
    INTENDED = "intended"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StepState:
    """What the journal says of one step."""

    status: StepStatus = StepStatus.PENDING
    attempts: int = 0
    deadline: JsonMap = field(default_factory=dict)
    data: JsonMap = field(default_factory=dict)
    reason: str = ""
    note: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it was begun and its outcome is not known."""
        return self.status in {StepStatus.INTENDED, StepStatus.UNKNOWN}

    @property
    def may_have_landed(self) -> bool:
        """Whether something may be there to undo."""
        return self.is_open or self.status in {StepStatus.DONE, StepStatus.FAILED}


@dataclass(frozen=True, slots=True)
class Progress:
    """A deployment's state, folded from its plan and its events."""

    plan: Plan
    state: State = State.PLANNED
    steps: dict[str, StepState] = field(default_factory=dict)
    back: tuple[Step, ...] = ()
    cause: Cause | None = None
    reason: str = ""
    serving: str = ""
    owner: str = ""
    fence: int = 0
    provisional: bool = False
    stopped_by: str = ""
    stop_reason: str = ""
    asked: int = 0
    lost: int = 0
    blind_since: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    last_seq: int = 0

    @property
    def going_back(self) -> bool:
        """Whether the decision to go back was taken, ended or not."""
        return self.cause is not None

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The plan's steps, and those of the way back once it is decided."""
        return self.plan.steps + self.back

    @property
    def exit_code(self) -> int:
        """The exit code this state stands for; a live one is not known yet."""
        return EXIT_CODES.get(self.state, EXIT_CODES[State.UNKNOWN])

    def of(self, key: str) -> StepState:
        """What is known of one step."""
        return self.steps.get(key, StepState())

    def data_of(self, key: str) -> JsonMap:
        """What a step gave back; empty when it did not end well."""
        return self.of(key).data


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
    return replace(progress, state=_moving(progress))


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
    if event.data.get("kind") != "stop":
        return progress
    return replace(
        progress, stopped_by=str(event.data["by"]), stop_reason=str(event.data.get("text", ""))
    )


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
