"""Probe counts and what they say: pure mathematics.

A probe is one request asked from outside. A loss is a request that got no good answer while a
control address answered. Losses within one second of a lane's first are one burst, counted once: a
hiccup is one loss however many requests it hit, and a side that keeps failing makes a burst every
second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

ENOUGH = 200
TOO_MANY = 3
BURST_S = 1.0
CLEAN_BACK = 20


class Judgement(StrEnum):
    """What the evidence says of one side."""

    BAD = "bad"
    GOOD = "good"
    NOT_YET = "not_yet"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Probe:
    """One request asked from outside, and its answer.

    Args:
        at_s: seconds of the run's own steady clock when it was sent.
        lane: `public`, or the instance it was pinned to, or `slow`.
        instance: the instance that answered, or was pinned; None when not known.
        status: the HTTP status; None when no answer came.
        good: below 500 and of the status class seen before the change.
        counts: whether a control address answered after a loss; a good probe always counts.
    """

    at_s: float
    lane: str
    instance: str | None
    status: int | None
    latency_s: float
    good: bool
    counts: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were asked and lost on one side; `bursts` is what is judged, `lost` what is told."""

    asked: int = 0
    lost: int = 0
    bursts: int = 0
    burst_from_s: dict[str, float] = field(default_factory=dict)
    clean_run: int = 0

    def with_probe(self, probe: Probe) -> Counts:
        """The counts after one more probe; one that does not count changes nothing."""
        if not probe.counts:
            return self
        if probe.good:
            return replace(self, asked=self.asked + 1, clean_run=self.clean_run + 1)
        began = self.burst_from_s.get(probe.lane)
        bursts_from = self.burst_from_s
        if began is None or probe.at_s - began >= BURST_S:
            bursts_from = {**bursts_from, probe.lane: probe.at_s}
        return Counts(
            self.asked + 1,
            self.lost + 1,
            self.bursts + int(bursts_from is not self.burst_from_s),
            bursts_from,
        )


def count(probes: Iterable[Probe]) -> Counts:
    """The counts of many probes, in the order in which they were sent.

    Of those sent at once the lost come last, so that the order of arrival says nothing.
    """
    counts = Counts()
    for probe in sorted(probes, key=lambda one: (one.at_s, not one.good)):
        counts = counts.with_probe(probe)
    return counts


def judge(counts: Counts) -> Judgement:
    """Three bursts are bad at once; two hundred asked and none lost are good at once.

    One or two losses wait for the end of the bake, where fewer than three of two hundred pass.
    """
    if counts.bursts >= TOO_MANY:
        return Judgement.BAD
    if counts.asked == 0:
        return Judgement.NO_DATA
    if counts.asked >= ENOUGH and counts.bursts == 0:
        return Judgement.GOOD
    return Judgement.NOT_YET


def judge_at_end(counts: Counts) -> Judgement:
    """The judgement when the longest bake is over."""
    if judge(counts) is Judgement.NOT_YET and counts.asked >= ENOUGH:
        return Judgement.GOOD
    return judge(counts)


def dead_for(probes: Iterable[Probe]) -> float:
    """Seconds since the last good answer, by the newest counting probe; 0 when that was good."""
    last_good: float | None = None
    first: float | None = None
    last: Probe | None = None
    for probe in probes:
        if not probe.counts:
            continue
        first = probe.at_s if first is None else first
        last = probe
        if probe.good:
            last_good = probe.at_s + probe.latency_s
    if last is None or last.good or first is None:
        return 0.0
    since = last_good if last_good is not None else first
    return max(0.0, last.at_s + last.latency_s - since)


def upper_bound(counts: Counts) -> float:
    """The highest loss share (0 to 1) that still fits the counts at 95 %.

    Exact for none lost (the rule of three's exact form); otherwise the Wilson bound.
    """
    if counts.asked == 0:
        return 1.0
    if counts.lost == 0:
        return float(1.0 - 0.05 ** (1.0 / counts.asked))
    z, n = 1.645, counts.asked
    share = counts.lost / n
    middle = share + z * z / (2 * n)
    spread = z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return float(min(1.0, max(share, (middle + spread) / (1 + z * z / n))))
