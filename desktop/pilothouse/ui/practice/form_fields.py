"""The form's fields: rows of a label and a field, of which a kind of fault shows those it takes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QWidget

from pilothouse.domain.practice import EVER
from pilothouse.ui.sheets.tick_box import TickBox
from pilothouse.ui.widgets.choice import Choice
from pilothouse.ui.widgets.labels import Text
from pilothouse.ui.words import translate

LABEL, NUMBER = 84, 72


def number_of(text: str) -> float | None:
    """A number as a person types it; None when it is none."""
    try:
        return float(text.strip().replace(",", ".").replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return None


def plain(number: float) -> str:
    """A number for a field, without an end of zeros."""
    return f"{number:g}"


class Fill(Choice):
    """A choice that keeps what is chosen when its lines come anew.

    Signals:
        altered: the choice, or what stands in it, is another.
    """

    altered = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(name, parent)
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.currentIndexChanged.connect(self.on_index_changed)

    @property
    def key(self) -> str:
        """What the chosen line stands for."""
        return str(self.currentData() or "")

    def offer(self, lines: Sequence[tuple[str, str]]) -> None:
        """Offer these lines, each a key and its words."""
        if [(self.itemData(at), self.itemText(at)) for at in range(self.count())] == list(lines):
            return
        was = self.key
        self.blockSignals(True)
        self.clear()
        for key, said in lines:
            self.addItem(said, key)
        self.setCurrentIndex(max(0, self.findData(was)))
        self.blockSignals(False)
        if self.key != was:
            self.altered.emit()

    def choose(self, key: str) -> None:
        """Choose a line by its key, if it is there."""
        at = self.findData(key)
        if at >= 0:
            self.setCurrentIndex(at)

    @Slot(int)
    def on_index_changed(self, _at: int) -> None:
        """A person chose."""
        self.altered.emit()


class Often(QWidget):
    """How often: a count, or without an end.

    Signals:
        altered: it is another.
    """

    altered = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = QLineEdit("1", self)
        self.field.setAccessibleName(self.tr("How often"))
        self.field.setFixedWidth(NUMBER)
        self.ever = TickBox(self.tr("no end"), self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.field)
        row.addWidget(Text(self.tr("times, or"), self, ink="text2"))
        row.addWidget(self.ever)
        row.addStretch(1)
        self.setFocusProxy(self.field)
        self.field.textChanged.connect(self.on_changed)
        self.ever.toggled.connect(self.on_changed)

    @property
    def count(self) -> int | None:
        """How often; None when what is typed is no count."""
        if self.ever.isChecked():
            return EVER
        text = self.field.text().strip()
        return int(text) if text.isdecimal() and 0 < int(text) < 10**6 else None

    @Slot()
    def on_changed(self) -> None:
        """Tell."""
        self.field.setEnabled(not self.ever.isChecked())
        self.altered.emit()


class Amount(QWidget):
    """A number with its unit behind it.

    Signals:
        altered: it is another.
    """

    altered = Signal()

    def __init__(self, name: str, unit: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = QLineEdit(self)
        self.field.setAccessibleName(name)
        self.field.setFixedWidth(NUMBER)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.field)
        row.addWidget(Text(unit, self, ink="text2"))
        row.addStretch(1)
        self.setFocusProxy(self.field)
        self.field.textChanged.connect(self.altered)

    @property
    def number(self) -> float | None:
        """The number; None when what is typed is none."""
        return number_of(self.field.text())

    def show_number(self, number: float | None) -> None:
        """Show a number, or nothing."""
        self.field.setText("" if number is None else plain(number))


class Rows:
    """Rows of label and field in one grid; a row is shown or hidden whole."""

    def __init__(self, parent: QWidget) -> None:
        self.grid = QGridLayout()
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(8)
        self.grid.setVerticalSpacing(8)
        self.grid.setColumnMinimumWidth(0, LABEL)
        self.grid.setColumnStretch(1, 1)
        self._parent = parent
        self._rows: list[tuple[Text, QWidget]] = []

    def add(self, label: str, field: QWidget) -> QWidget:
        """Add a row at the end."""
        text = Text(label, self._parent, ink="text2")
        text.setBuddy(field)
        at = len(self._rows)
        self.grid.addWidget(text, at, 0)
        self.grid.addWidget(field, at, 1)
        self._rows.append((text, field))
        return field

    def show(self, field: QWidget, on: bool, label: str = "") -> None:
        """Show or hide the row of a field, under another label if one is given."""
        for text, one in self._rows:
            if one is field:
                text.setVisible(on)
                one.setVisible(on)
                if label:
                    text.setText(label)
                    one.setAccessibleName(label)


def detail_words(name: str) -> tuple[str, str]:
    """How a detail is called, and an example to show while nothing is typed."""
    known = {
        "image": (translate("Practice", "Image"), "registry.fly.io/harbor-api:next"),
        "artifact": (translate("Practice", "Slug"), translate("Practice", "the current one")),
        "description": (translate("Practice", "Description"), "Deploy 5fd81b2c"),
        "names": (translate("Practice", "Names"), "SESSION_KEY, MAIL_KEY"),
        "name": (translate("Practice", "Name"), "PRACTICE_NOTE"),
        "value": (translate("Practice", "Value"), "changed"),
        "count": (translate("Practice", "Count"), "3"),
        "ttl": (translate("Practice", "Seconds"), "60"),
        "status": (translate("Practice", "Status"), "unreachable"),
        "behaviour": (translate("Practice", "Behaviour"), "unhealthy"),
        "release": (translate("Practice", "Release"), "41"),
        "remaining": (translate("Practice", "Remaining"), "0"),
        "on": (translate("Practice", "On"), "true"),
        "edges": (translate("Practice", "The apps too"), "true"),
    }
    return known.get(name, (name.replace("-", " ").capitalize(), ""))
