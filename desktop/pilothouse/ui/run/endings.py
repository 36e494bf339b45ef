"""How a deployment ended, as the strip and the four answers say it: pure.

What failed, what serves now, what was done, what a person can do: always in this order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pilothouse.domain.change import VERIFY, ChangeKind, Plan
from pilothouse.domain.deployment import Event, EventKind, Progress, State
from pilothouse.domain.news import Notice
from pilothouse.ui.run.board import Cell, Side
from pilothouse.ui.shapes import Shape
from pilothouse.ui.tokens import Tone
from pilothouse.ui.words import version


@dataclass(frozen=True, slots=True)
class Ending:
    """The strip's sentence with its shape and tone; `alarming` ones are told at once."""

    sentence: str
    shape: Shape
    tone: Tone
    alarming: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the four answers."""

    question: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the time it took to recover."""

    word: str
    seconds: float
    tone: Tone


def newcomer(plan: Plan) -> str:
    """What was to be deployed, or gone back to."""
    return version(plan.to_version) if plan.to_version else plan.target.label


def incumbent(plan: Plan) -> str:
    """What ran before."""
    return version(plan.from_version) if plan.from_version else "the release before"


def ending(progress: Progress, told: tuple[int, int] | None) -> Ending | None:
    """The strip for a state; None while it goes on."""
    plan, app = progress.plan, progress.plan.app.name
    new, old = newcomer(plan), incumbent(plan)
    match progress.state:
        case State.GOOD:
            return _good(progress, new, told)
        case State.FAILED_SAFE:
            text = f"{new} failed. Nothing was changed; {old} serves."
            return Ending(text, Shape.FAILED_SAFE, Tone.BAD, alarming=True)
        case State.ROLLED_BACK:
            text = f"{new} was rolled back. {old} serves everything again."
            return Ending(text, Shape.ROLLED_BACK, Tone.WARN, alarming=True)
        case State.UNKNOWN:
            text = f"It is not known what serves {app}."
            return Ending(text, Shape.UNKNOWN, Tone.UNK, alarming=True)
        case State.HELD:
            return _held(progress, app)
        case _:
            return None


def _good(progress: Progress, new: str, told: tuple[int, int] | None) -> Ending:
    if progress.provisional:
        text = f"{new} serves. It stays provisional: there was no proof either way."
        return Ending(text, Shape.PROVISIONAL, Tone.RUN, alarming=False)
    lost = "It is proven."
    if told is not None and told[0]:
        asked, gone = told
        lost = f"{gone} of {asked} requests were lost." if gone else "Nobody’s request was lost."
    return Ending(f"{new} serves. {lost}", Shape.VERIFIED, Tone.GOOD, alarming=False)


def _held(progress: Progress, app: str) -> Ending:
    if "way back failed" in progress.reason.lower():
        text = f"{app} is broken, or half changed: the way back failed. A person is needed."
        return Ending(text, Shape.BROKEN, Tone.BAD, alarming=True)
    return Ending(f"{app} waits for you: nothing more is changed.", Shape.HELD, Tone.WARN, True)


def answers(progress: Progress, notice: Notice | None) -> tuple[Answer, ...]:
    """The four answers; a good end needs none."""
    if notice is None or progress.state is State.GOOD:
        return ()
    told = (
        ("What failed", notice.failed),
        ("What serves now", notice.serves),
        ("What was done", notice.done),
        ("What you can do", notice.choices),
    )
    return tuple(Answer(question, text) for question, text in told if text)


def recovery(
    progress: Progress, events: Sequence[Event], first_loss: datetime | None
) -> tuple[Part, ...]:
    """The time to recover in its parts; `first_loss` is known only to who was watching."""
    decided = next((one.at for one in events if one.kind is EventKind.DECIDED), None)
    if decided is None or progress.ended_at is None or progress.state is not State.ROLLED_BACK:
        return ()
    verify = next((step for step in progress.back if step.op == VERIFY), None)
    began = progress.of(verify.key).started_at if verify is not None else None
    acted = began or progress.ended_at
    parts = [Part("Act", (acted - decided).total_seconds(), Tone.WARN)]
    if verify is not None and began is not None:
        ended = progress.of(verify.key).ended_at or progress.ended_at
        parts.append(Part("Verify", (ended - began).total_seconds(), Tone.GOOD))
    if first_loss is not None and first_loss < decided:
        parts.insert(0, Part("Detect", (decided - first_loss).total_seconds(), Tone.BAD))
    return tuple(parts)


def heading(progress: Progress) -> str:
    """What goes on, in two or three words."""
    new = newcomer(progress.plan)
    if progress.going_back:
        return f"Going back to {incumbent(progress.plan)}"
    if progress.plan.change.kind is ChangeKind.ROLLBACK:
        return f"Rolling back to {new}"
    return f"Deploying {new}"


def sentence(progress: Progress, told: tuple[int, int] | None, cells: Sequence[Cell]) -> str:
    """What users meet now, and what they lost so far."""
    if progress.state is State.PAUSED:
        return f"Paused. {progress.reason} Nothing more is changed until it goes on."
    if progress.blind_since is not None:
        return "Blind: the platform does not answer. Nothing is changed until we can see again."
    serves = _serves(progress.plan, cells)
    if told is None:
        return serves
    asked, lost = told
    if lost:
        return f"{serves} {lost} of {asked} requests were lost so far."
    return f"{serves} No request was lost so far."


def _serves(plan: Plan, cells: Sequence[Cell]) -> str:
    old, new = incumbent(plan), newcomer(plan)
    sides = {cell.side for cell in cells if cell.in_traffic}
    if sides == {Side.OLD, Side.NEW}:
        return f"{old} and {new} both serve."
    if sides == {Side.NEW}:
        return f"{new} serves, not yet proven."
    return f"{old} serves."
