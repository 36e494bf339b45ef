"""What bad input gets: a sentence that helps, the right exit code, and nothing changed."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys

import pytest

from tests.journeys.pilot import API, BILLING, WEB, Pilot, Said, ended

READS = {"GET", "HEAD"}


def _refused(pilot: Pilot, *words: str, code: int) -> Said:
    mark = pilot.sandbox.control.last_request()
    said = pilot.run(*words)
    assert said.code == code, said.out + said.err
    calls = pilot.sandbox.control.requests(mark)
    changes = [c for c in calls if c["method"] not in READS and "graphql" not in c["path"]]
    assert changes == []
    assert said.err.startswith("pilothouse: ")
    assert "Traceback" not in said.err
    return said


@pytest.mark.parametrize(
    ("words", "what", "exists"),
    [
        (("status", "fly:nowhere"), "app “nowhere”", "harbor-api"),
        (("status", "fleet:harbor-api"), "account “fleet”", "sandbox-fly"),
        (("rollback", API, "v9999", "--yes"), "release “v9999”", "v"),
        (
            ("deploy", API, "--image", "registry.fly.io/harbor-api:nope", "--yes"),
            "image",
            "deployment-",
        ),
        (("deploy", BILLING, "--slug-of", "v9999", "--yes"), "release “v9999”", "v"),
        (("show", "nothing"), "deployment “nothing”", "nothing"),
    ],
)
def test_what_is_unknown_is_named_with_what_there_is(
    pilot: Pilot, words: tuple[str, ...], what: str, exists: str
) -> None:
    said = _refused(pilot, *words, code=2)
    assert what in said.err
    assert exists in said.err


def test_a_deploy_without_a_terminal_needs_yes(pilot: Pilot) -> None:
    said = _refused(pilot, "deploy", WEB, *pilot.what(WEB, "next"), code=2)
    assert "--yes" in said.err


def test_an_image_for_heroku_and_a_slug_for_fly_are_usage_errors(pilot: Pilot) -> None:
    _refused(pilot, "deploy", BILLING, "--image", "x:y", "--yes", code=2)
    _refused(pilot, "deploy", WEB, "--slug-of", "v1", "--yes", code=2)


def test_an_app_without_machines_is_blocked(pilot: Pilot) -> None:
    for machine in pilot.sandbox.control.instances(WEB):
        answer = pilot.sandbox.fly.delete(
            f"/v1/apps/harbor-web/machines/{machine}", params={"force": "true"}
        )
        assert answer.status_code == 200
    said = _refused(pilot, "deploy", WEB, *pilot.what(WEB, "next"), "--yes", code=3)
    assert "no machines" in said.err


def test_dynos_at_zero_are_blocked(pilot: Pilot) -> None:
    what = pilot.what(BILLING, "next")
    answer = pilot.sandbox.heroku.patch(
        "/apps/billing/formation", json={"updates": [{"type": "web", "quantity": 0}]}
    )
    assert answer.status_code == 200
    said = _refused(pilot, "deploy", BILLING, *what, "--yes", code=3)
    assert "dynos" in said.err


def test_maintenance_is_blocked(pilot: Pilot) -> None:
    what = pilot.what(BILLING, "next")
    pilot.sandbox.heroku.patch("/apps/billing", json={"maintenance": True})
    said = _refused(pilot, "deploy", BILLING, *what, "--yes", code=3)
    assert "maintenance" in said.err


def test_somebody_elses_release_under_way_is_blocked(pilot: Pilot) -> None:
    body = {
        "app_name": "harbor-web",
        "image": "registry.fly.io/harbor-web:next",
        "strategy": "ROLLING",
        "definition": {},
    }
    answer = pilot.sandbox.fly.post("/api/v1/releases", json=body)
    assert answer.status_code in {200, 201}
    said = _refused(pilot, "deploy", WEB, *pilot.what(WEB, "next"), "--yes", code=3)
    assert "has been releasing v" in said.err


def test_a_refused_token_names_account_answer_and_remedy(pilot: Pilot) -> None:
    line = pilot.sandbox.announcement
    env = {**line.fly, "FLY_API_TOKEN": "fo1_wrong"}
    said = ended(_outside(pilot, "status", API, env=env))
    assert said.code == 3, said.out + said.err
    assert "fly-environment" in said.err
    assert "refused" in said.err
    assert "fo1_wrong" not in said.err + said.out


def _outside(pilot: Pilot, *words: str, env: dict[str, str]) -> subprocess.Popen[str]:
    """Start the program without --sandbox, pointed at it by the environment."""
    return subprocess.Popen(
        [sys.executable, "-m", "pilothouse", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=pilot.environment(**env),
    )


def test_the_environment_alone_is_enough_to_deploy(pilot: Pilot) -> None:
    line = pilot.sandbox.announcement
    words = ("deploy", WEB, "--image", "registry.fly.io/harbor-web:next", "--yes", "--json")
    said = ended(_outside(pilot, *words, env=line.environment()))
    assert said.code == 0, said.out[-2000:] + said.err
    pilot.is_whole(WEB)


def test_one_fly_address_on_loopback_and_another_not_sends_nothing(pilot: Pilot) -> None:
    env = {**pilot.sandbox.announcement.environment()}
    env["FLY_FLAPS_BASE_URL"] = "https://flaps.example.test"
    mark = pilot.sandbox.control.last_request()
    said = ended(_outside(pilot, "status", API, env=env))
    assert said.code == 2, said.err
    assert pilot.sandbox.control.last_request() == mark


def test_a_journal_from_a_newer_version_is_left_alone_and_copied(pilot: Pilot) -> None:
    pilot.run("apps", "--json")
    journal = pilot.home / "practice" / "journal.db"
    with sqlite3.connect(journal) as database:
        database.execute("UPDATE schema_version SET version = 99")
    database.close()
    before = journal.read_bytes()
    said = pilot.run("deployments")
    assert said.code == 2, said.out + said.err
    assert "newer" in said.err
    assert journal.read_bytes() == before
    assert len(list(journal.parent.glob("journal*"))) >= 2


def test_a_second_process_is_told_who_deploys(pilot: Pilot) -> None:
    first = pilot.start("deploy", WEB, *pilot.what(WEB, "next"), "--yes", "--json")
    line = first.stdout.readline() if first.stdout else ""
    assert json.loads(line)["event"] == "planned"
    while "intended" not in line:
        line = first.stdout.readline() if first.stdout else "intended"
    said = pilot.run("deploy", WEB, *pilot.what(WEB, "next"), "--yes", "--json")
    assert said.code == 3, said.out + said.err
    assert f"process {first.pid}" in said.err
    rest = ended(first)
    assert rest.code == 0, rest.err


def test_a_window_without_a_display_says_so(pilot: Pilot) -> None:
    process = pilot.start(QT_QPA_PLATFORM="")
    said = ended(process)
    assert said.code == 2
    assert "no screen to draw on" in said.err
    assert "qt.qpa" not in said.err


def test_a_port_in_use_gives_the_next_free_one(pilot: Pilot) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        folder = str(pilot.home / "other")
        process = pilot.start("sandbox", "--port", str(port), "--state", folder, "--json")
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        process.terminate()
        said = ended(process)
    assert said.code == 0
    assert line["fly"]["FLY_API_BASE_URL"] != f"http://127.0.0.1:{port}"
    assert "Traceback" not in said.err
