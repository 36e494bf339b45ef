"""The one call that changes anything, `POST /apps/{app}/releases`: looked for, then sent once.

Heroku has no lock and no idempotency key (Platform API reference). So the newest version must be
the one we know before a release is sent, and ours must be the very next; a release of ours is
known by the marker in its description, and one that takes no description (a rollback) by being
the only newer one, by our user, with the platform's own text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pilothouse.domain.change import Step
from pilothouse.domain.errors import Conflict, Failed, Lost, NotSent
from pilothouse.domain.model import JsonMap
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import Observation, RunContext, Sight
from pilothouse.providers.heroku import schema
from pilothouse.providers.heroku.client import HerokuClient
from pilothouse.providers.heroku.history import carries, marked, told
from pilothouse.providers.heroku.strategies import OP_RESTORE

LOOK_BACK = 50
"""Releases that are read to find ours; more would be newer only if others made as many."""


@dataclass(frozen=True, slots=True)
class Newer:
    """The releases newer than a known one, newest first, sorted by whose they are.

    Args:
        known: the newest version of which we knew.
        made: those made by the step that is looked for.
        earlier: those made by the step that it undoes.
        foreign: everybody else's.
    """

    known: int
    made: tuple[schema.Release, ...]
    earlier: tuple[schema.Release, ...]
    foreign: tuple[schema.Release, ...]

    @property
    def newest(self) -> int:
        """The highest version that there is."""
        rows = (*self.made, *self.earlier, *self.foreign)
        return max((row.version for row in rows), default=self.known)


class Posts:
    """Sends releases for one run, and finds them again."""

    def __init__(self, client: HerokuClient, run: RunContext, timing: Timing) -> None:
        # A look before a call must leave time for the call within the step's own deadline.
        self._client = replace(client, read_s=min(client.read_s, timing.call_s / 2))
        self._run, self._timing = run, timing

    def observe(self, step: Step) -> Observation:
        """Did the release land? Raises `PlatformError` while the platform does not answer."""
        newer = self._newer(step)
        made = newer.made
        if not made and (_has_marker(step) or not newer.foreign):
            return Observation(Sight.ABSENT, "No release of this step is there.")
        if not made:
            return Observation(
                Sight.AMBIGUOUS, f"{_named(newer.foreign)}: it cannot be told whether that is ours."
            )
        if len(made) > 1:
            return Observation(Sight.AMBIGUOUS, f"{_named(made)}: more than one is ours.")
        between = [row for row in newer.foreign if row.version < made[0].version]
        if between:
            return Observation(
                Sight.AMBIGUOUS, f"{_named(between)}: made at the same time as v{made[0].version}."
            )
        return Observation(Sight.LANDED, data=_data(made[0]))

    def apply(self, step: Step) -> JsonMap:
        """Send it, once, if nobody released anything since we last looked.

        The step's data names the `release` that was made, or the one that `serves` still.

        Raises:
            Conflict: somebody did; nothing was sent.
            Failed: somebody did at the same moment; both releases are there.
        """
        newer = self._look(step)
        if newer.foreign or newer.made:
            others = _named((*newer.foreign, *newer.made))
            raise Conflict(f"Nothing was sent, for the app was released meanwhile: {others}.")
        if step.op == OP_RESTORE and (settled := _nothing_to_undo(step, newer)) is not None:
            return settled
        return self._send(step, expected=newer.newest + 1)

    def _send(self, step: Step, *, expected: int) -> JsonMap:
        args: Any = step.args
        made = self._client.create_release(
            args["app"],
            self._body(step),
            lease_left=self._run.lease_left_s,
            deadline_s=self._timing.call_s,
        )
        if made.version != expected:
            raise Failed(
                f"Somebody else released v{expected} at the same moment as our v{made.version}. "
                f"Look at both with `heroku releases --app {args['app']}`."
            )
        return _data(made)

    def _body(self, step: Step) -> dict[str, str]:
        args: Any = step.args
        if not _has_marker(step):
            return {"release": args["release"]}
        return {"slug": args["slug"], "description": marked(args["text"], self._marker(step.key))}

    def _marker(self, key: str) -> str:
        return f"{self._run.deployment_id}/{key}"

    def _look(self, step: Step) -> Newer:
        try:
            return self._newer(step)
        except Lost as error:
            raise NotSent(f"Nothing was sent: {error}") from error

    def _newer(self, step: Step) -> Newer:
        args: Any = step.args
        rows = self._client.newest(args["app"], LOOK_BACK)
        newer = [row for row in rows if row.version > args["base"]]
        undone = args.get("of")
        earlier = [row for row in newer if undone and carries(row, self._marker(undone))]
        rest = [row for row in newer if row not in earlier]
        made = self._made(step, rest, after=max((row.version for row in earlier), default=None))
        foreign = [row for row in rest if row not in made]
        return Newer(args["base"], tuple(made), tuple(earlier), tuple(foreign))

    def _made(
        self, step: Step, rows: Sequence[schema.Release], *, after: int | None
    ) -> list[schema.Release]:
        if _has_marker(step):
            return [row for row in rows if carries(row, self._marker(step.key))]
        args: Any = step.args
        before = args["base"] if after is None else after
        is_it = (
            len(rows) == 1
            and rows[0].version == before + 1
            and rows[0].text == args["text"]
            and rows[0].author == args["user"]
        )
        return list(rows) if is_it else []


def _has_marker(step: Step) -> bool:
    """Whether the release takes a description; one made from another release does not."""
    return "slug" in step.args


def _nothing_to_undo(step: Step, newer: Newer) -> JsonMap | None:
    """The release that serves still, when ours never became current; None when it did."""
    if any(row.current for row in newer.earlier):
        return None
    under_way = next((row for row in newer.earlier if row.is_pending), None)
    if under_way is not None:
        raise Conflict(f"Nothing was sent: the release command of {told(under_way)} still runs.")
    return {"serves": step.args["version"]}


def _data(row: schema.Release) -> JsonMap:
    return {"release": row.version, "id": row.id, "status": row.status, "artifact": row.slug_id}


def _named(rows: Sequence[schema.Release]) -> str:
    return " and ".join(told(row) for row in rows)
