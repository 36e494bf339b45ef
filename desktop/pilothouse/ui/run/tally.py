"""What was asked from outside and what came back, by lane and by side: plain counting.

Holds the newest probes for the ribbon, and counts of all of them, so that a long bake costs no
memory. A probe that does not count (no control address answered) is shown and not counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pilothouse.domain.evidence import Counts, Probe, upper_bound
from pilothouse.ui.run.board import Side

PUBLIC = "public"
SLOW = "slow"
KEPT = 2400
SAMPLES = 1000


@dataclass(slots=True)
class Strand:
    """The probes of one lane or side: counts of all, answer times of the newest."""

    counts: Counts = field(default_factory=Counts)
    answers_s: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))

    def add(self, probe: Probe) -> None:
        """Count one more."""
        self.counts = self.counts.with_probe(probe)
        if probe.good and probe.counts:
            self.answers_s.append(probe.latency_s)

    def quantile(self, share: float) -> float | None:
        """An answer time of the good ones, in seconds; None before there is any."""
        ordered = sorted(self.answers_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None

    @property
    def at_most(self) -> float:
        """The highest share of losses that still fits, 0 to 1."""
        return upper_bound(self.counts)


class Tally:
    """Counts probes as they arrive; the side is where the pinned instance stood at that time."""

    def __init__(self) -> None:
        self.probes: deque[Probe] = deque(maxlen=KEPT)
        self.lanes: dict[str, Strand] = {}
        self.sides: dict[Side, Strand] = {side: Strand() for side in Side}
        self.by_instance: dict[str, Strand] = {}
        self.all = Strand()

    def add(self, probes: Iterable[Probe], sides: Mapping[str, Side]) -> None:
        """Count some more, oldest first."""
        for probe in probes:
            self.probes.append(probe)
            self.all.add(probe)
            side = sides.get(probe.instance or "")
            pinned = probe.lane not in {PUBLIC, SLOW}
            lane = side.value if pinned and side is not None else probe.lane
            self.lanes.setdefault(lane, Strand()).add(probe)
            if side is not None:
                self.sides[side].add(probe)
            if probe.instance is not None:
                self.by_instance.setdefault(probe.instance, Strand()).add(probe)

    @property
    def longest_gap_s(self) -> float:
        """The longest time without a good answer on the public address, as far as kept."""
        gap, last_good = 0.0, None
        for probe in self.probes:
            if probe.lane != PUBLIC or not probe.counts:
                continue
            ends = probe.at_s + probe.latency_s
            if last_good is not None and not probe.good:
                gap = max(gap, ends - last_good)
            if probe.good:
                last_good = ends
        return gap
