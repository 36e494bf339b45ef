"""Asking the app from outside, from before the first change to the end of the bake.

A loss counts only when a control address answered *after* it: our own network being down is never
the app's fault. Pinned requests tell old and new apart where the platform lets us choose who
answers; elsewhere the public address is the new side once every instance is new.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import quantiles

from pilothouse.domain.change import Plan
from pilothouse.domain.errors import PlatformError
from pilothouse.domain.evidence import TOO_MANY, Counts, Judgement, Probe, count, dead_for, judge
from pilothouse.domain.news import Probed
from pilothouse.domain.ports import Asker, Clock, Listener, Provider

log = logging.getLogger(__name__)
PUBLIC = "public"
WORKERS = 8
KEPT = 20_000
BASELINE = 5
RECENT_S = 15.0
CONTROL_S = 2.0


class Prober:
    """Asks at the policy's pace on its own threads; every method is safe from any thread."""

    def __init__(
        self,
        deployment_id: str,
        plan: Plan,
        *,
        asker: Asker,
        provider: Provider,
        clock: Clock,
        publish: Listener,
    ) -> None:
        self._deployment_id, self._plan = deployment_id, plan
        self._asker, self._provider = asker, provider
        self._clock, self._publish = clock, publish
        self._timing = plan.policy.timing
        self._url = plan.app.addresses[0].rstrip("/") if plan.app.addresses else ""
        self._path = plan.policy.probe_path or plan.probe_path or "/"
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._in_flight = 0
        self._old = list(plan.old_side.instances)
        self._new: list[str] = []
        self._public_is_new_s: float | None = None
        self._sides: dict[str, deque[Probe]] = {
            side: deque(maxlen=KEPT) for side in ("old", "new", PUBLIC)
        }
        self._all = Counts()
        self._good_class: int | None = None
        self._thread = threading.Thread(
            target=self._ask_on, name=f"pilothouse-prober-{deployment_id}", daemon=True
        )

    @property
    def has_address(self) -> bool:
        """Whether there is anything to ask; without, only the platform's signs are left."""
        return bool(self._url)

    def start(self) -> None:
        """Begin to ask."""
        if self.has_address:
            self._thread.start()

    def stop(self) -> None:
        """Ask no more; returns when the last answer is in or was given up."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(self._timing.probe_timeout_s + CONTROL_S + 1.0)

    def leaves_traffic(self, instance: str) -> None:
        """An instance is about to be changed: it speaks for no side from now on."""
        with self._lock:
            self._old = [one for one in self._old if one != instance]
            self._new = [one for one in self._new if one != instance]

    def serves_new(self, instances: Sequence[str]) -> None:
        """These instances serve the change's target from now on."""
        with self._lock:
            self._new += [one for one in instances if one not in self._new]

    def serves_old(self, instances: Sequence[str]) -> None:
        """These instances serve what the app ran before, again."""
        with self._lock:
            self._old += [one for one in instances if one not in self._old]

    def all_is_new(self) -> None:
        """From now on every instance is new, so that the public address speaks for it."""
        with self._lock:
            if self._public_is_new_s is None:
                self._public_is_new_s = self._clock.steady()

    def going_back(self) -> float:
        """The public address speaks for nobody any more; returns the steady clock's reading."""
        with self._lock:
            self._public_is_new_s = None
            return self._clock.steady()

    # -- what was seen ---------------------------------------------------------------------

    @property
    def has_baseline(self) -> bool:
        """Whether enough was asked before the change to know what a good answer is."""
        with self._lock:
            return not self.has_address or self._all.asked >= BASELINE

    def all_counts(self) -> Counts:
        """Everything asked in this run, whoever answered."""
        with self._lock:
            return self._all

    def new_counts(self) -> Counts:
        """What was asked of the new side."""
        return count(self._of("new"))

    def new_side(self) -> Judgement:
        """What the evidence says of the new side so far."""
        return judge(self.new_counts())

    def new_dead_s(self) -> float:
        """Seconds for which the new side gave no good answer."""
        return dead_for(self._of("new"))

    def old_side_fails(self) -> bool:
        """Whether the old side failed just now as badly as would condemn a new one."""
        since = self._clock.steady() - RECENT_S
        recent = [p for p in self._of("old") if p.at_s >= since]
        return count(recent).bursts >= TOO_MANY or dead_for(recent) >= self._timing.dead_s

    def since(self, at_s: float) -> tuple[Probe, ...]:
        """All probes sent since a reading of the steady clock, oldest first."""
        with self._lock:
            every = [p for side in self._sides.values() for p in side if p.at_s >= at_s]
        return tuple(sorted(every, key=lambda probe: probe.at_s))

    def latencies_ms(self, side: str) -> tuple[float, float] | None:
        """Median and 95th percentile of good answers, in ms; None below ten of them."""
        return _spread_ms(self._of(side))

    def _of(self, side: str) -> tuple[Probe, ...]:
        with self._lock:
            return tuple(self._sides[side])

    def _ask_on(self) -> None:
        lanes = self._lanes()
        with ThreadPoolExecutor(WORKERS, f"pilothouse-probe-{self._deployment_id}") as pool:
            while not self._stop.wait(self._timing.probe_gap_s):
                with self._lock:
                    if self._in_flight >= WORKERS:
                        continue
                    self._in_flight += 1
                pool.submit(self._ask_once, *next(lanes))

    def _lanes(self) -> Iterator[tuple[str, str | None]]:
        """Turn by turn: the public address, a new instance, an old one."""
        for turn in itertools.count():
            yield PUBLIC, None
            with self._lock:
                sides = [("new", tuple(self._new)), ("old", tuple(self._old))]
            for side, instances in sides:
                if instances and self._provider.pin(instances[0]) is not None:
                    yield side, instances[turn % len(instances)]

    def _ask_once(self, side: str, instance: str | None) -> None:
        try:
            self._ask(side, instance)
        except Exception:  # a defect must not use up the workers until nobody asks any more
            log.exception("A request from outside could not be made or judged.")
        finally:
            with self._lock:
                self._in_flight -= 1

    def _ask(self, side: str, instance: str | None) -> None:
        sent = self._clock.steady()
        headers = {"user-agent": "Pilothouse prober", "cache-control": "no-cache"}
        headers |= (self._provider.pin(instance) or {}) if instance else {}
        lane = instance or PUBLIC
        status: int | None = None
        why = ""
        try:
            answer = self._asker.ask(
                self._url + self._path, headers=headers, timeout_s=self._timing.probe_timeout_s
            )
            status = answer.status
            instance = instance or self._provider.answered_by(answer.headers, answer.body)
        except PlatformError as error:
            why = str(error)
        latency = self._clock.steady() - sent
        good = self._is_good(status)
        counts = good or self._control_answers()
        self._keep(side, Probe(sent, lane, instance, status, latency, good, counts, why))

    def _is_good(self, status: int | None) -> bool:
        if status is None or status >= 500:
            return False
        return self._good_class is None or status // 100 == self._good_class

    def _control_answers(self) -> bool:
        try:
            self._asker.ask(self._provider.control_url, headers={}, timeout_s=CONTROL_S)
        except PlatformError:
            return False
        return True

    def _keep(self, side: str, probe: Probe) -> None:
        with self._lock:
            if side == PUBLIC:
                switched = self._public_is_new_s
                if switched is not None and probe.at_s >= switched:
                    side = "new"
            elif probe.instance not in (self._new if side == "new" else self._old):
                # It left traffic while the request was under way: a loss is nobody's.
                side, probe = PUBLIC, replace(probe, counts=probe.good)
            self._sides[side].append(probe)
            self._all = self._all.with_probe(probe)
            if self._good_class is None and self._all.asked == BASELINE:
                self._good_class = _usual_class(self._sides.values())
        self._publish(Probed(self._deployment_id, (probe,)))


def _usual_class(sides: Iterable[Iterable[Probe]]) -> int | None:
    """The status class (2 for 2xx) that most good answers had."""
    classes = [p.status // 100 for side in sides for p in side if p.status and p.good]
    return max(set(classes), key=classes.count) if classes else None


def _spread_ms(probes: Iterable[Probe]) -> tuple[float, float] | None:
    good = [probe.latency_s * 1000 for probe in probes if probe.good]
    if len(good) < 10:
        return None
    cuts = quantiles(good, n=20)
    return cuts[9], cuts[18]
