"""A provider's hand during one run: which step does what, and how each is looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pilothouse.domain.change import Step
from pilothouse.domain.model import JsonMap
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import Observation, RunContext, Sight
from pilothouse.providers.fly import steps, strategies
from pilothouse.providers.fly.books import Books
from pilothouse.providers.fly.client import FlyClient
from pilothouse.providers.fly.hand import Hand
from pilothouse.providers.fly.leases import Leases
from pilothouse.providers.fly.machine_steps import MachineSteps
from pilothouse.providers.fly.waits import Waits


class FlyOperations:
    """`domain.ports.Operations` at Fly.io; several lanes may use it at once."""

    def __init__(self, client: FlyClient, run: RunContext, timing: Timing) -> None:
        hand = Hand(client.waiting(run.wait), run, timing)
        self._timing = timing
        self._leases = Leases(hand)
        machines, waits, books = MachineSteps(hand, self._leases), Waits(hand), Books(hand)
        self._apply: Mapping[str, Callable[[Step], JsonMap]] = {
            steps.RECORD: books.record,
            steps.SETTLE: books.settle,
            steps.CORDON: machines.cordon,
            steps.UNCORDON: machines.uncordon,
            steps.UPDATE: machines.update,
            steps.RESTORE: machines.restore,
            steps.DRAIN: waits.drain,
            steps.PROPAGATED: waits.propagated,
            steps.RESTED: waits.rested,
            steps.HEALTHY: waits.healthy,
        }
        self._observe: Mapping[str, Callable[[Step], Observation]] = {
            steps.RECORD: books.saw_record,
            steps.SETTLE: books.saw_settle,
            steps.CORDON: lambda step: machines.saw_cordoned(step, wanted=True),
            steps.UNCORDON: lambda step: machines.saw_cordoned(step, wanted=False),
            steps.UPDATE: machines.saw_update,
            steps.RESTORE: machines.saw_restore,
        }

    def observe(self, step: Step) -> Observation:
        """Did it land? A step that only waits leaves nothing behind, so it is done again."""
        look = self._observe.get(step.op)
        return look(step) if look else Observation(Sight.ABSENT, "It is waited for again.")

    def apply(self, step: Step) -> JsonMap:
        """Do it, once."""
        return self._apply[step.op](step)

    def inverse(self, step: Step) -> Sequence[Step]:
        """The steps that undo it."""
        return strategies.inverse(step, self._timing)

    def renew(self) -> None:
        """Renew the machines' leases."""
        self._leases.renew()

    def close(self) -> None:
        """Give the machines' leases back."""
        self._leases.close()
