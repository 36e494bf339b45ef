"""How the practice GitHub shows a repository: its commits, their state, what lies between two.

Shapes follow GitHub's REST reference; a name that is not there is 404, and for a single commit
422.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.github_state import Commit

MAIN = "main"
_SHORTEST = 7
_PAGE = 100

Json = dict[str, Any]


class Tree:
    """A repository as it is now."""

    def __init__(
        self, repo: str, commits: Mapping[str, Commit], branches: Mapping[str, str]
    ) -> None:
        self.repo = repo
        self.commits = commits
        self.branches = branches

    def resolve(self, ref: str) -> Commit | None:
        """Return the commit that a branch, a full or a unique short name means."""
        plain = ref.removeprefix("refs/").removeprefix("heads/")
        sha = self.branches.get(plain, plain)
        if sha in self.commits:
            return self.commits[sha]
        if len(sha) < _SHORTEST:
            return None
        found = [each for name, each in self.commits.items() if name.startswith(sha)]
        return found[0] if len(found) == 1 else None

    def history(self, head: Commit) -> list[Commit]:
        """Return a commit and all that it follows, newest first."""
        seen: dict[str, Commit] = {}
        waiting = [head]
        while waiting:
            commit = waiting.pop()
            if commit.sha not in seen:
                seen[commit.sha] = commit
                waiting += [self.commits[sha] for sha in commit.parents if sha in self.commits]
        return sorted(seen.values(), key=lambda each: (each.at, each.sha), reverse=True)


def repository(tree: Tree, _request: Request) -> Response:
    """Show what a repository is."""
    owner, _, name = tree.repo.partition("/")
    body = {
        "name": name,
        "full_name": tree.repo,
        "owner": {"login": owner},
        "private": True,
        "default_branch": MAIN,
    }
    return JSONResponse(body)


def commits(tree: Tree, request: Request) -> Response:
    """List the commits below `sha`, newest first, a page at a time."""
    query = request.query_params
    head = tree.resolve(query.get("sha") or MAIN)
    if head is None:
        return not_found()
    size = _number(query.get("per_page"), 30)
    page = _number(query.get("page"), 1)
    rows = tree.history(head)[(page - 1) * size : page * size]
    return JSONResponse([_row(each) for each in rows])


def commit(tree: Tree, request: Request) -> Response:
    """Show one commit."""
    commit = tree.resolve(request.path_params["ref"])
    if commit is None:
        message = f"No commit found for SHA: {request.path_params['ref']}"
        return JSONResponse({"message": message, "status": "422"}, 422)
    return JSONResponse(_row(commit))


def status(tree: Tree, request: Request) -> Response:
    """Show a commit's statuses and what they say together."""
    commit = tree.resolve(request.path_params["ref"])
    if commit is None:
        return not_found()
    rows = [
        {
            "context": each.context,
            "state": each.state,
            "description": each.description,
            "created_at": _moment(commit.at),
            "updated_at": _moment(commit.at),
        }
        for each in commit.statuses
    ]
    body = {
        "state": _together([each.state for each in commit.statuses]),
        "statuses": rows,
        "sha": commit.sha,
        "total_count": len(rows),
        "repository": {"full_name": tree.repo},
    }
    return JSONResponse(body)


def check_runs(tree: Tree, request: Request) -> Response:
    """List a commit's check runs."""
    commit = tree.resolve(request.path_params["ref"])
    if commit is None:
        return not_found()
    rows = []
    for number, each in enumerate(commit.check_runs, 1):
        ended = None if each.conclusion is None else _moment(commit.at)
        rows.append(
            {
                "id": number,
                "name": each.name,
                "head_sha": commit.sha,
                "status": "in_progress" if each.conclusion is None else "completed",
                "conclusion": each.conclusion,
                "started_at": _moment(commit.at),
                "completed_at": ended,
            }
        )
    return JSONResponse({"total_count": len(rows), "check_runs": rows})


def compare(tree: Tree, request: Request) -> Response:
    """Show what `head` has that `base` has not, in `base...head`."""
    first, _, second = request.path_params["range"].partition("...")
    base, head = tree.resolve(first), tree.resolve(second)
    if base is None or head is None:
        return not_found()
    below, above = tree.history(base), tree.history(head)
    old, new = {each.sha for each in below}, {each.sha for each in above}
    ahead = [each for each in reversed(above) if each.sha not in old]
    behind = [each for each in below if each.sha not in new]
    common = next((each for each in below if each.sha in new), None)
    body = {
        "status": _relation(bool(ahead), bool(behind)),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "base_commit": _row(base),
        "merge_base_commit": None if common is None else _row(common),
        "commits": [_row(each) for each in ahead],
    }
    return JSONResponse(body)


def _relation(ahead: bool, behind: bool) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"


def _together(states: list[str]) -> str:
    """Say of several states what GitHub says: failed beats waiting, none at all is waiting."""
    if any(each in ("error", "failure") for each in states):
        return "failure"
    return "pending" if not states or "pending" in states else "success"


def _row(commit: Commit) -> Json:
    person = {"name": commit.author, "date": _moment(commit.at)}
    return {
        "sha": commit.sha,
        "commit": {"message": commit.message, "author": person, "committer": person},
        "parents": [{"sha": each} for each in commit.parents],
    }


def _moment(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(text: str | None, default: int) -> int:
    return min(_PAGE, max(1, int(text))) if text and text.isdecimal() else default


def not_found() -> Response:
    """Answer for what is not there."""
    return JSONResponse({"message": "Not Found", "status": "404"}, 404)
