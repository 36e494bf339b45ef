"""The real `heroku` at the practice Heroku: what it prints, and what it asked.

It knows nothing of a sandbox; each of its commands is one process, which takes a second to start.
Commands that only read run beside each other.
"""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.pilot import ended
from tests.journeys.tools import Tool, words
from tests.journeys.tools import heroku_releases as releases
from tests.waiting import until

APP = "heroku:billing"
RELEASES = "/apps/billing/releases"
STAGING = "billing-staging"


def columns(text: str) -> list[list[str]]:
    """The words of each line."""
    return [line.split() for line in text.splitlines()]


def of_sandbox(heroku: Tool, path: str) -> Any:
    """What the API answers to a test; forgets what was asked so far."""
    found = heroku.sandbox.heroku.get(path).json()
    heroku.asked()
    return found


def bodies(asked: list[dict[str, Any]], method: str, path: str) -> list[Any]:
    """What was sent with the calls of one kind, in order."""
    return [row["body"] for row in asked if (row["method"], row["path"]) == (method, path)]


def ranges(asked: list[dict[str, Any]]) -> Counter[str | None]:
    """The ranges of releases that were asked for."""
    return Counter(row["headers"].get("range") for row in asked if row["path"] == RELEASES)


def visit(heroku: Tool, path: str = "/") -> int:
    """How the app itself answers a visitor."""
    return httpx.get(heroku.sandbox.url(APP) + path, trust_env=False).status_code


# ---------------------------------------------------------------- reading


def test_apps_and_accounts_are_read(heroku: Tool) -> None:
    apps, info, whoami, tokens = heroku.together(
        "apps", "apps:info -a billing", "auth:whoami", "authorizations"
    )
    assert apps.split() == [
        *("===", "ann.berg@harbour.example", "Apps"),
        *("billing", "(eu)", "billing-staging", "(eu)"),
    ]
    told = [" ".join(line) for line in columns(info)]
    for line in ("=== billing", "Pipeline: billing - production", "Region: eu", "Dynos: web: 2"):
        assert line in told
    assert f"Web URL: {heroku.sandbox.url(APP)}/" in told
    assert "Owner: ann.berg@harbour.example" in told
    assert whoami == "ann.berg@harbour.example\n"
    assert "global" in tokens
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


def test_dynos_and_settings_are_read(heroku: Tool) -> None:
    config = of_sandbox(heroku, "/apps/billing/config-vars")
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
    assert ["[", "]", "preboot"] in [line[:3] for line in columns(features)]
    assert ["Enabled:", "false"] in columns(preboot)
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


def test_what_belongs_to_an_app_is_read(heroku: Tool) -> None:
    coupling = of_sandbox(heroku, "/apps/billing/pipeline-couplings")
    addons, domains, access, pipelines, pipeline = heroku.together(
        "addons -a billing",
        "domains -a billing",
        "access -a billing",
        "pipelines",
        "pipelines:info billing",
    )
    assert "as DATABASE" in addons
    assert "essential-1" in addons
    assert ["ann.berg@harbour.example", "admin"] in [line[:2] for line in columns(access)]
    assert heroku.sandbox.url(APP).removeprefix("http://") in domains
    assert pipelines.split() == ["===", "My", "Pipelines", "billing"]
    assert ["billing-staging", "staging"] in columns(pipeline)
    assert ["billing", "production"] in columns(pipeline)
    calls = heroku.calls()
    assert calls[f"GET /pipelines/{coupling['pipeline']['id']}/pipeline-couplings"] == 1
    assert calls["POST /filters/apps"] == 1
    assert calls["GET /addon-attachments"] == 1


def test_releases_are_read(heroku: Tool) -> None:
    found = releases(heroku)
    newest = found[0]["version"]
    failed = next(one for one in found if one["status"] == "failed")
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
    assert f"Change: {failed['description']} (release command failed)" in words(one)
    assert output.splitlines()[-1] == "Command failed"
    asked = heroku.asked()
    wanted = {15: 2, 3: 1, 10: 1}
    assert ranges(asked) == {f"version ..; max={most}, order=desc": n for most, n in wanted.items()}
    assert {row["status"] for row in asked if row["path"] == RELEASES} == {206}


def test_logs_are_read(heroku: Tool) -> None:
    visit(heroku, "/prices")
    logs, from_platform, of_dyno = heroku.together(
        "logs -n 100 -a billing",
        "logs --source heroku -n 3 -a billing",
        "logs --dyno-name web.1 -n 100 -a billing",
    )
    assert "heroku[web.1]: State changed from starting to up" in logs
    assert "heroku[web.2]: State changed from starting to up" in logs
    assert 'heroku[router]: at=info method=GET path="/prices"' in logs
    assert 1 <= len(from_platform.splitlines()) <= 3
    assert all(" heroku[" in line for line in from_platform.splitlines())
    assert of_dyno
    assert all("[web.1]:" in line for line in of_dyno.splitlines())
    asked = heroku.asked()
    sessions = bodies(asked, "POST", "/apps/billing/log-sessions")
    assert {"lines": 3, "source": "heroku", "tail": False} in sessions
    streams = [row for row in asked if row["path"].startswith("/log-streams/")]
    assert [row["headers"]["accept"] for row in streams] == ["text/event-stream"] * 3


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
    assert "Error" not in ended(process).err
    assert calls["POST /apps/billing/log-sessions"] == 1


# ---------------------------------------------------------------- changing


def test_rollbacks_go_where_the_tool_sends_them(heroku: Tool) -> None:
    found = releases(heroku)
    newest = found[0]["version"]
    target = next(
        one for one in found if one["eligible_for_rollback"] and one["slug"] != found[0]["slug"]
    )
    heroku.good(f"releases:rollback v{target['version']} -a billing")
    assert [(row["method"], row["path"], row["body"]) for row in heroku.asked()] == [
        ("GET", f"{RELEASES}/{target['version']}", None),
        ("POST", RELEASES, {"release": target["id"]}),
    ]
    made = releases(heroku)[0]
    assert made["version"] == newest + 1
    assert made["description"] == f"Rollback to v{target['version']}"
    assert made["slug"] == target["slug"]
    # Without a version it takes the second that may be gone back to: twice is where one began.
    for version in (newest, newest + 1):
        said = heroku.run("releases:rollback", "-a", "billing")
        assert said.code == 0, said
        assert f"Rolling back billing to v{version}... done" in words(said.err)
        assert ranges(heroku.asked()) == {"version ..; max=10, order=desc": 1, None: 1}
        assert releases(heroku)[0]["description"] == f"Rollback to v{version}"
    assert releases(heroku)[0]["slug"] == made["slug"]


def test_a_release_command_is_shown(heroku: Tool) -> None:
    found = releases(heroku, STAGING)
    slow = next(one for one in found if one["description"] == "sandbox: release-slow")
    said = heroku.run("releases:rollback", f"v{slow['version']}", "-a", STAGING)
    assert said.code == 0, said
    assert "Running release command..." in said.out
    streams = [row for row in heroku.asked() if row["path"].startswith("/streams/")]
    assert len(streams) == 1

    def is_through() -> bool:
        newest = releases(heroku, STAGING)[0]
        return newest["status"] == "succeeded" and bool(newest["current"])

    until(is_through, "the end of the release command", 60.0)
    made = releases(heroku, STAGING)[0]
    assert made["version"] == found[0]["version"] + 1
    output = heroku.good(f"releases:output v{made['version']} -a {STAGING}")
    assert "python manage.py migrate" in output


def test_settings_are_changed(heroku: Tool) -> None:
    newest = releases(heroku)[0]["version"]
    said = heroku.run("config:set", "TAX_TABLE=2027", "MAIL_FROM=bills", "-a", "billing")
    assert f"restarting billing... done, v{newest + 1}" in words(said.err)
    assert [line for line in columns(said.out) if line] == [
        ["MAIL_FROM:", "bills"],
        ["TAX_TABLE:", "2027"],
    ]
    unset = heroku.run("config:unset", "MAIL_FROM", "-a", "billing")
    assert f"Unsetting MAIL_FROM and restarting billing... done, v{newest + 2}" in words(unset.err)
    asked = heroku.asked()
    changes = bodies(asked, "PATCH", "/apps/billing/config-vars")
    assert changes == [{"TAX_TABLE": "2027", "MAIL_FROM": "bills"}, {"MAIL_FROM": None}]
    assert ranges(asked) == {"version ..; order=desc,max=1": 2}
    heroku.good("features:enable preboot -a billing")
    assert of_sandbox(heroku, "/apps/billing/features/preboot")["enabled"] is True


def test_dynos_are_scaled_and_restarted(heroku: Tool) -> None:
    scaled = heroku.run("ps:scale", "web=3", "-a", "billing")
    assert "now running web at 3:Standard-1X" in words(scaled.err + scaled.out)
    [wish] = bodies(heroku.asked(), "PATCH", "/apps/billing/formation")
    assert wish == {"updates": [{"quantity": "3", "type": "web"}]}
    before = {dyno["id"] for dyno in of_sandbox(heroku, "/apps/billing/dynos")}
    assert len(before) == 3
    heroku.good("ps:restart -a billing")
    assert heroku.calls() == {"DELETE /apps/billing/dynos": 1}
    after = {dyno["id"] for dyno in of_sandbox(heroku, "/apps/billing/dynos")}
    assert len(after) == 3
    assert before.isdisjoint(after)


def test_maintenance_closes_the_app_and_opens_it(heroku: Tool) -> None:
    heroku.good("maintenance:on -a billing")
    until(lambda: visit(heroku) == 503, "the page of an app in maintenance")
    heroku.good("maintenance:off -a billing")
    until(lambda: visit(heroku) == 200, "the app's own answer")
    changes = bodies(heroku.asked(), "PATCH", "/apps/billing")
    assert changes == [{"maintenance": True}, {"maintenance": False}]


def test_a_promotion_carries_the_slug_downstream(heroku: Tool) -> None:
    source, newest = releases(heroku, STAGING)[0], releases(heroku)[0]["version"]
    said = heroku.run("pipelines:promote", "-a", STAGING)
    assert said.code == 0, said
    assert "Promotion successful" in said.out + said.err
    assert "billing: succeeded" in said.out
    [wish] = bodies(heroku.asked(), "POST", "/pipeline-promotions")
    assert "release" not in wish["source"]
    made = releases(heroku)[0]
    assert (made["version"], made["slug"]) == (newest + 1, source["slug"])
