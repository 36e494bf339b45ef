"""What an app's instances say of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pilothouse.domain.change import Change, ChangeKind
from pilothouse.domain.model import Account, App, AppState, Instance, Live, Platform

APP = App("fly.test/fly/1", "work", Platform.FLY, "pier")
ONE = Instance("a", "ams", "app", "started", 2, "img", "01J", True, serving=True)
AT = datetime(2026, 3, 4, tzinfo=UTC)


def live(*instances: Instance, maintenance: bool = False, disagreement: str | None = None) -> Live:
    return Live(APP, None, instances, "/", maintenance, AT, disagreement)


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (live(ONE), AppState.SERVING),
        (live(ONE, replace(ONE, id="b", healthy=None)), AppState.SERVING),
        (live(ONE, replace(ONE, id="b", healthy=False)), AppState.BROKEN),
        (live(ONE, replace(ONE, id="b", healthy=False, serving=False)), AppState.SERVING),
        (live(replace(ONE, serving=False)), AppState.BROKEN),
        (live(), AppState.BROKEN),
        (live(ONE, maintenance=True), AppState.BROKEN),
        (live(ONE, disagreement="v3 is current, v2 runs."), AppState.UNKNOWN),
    ],
)
def test_the_state_is_the_worst_that_holds(seen: Live, state: AppState) -> None:
    assert seen.state is state


def test_only_what_takes_requests_serves() -> None:
    assert live(ONE, replace(ONE, id="b", serving=False)).serving == (ONE,)


def test_an_app_is_named_by_platform_and_name() -> None:
    assert APP.ref == "fly:pier"


def test_practice_is_told_by_its_source() -> None:
    account = Account("sandbox-fly", Platform.FLY, "Sandbox", "127.0.0.1", "sandbox")
    assert account.is_sandbox
    assert not replace(account, source="keyring").is_sandbox


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(ChangeKind.DEPLOY, "fly:pier", image="pier:next"), "pier:next"),
        (Change(ChangeKind.DEPLOY, "heroku:pier", slug_of=(None, 7)), "the slug of v7"),
        (
            Change(ChangeKind.DEPLOY, "heroku:pier", slug_of=("staging", 7)),
            "the slug of staging v7",
        ),
        (Change(ChangeKind.ROLLBACK, "fly:pier", to_version=6), "v6"),
        (Change(ChangeKind.ROLLBACK, "fly:pier"), "the last good release"),
    ],
)
def test_a_change_says_what_it_wants(change: Change, words: str) -> None:
    assert change.words == words
