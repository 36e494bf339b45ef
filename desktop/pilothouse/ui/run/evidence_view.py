"""What the requests from outside say of each side: how many, lost, at most, and how fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from pilothouse.domain.change import VERIFY
from pilothouse.domain.deployment import Progress
from pilothouse.domain.model import JsonMap
from pilothouse.ui.run.board import Side
from pilothouse.ui.run.spans import at_most, milliseconds
from pilothouse.ui.run.tally import PUBLIC, Strand, Tally
from pilothouse.ui.theme import Size
from pilothouse.ui.widgets.labels import BOLD, MEDIUM, Text
from pilothouse.ui.words import number

COLUMNS = ("asked", "lost", "at most", "typical", "slow 5 %")
SLOWER = 1.5
ENOUGH = 20


@dataclass(frozen=True, slots=True)
class Facts:
    """One line of the table; a dash where nothing is known."""

    asked: str = "–"
    lost: str = "–"
    bound: str = "–"
    typical: str = "–"
    slow: str = "–"
    bad: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of the columns."""
        return (self.asked, self.lost, self.bound, self.typical, self.slow)


def of_strand(strand: Strand | None) -> Facts:
    """What we counted ourselves."""
    if strand is None or not strand.counts.asked:
        return Facts()
    counts = strand.counts
    typical, slow = strand.quantile(0.5), strand.quantile(0.95)
    return Facts(
        number(counts.asked),
        number(counts.lost),
        at_most(strand.at_most),
        milliseconds(typical) if typical is not None else "–",
        milliseconds(slow) if slow is not None else "–",
        bad=counts.lost > 0,
    )


def of_journal(data: JsonMap, side: str) -> Facts:
    """What the journal kept of the proof of one side."""
    times = [_milliseconds(data.get(f"{side}_{name}_ms")) for name in ("p50", "p95")]
    if side != "new" or "asked" not in data:
        return Facts(typical=times[0], slow=times[1])
    bound, lost = data.get("upper_bound"), data.get("lost")
    return Facts(
        str(data["asked"]),
        str(lost),
        at_most(bound) if isinstance(bound, float) else "–",
        times[0],
        times[1],
        bad=isinstance(lost, int) and lost > 0,
    )


def _milliseconds(value: object) -> str:
    return milliseconds(value / 1000) if isinstance(value, int | float) else "–"


def compared(tally: Tally) -> str:
    """Whether the new side is slower, in a sentence; empty before enough was asked."""
    old, new = (tally.sides[side].quantile(0.95) for side in (Side.OLD, Side.NEW))
    asked = min(tally.sides[side].counts.asked for side in Side)
    if old is None or new is None or asked < ENOUGH:
        return ""
    if new > old * SLOWER:
        return f"Slower than before: {milliseconds(old)} → {milliseconds(new)} for the slow 5 %."
    return "No slower than before."


class EvidenceView(QWidget):
    """The table of both sides and of the public address."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addWidget(Text("Requests lost and answer time", self, weight=BOLD))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(6)
        whole.addLayout(self._grid)
        right = Qt.AlignmentFlag.AlignRight
        for at, word in enumerate(COLUMNS, start=1):
            caption = Text(word, self, size=Size.SMALL, ink="text3")
            self._grid.addWidget(caption, 0, at, alignment=right)
        self._names: dict[str, Text] = {}
        self._cells: dict[str, list[Text]] = {}
        for row, key in enumerate((Side.OLD.value, Side.NEW.value, PUBLIC), start=1):
            self._names[key] = Text("", self, weight=MEDIUM)
            self._grid.addWidget(self._names[key], row, 0)
            self._cells[key] = [Text("–", self, ink="text2") for _ in COLUMNS]
            for at, cell in enumerate(self._cells[key], start=1):
                self._grid.addWidget(cell, row, at, alignment=right)
        self._grid.setColumnStretch(0, 1)
        self._sentence = Text("", self, ink="text2").wrapping()
        whole.addWidget(self._sentence)

    def show_evidence(self, tally: Tally, progress: Progress, names: Mapping[Side, str]) -> None:
        """Show our own counts; where there are none, the journal's."""
        self._names[Side.OLD.value].setText(f"{names[Side.OLD]}, old")
        self._names[Side.NEW.value].setText(f"{names[Side.NEW]}, new")
        self._names[PUBLIC].setText("Public address")
        kept = _proof(progress)
        for key in self._cells:
            strand = tally.lanes.get(PUBLIC) if key == PUBLIC else tally.sides[Side(key)]
            facts = of_strand(strand)
            if facts.asked == "–":
                facts = of_journal(kept, key)
            self._fill(key, facts)
        self._sentence.setText(compared(tally))
        self._sentence.setVisible(bool(self._sentence.text()))

    def spoken(self, key: str) -> str:
        """One line of the table as a sentence."""
        return self._names[key].accessibleName()

    def _fill(self, key: str, facts: Facts) -> None:
        for at, (cell, text) in enumerate(zip(self._cells[key], facts.cells, strict=True)):
            cell.setText(text)
            cell.set_ink("bad" if facts.bad and at == 1 else "text2")
        said = ", ".join(f"{c} {t}" for c, t in zip(COLUMNS, facts.cells, strict=True))
        self._names[key].setAccessibleName(f"{self._names[key].text()}: {said}")


def _proof(progress: Progress) -> JsonMap:
    for step in progress.plan.steps:
        if step.op == VERIFY:
            return progress.data_of(step.key)
    return {}
