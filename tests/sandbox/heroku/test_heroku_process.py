"""The practice Heroku as other processes meet it: over its port, through faults and power cuts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox_process import SandboxProcess
from tests.waiting import until

NEWEST_FIRST = {"range": "version ..; max=1000, order=desc"}
Row = dict[str, Any]


def releases(sandbox: SandboxProcess, app: str) -> list[Row]:
    answer = sandbox.heroku.get(f"/apps/{app}/releases", headers=NEWEST_FIRST)
    rows: list[Row] = answer.raise_for_status().json()
    return rows


def practice_slug(sandbox: SandboxProcess, name: str) -> str:
    rows = releases(sandbox, "billing-staging")
    found = next(each for each in rows if each["description"] == f"sandbox: {name}")
    return str(found["slug"]["id"])


def deploy(sandbox: SandboxProcess, slug: str) -> Row:
    body = {"slug": slug, "description": "From outside"}
    answer = sandbox.heroku.post("/apps/billing/releases", json=body)
    row: Row = answer.raise_for_status().json()
    return row


def until_up(sandbox: SandboxProcess, version: int) -> None:
    def look() -> bool:
        dynos = sandbox.heroku.get("/apps/billing/dynos").json()
        return all((each["state"], each["release"]["version"]) == ("up", version) for each in dynos)

    until(look, f"billing up on v{version}")


def test_a_rollout_and_the_way_back_lose_nothing_from_outside(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path) as sandbox:
        baseline = releases(sandbox, "billing")[0]
        with sandbox.steady_traffic("heroku:billing", rate=50) as traffic:
            made = deploy(sandbox, practice_slug(sandbox, "next"))
            until_up(sandbox, made["version"])
            answer = sandbox.heroku.post("/apps/billing/releases", json={"release": baseline["id"]})
            back = answer.raise_for_status().json()
            until_up(sandbox, back["version"])
        assert traffic.lost == []
        assert {made["version"], back["version"]} <= set(traffic.releases)
        assert sandbox.control.app("heroku:billing")["edge"]["lost"] == 0


def test_a_lost_answer_still_made_its_release_and_a_refused_call_made_none(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path) as sandbox:
        slug = practice_slug(sandbox, "next")
        before = releases(sandbox, "billing")[0]["version"]
        for kind, made in (("refuse", 0), ("lost", 1)):
            sandbox.control.fault(kind, method="POST", path="/releases$", platform="heroku")
            with pytest.raises(httpx.TransportError):
                deploy(sandbox, slug)
            assert releases(sandbox, "billing")[0]["version"] == before + made


def test_a_release_that_was_answered_outlives_a_power_cut(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path) as sandbox:
        made = deploy(sandbox, practice_slug(sandbox, "next"))
        url = sandbox.url("heroku:billing")
        sandbox.restart()
        newest = releases(sandbox, "billing")[0]
        assert (newest["id"], newest["current"]) == (made["id"], True)
        assert sandbox.url("heroku:billing") == url
        until_up(sandbox, made["version"])
        assert httpx.get(url, trust_env=False).json()["release"] == made["version"]


def test_an_open_log_is_followed_live_and_does_not_keep_the_sandbox_from_ending(
    tmp_path: Path,
) -> None:
    with SandboxProcess(tmp_path) as sandbox:
        body = {"tail": True, "lines": 0}
        made = sandbox.heroku.post("/apps/billing/log-sessions", json=body).json()
        with (
            httpx.Client(trust_env=False, timeout=20) as other,
            other.stream("GET", made["logplex_url"]) as stream,
        ):
            release = deploy(sandbox, practice_slug(sandbox, "next"))
            wanted = f"Release v{release['version']} created"
            assert any(wanted in line for line in stream.iter_lines())
            sandbox.stop()
