"""Health checks of one machine: real requests to its process, at the pace of the platform.

Right after a start there are no results; then every check is critical until it has been asked, once
its grace period is over. Results change nothing but routing: no check restarts a machine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pilothouse.sandbox.fly.ids import seconds
from pilothouse.sandbox.fly.state import Check, Config
from pilothouse.sandbox.pace import Pace
from pilothouse.sandbox.workload import Instance

_FIRST_RESULT_S = 1.0
_LEAST_PAUSE_S = 0.25
_DEFAULT_INTERVAL_S = 15.0
_DEFAULT_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One configured check. Durations are platform seconds; `gates` routing or not."""

    name: str
    kind: str
    path: str
    interval_s: float
    timeout_s: float
    grace_s: float
    gates: bool


def planned(config: Config) -> list[Plan]:
    """Return the checks that a machine's configuration asks for, under the platform's names."""
    plans = []
    for service in config.get("services") or []:
        for index, check in enumerate(service.get("checks") or []):
            kind = str(check.get("type", "tcp"))
            port = check.get("port") or service.get("internal_port", 8080)
            name = f"servicecheck-{index:02d}-{kind}-{port}"
            plans.append(_plan(name, check, gates=True))
    for name, check in (config.get("checks") or {}).items():
        plans.append(_plan(str(name), check, gates=check.get("kind") == "readiness"))
    return plans


def _plan(name: str, check: dict[str, Any], *, gates: bool) -> Plan:
    return Plan(
        name,
        str(check.get("type", "tcp")),
        str(check.get("path") or "/"),
        seconds(check.get("interval"), _DEFAULT_INTERVAL_S),
        seconds(check.get("timeout"), _DEFAULT_TIMEOUT_S),
        seconds(check.get("grace_period"), 0.0),
        gates,
    )


class Watch:
    """Keeps one running instance's check results fresh.

    `spacing` returns the least real seconds between two rounds, so that a fleet of hundreds
    shares a bounded number of checks a second.
    """

    def __init__(
        self,
        pace: Pace,
        config: Config,
        report: Callable[[list[Check]], None],
        spacing: Callable[[], float],
    ) -> None:
        self._pace = pace
        self._plans = planned(config)
        self._report = report
        self._spacing = spacing
        self._results: dict[str, Check] = {}
        self._task: asyncio.Task[None] | None = None
        self._now = asyncio.Event()

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
        if self._plans:
            self._task = asyncio.create_task(self._run(instance, at_once=at_once))

    def end(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def hurry(self) -> None:
        """Ask again now instead of at the next round."""
        self._now.set()

    async def _run(self, instance: Instance, *, at_once: bool) -> None:
        if not at_once:
            await self._pace.sleep(_FIRST_RESULT_S)
            for plan in self._plans:
                self._note(plan, "critical", "waiting for the grace period to end")
            self._tell()
            await self._pace.sleep(max(plan.grace_s for plan in self._plans))
        while True:
            for plan in self._plans:
                await self._ask(plan, instance)
            self._tell()
            await self._pause()

    async def _pause(self) -> None:
        own = self._pace.seconds(min(plan.interval_s for plan in self._plans))
        pause = max(own, _LEAST_PAUSE_S, self._spacing() if self.passing else 0.0)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._now.wait(), pause)
        self._now.clear()

    async def _ask(self, plan: Plan, instance: Instance) -> None:
        if plan.kind != "http":
            heard = instance.port is not None
            self._note(plan, "passing" if heard else "critical", "ok" if heard else "refused")
            return
        try:
            status = await instance.probe(plan.path, timeout_s=max(plan.timeout_s, 1.0))
        except (OSError, TimeoutError) as failure:
            self._note(plan, "critical", str(failure) or "context deadline exceeded")
            return
        good = 200 <= status < 300
        self._note(plan, "passing" if good else "critical", f"{status}")

    def _note(self, plan: Plan, status: str, output: str) -> None:
        known = self._results.get(plan.name)
        if known is None or known.status != status or known.output != output:
            self._results[plan.name] = Check(plan.name, status, output, time.time())

    def _tell(self) -> None:
        self._report([self._results[plan.name] for plan in self._plans])
