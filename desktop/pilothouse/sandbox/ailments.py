"""What ails instances by order: the lasting faults, and those that wait for the next boot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from pilothouse.sandbox.faults import InForce
from pilothouse.sandbox.workload import Behaviour, Instance

_BOOTS = "crash-at-boot"
LASTING = {
    "crash-loop": Behaviour.LOOP,
    "fails-checks": Behaviour.UNHEALTHY,
    "errors": Behaviour.ERR5,
    "slow-answers": Behaviour.SLOW,
    "leak": Behaviour.LEAK,
}


def _nothing() -> None:
    """Nobody needs to know."""


@dataclass(frozen=True, slots=True)
class Patient:
    """An instance that can be made ill: `names` are its id and name, `own` is how it behaves.

    `runs` says whether it does; `process` is None when not, and for a process that is a real one.
    `changed` is called when it behaves otherwise than before.
    """

    app: str
    names: tuple[str, ...]
    group: str
    own: Behaviour
    process: Instance | None
    runs: bool
    changed: Callable[[], None] = _nothing


class Ailments:
    """The rules in force about the instances of one world."""

    def __init__(self) -> None:
        self._in_force: dict[int, InForce] = {}
        self._usual: WeakKeyDictionary[Instance, tuple[float, float]] = WeakKeyDictionary()

    def put(self, entry: InForce) -> None:
        """Let a rule have its effect on what boots or is treated from now on."""
        self._in_force[entry.id] = entry

    def take(self, entry: InForce) -> bool:
        """Let a rule have no more effect; False when it had none."""
        return self._in_force.pop(entry.id, None) is not None

    def at_boot(self, patient: Patient) -> None:
        """Make an instance that is about to boot as ill as the rules say."""
        process = patient.process
        for entry in self._in_force.values():
            due = entry.kind.kind == _BOOTS and entry.left != 0 and is_about(entry, patient)
            if due and process is not None:
                entry.use()
                process.behaviour = Behaviour.CRASH
                return
        self._treat(patient)

    def treat(self, patient: Patient) -> None:
        """Make a running instance as ill as the rules say, or well if none is about it."""
        if self._treat(patient):
            patient.changed()

    def _treat(self, patient: Patient) -> bool:
        """Return whether it behaves otherwise than before."""
        process = patient.process
        if process is None:
            return False
        answers, behaviour = process.answers, patient.own
        usual = self._usual.setdefault(process, (answers.error_rate, answers.slowness_s))
        answers.error_rate, answers.slowness_s = usual
        for entry in self._in_force.values():
            kind = entry.kind.kind
            if kind not in LASTING or not is_about(entry, patient):
                continue
            behaviour = LASTING[kind]
            if kind == "errors":
                answers.error_rate = entry.rate
            elif kind == "slow-answers" and entry.seconds is not None:
                answers.slowness_s = entry.seconds
            if process.behaviour is not behaviour:
                entry.use()
        changed = process.behaviour is not behaviour
        if changed:
            process.behaviour = behaviour
        return changed


def is_about(entry: InForce, patient: Patient) -> bool:
    """Whether a rule is about this instance."""
    match = entry.rule.match
    return (
        match.app == patient.app
        and match.group in (None, patient.group)
        and (match.instance is None or match.instance in patient.names)
    )
