"""The sandbox's own API: what can go wrong, the journal, GitHub, the status pages."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from pilothouse.sandbox.fly.acts import VERBS as FLY_VERBS
from pilothouse.sandbox.heroku.acts import VERBS as HEROKU_VERBS
from pilothouse.sandbox.kinds import KINDS
from tests.sandbox_process import SandboxProcess

APP = "harbor-web"
REPO = "harbour-works/practice"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("control")) as running:
        running.control.act(f"fly:{APP}", "limits", on=False)
        yield running


@pytest.fixture
def control(sandbox: SandboxProcess) -> Iterator[httpx.Client]:
    bearer = {"Authorization": f"Bearer {sandbox.announcement.token}"}
    base = sandbox.announcement.control
    with httpx.Client(base_url=base, headers=bearer, trust_env=False, timeout=20) as client:
        yield client


@pytest.fixture
def public(sandbox: SandboxProcess) -> Iterator[httpx.Client]:
    base = sandbox.announcement.control
    with httpx.Client(base_url=base, trust_env=False, timeout=20) as client:
        yield client


def test_everything_that_can_go_wrong_is_listed(control: httpx.Client) -> None:
    kinds = control.get("/kinds").json()
    offered = {(kind["scope"], kind["kind"]) for kind in kinds}
    assert {(kind.scope, kind.kind) for kind in KINDS.values()} <= offered
    for platform, verbs in (("fly", FLY_VERBS), ("heroku", HEROKU_VERBS)):
        theirs = {
            kind["kind"]
            for kind in kinds
            if (kind["scope"], kind["platforms"]) == ("others", [platform])
        }
        assert theirs == set(verbs)
    assert all(kind["title"] and isinstance(kind["takes"], list) for kind in kinds)


def test_a_page_of_the_journal_begins_and_ends_where_it_is_told(
    sandbox: SandboxProcess, control: httpx.Client
) -> None:
    since = sandbox.control.last_request()
    for name in "abcde":
        sandbox.fly.get("/v1/apps", params={"org_slug": name})
    page = control.get("/requests", params={"since": since + 1, "limit": 2}).json()
    assert [each["query"] for each in page["requests"]] == ["org_slug=b", "org_slug=c"]
    assert page["last"] == since + 5
    assert control.get("/requests", params={"since": since + 5}).json()["requests"] == []
    assert control.get("/requests", params={"since": "x"}).status_code == 400


def test_a_record_tells_how_a_client_asked_and_no_secret(sandbox: SandboxProcess) -> None:
    token = sandbox.announcement.token
    headers = {"Range": "version ..; max=2", "X-Registry-Auth": "hush", "X-Trace": f"a {token}"}
    answer = sandbox.heroku.get("/apps/billing/releases", headers=headers)
    told = sandbox.control.requests()[-1]
    assert told["headers"]["range"] == "version ..; max=2"
    assert told["headers"]["x-trace"] == "a (token)"
    assert {"authorization", "x-registry-auth"}.isdisjoint(told["headers"])
    assert (told["status"], told["bytes_sent"]) == (206, len(answer.content))
    assert 0 < told["duration_s"] < 10
    sandbox.fly.post("/graphql", json={"query": "{viewer{email}}", "variables": {"t": token}})
    told = sandbox.control.requests()[-1]
    assert told["body"]["variables"] == {"t": "(token)"}
    assert told["bytes_received"] > 60


def test_a_long_poll_is_told_before_it_is_answered(sandbox: SandboxProcess) -> None:
    machine = sandbox.machines(APP)[0]["id"]
    path = sandbox.machine_path(APP, machine, "/wait")
    with pytest.raises(httpx.ReadTimeout):
        sandbox.fly.get(path, params={"state": "stopped"}, timeout=0.3)
    told = sandbox.control.requests()[-1]
    assert (told["path"], told["status"]) == (path, None)


def test_a_call_that_is_not_here_is_told(sandbox: SandboxProcess, control: httpx.Client) -> None:
    assert sandbox.heroku.get("/addons/nothing-of-this").status_code == 404
    latest = control.get("/absent").json()["absent"][-1]
    assert (latest["method"], latest["path"]) == ("GET", "/addons/nothing-of-this")
    assert "not in the sandbox: GET /addons/nothing-of-this\n" in sandbox.errors()


@pytest.mark.parametrize(
    "wish",
    [
        None,
        [],
        {},
        {"app": "fly:harbor-web"},
        {"app": "fly:harbor-web", "do": "scale", "count": []},
        {"app": "fly:harbor-web", "do": "steal-lease", "instance": {}},
        {"app": "heroku:nowhere", "do": "kill"},
        {"app": "heroku:billing", "do": "limits", "remaining": {}},
        {"app": "render:billing", "do": "kill"},
    ],
)
def test_a_wish_that_cannot_be_is_refused(control: httpx.Client, wish: object) -> None:
    refused = control.post("/world/act", json=wish)
    assert (refused.status_code, bool(refused.json()["error"])) == (400, True)


def test_what_the_control_does_not_have_is_refused_in_form(control: httpx.Client) -> None:
    for method, path in (("GET", "/nothing"), ("PUT", "/world"), ("GET", "/faults/x")):
        refused = control.request(method, path)
        assert (refused.status_code, bool(refused.json()["error"])) == (404, True)


def test_github_knows_the_commits_of_the_artifacts(
    sandbox: SandboxProcess, public: httpx.Client
) -> None:
    base = f"{sandbox.announcement.github['GITHUB_API_URL']}/repos/{REPO}"
    rows = public.get(f"{base}/commits", params={"per_page": 100}).json()
    newest, older = rows[0]["sha"], rows[5]["sha"]
    assert public.get(f"{base}/commits/{newest}/status").json()["state"] == "success"
    runs = public.get(f"{base}/commits/{newest}/check-runs").json()["check_runs"]
    assert [run["conclusion"] for run in runs] == ["success"]
    between = public.get(f"{base}/compare/{older}...main").json()
    assert (between["status"], between["ahead_by"], between["behind_by"]) == ("ahead", 5, 0)
    assert [each["sha"] for each in between["commits"]] == [row["sha"] for row in rows[4::-1]]
    assert public.get(f"{base}/commits/{'0' * 40}").status_code == 422
    assert public.get(f"{base}/commits/{newest[:9]}").json()["sha"] == newest
    assert public.get(f"{base}x/commits").status_code == 404


def test_commits_can_be_scripted(control: httpx.Client, public: httpx.Client) -> None:
    github = f"/github/repos/{REPO}"
    trunk = public.get(f"{github}/commits/main").json()["sha"]
    red, lost = "a" * 40, "b" * 40
    wish = {"repo": REPO, "sha": red, "statuses": [{"state": "success"}, {"state": "failure"}]}
    assert control.post("/github/commits", json=wish).json()["parents"] == [trunk]
    runs = {"check_runs": [{"name": "slow", "conclusion": None}]}
    side = {"repo": REPO, "sha": lost, "parents": [trunk], "branch": "side", **runs}
    assert control.post("/github/commits", json=side).status_code == 200
    assert public.get(f"{github}/commits/main/status").json()["state"] == "failure"
    assert public.get(f"{github}/commits/side/status").json()["state"] == "pending"
    run = public.get(f"{github}/commits/side/check-runs").json()["check_runs"][0]
    assert (run["status"], run["conclusion"]) == ("in_progress", None)
    assert public.get(f"{github}/compare/main...side").json()["status"] == "diverged"
    assert public.get(f"{github}/compare/{trunk}...{trunk}").json()["status"] == "identical"
    assert public.get(f"{github}/compare/main...{trunk}").json()["status"] == "behind"


@pytest.mark.parametrize(
    "wrong",
    [
        {"repo": REPO, "sha": "short"},
        {"repo": "nameless", "sha": "c" * 40},
        {"repo": REPO, "sha": "c" * 40, "parents": ["d" * 40]},
        {"repo": REPO, "sha": "c" * 40, "statuses": [{"state": "green"}]},
        {"repo": REPO, "sha": "c" * 40, "check_runs": [{"conclusion": "fine"}]},
        {"repo": REPO, "sha": "c" * 40, "colour": "red"},
    ],
)
def test_a_wrong_commit_is_refused(
    control: httpx.Client, public: httpx.Client, wrong: dict[str, object]
) -> None:
    refused = control.post("/github/commits", json=wrong)
    assert (refused.status_code, bool(refused.json()["error"])) == (400, True)
    assert public.get(f"/github/repos/{REPO}/commits/{'c' * 40}").status_code == 422


def test_only_who_has_the_token_scripts(public: httpx.Client) -> None:
    wish = {"repo": REPO, "sha": "e" * 40}
    assert public.post("/github/commits", json=wish).status_code == 401
    assert public.put("/status/fly", json={"incidents": []}).status_code == 401


def test_status_pages_are_calm_until_they_are_told(
    control: httpx.Client, public: httpx.Client
) -> None:
    fly, heroku = public.get("/status/fly").json(), public.get("/status/heroku").json()
    assert (fly["status"]["indicator"], fly["incidents"]) == ("none", [])
    assert {each["status"] for each in fly["components"]} == {"operational"}
    assert {each["status"] for each in heroku["status"]} == {"green"}
    one = {"title": "Slow deployments", "impact": "major", "system": "Deployments"}
    assert control.put("/status/fly", json={"incidents": [one]}).status_code == 200
    fly = public.get("/status/fly/api/v2/summary.json").json()
    assert fly["status"]["indicator"] == "major"
    broken = [each["name"] for each in fly["components"] if each["status"] != "operational"]
    assert broken == ["Deployments"]
    unresolved = public.get("/status/fly/api/v2/incidents/unresolved.json").json()
    assert [each["name"] for each in unresolved["incidents"]] == ["Slow deployments"]
    one = {"title": "Builds fail", "impact": "minor", "system": "Tools", "text": "We look."}
    control.put("/status/heroku", json={"incidents": [one]})
    told = public.get("/status/heroku/api/v4/current-status").json()
    assert [each["status"] for each in told["status"]] == ["green", "green", "yellow"]
    assert told["incidents"][0]["updates"][0]["contents"] == "We look."
    for wrong in ({"title": "x", "impact": "huge"}, {"title": "x", "system": "Docks"}, {}):
        assert control.put("/status/fly", json={"incidents": [wrong]}).status_code == 400
    assert control.put("/status/render", json={"incidents": []}).status_code == 400
    control.put("/status/fly", json={"incidents": []})
    assert public.get("/status/fly").json()["status"]["indicator"] == "none"
