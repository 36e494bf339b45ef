"""The owner's own check, such as the test suite."""

from __future__ import annotations

from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.engine.guards.situation import Situation


def check(situation: Situation) -> Verdict | None:
    """Exit 0 within its time; not asked without a command, nor for a way back."""
    policy = situation.policy
    if not policy.command or situation.is_rollback:
        return None
    result = situation.run_command(policy.command, policy.command_limit_s)
    if result.exit_code == 0:
        return Verdict(
            Family.COMMAND,
            Ruling.PASS,
            f"“{policy.command}” ended well after {result.seconds:.0f} s.",
            detail=result.output,
        )
    ended = (
        f"was ended after {result.seconds:.0f} s"
        if result.exit_code is None
        else f"ended with exit {result.exit_code} after {result.seconds:.0f} s"
    )
    return Verdict(
        Family.COMMAND,
        Ruling.BLOCK,
        f"“{policy.command}” {ended}.",
        "Mend what it found.",
        can_override=True,
        detail=result.output,
    )
