"""Is the app free, is it well, and is there anything to deploy to?"""

from __future__ import annotations

from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.engine.guards.situation import Situation


def check(situation: Situation) -> Verdict:
    """The first thing that speaks against it, hardest first."""
    return (
        _somebody_else(situation)
        or (None if situation.is_rollback else _held(situation))
        or _nothing_there(situation)
        or _ill(situation)
        or _well(situation)
    )


def _block(reason: str, remedy: str, *, can_override: bool = False) -> Verdict:
    return Verdict(Family.APP, Ruling.BLOCK, reason, remedy, can_override)


def _somebody_else(situation: Situation) -> Verdict | None:
    record, app = situation.record, situation.facts.app
    if record.owner is not None:
        since = f" since {record.since:%H:%M:%S} UTC" if record.since else ""
        if record.deployment_id is None:
            return _block(f"{record.owner} acts on {app.name}{since}.", "Wait until it ends.")
        return _block(
            f"{record.owner} acts on {app.name}{since} (deployment {record.deployment_id}).",
            f"Watch it, or stop it: pilothouse stop {record.deployment_id}.",
        )
    if situation.facts.busy:
        return _block(situation.facts.busy, "Wait until it ends, then make the plan anew.")
    return None


def _held(situation: Situation) -> Verdict | None:
    record = situation.record
    if record.hold_reason is None:
        return None
    return _block(
        f"{situation.facts.app.name} is held: {_ended(record.hold_reason)}",
        f"Release it when that is settled: pilothouse release-hold {situation.facts.app.ref}.",
        can_override=record.held_by == situation.asked_by,
    )


def _ended(reason: str) -> str:
    """A person's words as a sentence, since a remedy follows it."""
    return reason if reason.endswith((".", "!", "?", "…")) else f"{reason}."


def _nothing_there(situation: Situation) -> Verdict | None:
    live, app = situation.facts.live, situation.facts.app
    if not live.instances:
        return _block(
            f"{app.name} has no machines or dynos, so there is nothing to deploy to.",
            "Scale it up first.",
        )
    if situation.is_rollback:
        return None
    if live.maintenance:
        return _block(
            f"{app.name} is in maintenance mode, so nothing could be proven.",
            "Switch maintenance off, then deploy.",
        )
    if not live.serving:
        return _block(
            f"None of the {len(live.instances)} instances of {app.name} runs.",
            "Start one, so that the new release can be proven.",
        )
    return None


def _ill(situation: Situation) -> Verdict | None:
    live = situation.facts.live
    ill = [one for one in live.serving if one.healthy is False]
    lost = [status for status in situation.answers if status is None or status >= 500]
    if situation.is_rollback or not (ill or (lost and len(lost) == len(situation.answers))):
        return None
    what = (
        f"{len(ill)} of {len(live.serving)} instances are not healthy"
        if ill
        else f"its address answers {lost[0] or 'nothing'}"
    )
    return _block(
        f"{situation.facts.app.name} is not healthy now: {what}.",
        "Roll back or repair it first; or override, if this deploy is the repair.",
        can_override=True,
    )


def _well(situation: Situation) -> Verdict:
    live = situation.facts.live
    if live.disagreement and not situation.is_rollback:
        return Verdict(Family.APP, Ruling.WARN, live.disagreement)
    if situation.facts.risk:
        return Verdict(Family.APP, Ruling.WARN, situation.facts.risk)
    serving, all_of = len(live.serving), len(live.instances)
    return Verdict(Family.APP, Ruling.PASS, f"{serving} of {all_of} serve, nobody else deploys.")
