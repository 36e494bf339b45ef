"""Below the steps: the way back as it was checked, and what was overridden and why."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from pilothouse.domain.deployment import Progress
from pilothouse.ui.run.spans import in_about
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size
from pilothouse.ui.widgets.labels import BOLD, ShapeView, Text
from pilothouse.ui.words import version


class Aside(QWidget):
    """Way back, then overrides."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 8, 16, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self._back = ShapeView(self)
        self._back_title = Text("", self, weight=BOLD)
        self._back_sentence = Text("", self, size=Size.SMALL, ink="text2").wrapping()
        self._over = ShapeView(self)
        self._over_title = Text("", self, ink="text2")
        self._over_sentence = Text("", self, size=Size.SMALL, ink="text2").wrapping()
        for row, (shape, title, sentence) in enumerate(
            (
                (self._back, self._back_title, self._back_sentence),
                (self._over, self._over_title, self._over_sentence),
            )
        ):
            grid.addWidget(shape, 2 * row, 0)
            grid.addWidget(title, 2 * row, 1)
            grid.addWidget(sentence, 2 * row + 1, 1)

    def show_plan(self, progress: Progress) -> None:
        """Say where back leads; nothing once it is over."""
        plan = progress.plan
        way = plan.way_back
        shown = not progress.state.is_ended and not progress.going_back
        for widget in (self._back, self._back_title, self._back_sentence):
            widget.setVisible(shown)
        time = f" in {in_about(way.expected_s)}" if way.expected_s else ""
        where = version(way.version) if way.version else "what served before"
        self._back.show_shape(Shape.BACK_READY if way.ready else Shape.BACK_NONE, "Way back")
        self._back_title.setText(f"Way back: {where}{time}" if way.ready else "No way back")
        self._back_sentence.setText(way.sentence)
        overridden = [one for one in plan.verdicts if one.overridden]
        for widget in (self._over, self._over_title, self._over_sentence):
            widget.setVisible(bool(overridden))
        if overridden:
            names = ", ".join(one.family.value for one in overridden)
            self._over.show_shape(Shape.PASSES, "overridden")
            self._over_title.setText(f"Overridden: {names}")
            reasons = "; ".join(f"“{one.overridden}”" for one in overridden)
            self._over_sentence.setText(reasons)
        self.setVisible(shown or bool(overridden))
