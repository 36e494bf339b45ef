"""The part of Prometheus' query language that watches a deploy: selectors, rates, sums, ratios.

It reads numbers, selectors with label matchers, `rate` and `increase` of a range, `sum`, `avg`,
`min`, `max` and `count` with `by`, and the four arithmetic operators. All else is refused by name
(Prometheus, "Querying basics"; "Operators"; "Functions").
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol

Labels = dict[str, str]
Vector = list[tuple[Labels, float]]
Value = Vector | float
_MOST_TOKENS = 200
_DEEPEST = 20
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![\w.])|\.\d+)|(?P<name>[a-zA-Z_:][\w:]*)"
    r'|(?P<text>"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')|(?P<range>\[[^\]]*\])'
    r"|(?P<sign>=~|!~|!=|[=(){},+\-*/]))"
)
_DURATION = re.compile(r"(\d+)(ms|s|m|h|d)")
_UNITS_S = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def _divide(left: float, right: float) -> float:
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)
    return left / right


_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divide,
}  # fmt: skip
_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "avg": lambda values: math.fsum(values) / len(values),
    "min": min,
    "max": max,
    "count": lambda values: float(len(values)),
}
_RATES = frozenset({"rate", "increase"})


class QueryError(Exception):
    """A query that cannot be read."""


class Source(Protocol):
    """Where the values of series come from."""

    def at(self, name: str, moment: float) -> Vector:
        """Return the series of a name with their values at a moment."""

    def growth(self, name: str, moment: float, seconds: float) -> Vector:
        """Return by how much each series of a name grew in the seconds before a moment."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label; a label that is not there is empty."""

    label: str
    sign: str
    wanted: str

    def holds(self, labels: Labels) -> bool:
        """Whether a series' labels fulfil it."""
        value = labels.get(self.label, "")
        if self.sign in ("=", "!="):
            return (value == self.wanted) == (self.sign == "=")
        return (re.fullmatch(self.wanted, value) is not None) == (self.sign == "=~")


Expression = Callable[[Source, float], Value]
"""A query that was read: its value, from a source, at a moment."""


def seconds(text: str) -> float:
    """Read a duration such as `2m` or `1h30m`.

    Raises:
        QueryError: it is none.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise QueryError(f"not a valid duration string: {text[:40]!r}")
    total = sum(int(number) * _UNITS_S[unit] for number, unit in parts)
    if total <= 0:
        raise QueryError("duration must be greater than 0")
    return total


def read(query: str) -> tuple[Expression, int]:
    """Read a query; return it with its number of tokens, which is what it costs.

    Raises:
        QueryError: it is malformed, or holds what is not understood here.
    """
    reader = _Reader(_tokens(query))
    expression = reader.sum()
    reader.end()
    return expression, reader.size


def _tokens(query: str) -> list[tuple[str, str]]:
    found, at = [], 0
    query = query.rstrip()
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise QueryError(f"parse error: unexpected character {query[at : at + 10]!r}")
        found.append((str(match.lastgroup), str(match[str(match.lastgroup)])))
        at = match.end()
    if not found:
        raise QueryError("parse error: no expression found in input")
    if len(found) > _MOST_TOKENS:
        raise QueryError(f"the query has more than {_MOST_TOKENS} parts")
    return found


class _Reader:
    """A recursive-descent reader of one query."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self.size = len(tokens)

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < self.size else ""

    def _take(self, *wanted: str, kind: str = "") -> str:
        found_kind, found = self._tokens[self._at] if self._at < self.size else ("", "")
        if (wanted and found not in wanted) or (kind and found_kind != kind):
            self._fail()
        self._at += 1
        return found

    def _fail(self) -> NoReturn:
        shown = self._peek() or "end of input"
        raise QueryError(f"parse error: unexpected {shown[:40]!r}")

    def end(self) -> None:
        """Insist that nothing is left."""
        if self._at < self.size:
            self._fail()

    def sum(self) -> Expression:
        """Read terms joined by + and -."""
        return self._chain(("+", "-"), lambda: self._chain(("*", "/"), self._factor))

    def _chain(self, signs: tuple[str, ...], part: Callable[[], Expression]) -> Expression:
        left = part()
        while self._peek() in signs:
            left = _joined(self._take(*signs), left, part())
        return left

    def _factor(self) -> Expression:
        kind = self._tokens[self._at][0] if self._at < self.size else ""
        if kind == "number":
            number = float(self._take())
            return lambda _source, _moment: number
        if self._peek() == "(":
            return self._bracketed()
        if self._peek() == "{" or kind != "name":
            self._fail()
        name = self._take()
        if name in _AGGREGATES:
            return self._aggregate(name)
        if name in _RATES:
            return self._rate(name)
        if self._peek() == "(":
            raise QueryError(f'parse error: unknown function with name "{name}"')
        matchers = self._matchers()
        return lambda source, moment: _chosen(source.at(name, moment), matchers)

    def _bracketed(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError("the query is nested too deeply")
        self._take("(")
        inner = self.sum()
        self._take(")")
        self._depth -= 1
        return inner

    def _aggregate(self, name: str) -> Expression:
        by = self._by()
        inner = self._bracketed()
        by = self._by() if by is None else by
        keep, combine = by or [], _AGGREGATES[name]

        def value(source: Source, moment: float) -> Value:
            found = inner(source, moment)
            if isinstance(found, float):
                raise QueryError(f"parse error: expected type instant vector in {name}")
            groups: dict[tuple[tuple[str, str], ...], list[float]] = {}
            for labels, number in found:
                key = tuple((label, labels[label]) for label in keep if label in labels)
                groups.setdefault(key, []).append(number)
            return [(dict(key), combine(numbers)) for key, numbers in groups.items()]

        return value

    def _by(self) -> list[str] | None:
        if self._peek() != "by":
            return None
        self._take("by")
        self._take("(")
        labels = []
        while self._peek() != ")":
            labels.append(self._take(kind="name"))
            if self._peek() != ")":
                self._take(",")
        self._take(")")
        return labels

    def _rate(self, function: str) -> Expression:
        self._take("(")
        name = self._take(kind="name")
        matchers = self._matchers()
        length_s = seconds(self._take(kind="range")[1:-1])
        self._take(")")
        share = length_s if function == "rate" else 1.0

        def value(source: Source, moment: float) -> Value:
            grown = _chosen(source.growth(name, moment, length_s), matchers)
            return [(_unnamed(labels), amount / share) for labels, amount in grown]

        return value

    def _matchers(self) -> list[Matcher]:
        found: list[Matcher] = []
        if self._peek() != "{":
            return found
        self._take("{")
        while self._peek() != "}":
            label, sign = self._take(kind="name"), self._take("=", "!=", "=~", "!~")
            found.append(_matcher(label, sign, self._take(kind="text")))
            if self._peek() != "}":
                self._take(",")
        self._take("}")
        return found


def _matcher(label: str, sign: str, quoted: str) -> Matcher:
    wanted = re.sub(r"\\(.)", r"\1", quoted[1:-1]) if sign in ("=", "!=") else quoted[1:-1]
    wanted = wanted.replace("\\\\", "\\") if "~" in sign else wanted
    if "~" in sign:
        # Nested repetition takes for ever; Prometheus' own engine has no such patterns to fear.
        if re.search(r"[*+?}]\)*[*+{]", wanted) or len(wanted) > 200:
            raise QueryError("parse error: the pattern is too complex for the sandbox")
        try:
            re.compile(wanted)
        except re.error as wrong:
            raise QueryError(f"parse error: invalid pattern {wanted[:40]!r}: {wrong}") from None
    return Matcher(label, sign, wanted)


def _chosen(found: Vector, matchers: list[Matcher]) -> Vector:
    return [entry for entry in found if all(matcher.holds(entry[0]) for matcher in matchers)]


def _unnamed(labels: Labels) -> Labels:
    return {label: value for label, value in labels.items() if label != "__name__"}


def _joined(sign: str, left: Expression, right: Expression) -> Expression:
    apply = _OPERATORS[sign]

    def value(source: Source, moment: float) -> Value:
        one, two = left(source, moment), right(source, moment)
        if isinstance(one, float) and isinstance(two, float):
            return apply(one, two)
        if isinstance(two, float):
            return [(_unnamed(labels), apply(number, two)) for labels, number in _vector(one)]
        if isinstance(one, float):
            return [(_unnamed(labels), apply(one, number)) for labels, number in two]
        by_labels = {tuple(sorted(_unnamed(labels).items())): number for labels, number in two}
        return [
            (_unnamed(labels), apply(number, by_labels[key]))
            for labels, number in one
            if (key := tuple(sorted(_unnamed(labels).items()))) in by_labels
        ]

    return value


def _vector(value: Value) -> Vector:
    return [] if isinstance(value, float) else value
