"""Leases on the machines of the wave in work: they keep everybody else's deploys off.

A lease is taken just before the first guarded change of a machine and given back once another
stage begins. The way back takes each machine's lease anew, so that a call of the way forward that
is still under way meets a nonce that counts no more. The description is `<deployment>/<fence>`: a
lease that an earlier hand of this very deployment left is deleted and taken anew, a nonce is
never used again; anyone else's stops us.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from pilothouse.domain.change import Step
from pilothouse.domain.errors import (
    Conflict,
    Declined,
    Fenced,
    Lost,
    Missing,
    NotSent,
    PilothouseError,
)
from pilothouse.providers.fly.hand import Hand, Turn, machine_of
from pilothouse.providers.fly.schema import HeldLease, LeaseAnswer
from pilothouse.providers.fly.steps import BACK

log = logging.getLogger(__name__)
WORKERS = 8
SPARE_S = 2.0
LONGEST_CALL_S = 3.0
TRIES = 2


@dataclass(slots=True)
class _Held:
    app: str
    nonce: str
    stage: int
    back: bool
    until_s: float


class Leases:
    """The leases that one run holds; may be used from any thread."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._lock = threading.Lock()
        self._changing_stage = threading.Lock()
        self._held: dict[str, _Held] = {}

    def hold(self, step: Step, turn: Turn) -> str:
        """The nonce of our lease on a step's machine, taken now if it is not ours yet.

        Raises:
            Conflict: somebody else holds the machine.
            Fenced: a newer hand of this deployment holds it.
            NotSent: the lease could not be had; the change itself was not sent.
        """
        app, machine = machine_of(step)
        back = step.key.startswith(BACK)
        self._give_back_other_stages(step.stage, back=back)
        with self._lock:
            held = self._held.get(machine)
            if held is not None and held.until_s > time.monotonic() + SPARE_S:
                return held.nonce
            self._held.pop(machine, None)
        nonce, until_s = self._take(app, machine, turn)
        with self._lock:
            self._held[machine] = _Held(app, nonce, step.stage, back, until_s)
        return nonce

    def forget(self, machine: str) -> None:
        """Trust our lease on a machine no more; the next change takes a new one."""
        with self._lock:
            self._held.pop(machine, None)

    def renew(self) -> None:
        """Renew all leases held, side by side."""
        with self._lock:
            held = dict(self._held)
        self._for_each(self._renew, held)

    def close(self) -> None:
        """Give all leases back, those too that an earlier hand of this deployment left behind."""
        with self._lock:
            held, self._held = self._held, {}
        self._for_each(self._give_back, held)
        try:
            self._for_each(self._give_back, self._left_behind())
        except PilothouseError as error:
            log.info("Whether leases were left behind could not be seen: %s", error)

    # ------------------------------------------------------------------ one lease

    def _take(self, app: str, machine: str, turn: Turn) -> tuple[str, float]:
        ttl_s = self._hand.timing.machine_lease_s
        body = {"ttl": ttl_s, "description": self._description}
        call = self._hand.client.lease_change("POST", app, machine, body=body)
        trouble: PilothouseError | None = None
        for _ in range(TRIES):
            taken_s = time.monotonic()
            try:
                answer = turn.send(call).decode(LeaseAnswer)
            except (Conflict, Lost) as error:
                trouble = error
                self._clear_own(app, machine, turn)
                continue
            if answer.data.nonce:
                return answer.data.nonce, taken_s + ttl_s
        if isinstance(trouble, Conflict):
            raise trouble
        raise NotSent(f"Machine {machine[:4]} was not changed: its lease could not be had.")

    def _clear_own(self, app: str, machine: str, turn: Turn) -> None:
        """Delete the lease that stands in the way if it is this deployment's."""
        found = self._hand.client.lease(app, machine)
        if found is None or found.data.nonce is None:
            return
        deployment, _, fence = (found.data.description or "").partition("/")
        if deployment != self._hand.run.deployment_id or not fence.isdigit():
            raise Conflict(_held_by(machine, found.data), status=409)
        if int(fence) > self._hand.run.fence:
            raise Fenced(f"A newer run of this deployment holds machine {machine[:4]}.")
        delete = self._hand.client.lease_change("DELETE", app, machine, nonce=found.data.nonce)
        try:
            turn.send(delete)
        except Missing:
            log.debug("The lease on %s ended by itself meanwhile.", machine)

    def _renew(self, machine: str, held: _Held) -> None:
        ttl_s = self._hand.timing.machine_lease_s
        body = {"ttl": ttl_s, "description": self._description}
        client = self._hand.client
        call = client.lease_change("POST", held.app, machine, nonce=held.nonce, body=body)
        began_s = time.monotonic()
        try:
            answer = self._hand.once(call, self._call_s).decode(LeaseAnswer)
        except Declined as error:
            log.warning("The lease on machine %s was lost: %s", machine, error)
            self.forget(machine)
            return
        with self._lock:
            # Had it ended meanwhile, this call took a new one, with a nonce of its own.
            held.nonce, held.until_s = answer.data.nonce or held.nonce, began_s + ttl_s
            still_held = self._held.get(machine) is held
        if not still_held:
            self._give_back(machine, held)

    # ------------------------------------------------------------------ giving back

    def _give_back_other_stages(self, stage: int, *, back: bool) -> None:
        # The first lane of a stage gives back; the others wait, or they would meet our own leases.
        with self._changing_stage:
            with self._lock:
                done = {
                    name: one
                    for name, one in self._held.items()
                    if (one.stage, one.back) != (stage, back)
                }
                for name in done:
                    del self._held[name]
            self._for_each(self._give_back, done)

    def _left_behind(self) -> dict[str, _Held]:
        app, run = self._hand.run.plan.app.name, self._hand.run
        found: dict[str, _Held] = {}
        for machine in self._hand.client.machines(app):
            if machine.lease is None:
                continue
            deployment, _, fence = (machine.lease.description or "").partition("/")
            if deployment != run.deployment_id or not fence.isdigit() or int(fence) > run.fence:
                continue
            lease = self._hand.client.lease(app, machine.id)
            if lease is not None and lease.data.nonce:
                found[machine.id] = _Held(app, lease.data.nonce, -1, False, 0.0)
        return found

    def _give_back(self, machine: str, held: _Held) -> None:
        client = self._hand.client
        call = client.lease_change("DELETE", held.app, machine, nonce=held.nonce)
        try:
            self._hand.once(call, self._call_s)
        except PilothouseError as error:
            # It ends by itself within seconds; nothing else depends on it.
            log.info("The lease on machine %s was not given back: %s", machine, error)

    def _for_each(self, act: Callable[[str, _Held], None], leases: dict[str, _Held]) -> None:
        if len(leases) < 2:
            for machine, held in leases.items():
                act(machine, held)
            return
        with ThreadPoolExecutor(min(WORKERS, len(leases)), "pilothouse-machine-leases") as pool:
            for done in [pool.submit(act, machine, held) for machine, held in leases.items()]:
                done.result()

    @property
    def _call_s(self) -> float:
        return min(LONGEST_CALL_S, self._hand.timing.call_s)

    @property
    def _description(self) -> str:
        return f"{self._hand.run.deployment_id}/{self._hand.run.fence}"


def _held_by(machine: str, lease: HeldLease) -> str:
    ends = ""
    if lease.expires_at:
        ends = f" until {datetime.fromtimestamp(lease.expires_at, UTC):%H:%M:%S} UTC"
    what = f" (“{lease.description}”)" if lease.description else ""
    owner = lease.owner or "Somebody else"
    return f"{owner} holds machine {machine[:4]}{ends}{what}."
