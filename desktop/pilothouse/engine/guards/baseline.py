"""Is the app still on what the plan was made from?"""

from __future__ import annotations

from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.engine.guards.situation import Situation


def check(situation: Situation) -> Verdict:
    """A stale plan is refused, never repaired."""
    facts, plan = situation.facts, situation.plan
    release = facts.live.release
    on = f"v{release.version}" if release else "no release"
    if plan is not None and plan.fingerprint != facts.fingerprint:
        was = f"v{plan.from_version}" if plan.from_version else "no release"
        moved = f"{on} was released meanwhile" if on != was else "The app was changed meanwhile"
        return Verdict(
            Family.BASE,
            Ruling.BLOCK,
            f"{moved}; this plan was made for {was} as it was at {plan.made_at:%H:%M:%S} UTC.",
            "Make the plan anew.",
        )
    return Verdict(Family.BASE, Ruling.PASS, f"Still on {on}.")
