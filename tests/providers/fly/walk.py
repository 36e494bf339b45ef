"""Walking a plan's steps against the sandbox without an engine, stage by stage, lane by lane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pilothouse.domain.change import VERIFY, Change, ChangeKind, Facts, Step
from pilothouse.domain.model import Account, App, Platform, Release
from pilothouse.domain.policy import Policy, Timing
from pilothouse.domain.ports import Operations
from pilothouse.providers.fly.client import FlyBases
from pilothouse.providers.fly.provider import FlyProvider
from tests.providers.heroku.fake_run import FakeRun, plan_of
from tests.sandbox_process import SandboxProcess

APP = "harbor-api"
KEY = f"fly:{APP}"
ACCOUNT = Account("practice", Platform.FLY, "Practice", "127.0.0.1", "sandbox")


def timing_of(sandbox: SandboxProcess) -> Timing:
    """Timing for tests: as in practice, with short patience."""
    return replace(
        Timing.for_scale(sandbox.scale), call_s=2.0, read_s=3.0, healthy_s=6.0, machine_lease_s=13
    )


def provider_of(sandbox: SandboxProcess, *, token: str = "") -> FlyProvider:
    """A provider for the sandbox's one account."""
    announced = sandbox.announcement
    fly = announced.fly
    bases = FlyBases(
        api=fly["FLY_API_BASE_URL"],
        flaps=fly["FLY_FLAPS_BASE_URL"],
        uiex=fly["FLY_UIEX_BASE_URL"],
        registry=fly["FLY_REGISTRY_HOST"],
    )
    secret = token or announced.token
    return FlyProvider(ACCOUNT, lambda: secret, bases=bases, timing=timing_of(sandbox))


@dataclass
class Walk:
    """One planned change of harbor-api and the hand that does it."""

    sandbox: SandboxProcess
    provider: FlyProvider
    app: App
    facts: Facts
    run: FakeRun
    operations: Operations

    @property
    def steps(self) -> dict[str, Step]:
        """The plan's steps by key, without the engine's own."""
        return {step.key: step for step in self.run.plan.steps if step.op != VERIFY}

    @property
    def first(self) -> str:
        """The machine that is rolled first."""
        return next(step.lane for step in self.steps.values() if step.op == "fly.update")

    def go(self, *keys: str) -> None:
        """Do these steps one after another; all of them, lanes side by side, when none is named."""
        if keys:
            for key in keys:
                self.apply(self.steps[key])
        else:
            self.do(list(self.steps.values()))

    def do(self, steps: Sequence[Step]) -> None:
        """Do steps stage by stage, the lanes of each side by side."""
        for stage in sorted({step.stage for step in steps}):
            lanes: dict[str, list[Step]] = {}
            for step in steps:
                if step.stage == stage:
                    lanes.setdefault(step.lane, []).append(step)
            with ThreadPoolExecutor(len(lanes)) as pool:
                for done in [pool.submit(self._lane, lane) for lane in lanes.values()]:
                    done.result()

    def _lane(self, lane: Sequence[Step]) -> None:
        for step in lane:
            self.apply(step)

    def apply(self, step: Step) -> None:
        """Do one step, keeping what it gives back."""
        self.run.data[step.key] = self.operations.apply(step)

    def back(self, *keys: str) -> list[Step]:
        """The way back of these steps, or of all, newest stage first."""
        begun = [step for step in self.steps.values() if not keys or step.key in keys]
        found: list[Step] = []
        for number, stage in enumerate(sorted({step.stage for step in begun}, reverse=True)):
            for step in reversed([one for one in begun if one.stage == stage]):
                found += [replace(one, stage=number) for one in self.operations.inverse(step)]
        return found

    def machine(self, machine: str) -> dict[str, Any]:
        """A machine as the sandbox has it."""
        return self.sandbox.control.instances(KEY)[machine]

    def next_hand(self, fence: int) -> Operations:
        """Another hand of the same deployment, as after a crash."""
        self.run.fence = fence
        return self.provider.operations(self.run)


def deploy(tag: str) -> Change:
    """The deploy of one of the practice images."""
    return Change(ChangeKind.DEPLOY, KEY, image=f":{tag}")


@contextmanager
def walking(
    sandbox: SandboxProcess, change: Change, *, back_to: Release | None = None
) -> Iterator[Walk]:
    """Plan a change of harbor-api as the planner would; the hand is closed in the end."""
    provider = provider_of(sandbox)
    app = provider.find(APP)
    facts = provider.facts(app, change, back_to=back_to)
    policy = Policy(timing=timing_of(sandbox))
    run = FakeRun(plan_of(change, facts, provider.steps(change, facts, policy), policy))
    walk = Walk(sandbox, provider, app, facts, run, provider.operations(run))
    try:
        yield walk
    finally:
        walk.operations.close()
        provider.close()
