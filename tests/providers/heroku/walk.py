"""Walking a plan's steps without an engine: one after the other, keeping what each gave back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pilothouse.domain.change import VERIFY, Change, ChangeKind, Facts, Step
from pilothouse.domain.model import App, Release
from pilothouse.domain.policy import Policy, Timing
from pilothouse.providers.heroku import HerokuProvider
from pilothouse.providers.heroku.operations import HerokuOperations
from tests.providers.heroku.fake_run import FakeRun, plan_of
from tests.providers.heroku.practice import SCALE, Practice


@dataclass
class Walk:
    """One planned change of billing and the hand that does it."""

    cloud: Practice
    provider: HerokuProvider
    app: App
    facts: Facts
    run: FakeRun
    operations: HerokuOperations

    @property
    def steps(self) -> dict[str, Step]:
        """The plan's steps by key, without the engine's own."""
        return {step.key: step for step in self.run.plan.steps if step.op != VERIFY}

    def go(self, *keys: str) -> None:
        """Do these steps; all of them when none is named."""
        self.do([self.steps[key] for key in keys] if keys else list(self.steps.values()))

    def do(self, steps: Sequence[Step]) -> None:
        """Do steps in order."""
        for step in steps:
            self.run.data[step.key] = self.operations.apply(step)

    def back(self) -> list[Step]:
        """The way back of everything, newest first."""
        steps = reversed(list(self.steps.values()))
        return [one for step in steps for one in self.operations.inverse(step)]

    @property
    def baseline(self) -> str:
        """The slug that ran before."""
        artifact = self.facts.way_back.artifact
        assert artifact is not None
        return artifact.ref

    @property
    def live_versions(self) -> set[int | None]:
        """The releases that the app's instances run now."""
        return {one.release for one in self.provider.live(self.app).instances}


def slug_of(provider: HerokuProvider, name: str) -> Change:
    """The deploy of one of the practice slugs, such as `next`."""
    rows = provider.releases(provider.find("billing-staging"), limit=200).releases
    version = next(row.version for row in rows if row.description == f"sandbox: {name}")
    return Change(ChangeKind.DEPLOY, "heroku:billing", slug_of=("billing-staging", version))


def walk(
    cloud: Practice,
    change: Change | str,
    *,
    back_to: Release | None = None,
    timing: Timing | None = None,
) -> Walk:
    """Plan a change of billing, or the deploy of a practice slug, as the planner would."""
    timing = timing or replace(Timing.for_scale(SCALE), read_s=2.0, booted_s=15.0)
    provider = cloud.provider(timing=timing)
    app = provider.find("billing")
    wanted = slug_of(provider, change) if isinstance(change, str) else change
    facts = provider.facts(app, wanted, back_to=back_to)
    policy = Policy(timing=timing)
    run = FakeRun(plan_of(wanted, facts, provider.steps(wanted, facts, policy), policy))
    return Walk(cloud, provider, app, facts, run, provider.operations(run))
