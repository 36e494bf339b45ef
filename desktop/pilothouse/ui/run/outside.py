"""What was asked from outside: the counts in words, above the ribbon of single requests.

The ribbon shows what was probed while this page listened; of a past run only the counts are left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from pilothouse.domain.deployment import Event, EventKind, Progress
from pilothouse.domain.evidence import Probe
from pilothouse.ui.run.board import Side
from pilothouse.ui.run.outline import headings
from pilothouse.ui.run.tally import PUBLIC, SLOW, Tally
from pilothouse.ui.theme import Size
from pilothouse.ui.widgets.labels import BOLD, MEDIUM, Text
from pilothouse.ui.widgets.ribbon import Mark, Ribbon, Tick
from pilothouse.ui.widgets.surface import Surface
from pilothouse.ui.words import duration, number

LONG_S, SHORT_S = 180.0, 60.0
FAST_S = 0.3
CLOSE = 40
"""Borders closer than this share of the span are drawn without a name."""


class Outside(Surface):
    """Heading and ribbon."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self._zero_s: float | None = None
        self._zero_at: datetime | None = None
        self._lanes: tuple[tuple[str, str], ...] = ()
        self._span_s = LONG_S
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 8, 16, 8)
        whole.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(Text("Asked from outside", self, weight=BOLD))
        self._counts = Text("", self, weight=MEDIUM)
        head.addWidget(self._counts)
        self._gap = Text("", self, ink="text2")
        head.addWidget(self._gap)
        head.addStretch(1)
        self._aside = Text("", self, size=Size.SMALL, ink="text3")
        head.addWidget(self._aside)
        whole.addLayout(head)
        self.ribbon = Ribbon(self)
        whole.addWidget(self.ribbon)

    @property
    def spoken(self) -> str:
        """The counts in words."""
        return f"{self._counts.text()} {self._gap.text()}".strip()

    def set_pace(self, gap_s: float) -> None:
        """Show as much time as leaves room for single requests at this pace."""
        self._span_s = LONG_S if gap_s >= FAST_S else SHORT_S
        self.ribbon.set_span(self._span_s)

    def restart(self) -> None:
        """Forget what was shown."""
        self._zero_s = self._zero_at = None
        self._lanes = ()
        self.ribbon.set_lanes([])

    def show_counts(self, tally: Tally, told: tuple[int, int] | None) -> None:
        """Say the counts."""
        seen = bool(tally.probes)
        self.ribbon.setVisible(seen)
        if told is None:
            self._counts.setText("")
            self._gap.setText("Nothing was asked yet.")
            self._aside.setText("")
            return
        asked, lost = told
        self._counts.setText(f"{number(lost)} of {number(asked)} lost")
        self._counts.set_ink("bad" if lost else "good")
        gap = tally.longest_gap_s
        words = f"longest gap {duration(gap)}" if gap else "longest gap none"
        self._gap.setText(words if seen else "The single requests are not kept.")
        aside = f"one tick is one request · height is answer time · {duration(self._span_s)}"
        self._aside.setText(aside if seen else "")

    def add(
        self, probes: Sequence[Probe], sides: Mapping[str, Side], names: Mapping[Side, str]
    ) -> None:
        """Add requests, oldest first."""
        if not probes:
            return
        if self._zero_s is None:
            self._zero_s = probes[0].at_s
            last = probes[-1]
            since = last.at_s + last.latency_s - self._zero_s
            self._zero_at = datetime.now().astimezone() - timedelta(seconds=since)
        ticks: dict[str, list[Tick]] = {}
        for probe in probes:
            side = sides.get(probe.instance or "")
            pinned = probe.lane not in {PUBLIC, SLOW}
            lane = side.value if pinned and side is not None else probe.lane
            tick = Tick(probe.at_s - self._zero_s, probe.latency_s, probe.good or not probe.counts)
            ticks.setdefault(lane, []).append(tick)
        self._show_lanes(ticks.keys(), names)
        for lane, given in ticks.items():
            self.ribbon.add_ticks(lane, given)

    def _show_lanes(self, seen: Iterable[str], names: Mapping[Side, str]) -> None:
        """Lanes appear as soon as something was asked in them, always in the same order."""
        known = {key for key, _ in self._lanes} | set(seen)
        every = (
            (PUBLIC, "Public address"),
            (Side.OLD.value, f"{names[Side.OLD]}, pinned"),
            (Side.NEW.value, f"{names[Side.NEW]}, pinned"),
            (SLOW, "Slow request"),
        )
        lanes = tuple((key, title) for key, title in every if key in known)
        if lanes != self._lanes:
            self._lanes = lanes
            self.ribbon.set_lanes(lanes)

    def show_marks(self, progress: Progress, events: Sequence[Event]) -> None:
        """Name the borders between steps."""
        if self._zero_at is None:
            return
        marks: list[Mark] = []
        for back, steps in ((False, progress.plan.steps), (True, progress.back)):
            for heading in headings(steps):
                starts = [
                    at
                    for step in heading.steps
                    if (at := progress.of(step.key).started_at) is not None
                ]
                begun = min(starts, default=None)
                if begun is not None:
                    title = "" if back else str(heading.number)
                    if heading.verifies:
                        title = f"{title} prove".strip() if not back else "verify"
                    marks.append(Mark((begun - self._zero_at).total_seconds(), title))
        for event in events:
            if event.kind is EventKind.DECIDED:
                marks.append(Mark((event.at - self._zero_at).total_seconds(), "back"))
        self.ribbon.set_marks(self._legible(marks))

    def _legible(self, marks: Sequence[Mark]) -> list[Mark]:
        """The borders in order, unnamed where the next name would run into theirs."""
        ordered = sorted(marks, key=lambda one: one.at_s)
        least = self._span_s / CLOSE
        made = []
        for at, mark in enumerate(ordered):
            following = next((one.at_s for one in ordered[at + 1 :] if one.title), None)
            crowded = following is not None and following - mark.at_s < least
            made.append(Mark(mark.at_s, "") if crowded else mark)
        return made

    def tick(self, now: datetime, *, live: bool) -> None:
        """A second went by."""
        if live and self._zero_at is not None:
            self.ribbon.set_now((now - self._zero_at).total_seconds())
