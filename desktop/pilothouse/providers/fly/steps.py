"""The steps that exist at Fly.io, one builder each: what they are called, and all they are given.

A key is `[back/]VERB/MACHINE`, so that a machine's steps find each other; a lane is a machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pilothouse.domain.change import Step
from pilothouse.domain.model import Json
from pilothouse.domain.policy import Timing

RECORD, SETTLE = "fly.record", "fly.settle"
CORDON, DRAIN, UNCORDON, PROPAGATED = "fly.cordon", "fly.drain", "fly.uncordon", "fly.propagated"
UPDATE, HEALTHY, RESTED, RESTORE = "fly.update", "fly.healthy", "fly.rested", "fly.restore"

RELEASE_LANE = "release"
BACK = "back/"
CALL_EXPECTED_S = 0.5
CALLS = 4
SPARE_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine's step belongs: its app, machine and region, its heading and stage."""

    app: str
    machine: str
    region: str
    group: str
    stage: int
    prefix: str = ""

    @property
    def who(self) -> str:
        """The machine as titles name it."""
        return self.machine[:4]

    @staticmethod
    def back_from(step: Step) -> Place:
        """The place of a step that undoes `step`."""
        args = step.args
        return Place(
            str(args["app"]),
            str(args["machine"]),
            str(args["region"]),
            step.group.replace("Roll ", "Roll back ", 1),
            step.stage,
            BACK,
        )

    def key(self, verb: str) -> str:
        """The key of this machine's step of that name."""
        return f"{self.prefix}{verb}/{self.machine}"

    def call(self, verb: str, op: str, title: str, timing: Timing, **more: Json) -> Step:
        """A step that is one change of the machine."""
        return self._step(verb, op, title, more, CALL_EXPECTED_S, timing.call_s * CALLS)

    def rest(self, verb: str, op: str, title: str, *, seconds: float, limit_s: float) -> Step:
        """A step that waits, and changes nothing."""
        return self._step(verb, op, title, {"seconds": seconds}, seconds, limit_s, changes=False)

    def _step(
        self,
        verb: str,
        op: str,
        title: str,
        more: Mapping[str, Json],
        *times: float,
        changes: bool = True,
    ) -> Step:
        expected_s, limit_s = times
        args: dict[str, Json] = {"app": self.app, "machine": self.machine, "region": self.region}
        return Step(
            key=self.key(verb),
            op=op,
            args={**args, **more},
            title=title,
            group=self.group,
            stage=self.stage,
            lane=self.machine,
            changes=changes,
            expected_s=expected_s,
            limit_s=limit_s,
        )


def cordon(place: Place, timing: Timing) -> Step:
    """Hide the machine from the proxies."""
    return place.call("cordon", CORDON, f"Take {place.who} out of traffic", timing)


def drain(place: Place, timing: Timing) -> Step:
    """Wait until the proxies know it and requests have moved on."""
    seconds = timing.propagation_s
    title = f"Let requests on {place.who} finish"
    return place.rest("drain", DRAIN, title, seconds=seconds, limit_s=seconds + SPARE_S)


def uncordon(place: Place, timing: Timing) -> Step:
    """Show the machine to the proxies again."""
    return place.call("uncordon", UNCORDON, f"Put {place.who} back into traffic", timing)


def propagated(place: Place, timing: Timing, *, after: str) -> Step:
    """Wait until the proxies know that too, and the version of `after` stood its first requests."""
    seconds = timing.propagation_s
    title = f"Wait until requests reach {place.who}"
    step = place.rest("propagated", PROPAGATED, title, seconds=seconds, limit_s=seconds + SPARE_S)
    return replace(step, args={**step.args, "after": place.key(after)})


def update(place: Place, timing: Timing, args: Mapping[str, Json]) -> Step:
    """Give the machine the release's image."""
    title = f"Update {place.who} in {place.region}"
    return place.call("update", UPDATE, title, timing, **args)


def restore(place: Place, timing: Timing, args: Mapping[str, Json]) -> Step:
    """Give the machine exactly what the snapshot says it had."""
    title = f"Put the old release back on {place.who} in {place.region}"
    return place.call("restore", RESTORE, title, timing, **args)


def rested(place: Place, timing: Timing) -> Step:
    """Wait until the platform is through with replacing the machine."""
    title = f"Let {place.who} come to rest"
    return place.rest("rested", RESTED, title, seconds=0.0, limit_s=timing.healthy_s)


def healthy(place: Place, timing: Timing, *, after: str, joins: bool) -> Step:
    """Wait until the version that the step `after` made is proven by the platform's checks.

    `joins`: the machine is in traffic as soon as it is healthy.
    """
    args: dict[str, Json] = {"after": place.key(after), "joins": joins}
    step = place.rest(
        "healthy",
        HEALTHY,
        f"Wait until {place.who} is healthy",
        seconds=timing.propagation_s,
        limit_s=timing.healthy_s,
    )
    return replace(step, args={**step.args, **args})


def books(
    key: str, op: str, title: str, stage: int, *, timing: Timing, args: Mapping[str, Json]
) -> Step:
    """A step that only writes the release history."""
    begins = stage == 0 and not key.startswith(BACK)
    return Step(
        key=key,
        op=op,
        args=args,
        title=title,
        group="Record the release" if begins else "Settle the release",
        stage=stage,
        lane=RELEASE_LANE,
        changes=True,
        expected_s=CALL_EXPECTED_S,
        limit_s=timing.call_s * CALLS,
        books_only=True,
    )
