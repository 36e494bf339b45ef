"""The rules of what goes wrong on purpose: read, checked, in force, used up.

A rule for calls strikes the requests that match it, in the order in which rules were given; the
same seed and the same requests meet the same faults. Rules end with the sandbox.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from pilothouse.sandbox.journal import Received
from pilothouse.sandbox.kinds import BOTH, CALL, INSTANCE, KINDS, WORLD, Kind

FOR_EVER = -1
_LONGEST_S = 86_400.0
_FARTHEST_S = 10 * 365 * 86_400.0
_OF_SCOPE = {
    CALL: {"method", "path", "platform", "body", "nth"},
    INSTANCE: {"app", "instance", "group"},
    WORLD: {"platform"},
}


class Match(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a rule is about; `path` and `body` are regular expressions.

    `nth` picks one of the matching requests alone, counted from 1. `app` is as in
    `fly:harbor-api`, `instance` an id or a name, `group` a process group or type.
    """

    method: str | None = None
    path: str | None = None
    platform: str | None = None
    body: str | None = None
    nth: int | None = None
    app: str | None = None
    instance: str | None = None
    group: str | None = None


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """A wish: a kind of fault, whom it is about, and how often or how much.

    `count` -1 is for ever. `rate` and `seconds` None are the kind's own defaults.
    """

    kind: str
    match: Match = msgspec.field(default_factory=Match)
    count: int = 1
    seed: int = 0
    rate: float | None = None
    seconds: float | None = None
    edges: bool = False


class InForce:
    """A rule in force: what is left of it, and how often it struck."""

    def __init__(self, identifier: int, rule: Rule) -> None:
        self.id = identifier
        self.rule = rule
        self.kind = KINDS[rule.kind]
        self.left = rule.count
        self.struck = 0
        self.chance = random.Random(rule.seed)
        self.seen = 0

    @property
    def rate(self) -> float:
        """The share that is struck, above 0 and at most 1."""
        return self.rule.rate if self.rule.rate is not None else self.kind.defaults.get("rate", 1.0)

    @property
    def seconds(self) -> float | None:
        """How long or how much; None where neither the rule nor its kind says so."""
        if self.rule.seconds is not None:
            return self.rule.seconds
        return self.kind.defaults.get("seconds")

    def use(self) -> None:
        """Count one strike."""
        self.struck += 1
        if self.left > 0:
            self.left -= 1

    def describe(self) -> dict[str, Any]:
        """Return it as the control API shows it."""
        return {
            "id": self.id,
            "kind": self.kind.kind,
            "scope": self.kind.scope,
            "match": self.rule.match,
            "count": self.rule.count,
            "left": self.left,
            "struck": self.struck,
            "seed": self.rule.seed,
            "rate": self.rate,
            "seconds": self.seconds,
            "edges": self.rule.edges,
        }


class Faults:
    """The rules in force; one that is used up stays without effect until it is taken away."""

    def __init__(self) -> None:
        self._rules: dict[int, InForce] = {}
        self._given = 0

    def add(self, rule: Rule) -> InForce:
        """Put a rule in force.

        Raises:
            ValueError: it is none; nothing has changed.
        """
        check(rule)
        self._given += 1
        entry = self._rules[self._given] = InForce(self._given, rule)
        return entry

    def find(self, identifier: int) -> InForce | None:
        """Return the rule of that number, if it is in force."""
        return self._rules.get(identifier)

    def remove(self, entry: InForce) -> None:
        """Take a rule out of force."""
        self._rules.pop(entry.id, None)

    def rules(self) -> list[InForce]:
        """Return all, oldest first."""
        return list(self._rules.values())

    def blame(self, kind: str, platform: str) -> None:
        """Count a strike of the rules of a kind that are about a platform as a whole."""
        for entry in self._rules.values():
            about = entry.rule.match.platform in (None, platform)
            if entry.kind.kind == kind and about and entry.left != 0:
                entry.use()

    def pick(
        self, request: Received, able: Callable[[str], bool] = lambda _kind: True
    ) -> InForce | None:
        """Return the rule that strikes this request, and use it up by one.

        A rule whose kind is not `able` to strike this request passes it by.
        """
        text = None
        for entry in self._rules.values():
            match = entry.rule.match
            if entry.kind.scope != CALL or not _is_about(entry, request):
                continue
            if match.body is not None:
                text = request.body_text() if text is None else text
                if re.search(match.body, text) is None:
                    continue
            if not able(entry.kind.kind):
                continue
            entry.seen += 1
            if entry.left == 0 or match.nth not in (None, entry.seen):
                continue
            if entry.chance.random() < entry.rate:
                entry.use()
                return entry
        return None


def _is_about(entry: InForce, request: Received) -> bool:
    match = entry.rule.match
    return (
        request.platform in entry.kind.platforms
        and match.platform in (None, request.platform)
        and (match.method or request.method).upper() == request.method
        and (match.path is None or re.search(match.path, request.path) is not None)
    )


def check(rule: Rule) -> None:
    """Refuse a rule that says something impossible, or something its kind does not take.

    Raises:
        ValueError: what is wrong with it, and what would be right.
    """
    kind = KINDS.get(rule.kind)
    if kind is None:
        raise ValueError(f"unknown fault {rule.kind!r}; known are {', '.join(sorted(KINDS))}")
    _check_match(kind, rule.match)
    if rule.count == 0 or rule.count < FOR_EVER:
        raise ValueError("count must be 1 or more, or -1 for ever")
    if rule.rate is not None and not 0 < rule.rate <= 1:
        raise ValueError("rate must be above 0 and at most 1")
    for name in ("rate", "seconds"):
        if getattr(rule, name) is not None and name not in kind.takes:
            raise ValueError(f"{kind.kind} takes no {name}")
    if rule.edges and "edges" not in kind.takes:
        raise ValueError(f"{kind.kind} takes no edges")
    if rule.seconds is not None:
        low, high = (-_FARTHEST_S, _FARTHEST_S) if kind.kind == "clock" else (0.0, _LONGEST_S)
        if not (math.isfinite(rule.seconds) and low <= rule.seconds <= high):
            raise ValueError(f"seconds must be from {low:.0f} to {high:.0f}")


def _check_match(kind: Kind, match: Match) -> None:
    given = {name for name in match.__struct_fields__ if getattr(match, name) is not None}
    alien = sorted(given - _OF_SCOPE[kind.scope])
    if alien:
        raise ValueError(f"{kind.kind} is about no {alien[0]}: its match takes {_listed(kind)}")
    if kind.scope == INSTANCE and (match.app or "").partition(":")[0] not in BOTH:
        raise ValueError("match.app must name an app as in fly:harbor-api or heroku:billing")
    if match.platform not in (None, *kind.platforms):
        raise ValueError(f"{kind.kind} happens on {' and '.join(kind.platforms)} only")
    if match.nth is not None and match.nth < 1:
        raise ValueError("nth counts from 1")
    for pattern in (match.path, match.body):
        try:
            re.compile(pattern or "")
        except re.error as wrong:
            raise ValueError(f"not a pattern: {wrong}") from wrong


def _listed(kind: Kind) -> str:
    return ", ".join(sorted(_OF_SCOPE[kind.scope]))


def decode(body: bytes) -> list[Rule]:
    """Read one rule or a list of rules, and check them all.

    Raises:
        ValueError: one of them is none.
        msgspec.DecodeError: it is no JSON, or has a field that no rule has.
    """
    found = msgspec.json.decode(body, type=Rule | list[Rule])
    rules: Iterable[Rule] = found if isinstance(found, list) else [found]
    for rule in rules:
        check(rule)
    return list(rules)
