"""Sentences of the Sandbox page: every kind that the sandbox offers can be said."""

from __future__ import annotations

import pytest

from pilothouse.domain.practice import (
    EVER,
    FaultInForce,
    FaultKind,
    FaultWish,
    PracticeAbout,
    Scope,
    Where,
)
from pilothouse.sandbox import kinds as sandbox_kinds
from pilothouse.ui.practice.form_fields import number_of, plain
from pilothouse.ui.practice.sentences import (
    button_text,
    pace_sentence,
    remarks,
    status_sentence,
    title_of,
    where_words,
)
from pilothouse.ui.practice.tools_view import block
from tests.ui.fake_practice import KINDS

OFFERED = [
    FaultKind(one.kind, Scope(one.scope), one.title, one.takes, one.platforms)
    for one in sandbox_kinds.KINDS.values()
]


@pytest.mark.parametrize("kind", OFFERED, ids=[one.name for one in OFFERED])
def test_every_kind_has_a_phrase_of_its_own(kind: FaultKind) -> None:
    where = Where(platform="fly", app="fly:harbor-api", instance="7b21")
    for count in (1, 3, EVER):
        for short in (False, True):
            wish = FaultWish(kind.name, kind.scope, where, count=count, seconds=2.0)
            said = button_text(wish, kind, short=short)
            assert "{" not in said
            assert kind.title not in said
            assert said[0].isupper()
    assert "{" not in remarks(FaultWish(kind.name, kind.scope, where), kind)


def test_a_kind_that_nobody_knows_is_called_by_its_title() -> None:
    where = Where(app="heroku:billing")
    wishes = {
        Scope.CALL: "Make the next call meet “Answer in verse”",
        Scope.INSTANCE: "Make billing meet “Answer in verse”",
        Scope.WORLD: "Let “Answer in verse” happen",
        Scope.OTHERS: "Let “Answer in verse” happen to billing",
    }
    for scope, said in wishes.items():
        kind = FaultKind("verse", scope, "Answer in verse")
        assert button_text(FaultWish("verse", scope, where), kind) == said


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (FaultWish("503", Scope.CALL, count=EVER), "Make every call fail with 503"),
        (
            FaultWish("after-502", Scope.CALL, Where("heroku"), count=2),
            "Make the next 2 calls to Heroku fail with 502 when done",
        ),
        (
            FaultWish("crash-at-boot", Scope.INSTANCE, Where(app="fly:harbor-api"), count=2),
            "Make harbor-api crash at its next 2 boots",
        ),
        (
            FaultWish("network", Scope.WORLD, Where("fly"), seconds=10.0),
            "Take Fly.io off the network for 10 s",
        ),
        (
            FaultWish("clock", Scope.WORLD, seconds=-90.0),
            "Move the platforms’ clocks by \N{MINUS SIGN}1 min 30 s",
        ),
        (
            FaultWish("slow", Scope.CALL, count=1, seconds=0.25),
            "Make the next call take 0.25 s longer",
        ),
    ],
)
def test_buttons_name_verb_and_object(wish: FaultWish, said: str) -> None:
    kind = next(one for one in OFFERED if one.name == wish.kind)
    assert button_text(wish, kind) == said


@pytest.mark.parametrize(
    ("scale", "sentence", "status"),
    [
        (
            20.0,
            "Time runs 20 times faster for what the platforms do by themselves.",
            "Sandbox: nothing here is real · 20 × faster",
        ),
        (
            1.0,
            "Time runs as fast as at the platforms themselves.",
            "Sandbox: nothing here is real",
        ),
        (
            0.5,
            "Time runs 2 times slower for what the platforms do by themselves.",
            "Sandbox: nothing here is real · 2 × slower",
        ),
    ],
)
def test_the_pace_is_said(scale: float, sentence: str, status: str) -> None:
    about = PracticeAbout(1, scale)
    assert (pace_sentence(about), status_sentence(about)) == (sentence, status)


def test_before_the_first_answer_nothing_is_claimed() -> None:
    assert pace_sentence(None) == "Asking the sandbox how fast its time runs…"
    assert status_sentence(None) == "Sandbox: nothing here is real"


def test_places_are_said_shortly() -> None:
    assert where_words(Scope.CALL, Where()) == "any call"
    assert where_words(Scope.CALL, Where("fly", "POST", "/machines$")) == "Fly.io POST /machines$"
    assert where_words(Scope.INSTANCE, Where(app="heroku:billing")) == "billing"
    assert where_words(Scope.WORLD, Where()) == "both platforms"
    assert where_words(Scope.WORLD, Where("heroku")) == "Heroku"


def test_a_fault_of_an_unknown_kind_is_called_by_its_name() -> None:
    fault = FaultInForce("1", "verse", Scope.CALL, Where(), left=1, struck=0)
    assert title_of(fault, KINDS) == "verse"


def test_chance_and_place_are_remarked() -> None:
    wish = FaultWish("lost", Scope.CALL, Where(method="GET"), count=1, rate=0.25)
    said = remarks(wish, KINDS[0])
    assert said == "Only GET calls. Each is struck with a chance of 25 %."


def test_lines_for_a_shell_are_quoted_for_it() -> None:
    lines = (("TOKEN", "a b"), ("NAME", "it's"))
    assert block(lines, windows=False) == "export TOKEN='a b'\nexport NAME='it'\"'\"'s'"
    assert block(lines, windows=True) == "$env:TOKEN = 'a b'\n$env:NAME = 'it''s'"


def test_numbers_are_read_as_people_type_them() -> None:
    assert [number_of(text) for text in ("1,5", " 2 ", "\N{MINUS SIGN}3", "x", "")] == [
        1.5,
        2.0,
        -3.0,
        None,
        None,
    ]
    assert [plain(number) for number in (3600.0, 0.25)] == ["3600", "0.25"]
