"""A run without an engine: what operations may know of it, kept in plain fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pilothouse.domain.change import Change, Facts, Plan, Side, Step
from pilothouse.domain.errors import Interrupted
from pilothouse.domain.model import JsonMap
from pilothouse.domain.policy import Policy
from tests.waiting import PAUSE_S, until

NEVER = float("inf")


def plan_of(change: Change, facts: Facts, steps: tuple[Step, ...], policy: Policy) -> Plan:
    """A plan as the planner makes it, without verdicts."""
    live = facts.live.release
    return Plan(
        change=change,
        app=facts.app,
        from_version=live.version if live else None,
        to_version=facts.target_version,
        target=facts.target,
        old_side=Side("before", None),
        way_back=facts.way_back,
        verdicts=(),
        steps=steps,
        snapshot=facts.snapshot,
        fingerprint=facts.fingerprint,
        policy=policy,
        probe_path="/",
        made_at=datetime.now(UTC),
    )


@dataclass
class FakeRun:
    """Keeps what steps gave back; a wait is short, and ends early when `stopped`."""

    plan: Plan
    deployment_id: str = "5f3a9c01"
    fence: int = 1
    lease_s: float = NEVER
    stopped: bool = False
    data: dict[str, JsonMap] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    on_wait: Callable[[], None] | None = None

    def data_of(self, key: str) -> JsonMap:
        return self.data.get(key, {})

    def reason_of(self, key: str) -> str:
        return self.reasons.get(key, "")

    def lease_left_s(self) -> float:
        return self.lease_s

    def wait(self, seconds: float) -> None:
        if self.stopped:
            raise Interrupted("The wait was cut short.")
        if self.on_wait is not None:
            self.on_wait()
        looks = iter(range(max(1, round(seconds / PAUSE_S))))
        until(lambda: next(looks, None) is None, "the end of a wait", seconds + 5)

    def note(self, step: Step, text: str) -> None:
        self.notes.append(text)
