"""Where faults are ordered and taken back, whatever they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from pilothouse.sandbox.faults import Faults, InForce, Rule
from pilothouse.sandbox.kinds import KINDS


class Effect(Protocol):
    """What a scope's rules do the moment that they come into force and go out of it."""

    def check(self, rule: Rule) -> None:
        """Refuse a rule about what is not there; ValueError says what."""

    async def begin(self, entry: InForce) -> None:
        """Put it in force; ValueError says why that cannot be."""

    async def end(self, entry: InForce) -> None:
        """Take it out of force, and heal what it did."""


class FaultDesk:
    """Puts rules in force together or not at all; a scope without an effect needs none."""

    def __init__(self, faults: Faults, effects: Mapping[str, Effect]) -> None:
        self._faults = faults
        self._effects = effects

    def rules(self) -> list[InForce]:
        """Return all rules, oldest first."""
        return self._faults.rules()

    def find(self, identifier: int) -> InForce | None:
        """Return the rule of that number."""
        return self._faults.find(identifier)

    async def put(self, rules: Iterable[Rule]) -> list[InForce]:
        """Put checked rules in force, in their order.

        Raises:
            ValueError: one of them cannot be; then none of them is.
        """
        wanted = list(rules)
        for rule in wanted:
            effect = self._effects.get(KINDS[rule.kind].scope)
            if effect is not None:
                effect.check(rule)
        added: list[InForce] = []
        for rule in wanted:
            entry = self._faults.add(rule)
            added.append(entry)
            try:
                await self._begin(entry)
            except ValueError:
                for each in added:
                    await self.take_away(each)
                raise
        return added

    async def take_away(self, entry: InForce) -> None:
        """Take one rule out of force."""
        self._faults.remove(entry)
        effect = self._effects.get(entry.kind.scope)
        if effect is not None:
            await effect.end(entry)

    async def take_all_away(self) -> None:
        """Take every rule out of force."""
        for entry in self.rules():
            await self.take_away(entry)

    async def _begin(self, entry: InForce) -> None:
        effect = self._effects.get(entry.kind.scope)
        if effect is not None:
            await effect.begin(entry)
