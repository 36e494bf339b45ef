"""The guards: each looks at one situation and gives a verdict with a reason.

They speak twice, when a plan is made and again just before anything is done. A rollback never
waits for anything but the way back's own facts, the credential and somebody else's change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.engine.guards import app, baseline, command, credential, name, way_back
from pilothouse.engine.guards.situation import Situation

Guard = Callable[[Situation], Verdict | None]
GUARDS: dict[Family, Guard] = {
    Family.CREDENTIAL: credential.check,
    Family.BASE: baseline.check,
    Family.APP: app.check,
    Family.WAY_BACK: way_back.check,
    Family.COMMAND: command.check,
    Family.NAME: name.check,
}


def ask_all(
    situation: Situation, told: Callable[[Verdict], None] | None = None
) -> tuple[Verdict, ...]:
    """Ask every guard, side by side; `told` hears each verdict as it is given, on any thread."""

    def ask(guard: Guard) -> Verdict | None:
        verdict = guard(situation)
        if verdict is not None:
            verdict = _overridden(verdict, situation.change.overrides)
            if told is not None:
                told(verdict)
        return verdict

    with ThreadPoolExecutor(len(GUARDS), "pilothouse-guard") as pool:
        verdicts = list(pool.map(ask, GUARDS.values()))
    return tuple(verdict for verdict in verdicts if verdict is not None)


def _overridden(verdict: Verdict, overrides: Sequence[tuple[str, str]]) -> Verdict:
    reason = dict(overrides).get(verdict.family, "").strip()
    if not reason or not verdict.stops:
        return verdict
    if not verdict.can_override:
        return replace(verdict, remedy=f"{verdict.remedy} This cannot be overridden.".strip())
    return replace(verdict, overridden=reason)


__all__ = ["GUARDS", "Ruling", "Situation", "ask_all"]
