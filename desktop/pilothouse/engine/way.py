"""Walking steps stage by stage, lane beside lane, forward or back.

The first lane of a stage that fails on the way forward cuts the waits of the others short; the
stage's failure is told once every lane has ended. Between two stages a person's pause is heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pilothouse.domain.change import Step
from pilothouse.domain.deployment import EventKind
from pilothouse.domain.errors import Fenced, Interrupted
from pilothouse.engine.context import Context
from pilothouse.engine.ledger import Ledger, Left
from pilothouse.engine.stepping import Ambiguous, StepFailed, Stepper, StillBlind

LANES = 8
PAUSE_TURN_S = 0.2


class Way:
    """Walks steps stage by stage, lane beside lane, forward or back."""

    def __init__(self, ledger: Ledger, context: Context, stepper: Stepper) -> None:
        self._ledger, self._context, self._stepper = ledger, context, stepper

    def go(self, steps: Sequence[Step], *, forward: bool) -> None:
        """Do all steps; raises the first failure once every lane of its stage has ended.

        Forward, one that the journal already tells of is raised before anything else is done.
        """
        if forward:
            for step in steps:
                self._stepper.recall(step)
        for stage in sorted({step.stage for step in steps}):
            if forward:
                self._between()
            lanes: dict[str, list[Step]] = {}
            for step in steps:
                if step.stage == stage:
                    lanes.setdefault(step.lane, []).append(step)
            self._stage(list(lanes.values()), forward=forward)

    def resolve_open(self) -> None:
        """Look what became of every change whose outcome is not known."""
        progress = self._ledger.progress
        for step in progress.plan.steps:
            if step.changes and progress.of(step.key).is_open:
                self._stepper.look(step)

    def _stage(self, lanes: list[list[Step]], *, forward: bool) -> None:
        if len(lanes) == 1:
            self._lane(lanes[0], forward=forward)
            return
        with ThreadPoolExecutor(
            min(LANES, len(lanes)), f"pilothouse-lane-{self._ledger.deployment_id}"
        ) as pool:
            futures = [pool.submit(self._lane, lane, forward=forward) for lane in lanes]
            errors = [error for future in futures if (error := future.exception()) is not None]
        if errors:
            raise min(errors, key=_gravity)

    def _lane(self, steps: list[Step], *, forward: bool) -> None:
        for step in steps:
            if forward:
                self._context.hear()
            try:
                self._stepper.perform(step)
            except Interrupted:
                raise
            except Exception:  # a defect of ours too must stop the lanes beside it
                if forward:
                    self._context.halt()
                raise

    def _between(self) -> None:
        """Hear wishes between two stages; wait here while the run is paused."""
        self._context.hear(at_once=True)
        if self._context.leaving:
            raise Left
        if not self._context.paused:
            return
        self._ledger.write(EventKind.PAUSED, data={"reason": "A person paused it."})
        try:
            while self._context.paused:
                if self._context.leaving:
                    raise Left
                self._context.wait(PAUSE_TURN_S)
        except Interrupted:
            self._ledger.write(EventKind.RESUMED)
            raise
        # One that is left stays paused: the next start waits here again.
        self._ledger.write(EventKind.RESUMED)


def _gravity(error: BaseException) -> int:
    """What a stage's several failures are known by: the one that says most comes first."""
    order = (Fenced, Ambiguous, StillBlind, StepFailed, Left, Interrupted)
    return next((n for n, kind in enumerate(order) if isinstance(error, kind)), -1)
