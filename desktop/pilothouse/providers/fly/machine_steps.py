"""The changes of one machine: out of traffic and into it, a new configuration, the old one again.

Each is guarded by our lease and, where the configuration changes, by `current_version`, so that
nobody's work is overwritten. A configuration of ours carries the step's marker in its metadata.
"""

from __future__ import annotations

from typing import Any

from pilothouse.domain.change import Step
from pilothouse.domain.errors import Conflict, Missing
from pilothouse.domain.model import Json, JsonMap
from pilothouse.domain.ports import Observation, Sight
from pilothouse.providers.fly import health
from pilothouse.providers.fly.hand import MARKER, Hand, Turn, machine_of
from pilothouse.providers.fly.leases import Leases
from pilothouse.providers.fly.schema import Machine
from pilothouse.providers.http import Reply


class MachineSteps:
    """Cordon, uncordon, update and restore, for one run."""

    def __init__(self, hand: Hand, leases: Leases) -> None:
        self._hand, self._leases = hand, leases

    def cordon(self, step: Step) -> JsonMap:
        """Hide the machine from the proxies; hiding it twice is the same."""
        self._send(step, "cordon", None, self._hand.turn())
        return {}

    def uncordon(self, step: Step) -> JsonMap:
        """Show it again."""
        self._send(step, "uncordon", None, self._hand.turn())
        return {}

    def update(self, step: Step) -> JsonMap:
        """Give it the new image, unless anybody changed it since the snapshot."""
        args: Any = step.args
        turn = self._hand.turn()
        launch = args["launch"] or self._look(step).state in health.WARM
        body = {
            "config": self._new_config(step),
            "current_version": args["version"],
            "skip_launch": not launch,
            "skip_service_registration": args["hidden"],
        }
        return _landed(self._send(step, "", body, turn).decode(Machine))

    def restore(self, step: Step) -> JsonMap:
        """Give it the snapshot's configuration, if it is ours that stands there now."""
        args: Any = step.args
        turn = self._hand.turn()
        # First the lease: an update of ours that is still under way is refused from here on.
        self._leases.hold(step, turn)
        machine = self._look(step)
        seen = self._restored(step, machine)
        if seen is not None:
            return seen
        if machine.metadata.get(MARKER) != self._hand.marker(args["update"]):
            raise Conflict(
                f"Machine {machine.short} was not put back: somebody else changed it to version "
                f"{machine.instance_id} meanwhile. Decide by hand what it is to run."
            )
        body = {
            "config": _marked(args["config"], self._hand.marker(step.key)),
            "current_version": machine.instance_id,
            "skip_launch": not (args["launch"] or machine.state in health.WARM),
            "skip_service_registration": machine.cordoned,
        }
        return _landed(self._send(step, "", body, turn).decode(Machine))

    # ------------------------------------------------------------------ looking

    def saw_cordoned(self, step: Step, *, wanted: bool) -> Observation:
        """Whether the machine is hidden, or shown, as wanted."""
        machine = self._look_or_none(step)
        if machine is None:
            return _gone(step)
        if machine.cordoned is wanted:
            return Observation(Sight.LANDED, data={})
        return Observation(Sight.ABSENT, f"Machine {machine.short} is as it was.")

    def saw_update(self, step: Step) -> Observation:
        """Whether the machine carries the update's marker, or is still what it was."""
        machine = self._look_or_none(step)
        if machine is None:
            return _gone(step)
        if machine.metadata.get(MARKER) == self._hand.marker(step.key):
            return Observation(Sight.LANDED, data=_landed(machine))
        if machine.instance_id == step.args["version"]:
            return Observation(Sight.ABSENT, f"Machine {machine.short} still runs what it ran.")
        return _foreign(machine)

    def saw_restore(self, step: Step) -> Observation:
        """Whether the machine is back on the snapshot's configuration."""
        machine = self._look_or_none(step)
        if machine is None:
            return _gone(step)
        seen = self._restored(step, machine)
        if seen is not None:
            return Observation(Sight.LANDED, data=seen)
        if machine.metadata.get(MARKER) == self._hand.marker(str(step.args["update"])):
            return Observation(Sight.ABSENT, f"Machine {machine.short} still runs the new release.")
        return _foreign(machine)

    def _restored(self, step: Step, machine: Machine) -> JsonMap | None:
        if machine.metadata.get(MARKER) == self._hand.marker(step.key):
            return _landed(machine)
        if machine.instance_id == step.args["version"] or machine.config == step.args["config"]:
            return {**_landed(machine), "untouched": True}
        return None

    def _look(self, step: Step) -> Machine:
        return self._hand.client.machine(*machine_of(step))

    def _look_or_none(self, step: Step) -> Machine | None:
        try:
            return self._look(step)
        except Missing:
            return None

    # ------------------------------------------------------------------ sending

    def _send(self, step: Step, verb: str, body: object, turn: Turn) -> Reply:
        app, machine = machine_of(step)
        nonce = self._leases.hold(step, turn)
        call = self._hand.client.machine_change(app, machine, verb, nonce=nonce, body=body)
        try:
            return turn.send(call)
        except Conflict:
            self._leases.forget(machine)
            raise

    def _new_config(self, step: Step) -> dict[str, Any]:
        args: Any = step.args
        record: Any = self._hand.run.data_of(args["record"])
        config = _marked(args["config"], self._hand.marker(step.key))
        config["image"] = args["image"]
        metadata = config["metadata"]
        metadata["fly_release_version"] = str(record.get("release") or args["release"])
        if record.get("id"):
            metadata["fly_release_id"] = record["id"]
        else:
            metadata.pop("fly_release_id", None)
        return config


def _marked(config: dict[str, Any], marker: str) -> dict[str, Any]:
    return {**config, "metadata": {**(config.get("metadata") or {}), MARKER: marker}}


def _landed(machine: Machine) -> dict[str, Json]:
    return {"version": machine.instance_id, "since_ms": health.newest_update_ms(machine)}


def _gone(step: Step) -> Observation:
    return Observation(Sight.AMBIGUOUS, f"Machine {str(step.args['machine'])[:4]} is gone.")


def _foreign(machine: Machine) -> Observation:
    return Observation(
        Sight.AMBIGUOUS,
        f"Machine {machine.short} runs version {machine.instance_id}, which is neither what it "
        "ran nor what this deployment gave it.",
    )
