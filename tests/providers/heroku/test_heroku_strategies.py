"""Steps and their way back, without any platform: what is in them, and when there is none."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilothouse.domain.change import Artifact, Change, ChangeKind, Facts, Step, WayBack
from pilothouse.domain.model import App, Identity, Live, Platform
from pilothouse.domain.policy import Policy, Timing
from pilothouse.providers.heroku.pace import preboot_s
from pilothouse.providers.heroku.provider import host_of
from pilothouse.providers.heroku.strategies import BACK, CHANGING, inverse_of, steps_of, uuid_of

APP = App("127.0.0.1/heroku/6bc1", "sandbox", Platform.HEROKU, "billing")
DEPLOY = Change(ChangeKind.DEPLOY, "heroku:billing", slug_of=("billing-staging", 41))
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def facts(**changed: Any) -> Facts:
    snapshot: dict[str, Any] = {
        "app": "6bc1",
        "newest": 103,
        "current": {"version": 102, "id": "r102", "slug": "s102"},
        "formation": {"web": [2, "Standard-1X"]},
        "preboot": False,
        "dynos": ["d1", "d2"],
        "config_keys": [],
        "release_command": False,
        "back_command": False,
        "rollback": None,
    }
    snapshot.update(changed)
    artifact = Artifact("s41", DEPLOY.words, release=41)
    return Facts(
        app=APP,
        live=Live(APP, None, (), "/", maintenance=False, seen_at=NOW),
        identity=Identity("ann@harbour.example"),
        recent=(),
        target=artifact,
        target_version=104,
        way_back=WayBack(102, Artifact("s102", "v102"), ready=True, sentence=""),
        snapshot=snapshot,
        fingerprint="",
    )


def steps(found: Facts, change: Change = DEPLOY) -> tuple[Step, ...]:
    return steps_of(change, found, Policy())


def test_titles_name_what_a_person_asked_for() -> None:
    assert [step.title for step in steps(facts())] == [
        "Release the slug of billing-staging v41 as v104",
        "Wait until v104 is released",
        "Wait until the dynos run v104",
        "Prove that nobody is hurt",
    ]


@given(
    st.booleans(),
    st.booleans(),
    st.integers(min_value=1, max_value=9999),
    st.sampled_from(["s102", None]),
)
def test_any_step_and_its_way_back_survive_the_journal(
    preboot: bool, command: bool, newest: int, slug: str | None
) -> None:
    current = {"version": newest, "id": "r", "slug": slug}
    found = facts(preboot=preboot, back_command=command, newest=newest, current=current)
    for step in steps(found):
        again = Step(**json.loads(json.dumps(asdict(step))))
        assert inverse_of(again, Timing(), failed_phase=False) == inverse_of(
            step, Timing(), failed_phase=False
        )
        assert asdict(again) == json.loads(json.dumps(asdict(step)))


def test_the_way_back_is_one_call_and_three_waits() -> None:
    back = inverse_of(steps(facts())[0], Timing(), failed_phase=False)
    assert [step.op for step in back] == [
        "heroku.settled",
        "heroku.restore",
        "heroku.released",
        "heroku.booted",
    ]
    assert all(step.key.startswith(BACK) for step in back)
    assert len({step.key for step in back}) == len(back)
    assert [step.op for step in back if step.changes] == ["heroku.restore"]
    assert back[1].args["slug"] == "s102"
    assert back[1].args["text"] == "Rollback to v102"


def test_without_a_slug_the_way_back_is_the_platforms_rollback() -> None:
    found = facts(current={"version": 102, "id": "r102", "slug": None})
    restore = inverse_of(steps(found)[0], Timing(), failed_phase=False)[1]
    assert restore.args["release"] == "r102"
    assert "slug" not in restore.args


@pytest.mark.parametrize("number", [1, 2, 3])
def test_waits_leave_nothing_to_undo(number: int) -> None:
    assert inverse_of(steps(facts())[number], Timing(), failed_phase=False) == ()


def test_a_failed_release_command_leaves_nothing_to_undo() -> None:
    assert inverse_of(steps(facts())[0], Timing(), failed_phase=True) == ()


def test_a_first_deploy_has_no_way_back() -> None:
    assert inverse_of(steps(facts(current=None))[0], Timing(), failed_phase=False) == ()


def test_a_rollback_is_not_rolled_back() -> None:
    change = Change(ChangeKind.ROLLBACK, "heroku:billing", to_version=98)
    found = replace(facts(rollback={"release": "r98"}), target_version=98)
    first = steps(found, change)[0]
    assert first.title == "Roll back to v98, as v104"
    assert first.args["release"] == "r98"
    assert inverse_of(first, Timing(), failed_phase=False) == ()


def test_preboot_makes_the_prediction_and_the_limit_longer() -> None:
    quick, slow = steps(facts())[2], steps(facts(preboot=True))[2]
    window_s = preboot_s(Timing())
    assert slow.expected_s == pytest.approx(quick.expected_s + window_s)
    assert slow.limit_s == pytest.approx(quick.limit_s + window_s)


def test_only_calls_that_release_something_count_as_changes() -> None:
    assert [step.changes for step in steps(facts())] == [True, False, False, False]
    assert all(step.changes == (step.op in CHANGING) for step in steps(facts()))


@pytest.mark.parametrize(
    ("base", "host"),
    [
        ("https://api.heroku.com", "api.heroku.com"),
        ("https://api.heroku.example:8443", "api.heroku.example:8443"),
        ("http://127.0.0.1:5050", "127.0.0.1"),
        ("http://localhost:5050", "localhost"),
    ],
)
def test_an_apps_id_outlives_a_practice_clouds_port(base: str, host: str) -> None:
    assert host_of(base) == host
    assert uuid_of(replace(APP, id=f"{host}/heroku/6bc1")) == "6bc1"
