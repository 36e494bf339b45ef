"""What one run knows and feels: its plan, its right to act, and people's wishes while it waits.

Every wait of a run goes through `Context.wait`, so that a wish is heard within half a second
wherever the run is. Once the run goes back, a wish to stop has already been granted.
"""

from __future__ import annotations

import threading

from pilothouse.domain.change import Plan, Step
from pilothouse.domain.deployment import EventKind
from pilothouse.domain.errors import Fenced, Interrupted
from pilothouse.domain.model import JsonMap
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import Clock
from pilothouse.domain.records import RequestKind
from pilothouse.engine.ledger import Ledger
from pilothouse.engine.tenure import Tenure

SLICE_S = 0.1


class Context:
    """The `RunContext` of one run, and its stop token."""

    def __init__(self, ledger: Ledger, tenure: Tenure, clock: Clock, timing: Timing) -> None:
        self._ledger, self._tenure = ledger, tenure
        self._clock, self._timing = clock, timing
        self._asked_at = 0.0
        self._asking = threading.Lock()
        self._halt = threading.Event()
        self._never = threading.Event()
        self._interruptible = True
        self.paused = ledger.progress.paused
        if ledger.progress.stopped_by:
            self._halt.set()

    @property
    def deployment_id(self) -> str:
        """The deployment that this run runs."""
        return self._ledger.deployment_id

    @property
    def fence(self) -> int:
        """The fence of the lease under which it runs."""
        return self._tenure.lease.fence

    @property
    def plan(self) -> Plan:
        """The frozen plan."""
        return self._ledger.progress.plan

    @property
    def lost(self) -> bool:
        """Whether the right to act went to somebody else."""
        return self._tenure.lost

    @property
    def leaving(self) -> bool:
        """Whether the run is to end at the next step, to be taken up again later."""
        return self._ledger.leaving

    def data_of(self, key: str) -> JsonMap:
        """What a step gave back."""
        return self._ledger.progress.data_of(key)

    def reason_of(self, key: str) -> str:
        """Why a step ended badly."""
        return self._ledger.progress.of(key).reason

    def lease_left_s(self) -> float:
        """Seconds for which this run surely may act."""
        return self._tenure.left_s()

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The plan's steps, and those of the way back once it is decided."""
        return self._ledger.progress.all_steps

    def begun(self, step: Step) -> bool:
        """Whether something of a step may be there."""
        return self._ledger.progress.of(step.key).may_have_landed

    def see(self) -> None:
        """The platform answered: the run is not blind, or not any more."""
        if self._ledger.progress.blind_since is not None:
            self._ledger.write(EventKind.SIGHTED)

    def note(self, step: Step, text: str) -> None:
        """As `tell`, for an operation: what it waits for is what the platform answered."""
        self.see()
        self.tell(step, text)

    def tell(self, step: Step, text: str) -> None:
        """Write down what a long step is doing, once for each new sentence."""
        if self._ledger.progress.of(step.key).note != text:
            self._ledger.write(EventKind.NOTED, step=step.key, data={"text": text})

    def wait(self, seconds: float) -> None:
        """Wait; `Interrupted` when a person asks to stop, `Fenced` when the lease is lost."""
        until = self._clock.steady() + seconds
        while True:
            self._tenure.beat()
            self.hear()
            left = until - self._clock.steady()
            if left <= 0:
                return
            token = self._halt if self._interruptible else self._never
            token.wait(min(left, SLICE_S))

    def hear(self, *, at_once: bool = False) -> None:
        """Take new wishes, at most every `look_s` unless `at_once`; raises like `wait`."""
        if self._tenure.lost:
            raise Fenced("Somebody else has taken over; this run changes nothing more.")
        with self._asking:
            now = self._clock.steady()
            if at_once or now - self._asked_at >= self._timing.look_s:
                self._asked_at = now
                self._take()
        if self._interruptible and self._halt.is_set():
            raise Interrupted("The wait was cut short.")

    def halt(self) -> None:
        """Cut short every wait of the way forward."""
        self._halt.set()

    def leave(self) -> None:
        """End at the next step, without an ending; the next start takes the run up again."""
        self._ledger.leave()

    def go_deaf(self) -> None:
        """From now on nothing interrupts a wait: the run is going back, or looking."""
        self._interruptible = False

    def _take(self) -> None:
        for request in self._ledger.take_requests():
            match request.kind:
                case RequestKind.STOP:
                    self._halt.set()
                case RequestKind.PAUSE:
                    self.paused = True
                case RequestKind.RESUME:
                    self.paused = False
                case _:
                    continue
