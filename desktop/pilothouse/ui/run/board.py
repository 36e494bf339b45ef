"""Where every instance stands in a run, old side or new, worked out from plan and journal: pure.

Fly's machines keep their ids and change sides one by one; Heroku's dynos are all replaced at once,
often under the same names, and are known by the step that saw the new ones up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from pilothouse.domain.change import Plan, Step
from pilothouse.domain.deployment import Progress, State, StepStatus
from pilothouse.domain.model import Live

SETTLED = frozenset({State.GOOD, State.FAILED_SAFE, State.ROLLED_BACK})
"""Ends after which nothing is under way any more."""


BACK = "back/"
"""How the keys of the way back's steps begin."""


class Side(Enum):
    """Which release an instance runs."""

    OLD = "old"
    NEW = "new"


def short_id(identifier: str) -> str:
    """An instance's id as people write it: the first four of a long one."""
    return identifier if len(identifier) <= 8 else identifier[:4]


@dataclass(frozen=True, slots=True)
class Cell:
    """One instance at a moment; `words` say what happens to it, empty while it serves."""

    id: str
    place: str
    side: Side
    words: str = ""
    gone: bool = False
    failed: bool = False

    @property
    def short(self) -> str:
        """The id as people write it."""
        return short_id(self.id)

    @property
    def in_traffic(self) -> bool:
        """Whether users meet it."""
        return not self.words and not self.gone and not self.failed


_WHILE = {
    "cordon": "leaving traffic",
    "drain": "draining",
    "update": "changing",
    "healthy": "starting",
    "uncordon": "entering",
    "propagated": "entering",
    "restore": "going back",
}
_AFTER = {
    "cordon": "no traffic",
    "drain": "drained",
    "update": "starting",
    "healthy": "healthy",
    "uncordon": "entering",
    "propagated": "",
    "restore": "starting",
}
_SIDE_AFTER = {"update": Side.NEW, "restore": Side.OLD}


def board(progress: Progress, live: Live | None) -> tuple[Cell, ...]:
    """Every instance known to the run, by place and id."""
    places = places_of(progress.plan, live)
    ids = progress.plan.old_side.instances or tuple(places)
    cells = [_followed(Cell(one, places.get(one, ""), Side.OLD), progress) for one in ids]
    up, side = _seen_up(progress)
    if up:
        known = {cell.id for cell in cells}
        cells = [
            replace(cell, side=side) if cell.id in up else replace(cell, gone=True)
            for cell in cells
        ]
        cells += [Cell(one, places.get(one, ""), side) for one in up if one not in known]
    if progress.state in SETTLED:
        cells = [replace(cell, words="") if not cell.failed else cell for cell in cells]
    return tuple(sorted(cells, key=lambda cell: (cell.place, cell.id)))


def places_of(plan: Plan, live: Live | None) -> dict[str, str]:
    """Where each instance stands: by the plan's own snapshot, else as last seen."""
    found = {one.id: one.place for one in live.instances} if live is not None else {}
    machines = plan.snapshot.get("machines")
    if isinstance(machines, Mapping):
        for name, machine in machines.items():
            if isinstance(machine, Mapping) and isinstance(machine.get("region"), str):
                found[name] = str(machine["region"])
    return found


def _followed(cell: Cell, progress: Progress) -> Cell:
    for step in sorted(progress.plan.steps, key=_stage):
        cell = _after(cell, step, progress) if step.lane == cell.id else cell
    for step in sorted(progress.back, key=_stage):
        cell = _after(cell, step, progress) if step.lane == cell.id else cell
    return cell


def _stage(step: Step) -> int:
    return step.stage


def _after(cell: Cell, step: Step, progress: Progress) -> Cell:
    verb = step.op.rpartition(".")[2]
    if verb not in _WHILE:
        return cell
    match progress.of(step.key).status:
        case StepStatus.PENDING:
            return cell
        case StepStatus.INTENDED | StepStatus.UNKNOWN:
            return replace(cell, words=_WHILE[verb], failed=False)
        case StepStatus.DONE:
            side = _SIDE_AFTER.get(verb, cell.side)
            return replace(cell, words=_AFTER[verb], side=side, failed=False)
        case StepStatus.REFUSED | StepStatus.FAILED:
            return replace(cell, words="failed", failed=True)


def _seen_up(progress: Progress) -> tuple[tuple[str, ...], Side]:
    """The instances that the last step which looked for new ones saw up, and what they run."""
    seen: tuple[str, ...] = ()
    side = Side.OLD
    for step in progress.all_steps:
        if step.op.endswith(".booted"):
            serving = progress.data_of(step.key).get("serving")
            if isinstance(serving, list | tuple):
                seen = tuple(str(one) for one in serving)
                side = Side.OLD if step.key.startswith(BACK) else Side.NEW
    return seen, side
