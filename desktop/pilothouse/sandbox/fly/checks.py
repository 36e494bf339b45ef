"""Health checks of one machine: real requests to its process, at the pace of the platform.

Right after a start there are no results; then every check is critical until it has been asked, once
its grace period is over. Results change nothing but routing: no check restarts a machine. Each
check has a timer of its own and a task only while it asks, so that hundreds of idle machines
cost no more than their requests.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pilothouse.sandbox.fly.durations import seconds
from pilothouse.sandbox.fly.probes import Question, ask, verdict
from pilothouse.sandbox.fly.state import Check, Config
from pilothouse.sandbox.pace import Pace, wall_s
from pilothouse.sandbox.workload import Instance

_FIRST_RESULT_S = 1.0
_LEAST_PAUSE_S = 0.25
_LEAST_PATIENCE_S = 1.0
_DEFAULT_INTERVAL_S = 15.0
_DEFAULT_TIMEOUT_S = 2.0
_NOT_STARTED = "the machine hasn't started"
_WAITING = "waiting for the grace period to end"


@dataclass(frozen=True, slots=True)
class Plan:
    """One configured check. Durations are platform seconds; `gates` routing or not."""

    name: str
    kind: str
    question: Question
    interval_s: float
    timeout_s: float
    grace_s: float
    gates: bool


def planned(config: Config) -> list[Plan]:
    """Return the checks that a machine's configuration asks for, under the platform's names."""
    plans = []
    for service in config.get("services") or []:
        for index, check in enumerate(service.get("checks") or []):
            kind = str(check.get("type") or "tcp")
            port = check.get("port") or service.get("internal_port") or 8080
            name = f"servicecheck-{index:02d}-{kind}-{port}"
            plans.append(_plan(name, check, gates=True))
    for name, check in (config.get("checks") or {}).items():
        plans.append(_plan(str(name), check, gates=check.get("kind") == "readiness"))
    return plans


def _plan(name: str, check: dict[str, Any], *, gates: bool) -> Plan:
    headers = [
        (str(header.get("name") or ""), str(value))
        for header in check.get("headers") or []
        for value in header.get("values") or []
    ]
    question = Question(
        method=str(check.get("method") or "GET").upper(),
        path=str(check.get("path") or "/"),
        headers=tuple(headers),
        encrypted=check.get("protocol") == "https",
    )
    return Plan(
        name,
        str(check.get("type") or "tcp"),
        question,
        seconds(check.get("interval"), _DEFAULT_INTERVAL_S),
        seconds(check.get("timeout"), _DEFAULT_TIMEOUT_S),
        seconds(check.get("grace_period"), 0.0),
        gates,
    )


def at_rest(config: Config) -> list[Check]:
    """Return what a machine's checks say while nothing runs in it.

    The words are those that `fly checks list` shows people; that it is a warning is an inference.
    """
    now = wall_s()
    return [Check(plan.name, "warning", _NOT_STARTED, now) for plan in planned(config)]


class Watch:
    """Keeps one running instance's check results fresh.

    `spacing` returns the least real seconds between two rounds, so that a fleet of hundreds
    shares a bounded number of checks a second. `seed` spreads the checks of such a fleet in time.
    """

    def __init__(
        self,
        pace: Pace,
        config: Config,
        report: Callable[[list[Check]], None],
        spacing: Callable[[], float],
        seed: str,
    ) -> None:
        self._pace = pace
        self._plans = planned(config)
        self._report = report
        self._spacing = spacing
        self._chance = random.Random(seed)
        self._results: dict[str, Check] = {}
        self._instance: Instance | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    @property
    def passing(self) -> bool:
        """Whether every check that gates routing has passed."""
        return all(
            plan.name in self._results and self._results[plan.name].status == "passing"
            for plan in self._plans
            if plan.gates
        )

    def follow(self, instance: Instance, *, at_once: bool = False) -> None:
        """Begin with a fresh instance; `at_once` skips the grace period, for one already warm."""
        self.end()
        self._instance = instance
        if not self._plans:
            return
        if at_once:
            self.hurry()
            return
        loop, first_s = asyncio.get_running_loop(), self._pace.seconds(_FIRST_RESULT_S)
        self._timers[""] = loop.call_later(first_s, self._begin)
        for plan in self._plans:
            self._later(plan, first_s + self._pace.seconds(plan.grace_s))

    def end(self) -> None:
        """Stop asking."""
        self._instance = None
        for timer in self._timers.values():
            timer.cancel()
        for task in self._asking.values():
            task.cancel()
        self._timers.clear()
        self._asking.clear()

    def hurry(self) -> None:
        """Ask again now instead of at the next round; what still has its grace keeps it."""
        for plan in self._plans:
            known = self._results.get(plan.name)
            if known is None or known.output != _WAITING:
                self._later(plan, 0.0)

    def _begin(self) -> None:
        for plan in self._plans:
            if plan.name not in self._results:
                self._note(plan, "critical", _WAITING)
        self._tell()

    def _later(self, plan: Plan, delay_s: float) -> None:
        if self._instance is None:
            return
        timer = self._timers.pop(plan.name, None)
        if timer is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[plan.name] = loop.call_later(delay_s, self._round, plan)

    def _round(self, plan: Plan) -> None:
        self._timers.pop(plan.name, None)
        if plan.name not in self._asking:
            task = asyncio.get_running_loop().create_task(self._ask(plan))
            self._asking[plan.name] = task

    async def _ask(self, plan: Plan) -> None:
        instance = self._instance
        port = instance.port if instance is not None else None
        if port is None:
            found = ("critical", "connection refused")
        elif plan.kind == "http":
            patience_s = max(plan.timeout_s, _LEAST_PATIENCE_S)
            found = verdict(await ask(port, plan.question, timeout_s=patience_s))
        else:
            found = ("passing", "ok")
        if instance is None or instance is not self._instance:
            return
        self._asking.pop(plan.name, None)
        self._note(plan, *found)
        self._tell()
        if plan.name not in self._timers:
            self._later(plan, self._pause_s(plan))

    def _pause_s(self, plan: Plan) -> float:
        own_s = max(self._pace.seconds(plan.interval_s), _LEAST_PAUSE_S)
        pause_s = max(own_s, self._spacing()) if self.passing else own_s
        return pause_s * self._chance.uniform(0.9, 1.0)

    def _note(self, plan: Plan, status: str, output: str) -> None:
        known = self._results.get(plan.name)
        if known is None or known.status != status or known.output != output:
            self._results[plan.name] = Check(plan.name, status, output, wall_s())

    def _tell(self) -> None:
        known = [self._results[plan.name] for plan in self._plans if plan.name in self._results]
        self._report(known)
