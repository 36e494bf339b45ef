"""Waiting for what Heroku does by itself after a release: its command, then its dynos.

Nothing here changes anything, so all of it may be done again. A wait ends early as soon as the
end is known: a failed release command, a crashed dyno, somebody else's release.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pilothouse.domain.change import Step
from pilothouse.domain.errors import Conflict, Failed
from pilothouse.domain.model import JsonMap
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import RunContext
from pilothouse.providers.heroku import pace, schema
from pilothouse.providers.heroku.client import HerokuClient
from pilothouse.providers.heroku.history import carries, told
from pilothouse.providers.heroku.liveness import AWAKE, WEB
from pilothouse.providers.heroku.posts import LOOK_BACK

QUICK_S = 60.0
SLOWER = 5
"""After a minute of waiting the platform is asked this many times less often."""
TOLD_EVERY_S = 5


class Patience:
    """One wait: how long it has lasted, when it is over, how often to ask."""

    def __init__(self, step: Step, run: RunContext, timing: Timing) -> None:
        self._step, self._run, self._timing = step, run, timing
        self._since_s = time.monotonic()

    @property
    def spent_s(self) -> float:
        """Seconds since the wait began."""
        return time.monotonic() - self._since_s

    def wait(self, text: str, *, short_of: str) -> None:
        """Wait for the next look; raises `Failed` once the step's longest time is over.

        Args:
            text: what is going on, as a sentence without its end.
            short_of: what is still missing, as the end of a sentence.
        """
        spent_s = self.spent_s
        if spent_s >= self._step.limit_s:
            raise Failed(f"After {self._step.limit_s:.0f} s {short_of}.")
        if spent_s >= TOLD_EVERY_S:
            told_s = int(spent_s) // TOLD_EVERY_S * TOLD_EVERY_S
            self._run.note(self._step, f"{text}, {told_s} s so far.")
        slower = 1 if spent_s < QUICK_S else SLOWER
        self._run.wait(self._timing.poll_s * slower)


class Waits:
    """The waits of one run."""

    def __init__(self, client: HerokuClient, run: RunContext, timing: Timing) -> None:
        self._client, self._run, self._timing = client, run, timing

    def settled(self, step: Step) -> JsonMap:
        """Wait until no release of the step `of` has its command still running."""
        args: Any = step.args
        marker = f"{self._run.deployment_id}/{args['of']}"
        patience = Patience(step, self._run, self._timing)
        while True:
            rows = self._client.newest(args["app"], LOOK_BACK)
            ours = [row for row in rows if row.version > args["base"] and carries(row, marker)]
            pending = [row for row in ours if row.is_pending]
            if not pending:
                return {"settled": [row.version for row in ours]}
            name = f"v{pending[0].version}"
            patience.wait(
                f"{name} is still under way",
                short_of=f"the release command of {name} still ran, so nothing was undone",
            )

    def released(self, step: Step) -> JsonMap:
        """Watch a release until it is current.

        Raises:
            Failed: its release command failed, and the dynos were never touched.
            Conflict: somebody else's release is current instead.
        """
        args: Any = step.args
        version = self._version(step)
        patience = Patience(step, self._run, self._timing)
        while True:
            row = self._client.release(args["app"], version)
            if row.has_failed:
                said = self._client.last_words(row)
                raise _command_failed(row, said, args["before"], back=bool(args["back"]))
            if row.current:
                return {"seconds": round(patience.spent_s, 1)}
            if not row.is_pending:
                self._refuse_later(args["app"], version)
            patience.wait(
                f"The release command of v{version} runs",
                short_of=f"v{version} was still not current",
            )

    def booted(self, step: Step) -> JsonMap:
        """Wait until every web dyno runs a release; under preboot, until it has the traffic.

        Raises:
            Failed: a dyno of it crashed, or not all were up in time.
            Conflict: dynos run somebody else's newer release.
        """
        args: Any = step.args
        version = self._version(step)
        is_back = bool(args["back"])
        window_s = pace.preboot_s(self._timing) if args["preboot"] and self._is_new(step) else 0.0
        patience = Patience(step, self._run, self._timing)
        while True:
            web = [dyno for dyno in self._client.dynos(args["app"]) if dyno.type == WEB]
            self._refuse_crashed(web, version, is_back=is_back)
            if any((dyno.version or 0) > version for dyno in web):
                self._refuse_later(args["app"], version)
            up = _up(web, version, args["baseline"])
            wanted = self._wanted(args["app"])
            done = len(up) >= wanted and len(up) == len(_standing(web))
            if done and patience.spent_s >= window_s:
                return {"serving": [dyno.name for dyno in up]}
            told_up = f"{len(up)} of {wanted} dynos run v{version}"
            preboot = f"v{version} is up and takes the traffic in a while (preboot)"
            patience.wait(
                preboot if done else told_up,
                short_of=told_up,
            )

    def _version(self, step: Step) -> int:
        data: Any = self._run.data_of(str(step.args["of"]))
        return int(data["release"] if "release" in data else data["serves"])

    def _is_new(self, step: Step) -> bool:
        """Whether the release awaited was made by this run, so that dynos are replaced."""
        return "release" in self._run.data_of(str(step.args["of"]))

    def _wanted(self, app: str) -> int:
        entries = self._client.formation(app)
        return sum(entry.quantity for entry in entries if entry.type == WEB)

    def _refuse_later(self, app: str, version: int) -> None:
        later = [row for row in self._client.newest(app, LOOK_BACK) if row.version > version]
        taken = next((row for row in later if row.current), None)
        if taken is not None:
            raise Conflict(f"{told(taken)} took the place of v{version}.")

    def _refuse_crashed(self, web: Sequence[schema.Dyno], version: int, *, is_back: bool) -> None:
        crashed = [dyno for dyno in web if dyno.version == version and dyno.state == "crashed"]
        if crashed and not is_back:
            names = " and ".join(dyno.name for dyno in crashed)
            raise Failed(f"{names} of v{version} crashed while starting.")


def _up(
    web: Sequence[schema.Dyno], version: int, baseline: Sequence[str]
) -> tuple[schema.Dyno, ...]:
    """The web dynos that are up on that release and did not run before it."""
    return tuple(
        dyno
        for dyno in web
        if dyno.version == version and dyno.state in AWAKE and dyno.id not in baseline
    )


def _standing(web: Sequence[schema.Dyno]) -> tuple[schema.Dyno, ...]:
    """The dynos that were not told to stop."""
    return tuple(dyno for dyno in web if dyno.state != "down")


def _command_failed(row: schema.Release, said: str, before: int | None, *, back: bool) -> Failed:
    serving = f"v{before}" if before is not None else "nothing"
    how = f"ended with “{said}”" if said else "failed"
    if back:
        return Failed(
            f"The release command of v{row.version} {how}, so that the way back to {serving} "
            "did not come about. What ran goes on running."
        )
    return Failed(
        f"The release command of v{row.version} {how}, so no dyno was changed: {serving} serves. "
        "The same slug can be released again.",
        nothing_changed=True,
    )
