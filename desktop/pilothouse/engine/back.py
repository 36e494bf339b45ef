"""The way back: the inverse of whatever was begun, newest stage first, proven at its end.

Pure. What was begun and never settled counts as landed; each inverse looks first and does nothing
where nothing is there. The release book is put right last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pilothouse.domain.change import VERIFY, Step
from pilothouse.domain.deployment import Cause, Progress
from pilothouse.domain.ports import Operations
from pilothouse.engine.prober import Prober

SHORTEST_PROOF_S = 15.0
LONGEST_PROOF_S = 120.0


class AlikeError(Exception):
    """Old and new fail alike, so that going back would help nobody."""


def back_steps(
    progress: Progress, operations: Operations, prober: Prober, *, cause: Cause
) -> tuple[Step, ...]:
    """The steps that undo what was begun; raises `AlikeError` where that would help nobody.

    A person who asks to go back is not asked about evidence.
    """
    if cause is not Cause.PERSON and prober.old_side_fails():
        raise AlikeError(
            f"{progress.plan.old_side.label} fails just the same, so it is not the release’s "
            "fault. Nothing more is changed until a person says so."
        )
    undoing = _undo(progress, operations)
    acting = [step for step in undoing if not step.books_only]
    books = [step for step in undoing if step.books_only]
    last = max((step.stage for step in acting), default=-1)
    if acting:
        last += 1
        acting.append(_verify(progress, last))
    return tuple(acting + [replace(step, stage=last + 1) for step in books])


def _undo(progress: Progress, operations: Operations) -> list[Step]:
    begun = [s for s in progress.plan.steps if progress.of(s.key).may_have_landed]
    stages = sorted({step.stage for step in begun}, reverse=True)
    undoing: list[Step] = []
    for number, stage in enumerate(stages):
        for step in reversed([s for s in begun if s.stage == stage]):
            undoing += [replace(one, stage=number) for one in operations.inverse(step)]
    return undoing


def _verify(progress: Progress, stage: int) -> Step:
    old = progress.plan.old_side
    instances: Sequence[str] = old.instances
    bake_s = progress.plan.policy.timing.bake_max_s
    return Step(
        key="back/verify",
        op=VERIFY,
        args={"side": "old", "artifact": old.artifact, "instances": list(instances)},
        title=f"Prove that {old.label} serves again",
        group="Prove it",
        stage=stage,
        lane="",
        changes=False,
        expected_s=5.0,
        limit_s=min(LONGEST_PROOF_S, max(SHORTEST_PROOF_S, bake_s)),
    )
