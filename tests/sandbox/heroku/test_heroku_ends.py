"""However the sandbox ends, no app runs on without it; a new start brings the apps back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.practice_app import source
from tests.sandbox.heroku import yard
from tests.sandbox_process import SandboxProcess
from tests.waiting import until

APP = "billing-staging"
# A shell between the sandbox and the server, and a worker that ignores SIGTERM.
PROCFILE = "web: python server.py & wait\nworker: trap '' TERM; echo $$ > /dev/stderr; sleep 60\n"
SCALE = 100


def ask(sandbox: SandboxProcess) -> dict[str, Any]:
    """What the app answers; its router waits for it to boot."""
    answer = httpx.get(sandbox.url(f"heroku:{APP}"), trust_env=False, timeout=60)
    row: dict[str, Any] = answer.raise_for_status().json()
    return row


def worker_pid(sandbox: SandboxProcess) -> int:
    """The number that the worker wrote to its log."""

    def look() -> int | None:
        wish = {"lines": 1500, "dyno": "worker.1", "source": "app"}
        made = sandbox.heroku.post(f"/apps/{APP}/log-sessions", json=wish).json()
        words = httpx.get(made["logplex_url"], trust_env=False).text.split()
        return int(words[-1]) if words else None

    return until(look, "the worker's number") or 0


def deploy(sandbox: SandboxProcess) -> tuple[dict[str, Any], int]:
    """Deploy the app with a worker; returns an answer and the worker's process number."""
    sandbox.push_source(APP, source("still here", PROCFILE))
    body = {"updates": [{"type": "worker", "quantity": 1}]}
    assert sandbox.heroku.patch(f"/apps/{APP}/formation", json=body).is_success
    until(lambda: "pid" in ask(sandbox), "the new release in traffic")
    return ask(sandbox), worker_pid(sandbox)


def all_ended(*pids: int) -> bool:
    return not any(yard.lives(pid) for pid in pids)


def test_a_killed_sandbox_takes_its_apps_along_and_a_restart_brings_them_back(
    tmp_path: Path,
) -> None:
    with SandboxProcess(tmp_path, scale=SCALE) as sandbox:
        answer, worker = deploy(sandbox)
        sandbox.kill()
        until(lambda: all_ended(answer["pid"], worker), "the end of every process")
        sandbox.start()
        again = ask(sandbox)
        assert (again["said"], again["dyno"]) == ("still here", "web.1")
        assert again["pid"] != answer["pid"]
        assert again["environment"]["HOME"] != answer["environment"]["HOME"]
        assert not Path(answer["environment"]["HOME"]).exists()


def test_a_sandbox_that_is_told_to_end_ends_its_apps(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, scale=SCALE) as sandbox:
        answer, worker = deploy(sandbox)
        sandbox.stop()
        until(lambda: all_ended(answer["pid"], worker), "the end of every process", 1.0)
        assert not any((tmp_path / "heroku" / "running").iterdir())


def test_a_release_command_that_was_cut_off_has_failed_and_is_not_run_again(
    tmp_path: Path,
) -> None:
    with SandboxProcess(tmp_path, scale=SCALE) as sandbox:
        before = sandbox.push_source(APP, source())
        marks = tmp_path / "marks"
        command = f"echo x >> {marks}; sleep 60"
        slug = {"process_types": {"web": "python server.py", "release": command}}
        made = sandbox.heroku.post(f"/apps/{APP}/slugs", json=slug).json()
        archive = sandbox.directory / "heroku" / "slugs" / f"{before['slug']['id']}.tgz"
        httpx.put(made["blob"]["url"], content=archive.read_bytes(), trust_env=False)
        release = sandbox.heroku.post(f"/apps/{APP}/releases", json={"slug": made["id"]}).json()
        until(marks.exists, "the release command at work")
        sandbox.restart()
        path = f"/apps/{APP}/releases"
        row = sandbox.heroku.get(f"{path}/{release['id']}").json()
        assert (row["status"], row["current"]) == ("failed", False)
        assert "The sandbox ended" in httpx.get(row["output_stream_url"], trust_env=False).text
        assert sandbox.heroku.get(f"{path}/{before['id']}").json()["current"]
        assert ask(sandbox)["said"] == "first"
        assert marks.read_text() == "x\n"
