"""Can we come back, before we leave?"""

from __future__ import annotations

from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.engine.guards.situation import Situation


def check(situation: Situation) -> Verdict:
    """The previous artifact exists; for a rollback, the target itself does."""
    facts = situation.facts
    if situation.is_rollback:
        return _target(situation)
    way = facts.way_back
    if way.ready:
        return Verdict(Family.WAY_BACK, Ruling.PASS, way.sentence)
    known = way.artifact is not None and way.artifact.present is None
    return Verdict(
        Family.WAY_BACK,
        Ruling.UNKNOWN if known else Ruling.BLOCK,
        way.sentence,
        "Make sure that the live release can be run again first.",
        can_override=True,
    )


def _target(situation: Situation) -> Verdict:
    target = situation.facts.target
    live = situation.facts.live.release
    if target.present is False:
        return Verdict(
            Family.WAY_BACK,
            Ruling.BLOCK,
            f"{target.label} cannot be run: what it ran is gone.",
            "Choose another release.",
        )
    if (
        live is not None
        and target.release == live.version
        and not situation.facts.live.disagreement
    ):
        return Verdict(
            Family.WAY_BACK, Ruling.BLOCK, f"{target.label} serves already.", "Choose another one."
        )
    if target.present is None:
        return Verdict(
            Family.WAY_BACK,
            Ruling.UNKNOWN,
            f"It is not known whether {target.label} can still be run.",
            "Ask again, or choose another release.",
        )
    return Verdict(Family.WAY_BACK, Ruling.PASS, f"{target.label} can be run again.")
