"""Doing one step: the intent on disk first, then the call, then the outcome.

A lost answer is *unknown* and is looked for before anything else; *absent* counts only when the
intent's deadline and a grace have passed, and was seen twice. A platform that does not answer is
waited for, up to `Timing.blind_s`.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from pilothouse.domain.change import Step
from pilothouse.domain.deployment import EventKind, Outcome, StepStatus
from pilothouse.domain.errors import (
    AccountRefused,
    Declined,
    Failed,
    Fenced,
    Interrupted,
    KeyringUnavailable,
    NotSent,
    PilothouseError,
    PlatformError,
    RateLimited,
    Undecided,
)
from pilothouse.domain.model import JsonMap
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import Clock, Observation, Operations, Sight
from pilothouse.engine.context import Context
from pilothouse.engine.ledger import Ledger
from pilothouse.engine.trip import Point, Trip

log = logging.getLogger(__name__)
FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 5.0
CALLS_A_STEP = 2
BACK = "back/"
UNSEEN = (PlatformError, AccountRefused, KeyringUnavailable)
"""What keeps us from seeing: no answer, a token that is not taken, or none that can be had."""


class StepFailed(Exception):
    """A step ended refused or failed; the run turns back."""

    def __init__(self, step: Step, reason: str) -> None:
        super().__init__(reason)
        self.step, self.reason = step, reason


class Ambiguous(Exception):
    """It cannot be told how a step came out; the run holds, for this reason."""

    def __init__(self, step: Step, reason: str) -> None:
        super().__init__(reason)
        self.step, self.reason = step, reason


class StillBlind(Exception):
    """The platform has not answered for too long; what is true is not known."""


class Stepper:
    """Does the steps of one run; safe from several lanes at once."""

    def __init__(
        self, ledger: Ledger, context: Context, operations: Operations, *, clock: Clock, trip: Trip
    ) -> None:
        self._ledger, self._context, self._operations = ledger, context, operations
        self._clock, self._trip = clock, trip
        self._timing: Timing = context.plan.policy.timing

    def perform(self, step: Step) -> None:
        """Do a step to its end; raises `StepFailed`, `Ambiguous`, `StillBlind`, `Interrupted`."""
        self.recall(step)
        state = self._ledger.progress.of(step.key)
        if state.status is StepStatus.DONE:
            return
        if state.is_open and step.changes and self.look(step):
            return
        delay_s = FIRST_DELAY_S
        blind_since, blind_from = None, self._clock.steady()
        while not self._attempt(step):
            if blind_since != self._ledger.progress.blind_since:
                blind_since, blind_from = self._ledger.progress.blind_since, self._clock.steady()
            # An answer that it is too busy to act is no blindness.
            if blind_since and self._clock.steady() - blind_from > self._timing.blind_s:
                raise StillBlind(self._ledger.progress.of(step.key).reason)
            self._context.wait(delay_s)
            delay_s = min(LONGEST_DELAY_S, delay_s * 2)
        self._context.see()

    def recall(self, step: Step) -> None:
        """Raise `StepFailed` where the journal says that the step ended badly."""
        state = self._ledger.progress.of(step.key)
        if state.status in {StepStatus.REFUSED, StepStatus.FAILED}:
            raise StepFailed(step, state.reason)

    def look(self, step: Step) -> bool:
        """Find out whether an open step landed, and write it down: True when it did."""
        absent = unclear = 0
        blind_from: float | None = None
        while True:
            seen = self._observe(step)
            if seen is None:
                blind_from = blind_from or self._clock.steady()
                if self._clock.steady() - blind_from > self._timing.blind_s:
                    raise StillBlind(f"It is not known whether “{step.title}” landed.")
            else:
                blind_from = None
                if seen.sight is Sight.LANDED:
                    self._settle(step, Outcome.DONE, seen.data, "It landed.")
                    return True
                if self._may_still_land(step):
                    absent = unclear = 0
                elif seen.sight is Sight.ABSENT:
                    absent += 1
                else:
                    unclear += 1
                if absent >= 2:
                    self._settle(step, Outcome.ABSENT, None, "It did not land.")
                    return False
                if unclear >= 2:
                    text = f"It cannot be told whether “{step.title}” landed: {seen.reason}"
                    raise Ambiguous(step, text)
            self._context.wait(self._timing.poll_s)

    def _attempt(self, step: Step) -> bool:
        """One attempt; True when the step is done, False when it may be tried again."""
        self._context.hear()
        self._intend(step)
        self._trip(Point.INTENDED, step.key)
        try:
            data = self._operations.apply(step)
        except PilothouseError as error:
            return self._after_error(step, error)
        self._trip(Point.APPLIED, step.key)
        self._settle(step, Outcome.DONE, data, "")
        return True

    def _after_error(self, step: Step, error: PilothouseError) -> bool:
        self._trip(Point.APPLIED, step.key)
        reason = str(error)
        match error:
            case Interrupted():
                outcome = Outcome.ABSENT if step.changes else Outcome.CUT
                self._settle(step, outcome, None, reason)
                raise error
            case Fenced():
                if self._context.lost:
                    raise error
                self._settle(step, Outcome.ABSENT, None, reason)
            case Undecided():
                self._settle(step, Outcome.CUT, None, reason)
                raise Ambiguous(step, reason) from error
            case RateLimited():
                self._settle(step, Outcome.ABSENT, None, reason)
                self._context.wait(min(error.retry_after_s, self._timing.blind_s))
            case _ if _keeps_out(step, error):
                self._settle(step, Outcome.ABSENT, None, reason)
                self._lose_sight(reason)
            case Failed():
                data: JsonMap = {"nothing_changed": error.nothing_changed}
                self._settle(step, Outcome.FAILED, data, reason)
                raise StepFailed(step, reason) from error
            case Declined() | AccountRefused():
                self._settle(step, Outcome.REFUSED, None, reason)
                raise StepFailed(step, reason) from error
            case _ if not step.changes:
                self._settle(step, Outcome.CUT, None, reason)
                self._lose_sight(reason)
            case _:
                self._settle(step, Outcome.UNKNOWN, None, reason)
                text = "The answer was lost. Looking whether it landed."
                self._context.tell(step, text)
                return self.look(step)
        return False

    def _intend(self, step: Step) -> None:
        boot_id, boot_s = self._clock.boot()
        seconds = self._timing.call_s * CALLS_A_STEP
        at = self._clock.now() + timedelta(seconds=seconds)
        deadline: JsonMap = {
            "boot_id": boot_id,
            "boot_s": boot_s + seconds,
            "at": at.isoformat(),
        }
        data: JsonMap = {"deadline": dict(deadline), "marker": self._marker(step)}
        self._ledger.write(EventKind.INTENDED, step=step.key, data=data)

    def _marker(self, step: Step) -> str:
        return f"{self._context.deployment_id}/{step.key}"

    def _settle(self, step: Step, outcome: Outcome, data: JsonMap | None, reason: str) -> None:
        given: JsonMap = {"outcome": outcome, "data": dict(data or {}), "reason": reason}
        self._ledger.write(EventKind.SETTLED, step=step.key, data=given)
        self._trip(Point.SETTLED, step.key)

    def _observe(self, step: Step) -> Observation | None:
        try:
            seen = self._operations.observe(step)
        except UNSEEN as error:
            self._lose_sight(str(error))
            return None
        self._context.see()
        return seen

    def _may_still_land(self, step: Step) -> bool:
        """Whether a call that was under way when its intent was written could still arrive."""
        deadline = self._ledger.progress.of(step.key).deadline
        boot_id, boot_s = self._clock.boot()
        if deadline.get("boot_id") != boot_id:
            return False
        until = deadline.get("boot_s")
        return isinstance(until, int | float) and boot_s < until + self._timing.grace_s

    def _lose_sight(self, reason: str) -> None:
        if self._ledger.progress.blind_since is None:
            self._ledger.write(EventKind.BLIND, data={"reason": reason})


def _keeps_out(step: Step, error: PilothouseError) -> bool:
    """Whether nothing was done and it may be tried again.

    A token that is not taken while we only look, or go back, is not the release's fault and no
    failure of the way back: it can be renewed.
    """
    if isinstance(error, AccountRefused):
        return not step.changes or step.key.startswith(BACK)
    return isinstance(error, NotSent | KeyringUnavailable)
