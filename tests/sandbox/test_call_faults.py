"""Every way in which one call can go wrong, on both platforms."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from pilothouse.sandbox.call_faults import STRIKES
from pilothouse.sandbox.kinds import AFTERWARDS, CALL, KINDS, STATUSES
from tests.sandbox_process import SandboxProcess

APP = "harbor-web"
FLY_APP = f"/v1/apps/{APP}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("calls")) as sandbox:
        sandbox.control.act(f"fly:{APP}", "limits", on=False)
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> Iterator[SandboxProcess]:
    yield running
    running.control.clear_faults()


def maintained(sandbox: SandboxProcess) -> bool:
    return bool(sandbox.control.app("heroku:billing")["maintenance"])


def maintain(sandbox: SandboxProcess, *, on: bool) -> httpx.Response:
    return sandbox.heroku.patch("/apps/billing", json={"maintenance": on})


def until_it_breaks(answer: httpx.Response) -> list[bytes]:
    """The pieces of an answer that must break off."""
    pieces = []
    try:
        for piece in answer.iter_raw():
            pieces.append(piece)
    except httpx.RemoteProtocolError:
        return pieces
    raise AssertionError("the answer came to its end")


def test_every_kind_of_call_fault_can_be_done() -> None:
    assert set(STRIKES) == {kind.kind for kind in KINDS.values() if kind.scope == CALL}


def test_a_reset_connection_is_reset_and_nothing_was_done(sandbox: SandboxProcess) -> None:
    sandbox.control.fault("reset", method="PATCH")
    address = urlsplit(sandbox.announcement.heroku["HEROKU_HOST"])
    with socket.create_connection((address.hostname, address.port), timeout=10) as line:
        body = b'{"maintenance": true}'
        head = f"PATCH /apps/billing HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        token = f"Authorization: Bearer {sandbox.announcement.token}\r\n\r\n"
        line.sendall((head + token).encode() + body)
        with pytest.raises(ConnectionResetError):
            line.recv(1000)
    assert not maintained(sandbox)


@pytest.mark.parametrize("platform", ["fly", "heroku"])
def test_a_cut_answer_breaks_off_half_way(sandbox: SandboxProcess, platform: str) -> None:
    client = sandbox.fly if platform == "fly" else sandbox.heroku
    path = FLY_APP if platform == "fly" else "/apps/billing"
    whole = len(client.get(path).content)
    sandbox.control.fault("cut", path=path)
    with client.stream("GET", path) as answer:
        assert answer.status_code == 200
        assert len(b"".join(until_it_breaks(answer))) == whole // 2


def test_a_cut_change_was_done(sandbox: SandboxProcess) -> None:
    sandbox.control.fault("cut", method="PATCH")
    with pytest.raises(httpx.RemoteProtocolError):
        maintain(sandbox, on=True)
    assert maintained(sandbox)
    assert sandbox.control.requests()[-1]["fault"] == "cut"
    maintain(sandbox, on=False)


@pytest.mark.parametrize("status", STATUSES)
def test_statuses_come_in_the_form_of_the_platform(sandbox: SandboxProcess, status: int) -> None:
    sandbox.control.fault(str(status), path=r"/machines|^/apps|/graphql|/v2/", count=5)
    body = sandbox.heroku.get("/apps").json()
    assert {"id", "message"} <= set(body) <= {"id", "message", "url"}
    answers = [
        sandbox.fly.get(f"{FLY_APP}/machines"),
        sandbox.fly.post("/graphql", json={"query": "{viewer{email}}"}),
        sandbox.fly.get("/v2/"),
    ]
    assert {answer.status_code for answer in answers} == {status}
    if status in (502, 503, 504):
        assert {answer.headers["content-type"] for answer in answers} == {"text/plain"}
    else:
        assert isinstance(answers[0].json()["error"], str)
        assert answers[1].json()["errors"][0]["message"]
        assert answers[2].json()["errors"][0]["code"]


@pytest.mark.parametrize("status", AFTERWARDS)
def test_afterwards_the_work_is_done_all_the_same(sandbox: SandboxProcess, status: int) -> None:
    sandbox.control.fault(f"after-{status}", method="PATCH")
    assert maintain(sandbox, on=True).status_code == status
    assert maintained(sandbox)
    assert sandbox.control.requests()[-1]["status"] == status
    assert maintain(sandbox, on=False).status_code == 200


def test_proxies_answer_with_nothing_or_with_a_page(sandbox: SandboxProcess) -> None:
    sandbox.control.fault("empty", path=FLY_APP)
    answer = sandbox.fly.get(FLY_APP)
    assert (answer.status_code, answer.content) == (408, b"")
    sandbox.control.fault("html", path="^/apps$")
    page = sandbox.heroku.get("/apps")
    assert page.status_code == 502
    assert page.headers["content-type"].startswith("text/html")
    assert "<html>" in page.text


def test_a_second_factor_is_asked_for_until_it_comes(sandbox: SandboxProcess) -> None:
    sandbox.control.fault("two-factor", count=-1)
    assert sandbox.fly.get(FLY_APP).status_code == 200, "Fly.io has no such thing"
    refused = sandbox.heroku.get("/apps/billing")
    assert refused.status_code == 403
    assert (refused.json()["id"], refused.json()["app"]["name"]) == ("two_factor", "billing")
    code = {"Heroku-Two-Factor-Code": "123456"}
    assert sandbox.heroku.get("/apps/billing", headers=code).status_code == 200
    assert "123456" not in str(sandbox.control.requests())


def test_a_dripping_answer_comes_byte_by_byte_until_its_time_is_over(
    sandbox: SandboxProcess,
) -> None:
    sandbox.control.fault("drip", path="/account$", seconds=0.5)
    began = time.monotonic()
    with sandbox.heroku.stream("GET", "/account") as answer:
        pieces = until_it_breaks(answer)
    assert 0.4 < time.monotonic() - began < 3
    assert max(map(len, pieces)) < 4
    assert 2 < len(b"".join(pieces)) < 20


def test_a_lagging_read_answers_what_it_did_before(sandbox: SandboxProcess) -> None:
    before = sandbox.heroku.get("/apps/billing").json()
    sandbox.control.fault("stale", count=2, path="^/apps/billing")
    assert sandbox.heroku.get("/apps/billing/dynos").status_code == 200
    assert sandbox.control.faults()[0]["left"] == 2, "what was never read cannot lag"
    maintain(sandbox, on=True)
    assert sandbox.heroku.get("/apps/billing").json() == before
    assert sandbox.heroku.get("/apps/billing").json() == before
    assert sandbox.heroku.get("/apps/billing").json()["maintenance"] is True
    maintain(sandbox, on=False)


def test_a_lagging_read_over_graphql(sandbox: SandboxProcess) -> None:
    query = {"query": '{app(name:"harbor-web"){currentReleaseUnprocessed{version}}}'}
    before = sandbox.fly.post("/graphql", json=query).json()
    sandbox.control.act(f"fly:{APP}", "foreign-release")
    sandbox.control.fault("stale", path="/graphql")
    assert sandbox.fly.post("/graphql", json=query).json() == before
    assert sandbox.fly.post("/graphql", json=query).json() != before


def test_missing_fields_are_the_same_for_the_same_seed(sandbox: SandboxProcess) -> None:
    seen = []
    path = "/apps/billing/releases"
    for seed in (1, 1, 2):
        sandbox.control.fault("missing-fields", path=path, seed=seed)
        seen.append(sandbox.heroku.get(path).json())
    assert seen[0] == seen[1] != seen[2]
    whole = sandbox.heroku.get(path).json()
    assert [row["version"] for row in seen[0]] == [row["version"] for row in whole]
    assert any(row.get("status") is None for row in seen[0])
    assert any("status" not in row for row in seen[0])
    assert any(row.get("status") for row in whole)


def test_missing_fields_are_null_where_graphql_cannot_leave_them_out(
    sandbox: SandboxProcess,
) -> None:
    query = {"query": '{app(name:"harbor-web"){name currentReleaseUnprocessed{version}}}'}
    sandbox.control.fault("missing-fields", path="/graphql")
    app = sandbox.fly.post("/graphql", json=query).json()["data"]["app"]
    assert app == {"name": APP, "currentReleaseUnprocessed": None}
    whole = sandbox.machines(APP)[0]
    sandbox.control.fault("missing-fields", path="/machines$", seed=5)
    thinned = sandbox.machines(APP)[0]
    assert thinned["id"] == whole["id"]
    assert thinned != whole


def test_streams_are_struck_as_well(sandbox: SandboxProcess) -> None:
    session = sandbox.heroku.post("/apps/billing/log-sessions", json={"lines": 10}).json()
    sandbox.control.fault("503", path="^/log-streams/")
    assert sandbox.heroku.get(session["logplex_url"]).status_code == 503
    tail = {"lines": 10, "tail": True}
    session = sandbox.heroku.post("/apps/billing/log-sessions", json=tail).json()
    sandbox.control.fault("cut", path="^/log-streams/")
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.heroku.get(session["logplex_url"])


def test_the_same_seed_and_requests_meet_the_same_faults(sandbox: SandboxProcess) -> None:
    runs = []
    for _ in range(2):
        sandbox.control.clear_faults()
        sandbox.control.fault("after-500", count=-1, rate=0.3, seed=3, method="GET")
        sandbox.control.fault("404", count=-1, rate=0.3, seed=4, path="machines")
        paths = [FLY_APP, f"{FLY_APP}/machines"] * 15
        runs.append([sandbox.fly.get(path).status_code for path in paths])
    assert runs[0] == runs[1]
    assert {200, 404, 500} == set(runs[0])


def test_rules_tell_what_is_left_and_go_away_one_by_one(sandbox: SandboxProcess) -> None:
    first = sandbox.control.fault("503", count=2, path=FLY_APP)
    second = sandbox.control.fault("404", count=-1, path=FLY_APP)
    assert [sandbox.fly.get(FLY_APP).status_code for _ in range(4)] == [503, 503, 404, 404]
    shown = {each["id"]: each for each in sandbox.control.faults()}
    assert (shown[first]["left"], shown[first]["struck"]) == (0, 2)
    assert (shown[second]["left"], shown[second]["struck"]) == (-1, 2)
    assert shown[second]["match"] == {"path": FLY_APP}
    sandbox.control.clear_faults(second)
    assert sandbox.fly.get(FLY_APP).status_code == 200
    assert [each["id"] for each in sandbox.control.faults()] == [first]
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        sandbox.control.clear_faults(second)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "plague"},
        {"kind": "500", "counts": 1},
        {"kind": "500", "count": 0},
        {"kind": "500", "count": -2},
        {"kind": "500", "rate": 0},
        {"kind": "500", "rate": 1.5},
        {"kind": "500", "seconds": 3},
        {"kind": "500", "edges": True},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "seconds": 1e9},
        {"kind": "500", "match": {"path": "("}},
        {"kind": "500", "match": {"nth": 0}},
        {"kind": "500", "match": {"app": "fly:harbor-api"}},
        {"kind": "500", "match": {"platform": "render"}},
        {"kind": "two-factor", "match": {"platform": "fly"}},
        {"kind": "kill", "match": {"path": "/"}},
        {"kind": "kill", "match": {}},
        {"kind": "clock", "match": {"app": "fly:harbor-api"}},
        {"match": {}},
        17,
        [{"kind": "500"}, {"kind": "plague"}],
    ],
    ids=json.dumps,
)
def test_a_wrong_rule_is_refused_and_changes_nothing(
    sandbox: SandboxProcess, wrong: object
) -> None:
    bearer = {"Authorization": f"Bearer {sandbox.announcement.token}"}
    url = f"{sandbox.announcement.control}/faults"
    refused = httpx.post(url, json=wrong, headers=bearer, trust_env=False)
    assert refused.status_code == 400
    assert refused.json()["error"]
    assert sandbox.control.faults() == []
