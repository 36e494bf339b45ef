"""A person at the command line, in a home of their own, with a sandbox in its own process.

Asserts are made at the sandbox's edge and in its world, never by what the program says of itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sandbox_process import SandboxProcess

ROOT = Path(__file__).resolve().parents[2]
TIMING = {
    "lease_s": 6.0,
    "renew_s": 1.0,
    "call_s": 1.5,
    "grace_s": 0.5,
    "look_s": 0.1,
    "bake_min_s": 1.0,
    "bake_max_s": 12.0,
    "probe_gap_s": 0.01,
}
LONGEST_S = 90.0
API = "fly:harbor-api"
WEB = "fly:harbor-web"
BILLING = "heroku:billing"


@dataclass(frozen=True)
class Said:
    """What one command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    @property
    def last(self) -> dict[str, Any]:
        """The last one."""
        return self.rows[-1]


@dataclass
class Pilot:
    """Runs `pilothouse --sandbox …` in a home."""

    home: Path
    sandbox: SandboxProcess
    timing: dict[str, float] = field(default_factory=lambda: dict(TIMING))

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT / "desktop"),
            "PILOTHOUSE_HOME": str(self.home),
            "PILOTHOUSE_TIMING": json.dumps(self.timing),
            **more,
        }

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-m", "pilothouse", "--sandbox", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(**more),
        )

    def run(self, *words: str, **more: str) -> Said:
        """Run a command to its end."""
        return ended(self.start(*words, **more))

    def deploy(self, app: str, *what: str) -> Said:
        return self.run("deploy", app, *what, "--yes", "--json")

    def what(self, app: str, artifact: str) -> tuple[str, ...]:
        """How one says that this app shall run a named artifact of the sandbox."""
        platform, _, name = app.partition(":")
        if platform == "fly":
            return ("--image", f"registry.fly.io/{name}:{artifact}")
        return ("--slug-of", f"billing-staging:v{self.slug_version(artifact)}")

    def slug_version(self, artifact: str) -> int:
        newest_first = {"Range": "version ..; order=desc, max=200"}
        rows = self.sandbox.heroku.get(
            "/apps/billing-staging/releases", headers=newest_first
        ).json()
        wanted = f"sandbox: {artifact}"
        return int(next(row["version"] for row in rows if row["description"] == wanted))

    def status(self, app: str) -> dict[str, Any]:
        return self.run("status", app, "--json").last

    # -- the sandbox's own word ----------------------------------------------------------------

    def serving(self, app: str) -> set[str]:
        """What the instances in traffic run, by the sandbox."""
        world = self.sandbox.control.app(app)["instances"]
        return {artifact(one) for one in world if one["serving"]}

    def newest(self, app: str) -> dict[str, Any]:
        """The newest release, by the sandbox."""
        release: dict[str, Any] = self.sandbox.control.app(app)["releases"][0]
        return release

    def is_whole(self, app: str) -> None:
        """One version serves on every instance; nothing leased, cordoned or left open."""
        world = self.sandbox.control.app(app)
        instances = world["instances"]
        assert len({artifact(one) for one in instances}) == 1, instances
        assert all(one["serving"] for one in instances), instances
        assert not any(one.get("cordoned") for one in instances), instances
        assert not any(one.get("lease") for one in instances), instances
        final = {"complete", "failed", "interrupted", "succeeded", "expired"}
        assert {release["status"] for release in world["releases"]} <= final


def artifact(instance: dict[str, Any]) -> str:
    """What an instance runs: an image's digest, or a slug."""
    return str(instance.get("digest") or instance.get("artifact"))


def ended(process: subprocess.Popen[str], deadline_s: float = LONGEST_S) -> Said:
    """Wait for a command to end."""
    try:
        out, err = process.communicate(timeout=deadline_s)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"no end after {deadline_s} s:\n{out}\n{err}") from None
    return Said(process.returncode, out, err)
