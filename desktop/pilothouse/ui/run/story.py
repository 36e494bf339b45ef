"""A deployment's journal as sentences for the log: pure.

One event makes at most one line; the order of the journal is kept, and nothing is added to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from pilothouse.domain.change import VERIFY, Step
from pilothouse.domain.deployment import Event, EventKind, Outcome, Progress, StepStatus
from pilothouse.ui.run.board import short_id
from pilothouse.ui.run.spans import at_most
from pilothouse.ui.words import duration

WORTH_SAYING_S = 0.1
SLOW_S = 5.0
"""A change that takes longer says how long it took."""


class Weight(Enum):
    """How a line is inked."""

    PLAIN = "text2"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unk"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line: when, who speaks, what; `heading` is the step's group, empty for the run itself."""

    at: datetime
    speaker: str
    text: str
    weight: Weight
    heading: str
    seq: int


def line_of(event: Event, before: Progress) -> LogLine | None:
    """The line for an event, with the state before it; None when it says nothing to a person."""
    step = _step(event, before)
    if event.step is not None and step is None:
        return None
    told = _of_step(event, step, before) if step is not None else _of_run(event, before)
    if told is None:
        return None
    text, weight = told
    return LogLine(
        event.at, _speaker(event, step), text, weight, step.group if step else "", event.seq
    )


def _step(event: Event, before: Progress) -> Step | None:
    return next((one for one in before.all_steps if one.key == event.step), None)


_SPEAKERS = {
    EventKind.REQUESTED: "person",
    EventKind.DECIDED: "rule",
    EventKind.BLIND: "sight",
    EventKind.SIGHTED: "sight",
}


def _speaker(event: Event, step: Step | None) -> str:
    if step is None:
        return _SPEAKERS.get(event.kind, "run")
    return "probe" if step.op == VERIFY else step.op.partition(".")[0]


Told = tuple[str, Weight] | None


def _of_step(event: Event, step: Step, before: Progress) -> Told:
    was = before.of(step.key)
    match event.kind:
        case EventKind.INTENDED:
            if was.status is StepStatus.PENDING and was.attempts > 0:
                return f"{step.title}, once more", Weight.PLAIN
            return (step.title, Weight.PLAIN) if step.changes or step.op == VERIFY else None
        case EventKind.NOTED:
            return _noted_of(event, step, before)
        case EventKind.SETTLED:
            return _settled(event, step, before)
        case _:
            return None


def _noted_of(event: Event, step: Step, before: Progress) -> Told:
    """A long step's own words; a proof's counts are shown elsewhere, and would fill the log."""
    if step.op == VERIFY:
        return None
    text = str(event.data["text"])
    if step.lane in before.plan.old_side.instances:
        text = f"{short_id(step.lane)}: {text}"
    return text, Weight.PLAIN


def _settled(event: Event, step: Step, before: Progress) -> Told:
    was = before.of(step.key)
    outcome = Outcome(str(event.data["outcome"]))
    reason = str(event.data.get("reason", ""))
    lost = was.status is StepStatus.UNKNOWN
    match outcome:
        case Outcome.DONE if lost:
            return f"{step.title}: it landed.", Weight.GOOD
        case Outcome.DONE:
            return _done(event, step, _seconds(event, was.started_at))
        case Outcome.ABSENT:
            return f"{step.title}: it did not land; it is done now.", Weight.WARN
        case Outcome.CUT:
            return f"{step.title}: interrupted", Weight.PLAIN
        case Outcome.UNKNOWN:
            text = f"{step.title}: the answer was lost. Looking whether it landed."
            return text, Weight.UNKNOWN
        case Outcome.REFUSED:
            return f"{step.title}: refused. {reason}".strip(), Weight.BAD
        case Outcome.FAILED:
            return f"{step.title}: failed. {reason}".strip(), Weight.BAD


def _done(event: Event, step: Step, taken_s: float) -> Told:
    """What a step that went well has to say: a proof its counts, a wait or a slow call its time."""
    if step.op == VERIFY:
        return _proven(event)
    if taken_s < (SLOW_S if step.changes else WORTH_SAYING_S):
        return None
    return f"{step.title}: done in {duration(taken_s)}", Weight.PLAIN


def _proven(event: Event) -> Told:
    data = event.data.get("data")
    if not isinstance(data, Mapping) or "asked" not in data:
        return "Proven.", Weight.GOOD
    bound = data.get("upper_bound")
    least = f", at most {at_most(bound)}" if isinstance(bound, float) else ""
    found = f"{data['asked']} asked, {data['lost']} lost{least}"
    if data.get("judgement") == "good":
        return f"Proven: {found}", Weight.GOOD
    return f"Neither proven nor refuted: {found}", Weight.WARN


def _seconds(event: Event, since: datetime | None) -> float:
    return 0.0 if since is None else (event.at - since).total_seconds()


_WISHES = {
    "stop": "asked to stop and go back",
    "pause": "asked to pause after this step",
    "resume": "asked to go on",
    "seen": "marked it as seen",
}


def _started(event: Event, before: Progress) -> Told:
    owner = str(event.data["owner"])
    if before.started_at is None:
        return f"Started by {event.actor}.", Weight.PLAIN
    same = owner == before.owner
    who = "Pilothouse" if same else owner
    return f"{who} took it up again, looked first, and goes on from there.", Weight.WARN


def _noted(event: Event, _before: Progress) -> Told:
    return str(event.data["text"]), Weight.PLAIN


def _requested(event: Event, _before: Progress) -> Told:
    kind, by = str(event.data["kind"]), str(event.data.get("by", "")) or "Somebody"
    text = str(event.data.get("text", ""))
    said = f"{by} {_WISHES.get(kind, kind)}"
    return (f"{said}: {text}" if text else f"{said}."), Weight.WARN


def _paused(event: Event, _before: Progress) -> Told:
    return f"Paused: {event.data['reason']}", Weight.WARN


def _resumed(_event: Event, _before: Progress) -> Told:
    return "It goes on.", Weight.PLAIN


def _blind(event: Event, _before: Progress) -> Told:
    return f"Blind: {event.data['reason']} Nothing is changed.", Weight.UNKNOWN


def _sighted(event: Event, before: Progress) -> Told:
    since = before.blind_since
    after = f" after {duration(_seconds(event, since))}" if since else ""
    return f"We can see again{after}; looking first.", Weight.PLAIN


def _decided(event: Event, _before: Progress) -> Told:
    steps = event.data.get("steps")
    count = len(steps) if isinstance(steps, list | tuple) else 0
    what = f"; {count} step{'' if count == 1 else 's'} undo it" if count else ""
    return f"Going back: {str(event.data['reason']).rstrip('.')}{what}.", Weight.BAD


_ENDS = {"good": Weight.GOOD, "unknown": Weight.UNKNOWN, "rolled_back": Weight.WARN}


def _ended(event: Event, _before: Progress) -> Told:
    state = str(event.data["state"])
    reason = str(event.data["reason"]) or "It is proven."
    return f"Ended. {reason}", _ENDS.get(state, Weight.BAD)


_RUN: dict[EventKind, Callable[[Event, Progress], Told]] = {
    EventKind.STARTED: _started,
    EventKind.NOTED: _noted,
    EventKind.REQUESTED: _requested,
    EventKind.PAUSED: _paused,
    EventKind.RESUMED: _resumed,
    EventKind.BLIND: _blind,
    EventKind.SIGHTED: _sighted,
    EventKind.DECIDED: _decided,
    EventKind.ENDED: _ended,
}


def _of_run(event: Event, before: Progress) -> Told:
    teller = _RUN.get(event.kind)
    return None if teller is None else teller(event, before)
