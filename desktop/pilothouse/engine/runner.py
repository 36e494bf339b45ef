"""The loop: the same call starts a deployment, takes it up after a crash, and takes it over.

The state is folded from the journal before anything is done. Stages run in order, the lanes of a
stage side by side. Whatever goes wrong on the way forward is decided once, in `TurnBack`.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass

from pilothouse.domain.change import VERIFY, ChangeKind, Step
from pilothouse.domain.deployment import Cause, EventKind, Progress, State
from pilothouse.domain.errors import Fenced, Interrupted, PilothouseError
from pilothouse.domain.model import Json
from pilothouse.domain.ports import Clock, Listener, Operations, Provider
from pilothouse.domain.records import DeploymentRecord, Journal
from pilothouse.engine.back import AlikeError, back_steps
from pilothouse.engine.context import Context
from pilothouse.engine.ledger import Ledger, Left
from pilothouse.engine.prober import Prober
from pilothouse.engine.stepping import Ambiguous, StepFailed, Stepper, StillBlind
from pilothouse.engine.tenure import Tenure
from pilothouse.engine.trip import Point, Trip
from pilothouse.engine.verify import Verified
from pilothouse.engine.way import Way

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gear:
    """What a run is made with."""

    journal: Journal
    provider: Provider
    prober: Prober
    clock: Clock
    publish: Listener
    trip: Trip


class Runner:
    """One run of one deployment, on the thread that calls `run`."""

    def __init__(self, record: DeploymentRecord, tenure: Tenure, gear: Gear) -> None:
        timing = record.progress.plan.policy.timing
        self._gear, self._tenure = gear, tenure
        self._ledger = Ledger(gear.journal, record, tenure, clock=gear.clock, publish=gear.publish)
        self.context = Context(self._ledger, tenure, gear.clock, timing)

    def run(self) -> Progress:
        """Run to an ending, or until somebody else takes over or the run is left.

        The lease is given back in every case.
        """
        with ExitStack() as after:
            after.callback(self._tenure.end)
            self._tenure.start()
            try:
                self._run(after)
            except Fenced as error:
                log.warning("This run was fenced out: %s", error)
            except Left:
                log.info("The run was left; the next start takes it up.")
            except Exception as error:  # whatever it is, it must not end a run in silence
                log.exception("Deployment %s met a defect.", self._ledger.deployment_id)
                self._own_up(error)
        self._gear.trip(Point.ENDED, self._ledger.deployment_id)
        return self._ledger.progress

    def _run(self, after: ExitStack) -> None:
        self._ledger.write(EventKind.STARTED, data={"owner": self._tenure.lease.owner})
        self._gear.trip(Point.STARTED, self._ledger.deployment_id)
        after.callback(self._gear.prober.stop)
        self._gear.prober.start()
        operations = Verified(
            self._gear.provider.operations(self.context),
            provider=self._gear.provider,
            prober=self._gear.prober,
            context=self.context,
            clock=self._gear.clock,
        )
        after.callback(_close, operations)
        self._tenure.also_renew(operations.renew)
        self._loop(operations)

    def _own_up(self, error: Exception) -> None:
        """Say that a defect of ours ended the run; the lease is still ours."""
        if self._ledger.progress.state.is_ended:
            return
        reason = f"Pilothouse itself failed ({type(error).__name__}); nothing more was changed."
        try:
            self._end(State.UNKNOWN, reason)
        except (Fenced, Left) as stronger:
            log.warning("That could not be written down: %s", stronger)
        except Exception:  # whoever waits sees that nobody carries it on
            log.exception("That could not be written down.")

    def _loop(self, operations: Verified) -> None:
        stepper = Stepper(
            self._ledger, self.context, operations, clock=self._gear.clock, trip=self._gear.trip
        )
        way = Way(self._ledger, self.context, stepper)
        try:
            if not self._ledger.progress.going_back:
                self._forward(way, operations)
            if self._ledger.progress.going_back and not self._ledger.progress.state.is_ended:
                self._back(way)
        except StillBlind as error:
            self._end(State.UNKNOWN, f"The platform could not be asked for too long. {error}")
        except Ambiguous as error:
            self._end(State.HELD, str(error))

    def _forward(self, way: Way, operations: Verified) -> None:
        plan = self._ledger.progress.plan
        cause, reason = Cause.STEP, ""
        try:
            operations.await_baseline()
            way.go(plan.steps, forward=True)
        except Interrupted:
            cause = Cause.PERSON
            progress = self._ledger.progress
            reason = f"{progress.stopped_by} stopped it. {progress.stop_reason}".strip()
        except StepFailed as failure:
            cause = Cause.EVIDENCE if failure.step.op == VERIFY else Cause.STEP
            reason = failure.reason
        else:
            self._good()
            return
        self._turn_back(cause, reason, way, operations)

    @property
    def _is_rollback(self) -> bool:
        return self._ledger.progress.plan.change.kind is ChangeKind.ROLLBACK

    def _good(self) -> None:
        progress = self._ledger.progress
        verify = next((s for s in progress.plan.steps if s.op == VERIFY), None)
        judged = progress.data_of(verify.key).get("judgement") if verify else "good"
        target = progress.plan.target.label if not progress.plan.to_version else ""
        serving = target or f"v{progress.plan.to_version}"
        hold = None
        if self._is_rollback:
            hold = f"Rolled back to {serving}; released by a person when it may be deployed again."
        self._end(
            State.GOOD,
            f"{serving} serves.",
            serving=serving,
            hold=hold,
            provisional=judged != "good",
        )

    def _turn_back(self, cause: Cause, reason: str, way: Way, operations: Operations) -> None:
        """Decide once; from here on the run never goes forward again."""
        self.context.go_deaf()
        way.resolve_open()
        progress = self._ledger.progress
        if self._is_rollback and _touched(progress):
            by_person = cause is Cause.PERSON
            why = "A rollback is not rolled back." if by_person else ""
            self._end(State.HELD, f"{reason} {why}" if why else f"The way back failed: {reason}")
            return
        switched_off = not progress.plan.policy.go_back and _touched(progress)
        if cause is not Cause.PERSON and switched_off:
            self._end(State.HELD, f"{reason} Going back by itself is switched off.")
            return
        try:
            steps = back_steps(progress, operations, self._gear.prober, cause=cause)
        except AlikeError as error:
            self._end(State.HELD, f"{reason} {error}")
            return
        data: dict[str, Json] = {"cause": cause, "reason": reason, "steps": [*map(_as_json, steps)]}
        self._ledger.write(EventKind.DECIDED, data=data)
        self._gear.trip(Point.DECIDED, self._ledger.deployment_id)

    def _back(self, way: Way) -> None:
        self.context.go_deaf()
        progress = self._ledger.progress
        touched = [step for step in progress.back if not step.books_only and step.op != VERIFY]
        was = progress.plan.old_side.label
        try:
            way.go(progress.back, forward=False)
        except StepFailed as failure:
            self._end(
                State.HELD,
                f"{progress.turned_for} The way back failed at “{failure.step.title}”: "
                f"{failure.reason}",
            )
            return
        if not touched:
            self._end(State.FAILED_SAFE, progress.turned_for, serving=was)
            return
        name = progress.plan.to_version
        bad = f"v{name}" if name else progress.plan.target.label
        self._end(
            State.ROLLED_BACK,
            progress.turned_for,
            serving=was,
            hold=f"{bad} was rolled back: {progress.turned_for}",
        )

    def _end(
        self,
        state: State,
        reason: str,
        *,
        serving: str = "",
        hold: str | None = None,
        provisional: bool = False,
    ) -> None:
        self._gear.trip(Point.ENDING, self._ledger.deployment_id)
        if state is State.HELD:
            hold = reason
        data: dict[str, Json] = {
            "state": state,
            "reason": reason,
            "serving": serving,
            "provisional": provisional,
            "asked": self._gear.prober.all_counts().asked,
            "lost": self._gear.prober.all_counts().lost,
        }
        self._ledger.write(EventKind.ENDED, data=data, hold=hold)


def _close(operations: Operations) -> None:
    """Give back what fences others off; it ends by itself where that does not work."""
    try:
        operations.close()
    except PilothouseError as error:
        log.warning("The platform’s own lease could not be given back: %s", error)
    except Exception:  # the run has ended; what follows gives its app back
        log.exception("The platform’s own lease could not be given back.")


def _touched(progress: Progress) -> bool:
    """Whether anything that serves may have been changed."""
    return any(
        step.changes and not step.books_only and progress.of(step.key).may_have_landed
        for step in progress.plan.steps
    )


def _as_json(step: Step) -> Json:
    return {name: getattr(step, name) for name in step.__dataclass_fields__}
