"""Production asks for the app's name, typed, just before acting."""

from __future__ import annotations

from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.engine.guards.situation import Situation


def check(situation: Situation) -> Verdict | None:
    """Not asked when the plan is made, nor for a way back, nor outside production."""
    consent, name = situation.consent, situation.facts.app.name
    if consent is None or situation.is_rollback or not situation.policy.production:
        return None
    if consent.yes or consent.typed_name == name:
        return Verdict(Family.NAME, Ruling.PASS, f"{name} was confirmed by name.")
    return Verdict(
        Family.NAME,
        Ruling.BLOCK,
        f"{name} is production and its name was not typed.",
        f"Type {name} to confirm.",
    )
