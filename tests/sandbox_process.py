"""The sandbox in a process of its own, for every test that wants a platform.

    with SandboxProcess(tmp_path) as sandbox:
        with sandbox.steady_traffic("fly:harbor-api", rate=50) as traffic:
            ...
        assert traffic.lost == []

Nothing is left running: `stop` ends the process with SIGTERM and insists that it ends well.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from pilothouse.sandbox.announcement import Announcement, decode
from tests.practice_app import packed
from tests.waiting import until

_ROOT = Path(__file__).resolve().parents[1]
_END_S = 10.0
_FLY = "/v1/apps/{}/machines"


class ControlClient:
    """The sandbox's control API."""

    def __init__(self, announcement: Announcement) -> None:
        headers = {"Authorization": f"Bearer {announcement.token}"}
        self._http = httpx.Client(base_url=announcement.control, headers=headers, timeout=30)

    def close(self) -> None:
        self._http.close()

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """What the platform APIs received after number `since`."""
        found: list[dict[str, Any]] = self._get("/requests", since=since)["requests"]
        return found

    def last_request(self) -> int:
        """The number of the latest request, for `requests(since=...)`."""
        return int(self._get("/requests", since=2**60)["last"])

    def absent(self) -> list[str]:
        """The calls that the sandbox does not have, as `METHOD PATH`, the latest 200."""
        return [f"{each['method']} {each['path']}" for each in self._get("/absent")["absent"]]

    def app(self, key: str) -> dict[str, Any]:
        """One app of the world, such as `fly:harbor-api`."""
        return next(app for app in self._get("/world")["apps"] if app["app"] == key)

    def instances(self, key: str) -> dict[str, dict[str, Any]]:
        """An app's instances by id."""
        return {each["id"]: each for each in self.app(key)["instances"]}

    def fault(self, kind: str, *, count: int = 1, **rule: Any) -> int:
        """Put a fault in force and give its number; what it is about is told apart by name."""
        chosen = ("method", "path", "platform", "body", "nth", "app", "instance", "group")
        match = {name: rule.pop(name) for name in chosen if name in rule}
        wish = {"kind": kind, "match": match, "count": count, **rule}
        answer = self._http.post("/faults", json=wish)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["faults"][0]["id"])

    def faults(self) -> list[dict[str, Any]]:
        """The faults in force, oldest first."""
        found: list[dict[str, Any]] = self._get("/faults")["faults"]
        return found

    def clear_faults(self, number: int | None = None) -> None:
        """Take one fault out of force, or all."""
        path = "/faults" if number is None else f"/faults/{number}"
        self._http.delete(path).raise_for_status()

    def act(self, app: str, do: str, **more: Any) -> dict[str, Any]:
        """Have somebody else, or bad luck, do something to an app."""
        answer = self._http.post("/world/act", json={"app": app, "do": do, **more})
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done

    def _get(self, path: str, **query: int) -> dict[str, Any]:
        answer = self._http.get(path, params=query)
        answer.raise_for_status()
        value: dict[str, Any] = answer.json()
        return value


@dataclass
class Traffic:
    """Requests at a steady rate from a thread of their own; read the results when it has ended.

    `lost` holds (seconds since the start, what went wrong) for each answer of 500 or above and
    each connection that broke.
    """

    url: str
    rate: float
    path: str = "/"
    sent: int = 0
    good: int = 0
    lost: list[tuple[float, str]] = field(default_factory=list)
    releases: Counter[object] = field(default_factory=Counter)
    instances: Counter[object] = field(default_factory=Counter)
    slowest_s: float = 0.0

    def __post_init__(self) -> None:
        self._end = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="traffic")

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self.good or self.lost, "the first answer")
        return self

    def __exit__(self, *_exc: object) -> None:
        self._end.set()
        self._thread.join()

    async def _run(self) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
            began = time.monotonic()
            pending: set[asyncio.Task[None]] = set()
            ticks = asyncio.Event()
            while not self._end.is_set():
                task = asyncio.create_task(self._one(client, began))
                pending.add(task)
                task.add_done_callback(pending.discard)
                self.sent += 1
                due = began + self.sent / self.rate - time.monotonic()
                with_pause = asyncio.wait_for(ticks.wait(), max(0.0, due))
                await asyncio.gather(with_pause, return_exceptions=True)
            await asyncio.gather(*pending)

    async def _one(self, client: httpx.AsyncClient, began: float) -> None:
        at = time.monotonic()
        try:
            answer = await client.get(self.url + self.path)
        except httpx.HTTPError as broken:
            self.lost.append((at - began, repr(broken)))
            return
        self.slowest_s = max(self.slowest_s, time.monotonic() - at)
        if answer.status_code >= 500:
            self.lost.append((at - began, f"{answer.status_code} {answer.text[:80]}"))
            return
        self.good += 1
        if answer.status_code == 200:
            self.releases[answer.json().get("release")] += 1
            self.instances[answer.json().get("instance")] += 1


class SandboxProcess:
    """One sandbox process on any free ports, with its state in `directory`.

    `fly` and `heroku` are HTTP clients of the platforms; `control` is the control API.
    """

    def __init__(self, directory: Path, *, scale: float = 20.0) -> None:
        self.directory = directory
        self.scale = scale
        self._process: subprocess.Popen[bytes] | None = None
        self._announcement: Announcement | None = None
        self._clients: list[httpx.Client | ControlClient] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def announcement(self) -> Announcement:
        """The first line of the process that runs, or ran last."""
        assert self._announcement is not None, "not started"
        return self._announcement

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> Announcement:
        """Start the process and wait for its first line."""
        assert self._process is None, "already started"
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pilothouse.sandbox", "--json", "--port", "0"]
        command += ["--state", str(self.directory), "--scale", str(self.scale)]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT / "desktop")}
        with (self.directory / "errors.log").open("ab") as errors:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, env=environment
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.kill()
            raise AssertionError(f"the sandbox did not start\n{self.errors()}")
        self._announcement = decode(line)
        self._open_clients()
        return self._announcement

    def stop(self) -> None:
        """End the process as a person would, and insist that it ends well and quickly."""
        if self._process is None:
            return
        process = self._gone()
        process.terminate()
        try:
            code = process.wait(_END_S)
        finally:
            process.kill()
            process.wait()
        assert code == 0, f"exit code {code}\n{self.errors()}"
        assert "Traceback" not in self.errors(), self.errors()

    def kill(self) -> None:
        """End the process as a power cut would."""
        process = self._gone()
        process.kill()
        process.wait()

    def kill_process(self) -> None:
        """End the process as a power cut would, under clients that still talk to it."""
        assert self._process is not None, "not started"
        self._process.kill()
        self._process.wait()

    def restart(self) -> Announcement:
        """Kill the process and start another on the same state."""
        if self._process is not None:
            self.kill()
        return self.start()

    def errors(self) -> str:
        """What the process wrote to standard error."""
        return (self.directory / "errors.log").read_text()

    def url(self, app: str) -> str:
        """The address of an app, such as `fly:harbor-api`."""
        return next(entry.url for entry in self.announcement.apps if entry.app == app)

    def environment(self) -> dict[str, str]:
        """The variables that point the platforms' own tools, and ours, at this sandbox."""
        return self.announcement.environment()

    def steady_traffic(self, app: str, *, rate: float = 50.0, path: str = "/") -> Traffic:
        """Requests to an app at a steady rate, inside a `with` block."""
        return Traffic(self.url(app), rate, path)

    def push_source(self, app: str, files: Mapping[str, str], version: str = "") -> dict[str, Any]:
        """Build a source on a Heroku app and return its release, once that is settled."""
        blob = self._heroku("POST", "/sources", json={})["source_blob"]
        httpx.put(blob["put_url"], content=packed(files), trust_env=False).raise_for_status()
        body = {"source_blob": {"url": blob["get_url"], "version": version or None}}
        build = self._heroku("POST", f"/apps/{app}/builds", json=body)
        build = self._until_settled(f"/apps/{app}/builds/{build['id']}")
        assert build["status"] == "succeeded", build
        return self._until_settled(f"/apps/{app}/releases/{build['release']['id']}")

    def _until_settled(self, path: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            row = self._heroku("GET", path)
            return None if row["status"] == "pending" else row

        row = until(look, f"{path} settled")
        assert row is not None
        return row

    def _heroku(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        answer = self.heroku.request(method, path, **more)
        assert answer.is_success, answer.text
        row: dict[str, Any] = answer.json()
        return row

    def machines(self, app: str) -> list[dict[str, Any]]:
        """The machines of a Fly app."""
        answer = self.fly.get(_FLY.format(app))
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def machine_path(self, app: str, identifier: str, tail: str = "") -> str:
        """The path of one machine in the Machines API."""
        return f"{_FLY.format(app)}/{identifier}{tail}"

    def _gone(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "not started"
        process, self._process = self._process, None
        for client in self._clients:
            client.close()
        self._clients.clear()
        if process.stdout is not None:
            process.stdout.close()
        return process

    def _open_clients(self) -> None:
        announcement = self.announcement
        bearer = {"Authorization": f"Bearer {announcement.token}"}
        accept = {"Accept": "application/vnd.heroku+json; version=3"}
        fly, heroku = announcement.fly["FLY_API_BASE_URL"], announcement.heroku["HEROKU_HOST"]
        self.fly = httpx.Client(base_url=fly, headers=bearer, timeout=70, trust_env=False)
        self.heroku = httpx.Client(
            base_url=heroku, headers=bearer | accept, timeout=70, trust_env=False
        )
        self.control = ControlClient(announcement)
        self._clients = [self.fly, self.heroku, self.control]
