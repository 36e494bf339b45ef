"""As much of GitHub's REST API as tells whether a commit is good and what it follows.

One repository belongs to the practice apps: its main branch is the commits of their artifacts in
the order in which these were made, all of them green. What the control API scripts comes on top.
Shapes follow GitHub's REST reference: commits, commit statuses, check runs, comparison.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pilothouse.sandbox import github_views as views
from pilothouse.sandbox.github_state import (
    CONCLUSIONS,
    STATES,
    CheckRun,
    Commit,
    Repository,
    Status,
)
from pilothouse.sandbox.github_views import MAIN, Tree
from pilothouse.sandbox.pace import wall_s
from pilothouse.sandbox.state import World

PRACTICE = "harbour-works/practice"
_SHA = re.compile(r"^[0-9a-f]{40}$")
_NAME = re.compile(r"^[\w.-]+/[\w.-]+$")

Json = dict[str, Any]


class Scripted(Commit, forbid_unknown_fields=True, kw_only=True):
    """A commit that the control API puts into a repository, at the head of a branch."""

    repo: str
    branch: str = MAIN


class GitHub:
    """The practice GitHub of one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Return its paths below `/github`; they are readable without a token."""
        repo = "/github/repos/{owner}/{name}"
        return [
            Route(f"{repo}/commits/{{ref:path}}/status", self._of(views.status)),
            Route(f"{repo}/commits/{{ref:path}}/check-runs", self._of(views.check_runs)),
            Route(f"{repo}/commits/{{ref:path}}", self._of(views.commit)),
            Route(f"{repo}/commits", self._of(views.commits)),
            Route(f"{repo}/compare/{{range:path}}", self._of(views.compare)),
            Route(repo, self._of(views.repository)),
            Route("/github/{path:path}", _nothing),
        ]

    def script(self, body: bytes) -> Json:
        """Put a commit, or change the one of that name, and let its branch point at it.

        Raises:
            ValueError: a name, a state or a parent is none.
            msgspec.MsgspecError: it is no JSON of that shape.
        """
        wish = msgspec.json.decode(body, type=Scripted)
        _check(wish)
        known = self._commits(wish.repo)
        missing = [sha for sha in wish.parents if sha not in known]
        if missing:
            raise ValueError(f"no parent {missing[0]} in {wish.repo}")
        before = known.get(wish.sha)
        head = self._branches(wish.repo, known).get(wish.branch)
        fields = {name: getattr(wish, name) for name in Commit.__struct_fields__}
        commit = Commit(**fields)
        commit.at = wish.at or (before.at if before else wall_s())
        if not commit.parents:
            commit.parents = before.parents if before else [head] if head else []
        repository = self._world.saved.github.setdefault(wish.repo, Repository())
        repository.commits[commit.sha] = commit
        if before is None:
            repository.branches[wish.branch] = commit.sha
        self._world.changed()
        return {"repo": wish.repo, "sha": commit.sha, "parents": commit.parents}

    def find(self, repo: str) -> Tree | None:
        """Return a repository's commits and branches; None when there is no such repository."""
        commits = self._commits(repo)
        if not commits:
            return None
        return Tree(repo, commits, self._branches(repo, commits))

    def _commits(self, repo: str) -> dict[str, Commit]:
        made = self._made() if repo == PRACTICE else {}
        scripted = self._world.saved.github.get(repo)
        return made | (scripted.commits if scripted else {})

    def _branches(self, repo: str, commits: Mapping[str, Commit]) -> dict[str, str]:
        scripted = self._world.saved.github.get(repo)
        branches = dict(scripted.branches) if scripted else {}
        made = list(self._made()) if repo == PRACTICE else list(commits)
        if made:
            branches.setdefault(MAIN, made[-1])
        return branches

    def _made(self) -> dict[str, Commit]:
        """Return the commits of all artifacts, each the child of the one before."""
        found: dict[str, tuple[float, str]] = {}
        for image in self._world.fly.images:
            text = f"Build {image.repository}:{image.tag}"
            found.setdefault(image.revision, (image.created_at, text))
        for slug in self._world.heroku.slugs.values():
            at = slug.created_at.timestamp()
            found.setdefault(slug.commit, (at, slug.commit_description))
        ordered = sorted((at, sha, text) for sha, (at, text) in found.items() if _SHA.match(sha))
        commits: dict[str, Commit] = {}
        last: list[str] = []
        for at, sha, text in ordered:
            commits[sha] = Commit(
                sha, text, at=at, parents=last, statuses=[Status()], check_runs=[CheckRun()]
            )
            last = [sha]
        return commits

    def _of(
        self, show: Callable[[Tree, Request], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            given = request.path_params
            tree = self.find(f"{given['owner']}/{given['name']}")
            return views.not_found() if tree is None else show(tree, request)

        return answer


def _check(wish: Scripted) -> None:
    if not _NAME.match(wish.repo):
        raise ValueError(f"repo must be OWNER/NAME, not {wish.repo!r}")
    for sha in (wish.sha, *wish.parents):
        if not _SHA.match(sha):
            raise ValueError(f"a commit's name is 40 hexadecimal digits, not {sha!r}")
    for status in wish.statuses:
        if status.state not in STATES:
            raise ValueError(f"state must be one of {', '.join(STATES)}, not {status.state!r}")
    for run in wish.check_runs:
        if run.conclusion not in (None, *CONCLUSIONS):
            raise ValueError(f"conclusion must be one of {', '.join(CONCLUSIONS)}, or null")


async def _nothing(_request: Request) -> Response:
    return views.not_found()
