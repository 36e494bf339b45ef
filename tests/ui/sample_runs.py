"""A believable plan for harbor-api and its runs, for the tests of sheets, run page and inbox.

All moments hang on `sample.NOW`; a run is told event by event, just as the engine would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pilothouse.domain.change import (
    VERIFY,
    Artifact,
    Change,
    ChangeKind,
    Plan,
    Side,
    Step,
    WayBack,
)
from pilothouse.domain.deployment import Event, EventKind, Progress
from pilothouse.domain.evidence import Probe
from pilothouse.domain.fold import advance
from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.domain.model import Json, Platform
from pilothouse.domain.policy import Policy
from pilothouse.engine.views import AppView
from tests.ui import sample

MACHINES = ("e286", "1d85", "90e7", "3f19", "a6c2", "6c77")
REGIONS = {"e286": "ams", "1d85": "ams", "90e7": "ams", "3f19": "fra", "a6c2": "fra", "6c77": "iad"}
WAVES = (("e286", "1d85"), ("90e7", "3f19"), ("a6c2", "6c77"))
NEW = "registry.fly.io/harbor-api@sha256:1f9e" + "0" * 56 + "77b0"
OLD = "registry.fly.io/harbor-api@sha256:c7d2" + "0" * 56 + "e113"


def step(key: str, op: str, title: str, group: str, *, stage: int, lane: str = "app") -> Step:
    """A step with the times that fit its operation."""
    expected = {"fly.drain": 4.0, "fly.update": 6.0, "fly.healthy": 8.0, VERIFY: 230.0}.get(op, 1.0)
    changes = op not in {"fly.drain", "fly.healthy", "fly.propagated", VERIFY}
    return Step(key, op, {}, title, group, stage, lane, changes, expected, 300.0)


def _roll(machine: str, wave: Sequence[str], stage: int) -> list[Step]:
    group = f"Roll {' '.join(wave)}"
    told = (
        ("cordon", "Take {} out of traffic"),
        ("drain", "Let {} finish"),
        ("update", "Update {}"),
        ("healthy", "Wait for the checks of {}"),
        ("uncordon", "Let users to {}"),
        ("propagated", "Wait until the edge knows {}"),
    )
    return [
        step(
            f"{verb}/{machine}",
            f"fly.{verb}",
            title.format(machine),
            group,
            stage=stage,
            lane=machine,
        )
        for verb, title in told
    ]


def fly_steps() -> tuple[Step, ...]:
    """A rolling deploy of six machines, two at a time."""
    steps = [step("record", "fly.record", "Record release v43", "Record release v43", stage=0)]
    for stage, wave in enumerate(WAVES, start=1):
        for machine in wave:
            steps += _roll(machine, wave, stage)
    steps.append(step("verify", VERIFY, "Prove v43 from outside", "Prove v43", stage=4))
    steps.append(step("settle", "fly.settle", "Settle the release", "Settle v43", stage=5))
    return tuple(steps)


def verdicts() -> tuple[Verdict, ...]:
    """Everything passes."""
    return (
        Verdict(Family.CREDENTIAL, Ruling.PASS, "May deploy harbor-api; valid for 61 more days."),
        Verdict(Family.BASE, Ruling.PASS, "Still on v42."),
        Verdict(Family.APP, Ruling.PASS, "6 of 6 healthy, nobody else deploys."),
        Verdict(Family.WAY_BACK, Ruling.PASS, "v42’s image is in the registry by digest."),
    )


def plan_of(view: AppView, change: Change, **more: object) -> Plan:
    """A plan for harbor-api; `more` replaces fields."""
    fly = view.app.platform is Platform.FLY
    made = Plan(
        change=change,
        app=view.app,
        from_version=42,
        to_version=43,
        target=Artifact(NEW, "harbor-api:main-5fd81b2"),
        old_side=Side("v42", OLD, MACHINES if fly else ()),
        way_back=WayBack(
            42, Artifact(OLD, "v42"), ready=True, sentence="From any step, no build.", expected_s=9
        ),
        verdicts=verdicts(),
        steps=fly_steps(),
        snapshot={"machines": {name: {"region": place} for name, place in REGIONS.items()}},
        fingerprint="f1",
        policy=Policy(production=view.production),
        probe_path="/",
        made_at=sample.NOW,
        acts_as="lena@harbor.example",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def deploy_plan(view: AppView, **more: object) -> Plan:
    """A deploy of v43."""
    change = Change(ChangeKind.DEPLOY, "harbor:harbor-api", image="registry.fly.io/harbor-api:next")
    return plan_of(view, change, **more)


def harbor_api() -> AppView:
    """The app it is all about, with its six machines."""
    view = sample.view_of(sample.HARBOR, "harbor-api", 42)
    assert view.live is not None
    one = view.live.instances[0]
    instances = tuple(
        replace(one, id=name, place=REGIONS[name], version=f"01{name}") for name in MACHINES
    )
    return replace(view, live=replace(view.live, instances=instances))


class Teller:
    """Writes a run's journal, one event after another, and folds it."""

    def __init__(self, plan: Plan, deployment_id: str = "8f3ac01d") -> None:
        self.id = deployment_id
        self.progress = Progress(plan)
        self.events: list[Event] = []
        self.at: datetime = sample.NOW

    def tell(
        self,
        kind: EventKind,
        key: str | None = None,
        *,
        after_s: float = 1.0,
        data: Mapping[str, Json] | None = None,
    ) -> Event:
        """One more event."""
        self.at += timedelta(seconds=after_s)
        number = len(self.events) + 1
        event = Event(
            self.id, number, f"{self.id}-{number}", 118, self.at, "Lena", kind, key, data or {}
        )
        self.events.append(event)
        self.progress = advance(self.progress, event)
        return event

    def start(self) -> None:
        """The run begins."""
        self.tell(EventKind.STARTED, data={"owner": "Lena on this computer"})

    def intend(self, key: str, *, after_s: float = 0.1) -> None:
        """A step begins."""
        self.tell(EventKind.INTENDED, key, after_s=after_s, data={"deadline": {}})

    def settle(
        self,
        key: str,
        outcome: str = "done",
        *,
        after_s: float = 2.0,
        reason: str = "",
        data: Mapping[str, Json] | None = None,
    ) -> None:
        """A step ends."""
        told: dict[str, Json] = {"outcome": outcome, "reason": reason, "data": dict(data or {})}
        self.tell(EventKind.SETTLED, key, after_s=after_s, data=told)

    def do(self, key: str, *, after_s: float = 2.0) -> None:
        """A step from beginning to end."""
        self.intend(key)
        self.settle(key, after_s=after_s)

    def roll(self, machines: Sequence[str]) -> None:
        """Machines change from beginning to end."""
        for machine in machines:
            for verb in ("cordon", "drain", "update", "healthy", "uncordon", "propagated"):
                self.do(f"{verb}/{machine}")

    def decide(self, steps: Sequence[Step], reason: str, *, cause: str = "evidence") -> None:
        """It goes back."""
        told: list[Json] = [{n: getattr(s, n) for n in s.__dataclass_fields__} for s in steps]
        self.tell(
            EventKind.DECIDED, after_s=0.1, data={"cause": cause, "reason": reason, "steps": told}
        )

    def end(self, state: str, reason: str, **more: Json) -> None:
        """It ends."""
        self.tell(EventKind.ENDED, data={"state": state, "reason": reason, **more})


def back_steps(machines: Sequence[str]) -> tuple[Step, ...]:
    """What undoes the machines that were changed."""
    steps = []
    for machine in machines:
        for verb, title in (("cordon", "Take {} out"), ("restore", "Give {} v42 back")):
            key, group = f"back/{verb}/{machine}", f"Give {' '.join(machines)} v42 back"
            steps.append(
                step(key, f"fly.{verb}", title.format(machine), group, stage=0, lane=machine)
            )
    steps.append(step("back/verify", VERIFY, "Verify v42", "Verify v42", stage=1))
    return tuple(steps)


def probes(
    count: int, *, lane: str = "public", instance: str | None = None, lost: Sequence[int] = ()
) -> tuple[Probe, ...]:
    """Requests asked twice a second; the ones whose numbers are in `lost` failed."""
    return tuple(
        Probe(
            at_s=1000 + at * 0.5,
            lane=lane,
            instance=instance,
            status=500 if at in lost else 200,
            latency_s=0.038 + (at * 7 % 13) / 1000,
            good=at not in lost,
        )
        for at in range(count)
    )
