"""May this credential do it, and will it last until the end?"""

from __future__ import annotations

from datetime import timedelta

from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.engine.guards.situation import Situation

SPARE = timedelta(hours=1)


def check(situation: Situation) -> Verdict:
    """Valid, allowed to deploy, and alive for longer than a deploy takes."""
    identity, app = situation.facts.identity, situation.facts.app
    ends = identity.expires_at
    if identity.can_deploy is False:
        return Verdict(
            Family.CREDENTIAL,
            Ruling.BLOCK,
            f"The token of {app.account} may not deploy {app.name}.",
            "Add a token with the right to deploy: pilothouse accounts add " + app.platform + ".",
        )
    if ends is not None and ends - situation.now < SPARE:
        return Verdict(
            Family.CREDENTIAL,
            Ruling.BLOCK,
            f"The token of {app.account} ends at {ends:%Y-%m-%d %H:%M} UTC, too soon.",
            "Renew it: pilothouse accounts add " + app.platform + ".",
        )
    if identity.can_deploy is None:
        return Verdict(
            Family.CREDENTIAL,
            Ruling.UNKNOWN,
            f"The platform does not say whether this token may deploy {app.name}.",
            "Use a token that may: pilothouse accounts add " + app.platform + ".",
        )
    until = f"valid until {ends:%Y-%m-%d}" if ends else "no end date"
    return Verdict(Family.CREDENTIAL, Ruling.PASS, f"May deploy {app.name}; {until}.")
