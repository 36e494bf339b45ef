"""A change and what was read become steps, and a step becomes its way back: pure.

Heroku replaces all dynos by itself once a release is current, so a change is one POST and two
waits. The way back is the same with the slug that ran before. A step's arguments hold all that
its operation needs; the marker in the description ties a release to its step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pilothouse.domain.change import VERIFY, Change, ChangeKind, Facts, Step
from pilothouse.domain.model import App, JsonMap
from pilothouse.domain.policy import Policy, Timing
from pilothouse.providers.heroku import pace
from pilothouse.providers.heroku.history import rollback_text

RELEASE, RELEASED, BOOTED = "release", "released", "booted"
BACK = "back/"
OP_RELEASE = "heroku.release"
OP_ROLLBACK = "heroku.rollback"
OP_RESTORE = "heroku.restore"
OP_SETTLED = "heroku.settled"
OP_RELEASED = "heroku.released"
OP_BOOTED = "heroku.booted"
CHANGING = frozenset({OP_RELEASE, OP_ROLLBACK, OP_RESTORE})
LANE = "app"
CALL_S = 1.0


def uuid_of(app: App) -> str:
    """The platform's own id of an app."""
    return app.id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Draft:
    """The steps of one direction, being written down; `name` is the release they lead to."""

    timing: Timing
    name: str
    has_command: bool
    preboot: bool
    back: bool = False

    def post(self, key: str, op: str, args: JsonMap, title: str) -> Step:
        """The one step that changes something."""
        limit_s = 2 * self.timing.call_s
        return self._step(key, op, args, title, (CALL_S, limit_s))

    def settled(self, key: str, args: JsonMap) -> Step:
        """Wait until a release that is to be replaced is not under way any more."""
        title = "Wait until the release is not under way any more"
        return self._step(key, OP_SETTLED, args, title, (CALL_S, self.timing.released_s))

    def released(self, key: str, args: JsonMap) -> Step:
        """Watch the release phase to its end."""
        takes_s = pace.release_command_s(self.timing) if self.has_command else CALL_S
        title = f"Wait until {self.name} is released"
        return self._step(key, OP_RELEASED, args, title, (takes_s, self.timing.released_s))

    def booted(self, key: str, args: JsonMap) -> Step:
        """Wait for every web dyno, and under preboot for the traffic to move."""
        window_s = pace.preboot_s(self.timing) if self.preboot else 0.0
        takes_s = window_s + pace.boot_s(self.timing)
        limit_s = window_s + self.timing.booted_s
        title = f"Wait until the dynos run {self.name}"
        return self._step(key, OP_BOOTED, args, title, (takes_s, limit_s))

    def _step(
        self, key: str, op: str, args: JsonMap, title: str, seconds: tuple[float, float]
    ) -> Step:
        stages = (RELEASE, RELEASED, BOOTED)
        return Step(
            key=key,
            op=op,
            args=args,
            title=title,
            group=f"Go back to {self.name}" if self.back else f"Release {self.name}",
            stage=0 if self.back else stages.index(key),
            lane=LANE,
            changes=op in CHANGING,
            expected_s=seconds[0],
            limit_s=seconds[1],
        )


def steps_of(change: Change, facts: Facts, policy: Policy) -> tuple[Step, ...]:
    """All steps of a change, stage by stage in one lane."""
    snapshot: Any = facts.snapshot
    draft = Draft(
        policy.timing,
        name=f"v{snapshot['newest'] + 1}",
        has_command=snapshot["release_command"],
        preboot=snapshot["preboot"],
    )
    is_rollback = change.kind is ChangeKind.ROLLBACK
    post = _rollback(facts, draft) if is_rollback else _deploy(change, facts, draft)
    current = snapshot["current"]
    before = current["version"] if current is not None else None
    known: JsonMap = {"app": snapshot["app"], "of": RELEASE, "back": False, "before": before}
    return (
        post,
        draft.released(RELEASED, known),
        draft.booted(
            BOOTED,
            {**known, "preboot": draft.preboot, "baseline": snapshot["dynos"]},
        ),
        _verify(facts, policy),
    )


def _who(facts: Facts) -> JsonMap:
    snapshot = facts.snapshot
    return {"app": snapshot["app"], "base": snapshot["newest"], "user": facts.identity.user}


def _deploy(change: Change, facts: Facts, draft: Draft) -> Step:
    snapshot: Any = facts.snapshot
    current = snapshot["current"]
    back: JsonMap | None = None
    if current is not None:
        back = {**current, "preboot": draft.preboot, "command": snapshot["back_command"]}
    args: Any = {
        **_who(facts),
        "slug": facts.target.ref,
        "text": f"Deploy {facts.target.label}",
        "back": back,
    }
    return draft.post(RELEASE, OP_RELEASE, args, f"Release {change.words} as {draft.name}")


def _rollback(facts: Facts, draft: Draft) -> Step:
    snapshot: Any = facts.snapshot
    version = facts.target_version or 0
    args: JsonMap = {**_who(facts), **snapshot["rollback"], "text": rollback_text(version)}
    title = f"Roll back to v{version}, as {draft.name}"
    return draft.post(RELEASE, OP_ROLLBACK, args, title)


def _verify(facts: Facts, policy: Policy) -> Step:
    timing = policy.timing
    return Step(
        key=VERIFY,
        op=VERIFY,
        args={"side": "new", "artifact": facts.target.ref, "instances": []},
        title="Prove that nobody is hurt",
        group="Prove it",
        stage=3,
        lane=LANE,
        changes=False,
        expected_s=timing.bake_min_s,
        limit_s=timing.bake_max_s + timing.blind_s,
    )


def inverse_of(step: Step, timing: Timing, *, failed_phase: bool) -> tuple[Step, ...]:
    """The steps that bring back what ran before a step; none where no dyno ever changed.

    Our own release is let settle first: one whose release command still runs could become
    current after the way back.

    Args:
        step: one that was begun.
        timing: how long things may take.
        failed_phase: whether its release command failed, so that it never became current.
    """
    args: Any = step.args
    back = args.get("back")
    if step.op != OP_RELEASE or not back or failed_phase:
        return ()
    version = back["version"]
    draft = Draft(
        timing,
        name=f"v{version}",
        has_command=back["command"],
        preboot=back["preboot"],
        back=True,
    )
    ours: dict[str, Any] = {"app": args["app"], "base": args["base"], "of": step.key}
    restore: Any = {
        **ours,
        "user": args["user"],
        "version": version,
        "text": rollback_text(version),
        **({"slug": back["slug"]} if back["slug"] else {"release": back["id"]}),
    }
    known: JsonMap = {"app": args["app"], "of": f"{BACK}restore", "back": True, "before": version}
    return (
        draft.settled(f"{BACK}settled", ours),
        draft.post(f"{BACK}restore", OP_RESTORE, restore, f"Release the slug of v{version} again"),
        draft.released(f"{BACK}{RELEASED}", known),
        draft.booted(f"{BACK}{BOOTED}", {**known, "preboot": back["preboot"], "baseline": []}),
    )
