"""Notices: titles and texts by ending, four answers in order, and nothing claimed unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pilothouse.domain.change import Change, ChangeKind
from pilothouse.domain.deployment import LIVE, NEED_A_PERSON, Event, EventKind, State
from pilothouse.domain.fold import fold
from pilothouse.domain.news import Urgency
from pilothouse.domain.notices import notice_for
from pilothouse.domain.records import DeploymentRecord
from tests.fakes import START
from tests.store import samples

if TYPE_CHECKING:
    from pilothouse.domain.deployment import Progress
    from pilothouse.domain.model import JsonMap
    from pilothouse.domain.news import Notice

Told = tuple[EventKind, str | None, "JsonMap"]
LOST = "6 of 54 requests to v43 failed"


def progress_of(*story: Told) -> Progress:
    """The state after a story; ten seconds lie between its events."""
    events = [
        Event(
            deployment_id="8f21ab04",
            seq=number,
            id=str(number),
            fence=1,
            at=START + timedelta(seconds=10 * number),
            actor="Lena",
            kind=kind,
            step=step,
            data=data,
        )
        for number, (kind, step, data) in enumerate(story, start=1)
    ]
    return fold(samples.plan(), events)


def record_of(progress: Progress) -> DeploymentRecord:
    return DeploymentRecord("8f21ab04", samples.HARBOR.id, "Lena", START, progress)


def notice_of(progress: Progress) -> Notice:
    notice = notice_for(record_of(progress), at=START)
    assert notice is not None
    return notice


def ended(state: State, reason: str, **more: str | int | bool) -> Told:
    return EventKind.ENDED, None, {"state": state.value, "reason": reason, **more}


STARTED: Told = (EventKind.STARTED, None, {"owner": "lena on desk (process 7)"})


def decided(cause: str) -> Told:
    step = samples.plan().steps[0]
    back = {name: getattr(step, name) for name in step.__dataclass_fields__}
    data: JsonMap = {"cause": cause, "reason": LOST, "steps": [{**back, "key": "back/3f19"}]}
    return EventKind.DECIDED, None, data


def went_back(cause: str) -> Progress:
    intended: JsonMap = {"attempt": 1, "deadline": {}}
    return progress_of(
        STARTED,
        (EventKind.REQUESTED, None, {"kind": "stop", "by": "Ann", "text": "It burns."}),
        decided(cause),
        (EventKind.INTENDED, "back/3f19", intended),
        (EventKind.SETTLED, "back/3f19", {"outcome": "done", "data": {}, "reason": ""}),
        ended(State.ROLLED_BACK, LOST, serving="v42", asked=357, lost=9),
    )


def test_rolled_back_says_what_failed_what_serves_and_that_it_is_held() -> None:
    notice = notice_of(went_back("evidence"))
    assert notice.urgency is Urgency.CRITICAL
    assert notice.title == "harbor-api: v43 was rolled back"
    assert notice.text == (
        "6 of 54 requests to v43 failed. v42 serves everything again, back after 20 s. Held."
    )
    assert notice.failed == "6 of 54 requests to v43 failed."
    assert notice.serves == "v42 serves everything again, back after 20 s."
    assert notice.done == (
        "Pilothouse took v43 out of traffic by itself, as the rules of harbor-api say. "
        "9 of 357 requests were lost in all."
    )
    assert "release the hold" in notice.choices


def test_a_stop_is_not_called_our_own_doing() -> None:
    notice = notice_of(went_back("person"))
    assert notice.done.startswith("Pilothouse went back to v42, as Ann asked.")


def test_failed_safe_is_calm() -> None:
    reason = "The release command ended with exit 1."
    notice = notice_of(progress_of(STARTED, ended(State.FAILED_SAFE, reason, serving="v42")))
    assert notice.urgency is Urgency.NORMAL
    assert notice.title == "harbor-api: v43 failed, nothing changed"
    assert notice.text == "The release command ended with exit 1. v42 serves."
    assert notice.serves == "v42, as before."


def test_a_way_back_that_failed_calls_a_person() -> None:
    reason = "The new release died. The way back failed at “Update 3f19”: no answer."
    notice = notice_of(progress_of(STARTED, ended(State.HELD, reason)))
    assert notice.urgency is Urgency.CRITICAL
    assert notice.title == "harbor-api is broken"
    assert notice.text.startswith("Neither v43 nor v42 wholly serves. Nothing more is changed.")
    assert notice.failed == reason


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (
            "Nobody answered from outside. Nothing more is changed until a person says so.",
            "Nobody answered from outside. Nothing more is changed until a person says so.",
        ),
        ("It cannot be told", "It cannot be told. Nothing more is changed until you say so."),
    ],
)
def test_an_open_choice_waits(reason: str, text: str) -> None:
    notice = notice_of(progress_of(STARTED, ended(State.HELD, reason)))
    assert (notice.title, notice.text) == ("harbor-api waits for you", text)
    assert notice.urgency is Urgency.CRITICAL


def test_unknown_says_who_is_silent_since_when() -> None:
    blind = progress_of(STARTED, (EventKind.BLIND, None, {"reason": "no answer"}))
    notice = notice_of(blind)
    assert notice.title == "harbor-api: not known what serves"
    assert notice.text == ("Fly.io has not answered since 14:02 UTC. Nothing was changed since.")
    gone = notice_of(progress_of(STARTED, ended(State.UNKNOWN, "It has not answered for long.")))
    assert gone.text == "It has not answered for long. Nothing was changed since."
    assert gone.urgency is Urgency.NORMAL


def test_success_and_what_goes_on_are_silent() -> None:
    good = notice_of(progress_of(STARTED, ended(State.GOOD, "v43 serves.", asked=1204, lost=0)))
    assert (good.urgency, good.title) == (Urgency.SILENT, "v43 serves on harbor-api")
    assert good.text == "0 of 1\u202f204 lost."
    running = notice_of(progress_of(STARTED))
    assert (running.title, running.text) == ("Deploying v43 to harbor-api", "Step 1 of 2.")
    back = notice_of(progress_of(STARTED, decided("step")))
    assert (back.title, back.text) == ("Going back to v42 on harbor-api", "Step 1 of 1.")


def test_what_is_not_proven_is_not_called_so() -> None:
    story = (STARTED, ended(State.GOOD, "v43 serves.", provisional=True, asked=12, lost=1))
    assert notice_of(progress_of(*story)).text == "Not proven yet. 1 of 12 lost."


def test_a_rollback_is_called_one() -> None:
    plan = replace(samples.plan(), change=Change(ChangeKind.ROLLBACK, "fly:harbor-api"))
    progress = replace(progress_of(STARTED), plan=plan)
    assert notice_of(progress).title == "Rolling back harbor-api to v43"


def test_a_planned_one_has_nothing_to_say() -> None:
    assert notice_for(record_of(progress_of()), at=START) is None


@pytest.mark.parametrize("state", sorted(NEED_A_PERSON))
def test_bad_news_answers_all_four_questions(state: State) -> None:
    notice = notice_of(progress_of(STARTED, ended(state, "So it is.", serving="v42")))
    answers = (notice.failed, notice.serves, notice.done, notice.choices)
    assert all(answer.endswith(".") for answer in answers)
    assert notice.urgency is not Urgency.SILENT
    assert notice.state == state.value


@pytest.mark.parametrize("state", sorted(LIVE - {State.PLANNED}))
def test_every_live_state_can_be_told(state: State) -> None:
    assert notice_of(replace(progress_of(STARTED), state=state)).title


def test_having_been_seen_is_kept() -> None:
    notice = notice_for(record_of(progress_of(STARTED)), at=START, seen_at=START)
    assert notice is not None
    assert (notice.at, notice.seen_at) == (START, START)
