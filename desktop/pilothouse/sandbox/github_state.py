"""What the practice GitHub remembers: commits that were scripted, beside those of the artifacts."""

from __future__ import annotations

import msgspec

STATES = ("error", "failure", "pending", "success")
CONCLUSIONS = (
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "skipped",
    "stale",
    "success",
    "timed_out",
)


class Status(msgspec.Struct, forbid_unknown_fields=True):
    """A commit status; its state is one of `STATES`."""

    context: str = "ci/tests"
    state: str = "success"
    description: str = ""


class CheckRun(msgspec.Struct, forbid_unknown_fields=True):
    """A check run; one that has a conclusion (of `CONCLUSIONS`) is completed."""

    name: str = "tests"
    conclusion: str | None = "success"


class Commit(msgspec.Struct, forbid_unknown_fields=True):
    """A commit: `at` in epoch seconds, parents by their full names."""

    sha: str
    message: str = "Practise"
    author: str = "Jonas Weil"
    at: float = 0.0
    parents: list[str] = []
    statuses: list[Status] = []
    check_runs: list[CheckRun] = []


class Repository(msgspec.Struct):
    """What was scripted of a repository; `branches` name the commits at their heads."""

    commits: dict[str, Commit] = {}
    branches: dict[str, str] = {}
