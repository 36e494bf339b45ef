"""The steps of a change, and those that undo each of them: pure, from the snapshot alone.

*Rolling*: a wave is at most `max_unavailable` of a group's warm machines, spread over its regions;
waves are of like size, since none gets done sooner by being larger. Each machine cordons, drains,
updates, proves healthy and uncordons in a lane of its own. Machines that sleep come last and are
not woken. Whatever the snapshot says was cordoned stays so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pilothouse.domain.change import VERIFY, Change, ChangeKind, Facts, Step
from pilothouse.domain.model import Json
from pilothouse.domain.policy import Policy, Timing
from pilothouse.providers.fly import health
from pilothouse.providers.fly import steps as step
from pilothouse.providers.fly.steps import Place


@dataclass(frozen=True, slots=True)
class Target:
    """One machine of the snapshot, and the configuration that it is to get."""

    id: str
    region: str
    group: str
    warm: bool
    cordoned: bool
    version: str
    config: dict[str, Any]

    @property
    def short(self) -> str:
        """The beginning of its id, as people name it."""
        return self.id[:4]

    @property
    def has_service(self) -> bool:
        """Whether the proxy sends it anything."""
        return bool(self.config.get("services"))

    @property
    def may_sleep(self) -> bool:
        """Whether the proxy stops it when it is not needed."""
        services = self.config.get("services") or []
        return any(one.get("autostop") not in {None, False, "off"} for one in services)


def targets(facts: Facts) -> list[Target]:
    """The machines that the change can reach, in the order of their ids."""
    snapshot: Any = facts.snapshot
    configs = snapshot.get("targets") or {}
    return [
        Target(
            id=machine_id,
            region=one["region"],
            group=one["group"],
            warm=one["state"] in health.WARM or bool(one.get("crashed")),
            cordoned=one["cordoned"],
            version=one["version"],
            config=configs.get(machine_id) or one["config"],
        )
        for machine_id, one in sorted(snapshot["machines"].items())
        if one["config"] is not None
    ]


def at_once(warm: int, max_unavailable: float) -> int:
    """How many of a group's warm machines may be out of traffic at a time; at least one."""
    count = math.ceil(warm * max_unavailable) if max_unavailable < 1 else int(max_unavailable)
    return max(1, min(count, warm))


def waves(machines: Sequence[Target], max_unavailable: float) -> list[list[Target]]:
    """The warm machines in waves: groups side by side, each wave spread over the regions."""
    found: list[list[Target]] = []
    for group in sorted({one.group for one in machines}):
        warm = _spread([one for one in machines if one.group == group and one.warm])
        size = _even(len(warm), at_once(len(warm), max_unavailable))
        for number, start in enumerate(range(0, len(warm), size)):
            if number == len(found):
                found.append([])
            found[number] += warm[start : start + size]
    return found


def _even(count: int, most: int) -> int:
    """The size of waves that take no longer than waves of `most`, and are as small as can be."""
    return math.ceil(count / math.ceil(count / most)) if count else 1


def _spread(machines: Sequence[Target]) -> list[Target]:
    seen: dict[str, int] = {}
    order: list[tuple[int, str, Target]] = []
    for one in machines:
        order.append((seen.get(one.region, 0), one.region, one))
        seen[one.region] = seen.get(one.region, 0) + 1
    return [one for _, _, one in sorted(order, key=lambda entry: entry[:2])]


def steps(change: Change, facts: Facts, policy: Policy) -> tuple[Step, ...]:
    """All steps of the change."""
    return _Roll(change, facts, policy).steps()


class _Roll:
    """One rolling change, written down step by step."""

    def __init__(self, change: Change, facts: Facts, policy: Policy) -> None:
        self._change, self._facts, self._policy = change, facts, policy
        self._timing = policy.timing
        self._machines = targets(facts)
        # Going back is how a broken app comes back: whatever was taken out of traffic returns.
        self._brings_back = change.kind is ChangeKind.ROLLBACK
        snapshot: Any = facts.snapshot
        self._known: dict[str, Any] = snapshot["release"]

    def steps(self) -> tuple[Step, ...]:
        found = [self._record(), self._settle("settle-running", "running", 0)]
        stage = 0
        for wave in waves(self._machines, self._policy.max_unavailable):
            stage += 1
            for one in wave:
                place = self._place(one, f"Roll {_places(wave)}", stage)
                found += self._warm(one, place, hide=self._hides(one, wave))
        cold = [one for one in self._machines if not one.warm]
        stage += bool(cold)
        for one in cold:
            place = self._place(one, f"Roll {_places(cold)}, asleep", stage)
            found.append(self._update(one, place, hidden=one.cordoned))
        found.append(self._verify(stage + 1))
        found.append(self._settle("settle", "complete", stage + 2))
        return tuple(found)

    def _place(self, one: Target, group: str, stage: int) -> Place:
        return Place(self._facts.app.name, one.id, one.region, group, stage)

    def _hides(self, one: Target, wave: Sequence[Target]) -> bool:
        """Whether to take it out of traffic first: not when nobody would be left in it.

        Then requests wait at the proxy for as long as the update takes, and no longer.
        """
        if one.cordoned or not one.has_service:
            return False
        group = [m for m in self._machines if m.group == one.group and m.warm and not m.cordoned]
        return any(other not in wave for other in group)

    def _warm(self, one: Target, place: Place, *, hide: bool) -> list[Step]:
        timing = self._timing
        update = self._update(one, place, hidden=hide or one.cordoned)
        joins = not hide and not one.cordoned
        well = step.healthy(place, timing, after="update", joins=joins)
        shown = step.propagated(place, timing, after="update")
        into_traffic = [step.uncordon(place, timing), shown]
        if one.cordoned and self._brings_back:
            return [update, well, *into_traffic]
        if not hide:
            return [update, well]
        return [
            step.cordon(place, timing),
            step.drain(place, timing),
            update,
            well,
            *into_traffic,
        ]

    def _update(self, one: Target, place: Place, *, hidden: bool) -> Step:
        args: dict[str, Json] = {
            "config": one.config,
            "image": self._facts.target.ref,
            "version": one.version,
            "record": "record",
            "release": self._known["newest"] + 1,
            "hidden": hidden,
            "launch": one.warm,
            "joins": not hidden,
        }
        return step.update(place, self._timing, args)

    def _record(self) -> Step:
        facts = self._facts
        back = self._change.kind is ChangeKind.ROLLBACK
        args: dict[str, Json] = {
            **self._book(),
            "definition": self._known["definition"],
            "description": f"Rollback to v{facts.target.release}" if back else "",
        }
        return step.books(
            "record", step.RECORD, "Record the release", 0, timing=self._timing, args=args
        )

    def _settle(self, key: str, status: str, stage: int) -> Step:
        args: dict[str, Json] = {**self._book(), "record": "record", "status": status}
        title = f"Mark the release as {status}"
        return step.books(key, step.SETTLE, title, stage, timing=self._timing, args=args)

    def _book(self) -> dict[str, Json]:
        """All by which a record of ours is found again."""
        return {
            "app": self._facts.app.name,
            "app_id": self._known["app_id"],
            "image": self._facts.target.ref,
            "base": self._known["newest"],
            "user": self._facts.identity.user,
        }

    def _serves(self, one: Target) -> bool:
        """Whether it is to be in traffic in the end."""
        return self._brings_back or not one.cordoned

    def _verify(self, stage: int) -> Step:
        serving = [m for m in self._machines if m.warm and self._serves(m) and not m.may_sleep]
        named: list[Json] = [one.id for one in serving]
        return Step(
            key=VERIFY,
            op=VERIFY,
            args={"side": "new", "artifact": self._facts.target.ref, "instances": named},
            title=f"Prove that {self._facts.target.label} serves",
            group="Prove it",
            stage=stage,
            lane="",
            changes=False,
            expected_s=self._timing.bake_min_s,
            limit_s=self._timing.bake_max_s + step.SPARE_S,
        )


def _places(machines: Sequence[Target]) -> str:
    regions: dict[str, list[str]] = {}
    for one in machines:
        regions.setdefault(one.region, []).append(one.short)
    return ", ".join(f"{region} {' '.join(ids)}" for region, ids in sorted(regions.items()))


def inverse(done: Step, timing: Timing) -> tuple[Step, ...]:
    """The steps that undo one step of a deploy; each of them looks first.

    A machine is taken out of traffic before its old configuration comes back, and put back into it
    afterwards; one that slept is given its old configuration asleep. A machine's lane stays its.
    """
    if done.op == step.RECORD:
        return (_settle_failed(done, timing),)
    if done.op not in {step.CORDON, step.UPDATE, step.UNCORDON}:
        return ()
    place = Place.back_from(done)
    if done.op == step.UNCORDON:
        return (step.cordon(place, timing), step.drain(place, timing))
    if done.op == step.CORDON:
        shown = step.propagated(place, timing, after="restore")
        return (step.uncordon(place, timing), shown)
    args = {name: done.args[name] for name in ("config", "version", "hidden", "launch")}
    put_back = step.restore(place, timing, {**args, "update": done.key})
    if not done.args["launch"]:
        return (step.rested(place, timing), put_back)
    joins = bool(done.args["joins"])
    well = step.healthy(place, timing, after="restore", joins=joins)
    return (step.rested(place, timing), put_back, well)


def _settle_failed(record: Step, timing: Timing) -> Step:
    names = ("app", "app_id", "image", "base", "user")
    args: dict[str, Json] = {name: record.args[name] for name in names}
    args |= {"record": record.key, "status": "failed"}
    title = "Mark the release as failed"
    key = f"{step.BACK}settle"
    return step.books(key, step.SETTLE, title, record.stage, timing=timing, args=args)
