"""A plan's steps gathered under their headings, with how far each heading is: pure.

Every step belongs to exactly one heading: steps of one group that follow each other. A group that
comes again later is a heading of its own. The way back's headings have a title of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import groupby

from pilothouse.domain.change import VERIFY, Plan, Step
from pilothouse.domain.deployment import Progress, State, StepState, StepStatus

TRAFFIC = frozenset({"fly.uncordon", "heroku.booted"})
"""Operations from which on users meet the new release."""


class Stand(Enum):
    """How far a heading is."""

    DONE = "done"
    CURRENT = "current"
    LATER = "later"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_DONE = "not done"


@dataclass(frozen=True, slots=True)
class Heading:
    """Steps that a person reads as one: `expected_s` is predicted, side by side lanes once."""

    number: int
    title: str
    steps: tuple[Step, ...]
    expected_s: float
    opens_traffic: bool = False

    @property
    def verifies(self) -> bool:
        """Whether this is where the new release is proven."""
        return any(step.op == VERIFY for step in self.steps)


@dataclass(frozen=True, slots=True)
class Line:
    """One heading as the run shows it at a moment."""

    heading: Heading
    stand: Stand
    back: bool
    taken_s: float | None
    sentence: str
    late: bool


def headings(steps: Sequence[Step]) -> tuple[Heading, ...]:
    """The steps by heading; the first one that lets users in is marked."""
    made: list[Heading] = []
    ordered = sorted(steps, key=lambda one: one.stage)
    for number, (title, run) in enumerate(groupby(ordered, key=lambda one: one.group), start=1):
        inside = tuple(run)
        opens = not any(one.opens_traffic for one in made) and _opens(inside)
        made.append(Heading(number, title, inside, expected(inside), opens))
    return tuple(made)


def _opens(steps: Sequence[Step]) -> bool:
    return any(step.op in TRAFFIC for step in steps)


def expected(steps: Sequence[Step]) -> float:
    """Predicted seconds: stages one after another, the longest lane of each."""
    lanes: dict[tuple[int, str], float] = {}
    for step in steps:
        lanes[step.stage, step.lane] = lanes.get((step.stage, step.lane), 0.0) + step.expected_s
    longest: dict[int, float] = {}
    for (stage, _), seconds in lanes.items():
        longest[stage] = max(longest.get(stage, 0.0), seconds)
    return sum(longest.values())


def lines(progress: Progress, now: datetime) -> tuple[Line, ...]:
    """Every heading of the run as it stands, the plan's first, then the way back's."""
    plan = [_line(one, progress, now, back=False) for one in headings(progress.plan.steps)]
    back = [_line(one, progress, now, back=True) for one in headings(progress.back)]
    return (*plan, *back)


def done_of(progress: Progress) -> tuple[int, int]:
    """How many of the plan's headings are done, of how many."""
    made = [_stand(one, progress, back=False) for one in headings(progress.plan.steps)]
    return made.count(Stand.DONE), len(made)


def current(progress: Progress) -> Heading | None:
    """The heading at work, of the way back once it is decided; None before and after."""
    back = progress.going_back
    for one in headings(progress.back if back else progress.plan.steps):
        if _stand(one, progress, back=back) is Stand.CURRENT:
            return one
    return None


def _line(heading: Heading, progress: Progress, now: datetime, *, back: bool) -> Line:
    stand = _stand(heading, progress, back=back)
    taken = _taken_s(heading, progress, now)
    late = stand is Stand.CURRENT and taken is not None and taken > _limit_s(heading)
    return Line(heading, stand, back, taken, _sentence(heading, progress, stand), late)


def _limit_s(heading: Heading) -> float:
    """Twice the prediction and a moment: before that a wait is nothing unusual."""
    return 2 * heading.expected_s + 2.0


_BAD = {StepStatus.REFUSED: Stand.FAILED, StepStatus.FAILED: Stand.FAILED}


def _stand(heading: Heading, progress: Progress, *, back: bool) -> Stand:
    states = [progress.of(step.key) for step in heading.steps]
    statuses = {state.status for state in states}
    if statuses & _BAD.keys():
        return Stand.FAILED
    if StepStatus.UNKNOWN in statuses:
        return Stand.UNKNOWN
    if statuses == {StepStatus.DONE}:
        return Stand.DONE
    moving = progress.state not in {State.PLANNED} and not progress.state.is_ended
    begun = statuses != {StepStatus.PENDING}
    if moving and progress.going_back is back:
        return Stand.CURRENT if begun or _is_next(heading, progress, back=back) else Stand.LATER
    given_up = progress.state.is_ended or (progress.going_back and not back)
    return Stand.NOT_DONE if given_up else Stand.LATER


def _is_next(heading: Heading, progress: Progress, *, back: bool) -> bool:
    """Whether everything before is done, so that this heading begins in a moment."""
    for step in sorted(progress.back if back else progress.plan.steps, key=lambda one: one.stage):
        if step.key == heading.steps[0].key:
            return True
        if progress.of(step.key).status is not StepStatus.DONE:
            return False
    return False


def _taken_s(heading: Heading, progress: Progress, now: datetime) -> float | None:
    states = [progress.of(step.key) for step in heading.steps]
    starts = [state.started_at for state in states if state.started_at is not None]
    if not starts:
        return None
    ends = [state.ended_at for state in states if state.ended_at is not None]
    whole = all(_has_ended(state) for state in states)
    until = now
    if ends and (whole or progress.state.is_ended):
        until = max(ends)
    return max(0.0, (until - min(starts)).total_seconds())


def _has_ended(state: StepState) -> bool:
    return state.status in {StepStatus.DONE, StepStatus.REFUSED, StepStatus.FAILED}


def _sentence(heading: Heading, progress: Progress, stand: Stand) -> str:
    if stand in {Stand.DONE, Stand.LATER, Stand.NOT_DONE}:
        return ""
    told = [(step, progress.of(step.key)) for step in heading.steps]
    for step, state in told:
        if state.status is StepStatus.UNKNOWN:
            return f"{step.title}: the answer was lost. Looking whether it landed."
        if state.status in _BAD:
            return state.reason or f"{step.title}: failed."
    busy = [(step, state) for step, state in told if state.status is StepStatus.INTENDED]
    noted = [state.note for _, state in busy if state.note]
    if noted:
        return noted[-1]
    return ", ".join(step.title for step, _ in busy[:3]) + (" …" if len(busy) > 3 else "")


def title_of(plan: Plan) -> str:
    """What the plan does, for a heading over its steps."""
    return plan.title.removesuffix(f" to {plan.app.name}").replace(f" {plan.app.name}", "")
