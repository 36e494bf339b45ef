"""Faults on the platforms' APIs, and the record of every request."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox_process import SandboxProcess

APP = "harbor-web"


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("faults")) as running:
        yield running


def cordoned(sandbox: SandboxProcess, machine: str) -> bool:
    return bool(sandbox.control.instances(f"fly:{APP}")[machine]["cordoned"])


def test_a_refused_request_did_nothing_and_a_lost_one_did(sandbox: SandboxProcess) -> None:
    machine = sandbox.machines(APP)[0]["id"]
    path = sandbox.machine_path(APP, machine, "/cordon")
    sandbox.control.fault("refuse", method="POST", path="/cordon$", platform="fly")
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.fly.post(path)
    assert not cordoned(sandbox, machine)
    sandbox.control.fault("lost", method="POST", path="/cordon$")
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.fly.post(path)
    assert cordoned(sandbox, machine)
    sandbox.restart()
    assert cordoned(sandbox, machine), "what was done before the answer was lost survives"


def test_statuses_broken_answers_and_slowness(sandbox: SandboxProcess) -> None:
    path = f"/v1/apps/{APP}"
    for kind in ("429", "500", "503"):
        sandbox.control.fault(kind, path=path)
        assert sandbox.fly.get(path).status_code == int(kind)
    sandbox.control.fault("malformed", path=path)
    broken = sandbox.fly.get(path)
    assert broken.status_code == 200
    with pytest.raises(ValueError, match="Expecting"):
        broken.json()
    sandbox.control.fault("slow", path=path, seconds=0.7)
    began = time.monotonic()
    assert sandbox.fly.get(path).status_code == 200
    assert time.monotonic() - began > 0.65
    sandbox.control.fault("hang", path=path)
    with pytest.raises(httpx.ReadTimeout):
        sandbox.fly.get(path, timeout=0.5)
    assert sandbox.fly.get(path).status_code == 200


def test_a_rule_strikes_its_platform_its_nth_request_and_no_more(sandbox: SandboxProcess) -> None:
    sandbox.control.fault("500", platform="heroku", path="^/apps$")
    sandbox.control.fault("503", path="/graphql", body="releasesUnprocessed", nth=2)
    history = {"query": '{app(name:"harbor-web"){releasesUnprocessed(first:1){totalCount}}}'}
    other = {"query": "{viewer{email}}"}
    codes = [
        sandbox.fly.post("/graphql", json=body).status_code
        for body in (other, history, other, history, history)
    ]
    assert codes == [200, 200, 200, 503, 200]
    assert sandbox.heroku.get("/apps").status_code == 500
    assert sandbox.heroku.get("/apps").status_code == 200


def test_the_same_seed_meets_the_same_faults(sandbox: SandboxProcess) -> None:
    runs = []
    for _ in range(2):
        sandbox.control.clear_faults()
        sandbox.control.fault("503", path="/v2/", count=99, rate=0.4, seed=7)
        runs.append([sandbox.fly.get("/v2/").status_code for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 503}


def test_every_request_is_recorded_without_its_token(sandbox: SandboxProcess) -> None:
    since = sandbox.control.last_request()
    sandbox.control.fault("503", method="POST", path="/graphql")
    sandbox.fly.post("/graphql", json={"query": "{viewer{email}}"})
    sandbox.fly.get("/v1/apps", params={"org_slug": "harbour-works"})
    first, second = sandbox.control.requests(since)
    assert (first["method"], first["path"], first["fault"]) == ("POST", "/graphql", "503")
    assert first["body"] == {"query": "{viewer{email}}"}
    assert (second["status"], second["query"]) == (200, "org_slug=harbour-works")
    assert sandbox.announcement.token not in str(sandbox.control.requests())


def test_the_control_api_needs_the_token_and_says_what_is_wrong(sandbox: SandboxProcess) -> None:
    base = sandbox.announcement.control
    assert httpx.get(f"{base}/world").status_code == 401
    bearer = {"Authorization": f"Bearer {sandbox.announcement.token}"}
    rules: list[dict[str, object]] = [
        {"kind": "plague"},
        {"kind": "500", "match": {"path": "("}},
        {"match": {}},
    ]
    for wrong in rules:
        assert httpx.post(f"{base}/faults", json=wrong, headers=bearer).status_code == 400
    wish = {"app": "fly:harbor-web", "do": "dance"}
    refused = httpx.post(f"{base}/world/act", json=wish, headers=bearer)
    assert (refused.status_code, refused.json()["error"]) == (
        400,
        "cannot do 'dance' to a Fly app",
    )
