"""The steps that wait: for the proxies, for a machine to rest, for a version to prove healthy.

They change nothing and may be done again at any time. A wait for health is tied to the machine's
*version*, and an exit that nobody asked for ends it at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pilothouse.domain.change import Step
from pilothouse.domain.errors import Failed
from pilothouse.domain.model import JsonMap
from pilothouse.domain.policy import Timing
from pilothouse.providers.fly import health
from pilothouse.providers.fly.hand import Hand, machine_of
from pilothouse.providers.fly.schema import Machine

LEAST_POLL_S = 0.25
DEAD = frozenset({"failed", "launch_failed", "destroyed", "destroying"})
DOWN = frozenset({"stopped", "suspended"})


class Waits:
    """Drain, propagated, rested and healthy, for one run."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def drain(self, step: Step) -> JsonMap:
        """Wait until no proxy sends requests any more."""
        self._hand.run.wait(_seconds(step))
        return {}

    def propagated(self, step: Step) -> JsonMap:
        """Wait until every proxy may send requests; the machine serves from then on.

        Raises:
            Failed: its first requests brought the new version down.
        """
        self._hand.run.wait(_seconds(step))
        made: Any = self._hand.run.data_of(str(step.args["after"]))
        if made and not made.get("untouched"):
            machine = self._hand.client.machine(*machine_of(step))
            self._judge(made).stands(machine)
        return {"serving": [str(step.args["machine"])]}

    def rested(self, step: Step) -> JsonMap:
        """Wait until the platform is through with replacing the machine."""

        def look(machine: Machine) -> JsonMap | None:
            if machine.state in health.BEING_REPLACED:
                self._hand.run.note(step, f"{machine.short} is {machine.state}.")
                return None
            return {}

        return self._poll(step, look)

    def healthy(self, step: Step) -> JsonMap:
        """Wait until the version that an earlier step made runs and all its checks pass.

        Raises:
            Failed: it exited, the platform took it back, or the time is up.
        """
        made: Any = self._hand.run.data_of(str(step.args["after"]))
        judge = self._judge(made)
        untouched = bool(made.get("untouched"))

        def look(machine: Machine) -> JsonMap | None:
            well = judge.untouched(machine) if untouched else judge.is_well(machine)
            if not well:
                waiting = health.waiting_for(machine)
                self._hand.run.note(step, f"Machine {machine.short} is not ready: {waiting}.")
                return None
            return {"serving": [machine.id]} if step.args["joins"] else {}

        return self._poll(step, look)

    def _judge(self, made: Any) -> Judge:  # noqa: ANN401 - what a step gave back is JSON
        return Judge(str(made.get("version", "")), made.get("since_ms") or 0, self._hand.timing)

    def _poll(self, step: Step, look: Callable[[Machine], JsonMap | None]) -> JsonMap:
        began_s = time.monotonic()
        app, machine_id = machine_of(step)
        while True:
            machine = self._hand.client.machine(app, machine_id)
            done = look(machine)
            if done is not None:
                return done
            if time.monotonic() - began_s >= step.limit_s:
                raise Failed(
                    f"Machine {machine.short} was not ready after {step.limit_s:.0f} s: "
                    f"{health.waiting_for(machine, said=True)}."
                )
            self._hand.run.wait(max(self._hand.timing.poll_s, LEAST_POLL_S))


class Judge:
    """Judges one version of a machine by the platform's signs.

    A machine without checks has only its process to show: it must have lived for as long as a
    crash at boot would take to be seen.
    """

    def __init__(self, version: str, since_ms: int, timing: Timing) -> None:
        self._version, self._since_ms = version, since_ms
        self._probation_s = timing.propagation_s
        self._up_since_s: float | None = None

    def is_well(self, machine: Machine) -> bool:
        """Whether it is proven; raises `Failed` as soon as it cannot be any more."""
        self.stands(machine)
        if machine.state in DOWN and self._slept(machine):
            return True
        if machine.state in DEAD | DOWN:
            raise Failed(f"Machine {machine.short} is {machine.state} instead of started.")
        if machine.state != "started":
            self._up_since_s = None
            return False
        if not health.configured_checks(machine):
            now_s = time.monotonic()
            self._up_since_s = self._up_since_s or now_s
            return now_s - self._up_since_s >= self._probation_s
        started_ms = health.started_ms(machine, self._since_ms) or self._since_ms
        return health.healthy(machine, since=health.moment(started_ms)) is True

    def stands(self, machine: Machine) -> None:
        """Raise `Failed` when the version was taken back, or ended unasked since its update."""
        self._still_ours(machine)
        crash = health.crash_since_update(machine, self._since_ms)
        if crash is not None:
            how = "ran out of memory" if crash.oom_killed else f"exited with {crash.exit_code}"
            raise Failed(f"The new version on machine {machine.short} {how}.")

    def untouched(self, machine: Machine) -> bool:
        """Whether one that never left its old version is as it was."""
        self._still_ours(machine)
        if machine.state in DEAD | DOWN:
            raise Failed(f"Machine {machine.short} is {machine.state} on its old version.")
        checked = not health.configured_checks(machine) or health.healthy(machine) is True
        return machine.state == "started" and checked

    def _still_ours(self, machine: Machine) -> None:
        if machine.instance_id != self._version:
            raise Failed(
                f"The platform put version {machine.instance_id} on machine {machine.short} "
                f"in place of {self._version}: it could not bring it up, or somebody "
                "else changed the machine."
            )

    def _slept(self, machine: Machine) -> bool:
        """Whether the proxy put it to sleep after it had come up well."""
        if health.started_ms(machine, self._since_ms) is None:
            return False
        exits = [e.exit for e in health.events_since_update(machine, self._since_ms) if e.exit]
        return bool(exits) and exits[0].requested_stop and exits[0].exit_code == 0


def _seconds(step: Step) -> float:
    seconds: Any = step.args["seconds"]
    return float(seconds)
