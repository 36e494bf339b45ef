"""A deployment: the events of one run of a plan, and the state that `fold` makes of them.

Events are only ever added. An intent without an outcome is the mark of a call in flight when
the program died.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pilothouse.domain.change import Plan, Step
from pilothouse.domain.model import JsonMap


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
    """A deployment's state, folded from its plan and its events.

    `stopped_by` and `paused` are wishes: they hold from when a person wrote them down, whether or
    not the run has come to obey.
    """

    plan: Plan
    state: State = State.PLANNED
    steps: dict[str, StepState] = field(default_factory=dict)
    back: tuple[Step, ...] = ()
    cause: Cause | None = None
    turned_for: str = ""
    reason: str = ""
    serving: str = ""
    owner: str = ""
    fence: int = 0
    provisional: bool = False
    stopped_by: str = ""
    stop_reason: str = ""
    paused: bool = False
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
