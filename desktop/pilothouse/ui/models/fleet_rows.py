"""An app as one line of the fleet: every word, shape and sort key prepared before it is painted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pilothouse.domain.deployment import Progress, State, StepStatus
from pilothouse.domain.model import AppState
from pilothouse.domain.news import Reach
from pilothouse.domain.records import DeploymentRecord
from pilothouse.engine.views import AppView
from pilothouse.ui import words
from pilothouse.ui.shapes import Shape
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets.chips import letter_of
from pilothouse.ui.widgets.health import Bar
from pilothouse.ui.words import StateWord, translate

NEED = {
    AppState.BROKEN: 0,
    AppState.UNKNOWN: 1,
    AppState.DEPLOYING: 3,
    AppState.PROVISIONAL: 4,
    AppState.SERVING: 5,
}
HELD_NEED = 2


@dataclass(frozen=True, slots=True)
class FleetRow:
    """One line; `need` is its place among those that need a person, `spoken` the whole line."""

    app_id: str
    state: StateWord
    progress: float
    name: str
    letter: str
    account: str
    version: str
    release: str
    bars: tuple[Bar, ...]
    share: str
    share_tone: Tone | None
    last: StateWord
    back: StateWord
    marks: tuple[StateWord, ...]
    sandbox: bool
    need: int
    version_key: int
    age_key: float
    share_key: float
    spoken: str
    search: str
    reason: str = ""
    counts: bool = True

    @property
    def needs_you(self) -> bool:
        """Whether a person should look; practice does not count beside what is real."""
        return self.need <= HELD_NEED and self.counts


def steps_done(progress: Progress) -> tuple[int, int]:
    """How many groups of steps are done, and how many there are: what a person counts as steps."""
    steps = progress.back or progress.plan.steps
    groups = dict.fromkeys((step.group for step in steps), True)
    for step in steps:
        if progress.of(step.key).status is not StepStatus.DONE:
            groups[step.group] = False
    return sum(groups.values()), len(groups)


def share_done(record: DeploymentRecord | None) -> float:
    """How far a running deployment is, 0 to 1."""
    if record is None or record.progress.state.is_ended:
        return 0.0
    done, total = steps_done(record.progress)
    return done / total if total else 0.0


def last_word(record: DeploymentRecord | None) -> StateWord:
    """How the last deployment of an app went, in a few words."""
    if record is None:
        return StateWord(Shape.NOT_WATCHED, translate("Fleet", "Not watched"), Tone.IDLE)
    progress = record.progress
    if progress.state in {State.PLANNED, State.RUNNING}:
        return StateWord(Shape.DEPLOYING, _step(progress), Tone.RUN)
    if progress.state is State.GOOD and not progress.provisional:
        return StateWord(Shape.VERIFIED, _lost(progress), Tone.GOOD)
    return _plain_word(progress.state)


def _plain_word(state: State) -> StateWord:
    said = {
        State.GOOD: (Shape.PROVISIONAL, translate("Fleet", "Provisional"), Tone.RUN),
        State.FAILED_SAFE: (Shape.FAILED_SAFE, translate("Fleet", "Failed, safe"), Tone.BAD),
        State.ROLLED_BACK: (Shape.ROLLED_BACK, translate("Fleet", "Rolled back"), Tone.WARN),
        State.HELD: (Shape.BROKEN, translate("Fleet", "Needs a person"), Tone.BAD),
        State.UNKNOWN: (Shape.UNKNOWN, translate("Fleet", "Unknown"), Tone.UNK),
        State.WAITING: (Shape.WARN, translate("Fleet", "Waits for you"), Tone.WARN),
        State.PAUSED: (Shape.HELD, translate("Fleet", "Paused"), Tone.WARN),
        State.GOING_BACK: (Shape.ROLLED_BACK, translate("Fleet", "Going back"), Tone.WARN),
    }
    return StateWord(*said[state])


def _lost(progress: Progress) -> str:
    if not progress.asked:
        return translate("Fleet", "Verified")
    said = translate("Fleet", "{lost} of {asked} lost")
    return said.format(lost=words.number(progress.lost), asked=words.number(progress.asked))


def _step(progress: Progress) -> str:
    done, total = steps_done(progress)
    said = translate("Fleet", "{version}, step {step} of {total}")
    version = words.version(progress.plan.to_version) if progress.plan.to_version else "new"
    return said.format(version=version, step=min(done + 1, total), total=total)


def back_word(view: AppView, now: datetime) -> StateWord:
    """The way back of an app: ready, with an old fact, or none."""
    back = view.way_back
    if view.reach is not Reach.SEEN:
        if back is None or view.seen_at is None:
            return StateWord(Shape.UNKNOWN, translate("Fleet", "Unknown"), Tone.UNK)
        age = words.age((now - view.seen_at).total_seconds())
        said = translate("Fleet", "{version}, {age} old")
        return StateWord(
            Shape.UNKNOWN, said.format(version=words.version(back.version), age=age), Tone.UNK
        )
    if back is None:
        return StateWord(Shape.BACK_NONE, translate("Fleet", "None"), Tone.BAD)
    if back.eligible is False:
        said = translate("Fleet", "None, {version} is gone")
        return StateWord(
            Shape.BACK_NONE, said.format(version=words.version(back.version)), Tone.BAD
        )
    return StateWord(Shape.BACK_READY, words.version(back.version), Tone.GOOD)


def _marks(view: AppView) -> tuple[StateWord, ...]:
    marks = []
    if view.hold_reason is not None:
        marks.append(StateWord(Shape.HELD, translate("Fleet", "held"), Tone.WARN))
    if view.locked_by is not None:
        said = translate("Fleet", "{who} acts on it").format(who=view.locked_by)
        marks.append(StateWord(Shape.LOCKED, said, Tone.IDLE))
    if view.reach is not Reach.SEEN:
        marks.append(StateWord(Shape.BLIND, translate("Fleet", "no answer"), Tone.UNK))
    return tuple(marks)


def _release(view: AppView, now: datetime) -> tuple[str, float]:
    release = view.release
    if release is None:
        return translate("Fleet", "not read yet"), float("inf")
    age = (now - release.created_at).total_seconds()
    return f"{words.age(age)} · {release.author}", age


def _share(view: AppView, share: float | None, now: datetime) -> tuple[str, Tone | None]:
    if view.reach is not Reach.SEEN and view.seen_at is not None:
        return words.age((now - view.seen_at).total_seconds()) + " old", Tone.UNK
    if share is None:
        return "–", None
    return words.percent(share), Tone.BAD if share < 0.9 else None


def _reason(view: AppView) -> str:
    if view.state is AppState.BROKEN:
        return translate("Fleet", "is broken")
    if view.state is AppState.UNKNOWN:
        if view.reach is Reach.SEEN:
            return translate("Fleet", "is unknown")
        said = translate("Fleet", "is unknown because {platform} does not answer")
        return said.format(platform=words.platform_name(view.app.platform))
    if view.last is not None and view.last.progress.state is State.ROLLED_BACK:
        return translate("Fleet", "is held after a rollback")
    return translate("Fleet", "is held")


def row_of(
    view: AppView,
    health: tuple[tuple[Bar, ...], float | None],
    now: datetime,
    *,
    counts: bool = True,
) -> FleetRow:
    """Prepare the line of one app.

    Args:
        view: the app.
        health: its bars, and the share of looks that found it serving.
        now: the moment that ages are counted from.
        counts: whether the app may need a person; practice beside real apps does not.
    """
    bars, share = health
    state = words.app_state(view.state)
    aside, age = _release(view, now)
    held = view.hold_reason is not None
    need = NEED[view.state]
    shown, tone = _share(view, share, now)
    version = view.release.version if view.release else 0
    row = FleetRow(
        app_id=view.app.id,
        state=state,
        progress=share_done(view.last),
        name=view.app.name,
        letter=letter_of(view.account),
        account=translate("Fleet", "Sandbox") if view.account.is_sandbox else view.account.label,
        version=words.version(version or None),
        release=aside,
        bars=bars,
        share=shown,
        share_tone=tone,
        last=last_word(view.last),
        back=back_word(view, now),
        marks=_marks(view),
        sandbox=view.account.is_sandbox,
        need=min(need, HELD_NEED) if held else need,
        version_key=version,
        age_key=age,
        share_key=share if share is not None else 2.0,
        spoken="",
        search="",
        reason=_reason(view),
        counts=counts,
    )
    return _with_words(row, view)


def _with_words(row: FleetRow, view: AppView) -> FleetRow:
    said = translate(
        "Fleet",
        "{name}, {platform} {account}, {state}, release {version}, {release}, "
        "health {share}, last deployment {last}, way back {back}{marks}",
    )
    marks = "".join(f", {mark.word}" for mark in row.marks)
    spoken = said.format(
        name=row.name,
        platform=words.platform_name(view.account.platform),
        account=row.account,
        state=row.state.word,
        version=row.version,
        release=row.release,
        share=row.share,
        last=row.last.word,
        back=row.back.word,
        marks=marks,
    )
    parts = (row.name, row.account, row.release, row.version, row.state.word, marks)
    search = " ".join(parts).casefold()
    values = {name: getattr(row, name) for name in FleetRow.__slots__}
    return FleetRow(**{**values, "spoken": spoken, "search": search})
