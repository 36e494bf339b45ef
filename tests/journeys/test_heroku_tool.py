"""The real `heroku` at the practice Heroku: what it prints, and what it asked.

It knows nothing of a sandbox; each of its commands is one process, which takes a second to start.
Commands that only read run beside each other.
"""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.pilot import Said, ended
from tests.journeys.tools import Tool, heroku_at, heroku_programs
from tests.sandbox_process import SandboxProcess
from tests.waiting import until

SCALE = 100.0
APP, STAGING = "heroku:billing", "heroku:billing-staging"
RELEASES = "/apps/billing/releases"
GONE = "GET /apps/billing/webhooks"
"""A call of the real platform that the practice one does not have."""


@pytest.fixture
def lacks() -> list[str]:
    """The calls that a test expects the sandbox not to have."""
    return []


@pytest.fixture
def heroku(tmp_path: Path, lacks: list[str]) -> Iterator[Tool]:
    """`heroku` at a sandbox of its own, which had all that it asked for."""
    heroku_programs()
    with SandboxProcess(tmp_path / "sandbox", scale=SCALE) as sandbox:
        yield heroku_at(sandbox, tmp_path / "home")
        assert sandbox.control.absent() == lacks
        logged = [line for line in sandbox.errors().splitlines() if "not in the sandbox" in line]
        assert [line.partition("sandbox: ")[2] for line in logged] == lacks


def rows(heroku: Tool, app: str = "billing") -> list[dict[str, Any]]:
    """The releases, newest first, by the API itself."""
    newest_first = {"Range": "version ..; order=desc, max=200"}
    answer = heroku.sandbox.heroku.get(f"/apps/{app}/releases", headers=newest_first)
    found: list[dict[str, Any]] = answer.json()
    heroku.asked()
    return found


def is_there(release: dict[str, Any]) -> bool:
    """Whether the command line may choose it as a way back."""
    return bool(release["eligible_for_rollback"])


def first(found: list[dict[str, Any]], is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    return next(one for one in found if is_it(one))


def words(text: str) -> str:
    """Its words with single blanks: the tool folds and indents its messages."""
    return " ".join(text.replace("\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", " ").split())


# ---------------------------------------------------------------- reading


def test_apps_dynos_and_settings_are_read(heroku: Tool) -> None:
    config = heroku.sandbox.heroku.get("/apps/billing/config-vars").json()
    heroku.asked()
    apps, info, whoami, owned = heroku.together(
        "apps", "apps:info -a billing", "auth:whoami", "authorizations"
    )
    assert apps.split() == [
        *("===", "ann.berg@harbour.example", "Apps"),
        *("billing", "(eu)", "billing-staging", "(eu)"),
    ]
    told = [" ".join(line.split()) for line in info.splitlines()]
    for line in ("=== billing", "Pipeline: billing - production", "Region: eu", "Dynos: web: 2"):
        assert line in told
    assert f"Web URL: {heroku.sandbox.url(APP)}/" in told
    assert "Owner: ann.berg@harbour.example" in told
    assert whoami == "ann.berg@harbour.example\n"
    assert "global" in owned
    # The account is asked twice by two of them: for itself, and for the host of warnings.
    parts = ("addons", "dynos", "collaborators", "pipeline-couplings")
    assert heroku.calls() == Counter(
        {
            "GET /users/~/apps": 1,
            "GET /account": 4,
            "GET /apps/billing": 1,
            "GET /oauth/authorizations": 1,
            **{f"GET /apps/billing/{part}": 1 for part in parts},
        }
    )
    dynos, waited, formation, settings, maintenance, features, preboot = heroku.together(
        "ps -a billing",
        "ps:wait -a billing",
        "ps:scale -a billing",
        "config --json -a billing",
        "maintenance -a billing",
        "features -a billing",
        "features:info preboot -a billing",
    )
    assert dynos.startswith("=== web (Standard-1X): gunicorn billing.wsgi --bind 0.0.0.0:$PORT (2)")
    assert "web.1: up 20" in dynos
    assert "web.2: up 20" in dynos
    assert waited == ""
    assert formation == "web=2:Standard-1X worker=0:Standard-1X\n"
    assert json.loads(settings) == config
    assert maintenance == "off\n"
    assert "[ ] preboot" in features
    assert "Enabled: false" in " ".join(preboot.split())
    assert heroku.calls() == Counter(
        {
            "GET /account": 1,
            "GET /apps/billing": 3,
            "GET /apps/billing/dynos": 2,
            f"GET {RELEASES}": 1,
            "GET /apps/billing/formation": 1,
            "GET /apps/billing/config-vars": 1,
            "GET /apps/billing/features": 1,
            "GET /apps/billing/features/preboot": 1,
        }
    )


def test_addons_domains_and_pipelines_are_read(heroku: Tool) -> None:
    addons, domains, pipelines, pipeline = heroku.together(
        "addons -a billing", "domains -a billing", "pipelines", "pipelines:info billing"
    )
    assert "DATABASE" in addons
    assert "billing" in domains
    assert pipelines.split() == ["===", "My", "Pipelines", "billing"]
    assert ["billing-staging", "staging"] in [line.split() for line in pipeline.splitlines()]
    assert ["billing", "production"] in [line.split() for line in pipeline.splitlines()]
    coupled = heroku.sandbox.heroku.get("/apps/billing/pipeline-couplings").json()["pipeline"]["id"]
    calls = heroku.calls()
    assert calls[f"GET /pipelines/{coupled}/pipeline-couplings"] == 1
    assert calls["POST /filters/apps"] == 1
    assert calls["GET /apps/billing/domains"] == 1


def test_releases_and_logs_are_read(heroku: Tool) -> None:
    found = rows(heroku)
    newest = found[0]["version"]
    failed = first(found, lambda one: one["status"] == "failed")
    plain, listed, three, latest, one, output = heroku.together(
        "releases -a billing",
        "releases --json -a billing",
        "releases --json -n 3 -a billing",
        "releases:info -a billing",
        f"releases:info v{failed['version']} -a billing",
        f"releases:output v{failed['version']} -a billing",
    )
    assert plain.startswith(f"=== billing Releases - Current: v{newest}\n")
    shown = [line.split()[0] for line in plain.splitlines() if line.startswith("  v")]
    assert shown == ["v", *(f"v{row['version']}" for row in found[:15])]
    assert "release command failed" in plain
    assert json.loads(listed) == found[:15]
    assert json.loads(three) == found[:3]
    assert latest.startswith(f"=== Release v{newest}\n")
    assert f"Change: {failed['description']} (release command failed)" in " ".join(one.split())
    assert "=== v" in one
    assert output.splitlines()[-1] == "Command failed"
    asked = heroku.asked()
    ranges = Counter(row["headers"].get("range") for row in asked if row["path"] == RELEASES)
    wanted = {15: 2, 3: 1, 10: 1}
    assert ranges == {f"version ..; max={most}, order=desc": n for most, n in wanted.items()}
    assert {row["status"] for row in asked if row["path"] == RELEASES} == {206}
    logs, from_platform, of_dyno = heroku.together(
        "logs -n 100 -a billing",
        "logs --source heroku -n 3 -a billing",
        "logs --dyno-name web.1 -n 100 -a billing",
    )
    assert "heroku[web.1]: State changed from starting to up" in logs
    assert "heroku[web.2]: State changed from starting to up" in logs
    assert 1 <= len(from_platform.splitlines()) <= 3
    assert all(" heroku[" in line for line in from_platform.splitlines())
    assert of_dyno
    assert all("[web.1]:" in line for line in of_dyno.splitlines())
    asked = heroku.asked()
    sessions = [row["body"] for row in asked if row["path"] == "/apps/billing/log-sessions"]
    assert {"lines": 3, "source": "heroku", "tail": False} in sessions
    streams = [row for row in asked if row["path"].startswith("/log-streams/")]
    assert {row["headers"]["accept"] for row in streams} == {"text/event-stream"}


def test_a_log_is_followed_until_its_reader_leaves(heroku: Tool, tmp_path: Path) -> None:
    printed = tmp_path / "printed"
    with printed.open("wb") as out:
        process = heroku.start("logs", "--tail", "-a", "billing", out=out)
    calls: Counter[str] = Counter()

    def is_open() -> bool:
        calls.update(heroku.calls())
        return any(call.startswith("GET /log-streams/") for call in calls)

    until(is_open, "a reader of the log", 30.0)
    made = heroku.sandbox.control.act(APP, "foreign-deploy", description="Deploy cafe1234")
    line = f"Release v{made['version']} created by user"
    until(lambda: line in printed.read_text(), "the colleague's release in the log", 30.0)
    assert "Deploy cafe1234 by user" in printed.read_text()
    process.send_signal(signal.SIGINT)
    assert ended(process).err.count("Error") == 0
    assert calls["POST /apps/billing/log-sessions"] == 1


# ---------------------------------------------------------------- changing


def test_rollbacks_go_where_the_tool_sends_them(heroku: Tool) -> None:
    found = rows(heroku)
    target = next(one for one in found[2:] if is_there(one) and one["slug"] != found[0]["slug"])
    newest = found[0]["version"]
    out = heroku.good(f"releases:rollback v{target['version']} -a billing")
    calls = [(row["method"], row["path"], row["body"]) for row in heroku.asked()]
    assert calls == [
        ("GET", f"{RELEASES}/{target['version']}", None),
        ("POST", RELEASES, {"release": target["id"]}),
    ]
    assert out == ""
    made = rows(heroku)[0]
    assert made["version"] == newest + 1
    assert made["description"] == f"Rollback to v{target['version']}"
    assert made["slug"] == target["slug"]
    # Without a version it takes the second that may be gone back to: twice is where one began.
    for version in (newest, newest + 1):
        said = heroku.run("releases:rollback", "-a", "billing")
        assert said.code == 0, said
        assert f"Rolling back billing to v{version}... done" in words(said.err)
        assert rows(heroku)[0]["description"] == f"Rollback to v{version}"
    assert rows(heroku)[0]["slug"] == made["slug"]


def test_a_release_command_is_shown_and_its_failure_changes_nothing(heroku: Tool) -> None:
    found = rows(heroku, "billing-staging")
    slow = first(found, lambda one: one["description"] == "sandbox: release-slow")
    fails = first(found, lambda one: one["description"] == "sandbox: release-fails")
    said = heroku.run("releases:rollback", f"v{slow['version']}", "-a", "billing-staging")
    assert said.code == 0, said
    assert "Running release command..." in said.out
    streams = [row for row in heroku.asked() if row["path"].startswith("/streams/")]
    assert len(streams) == 1
    until(lambda: is_through(heroku), "the end of the release command", 60.0)
    made = rows(heroku, "billing-staging")[0]
    output = heroku.good(f"releases:output v{made['version']} -a billing-staging")
    assert "python manage.py migrate" in output
    before = made["version"]
    refused = heroku.run("releases:rollback", f"v{fails['version']}", "-a", "billing-staging")
    assert refused.code == 2
    assert f"v{fails['version']}" in refused.err
    assert "Error ID: invalid_params" in words(refused.err)
    assert rows(heroku, "billing-staging")[0]["version"] == before


def is_through(heroku: Tool) -> bool:
    """Whether the newest release of the staging app is what it runs."""
    newest = rows(heroku, "billing-staging")[0]
    return newest["status"] == "succeeded" and bool(newest["current"])


def test_settings_and_dynos_are_changed(heroku: Tool) -> None:
    newest = rows(heroku)[0]["version"]
    said = heroku.run("config:set", "TAX_TABLE=2027", "MAIL_FROM=bills", "-a", "billing")
    assert f"Setting TAX_TABLE, MAIL_FROM and restarting billing... done, v{newest + 1}" in said.err
    assert [line.split() for line in said.out.splitlines() if line] == [
        ["MAIL_FROM:", "bills"],
        ["TAX_TABLE:", "2027"],
    ]
    unset = heroku.run("config:unset", "MAIL_FROM", "-a", "billing")
    assert f"Unsetting MAIL_FROM and restarting billing... done, v{newest + 2}" in unset.err
    asked = heroku.asked()
    changes = [row["body"] for row in asked if row["method"] == "PATCH"]
    assert changes == [{"TAX_TABLE": "2027", "MAIL_FROM": "bills"}, {"MAIL_FROM": None}]
    ranges = {row["headers"].get("range") for row in asked if row["path"] == RELEASES}
    assert ranges == {"version ..; order=desc,max=1"}
    scaled = heroku.run("ps:scale", "web=3", "-a", "billing")
    assert "now running web at 3:Standard-1X" in scaled.err + scaled.out
    [change] = [row["body"] for row in heroku.asked() if row["method"] == "PATCH"]
    assert change == {"updates": [{"quantity": "3", "type": "web"}]}
    before = {dyno["id"] for dyno in heroku.sandbox.heroku.get("/apps/billing/dynos").json()}
    assert len(before) == 3
    heroku.good("ps:restart -a billing")
    after = heroku.sandbox.heroku.get("/apps/billing/dynos").json()
    assert before.isdisjoint(dyno["id"] for dyno in after)
    assert heroku.calls()["DELETE /apps/billing/dynos"] == 1
    heroku.good("features:enable preboot -a billing")
    assert heroku.sandbox.heroku.get("/apps/billing/features/preboot").json()["enabled"] is True
    heroku.good("maintenance:on -a billing")
    until(lambda: served(heroku) == 503, "the page of an app in maintenance")
    heroku.good("maintenance:off -a billing")
    until(lambda: served(heroku) == 200, "the app's own answer")
    assert [row["body"] for row in heroku.asked() if row["path"] == "/apps/billing"] == [
        {"maintenance": True},
        {"maintenance": False},
    ]


def served(heroku: Tool) -> int:
    """What the app's own address answers with."""
    return httpx.get(heroku.sandbox.url(APP), trust_env=False).status_code


def test_a_promotion_carries_the_slug_downstream(heroku: Tool) -> None:
    source, newest = rows(heroku, "billing-staging")[0], rows(heroku)[0]["version"]
    said = heroku.run("pipelines:promote", "-a", "billing-staging")
    assert said.code == 0, said
    assert "Promotion successful" in said.out + said.err
    assert "billing: succeeded" in said.out
    [wish] = [row["body"] for row in heroku.asked() if row["path"] == "/pipeline-promotions"]
    assert "release" not in wish["source"]
    made = rows(heroku)[0]
    assert (made["version"], made["slug"]) == (newest + 1, source["slug"])


# ---------------------------------------------------------------- what goes wrong


def refusal(heroku: Tool, line: str, **more: str) -> tuple[int, str, list[dict[str, Any]]]:
    """How a command fails, in its own words, and what it asked."""
    said: Said = heroku.run(*line.split(), **more)
    assert said.code != 0, said
    assert said.out == "", said
    return said.code, words(said.err), heroku.asked()


def test_refusals_are_understood(heroku: Tool) -> None:
    code, said, _asked = refusal(heroku, "releases -a no-such-app")
    assert (code, said) == (2, "Error: Couldn't find that app. Error ID: not_found")
    code, said, asked = refusal(heroku, "releases -a billing", HEROKU_API_KEY="not-this-one")
    assert "The token provided to HEROKU_API_KEY is invalid" in said
    assert [row["status"] for row in asked] == [401]
    failed = first(rows(heroku), lambda one: one["status"] == "failed")
    before = rows(heroku)[0]["version"]
    code, said, asked = refusal(heroku, f"releases:rollback v{failed['version']} -a billing")
    assert code == 2
    assert said.endswith("Error ID: invalid_params")
    assert [row["status"] for row in asked] == [200, 422]
    assert rows(heroku)[0]["version"] == before
    heroku.sandbox.control.fault("429", path=f"^{RELEASES}$")
    code, said, asked = refusal(heroku, "releases -a billing")
    assert code == 2
    assert "Your account reached the API rate limit" in said
    assert "Error ID: rate_limit" in said
    assert [row["fault"] for row in asked] == ["429"]
    heroku.sandbox.control.fault("503", path=f"^{RELEASES}$")
    code, said, asked = refusal(heroku, "releases -a billing")
    assert code in {1, 2}
    assert [row["fault"] for row in asked] == ["503"]


def test_a_lost_answer_makes_the_tool_release_twice(heroku: Tool) -> None:
    """It repeats a change whose answer was lost, as it does at the real platform."""
    found = rows(heroku)
    target = next(one for one in found[2:] if is_there(one))
    heroku.sandbox.control.fault("lost", method="POST", path=f"^{RELEASES}$")
    said = heroku.run("releases:rollback", f"v{target['version']}", "-a", "billing")
    assert said.code == 0, said
    assert f"done, v{found[0]['version'] + 2}" in said.err
    posts = [row for row in heroku.asked() if row["method"] == "POST"]
    assert [row["fault"] for row in posts] == ["lost", None]
    twice = rows(heroku)[:2]
    assert [one["version"] - found[0]["version"] for one in twice] == [2, 1]
    assert {one["description"] for one in twice} == {f"Rollback to v{target['version']}"}
    heroku.sandbox.control.fault("after-500", method="POST", path=f"^{RELEASES}$")
    said = heroku.run("releases:rollback", f"v{target['version']}", "-a", "billing")
    assert said.code == 2, said
    assert rows(heroku)[0]["version"] == found[0]["version"] + 3


def test_what_the_sandbox_lacks_is_refused_and_told(heroku: Tool, lacks: list[str]) -> None:
    lacks.append(GONE)
    code, said, asked = refusal(heroku, "webhooks -a billing")
    assert code == 2
    assert said.endswith("Error ID: not_found")
    assert [f"{row['method']} {row['path']}" for row in asked] == lacks
