"""The commands that only look: their JSON, their words, and what they say when nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pilothouse.domain.errors import AccountRefused, Lost, PilothouseError
from pilothouse.domain.model import App
from tests.cli.conftest import Desk
from tests.engine.pretend import PretendProvider

RELEASE = {
    "version",
    "kind",
    "status",
    "verdict",
    "current",
    "artifact",
    "description",
    "author",
    "created_at",
}
STATUS = {"app", "state", "held", "release", "artifact", "instances", "seen_at"}


def test_apps_as_json(desk: Desk) -> None:
    said = desk.run("apps", "--json")
    assert said.code == 0
    ((app,),) = (row["apps"] for row in said.rows)
    assert app["app"] == "fly:pier"
    assert app["state"] == "serving"
    assert (app["release"], app["way_back"], app["held"]) == (2, 1, False)
    assert datetime.fromisoformat(app["seen_at"]).tzinfo is not None


def test_apps_for_people(desk: Desk) -> None:
    said = desk.run("apps")
    head, row = said.out.splitlines()
    assert head.split()[:4] == ["APP", "ACCOUNT", "STATE", "LIVE"]
    assert row.split()[:4] == ["fly:pier", "pretend", "serving", "v2"]


def test_releases_as_json_have_the_documented_fields(desk: Desk) -> None:
    said = desk.run("releases", "fly:pier", "--json")
    (row,) = said.rows
    assert row.keys() == {"app", "releases"}
    assert [set(release) for release in row["releases"]] == [RELEASE] * 2
    newest, oldest = row["releases"]
    assert (newest["version"], newest["current"], newest["artifact"]) == (2, True, "old")
    assert (oldest["version"], oldest["current"], oldest["verdict"]) == (1, False, "not_watched")


def test_releases_are_limited_and_read_on_as_far_as_asked(desk: Desk) -> None:
    for number in range(3, 131):
        desk.cloud.releases[number] = (f"image-{number}", "complete", "more")
    few = desk.run("releases", "fly:pier", "--limit", "3", "--json").last["releases"]
    assert [row["version"] for row in few] == [130, 129, 128]
    many = desk.run("releases", "fly:pier", "--limit", "120", "--json").last["releases"]
    assert [row["version"] for row in many] == list(range(130, 10, -1))
    every = desk.run("releases", "fly:pier", "--limit", "5000", "--json").last["releases"]
    assert len(every) == 130


def test_a_deployed_release_carries_its_verdict(desk: Desk) -> None:
    assert desk.deploy().code == 0
    newest = desk.run("releases", "fly:pier", "--json").last["releases"][0]
    assert (newest["version"], newest["verdict"]) == (3, "verified")
    assert "verified" in desk.run("releases", "fly:pier").out


def test_status_as_json_has_the_documented_fields(desk: Desk) -> None:
    (row,) = desk.run("status", "fly:pier", "--json").rows
    assert row.keys() >= STATUS
    assert (row["state"], row["held"], row["release"]) == ("serving", False, 2)
    assert row["artifact"] == "old"
    assert [one["id"] for one in row["instances"]] == ["a", "b"]


def test_status_says_that_it_is_held_and_why(desk: Desk) -> None:
    assert desk.run("hold", "fly:pier", "--reason", "regatta").code == 0
    row = desk.run("status", "fly:pier", "--json").last
    assert (row["held"], row["hold_reason"]) == (True, "regatta")
    assert "Held: regatta" in desk.run("status", "fly:pier").out


def test_a_silent_platform_is_unknown_with_its_age_never_green(desk: Desk) -> None:
    desk.run("status", "fly:pier")
    desk.cloud.silent = True
    said = desk.run("status", "fly:pier", "--json")
    assert said.last["state"] == "unknown"
    assert said.last["release"] == 2
    assert "This is what was known 0 s ago" in said.err


def test_history_is_shown_from_the_cache_while_nobody_answers(desk: Desk) -> None:
    desk.run("releases", "fly:pier")
    desk.cloud.silent = True
    said = desk.run("releases", "fly:pier", "--json")
    assert said.code == 0, said.err
    assert [row["version"] for row in said.last["releases"]] == [2, 1]
    assert "what was known" in said.err


def test_nothing_known_and_nobody_answers(desk: Desk) -> None:
    desk.cloud.silent = True
    for words in (("status", "fly:pier"), ("releases", "fly:pier")):
        said = desk.run(*words, "--json")
        assert said.code == 12, said.err
        assert said.last["exit"] == said.code
        assert "no answer" in said.err


def test_an_unknown_app_is_named_with_what_there_is(desk: Desk) -> None:
    said = desk.run("status", "fly:nowhere", "--json")
    assert said.code == 2
    assert "app “nowhere”" in said.err
    assert "There is: pier" in said.err
    assert said.last == {"error": said.err.removeprefix("pilothouse: ").strip(), "exit": 2}


class Closed(PretendProvider):
    """An account that cannot be used."""

    error: PilothouseError

    def apps(self) -> Iterator[App]:
        raise self.error


def test_an_account_that_is_refused_is_never_an_empty_fleet(desk: Desk) -> None:
    for error, code in (
        (AccountRefused("pretend", said="expired", renew="Add it again."), 3),
        (Lost("no route"), 12),
    ):
        closed = Closed(desk.cloud)
        closed.error = error
        desk.opened = lambda closed=closed: desk.rig.again(provider=closed)  # type: ignore[misc]
        said = desk.run("apps", "--json")
        assert said.code == code
        assert said.last["apps"] == []
        assert str(error) in said.err
