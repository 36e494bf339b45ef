"""What goes wrong with instances: some die now, some at their next boot, some stay ill."""

from __future__ import annotations

import random

from pilothouse.sandbox.ailments import LASTING, Patient, is_about
from pilothouse.sandbox.faults import FOR_EVER, InForce, Rule
from pilothouse.sandbox.state import World

_AT_ONCE = ("crash", "kill")


class InstanceFaults:
    """Puts rules about instances in force, and heals those that still run when they end."""

    def __init__(self, world: World) -> None:
        self._world = world

    def check(self, rule: Rule) -> None:
        """Refuse a rule about an app, an instance or a group that is not there.

        Raises:
            ValueError: it names what is missing.
        """
        match = rule.match
        patients = self._patients(match.app or "")
        if match.instance is not None and not any(match.instance in p.names for p in patients):
            raise ValueError(f"{match.app} has no instance {match.instance}")
        if match.group is not None and not any(match.group == p.group for p in patients):
            raise ValueError(f"{match.app} has no instance in a group {match.group}")

    async def begin(self, entry: InForce) -> None:
        """Put a rule in force; those that strike at once are used up by it.

        Raises:
            ValueError: nothing runs that it could strike.
        """
        patients = [p for p in self._patients(entry.rule.match.app or "") if is_about(entry, p)]
        if entry.kind.kind in _AT_ONCE:
            await self._end_some(entry, entry.kind.kind, patients)
            return
        self._world.ailments.put(entry)
        if entry.kind.kind in LASTING:
            entry.left = FOR_EVER
            self._treat(patients)

    async def end(self, entry: InForce) -> None:
        """Take a rule out of force, and treat what runs anew."""
        if self._world.ailments.take(entry) and entry.kind.kind in LASTING:
            app = entry.rule.match.app or ""
            self._treat([p for p in self._patients(app) if is_about(entry, p)])

    async def _end_some(self, entry: InForce, verb: str, patients: list[Patient]) -> None:
        running = [patient for patient in patients if patient.runs]
        if not running:
            raise ValueError(f"nothing of {entry.rule.match.app} runs that this could strike")
        count = len(running) if entry.rule.count == FOR_EVER else entry.rule.count
        chosen = random.Random(entry.rule.seed).sample(running, min(count, len(running)))
        for patient in chosen:
            await self._act(verb, patient)
            entry.use()
        entry.left = 0

    async def _act(self, verb: str, patient: Patient) -> None:
        fleet = self._world.fleets[patient.app.partition(":")[0]]
        await fleet.act({"app": patient.app, "do": verb, "instance": patient.names[0]})
        self._world.changed()

    def _treat(self, patients: list[Patient]) -> None:
        for patient in patients:
            self._world.ailments.treat(patient)

    def _patients(self, app: str) -> list[Patient]:
        fleet = self._world.fleets.get(app.partition(":")[0])
        patients = None if fleet is None else fleet.patients(app)
        if patients is None:
            raise ValueError(f"no app {app}")
        return patients
