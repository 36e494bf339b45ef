"""All fields of the form “Make something go wrong”, laid out one below the other."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from pilothouse.domain.practice import Scope
from pilothouse.ui.practice.form_fields import Amount, Fill, Often, Rows
from pilothouse.ui.widgets.segments import Segments

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MOST_DETAILS = 3
LONGEST_PATTERN = 200


class FormRows(QWidget):
    """Every field that some kind takes, in one order; which of them are seen is not said here.

    Signals:
        altered: something else is wished.
        finished: Return was pressed in a field.
    """

    altered = Signal()
    finished = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.scopes = Segments(
            self.tr("Whom it strikes"),
            [
                (Scope.CALL, self.tr("A call")),
                (Scope.INSTANCE, self.tr("An instance")),
                (Scope.WORLD, self.tr("The world")),
                (Scope.OTHERS, self.tr("Others")),
            ],
            self,
        )
        self.app = Fill(self.tr("App"), self)
        self.kind = Fill(self.tr("What goes wrong"), self)
        self.instance = Fill(self.tr("Instance"), self)
        self.platform = Fill(self.tr("Platform"), self)
        self.method = Fill(self.tr("Method"), self)
        self.path = QLineEdit(self)
        self.path.setAccessibleName(self.tr("Pattern of the path"))
        self.path.setPlaceholderText(self.tr("any path, or a pattern: /machines$"))
        self.path.setMaxLength(LONGEST_PATTERN)
        self.often = Often(self)
        self.share = Amount(self.tr("Share in per cent"), "%", self)
        self.seconds = Amount(self.tr("Seconds"), "s", self)
        self.details = [QLineEdit(self) for _ in range(MOST_DETAILS)]
        self._lay_out()
        self._connect()
        self.method.offer([("", self.tr("Any method")), *((one, one) for one in METHODS)])

    def _lay_out(self) -> None:
        self.rows = Rows(self)
        for label, field in (
            (self.tr("App"), self.app),
            (self.tr("What"), self.kind),
            (self.tr("Instance"), self.instance),
            (self.tr("Platform"), self.platform),
            (self.tr("Method"), self.method),
            (self.tr("Path"), self.path),
            (self.tr("How often"), self.often),
            (self.tr("Share"), self.share),
            (self.tr("Seconds"), self.seconds),
        ):
            self.rows.add(label, field)
        for line in self.details:
            self.rows.add("", line)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(10)
        whole.addWidget(self.scopes)
        whole.addLayout(self.rows.grid)

    def _connect(self) -> None:
        for field in (self.platform, self.method, self.instance, self.often):
            field.altered.connect(self.altered)
        for amount in (self.share, self.seconds):
            amount.altered.connect(self.altered)
            amount.field.returnPressed.connect(self.finished)
        for line in (self.path, *self.details):
            line.textChanged.connect(self.altered)
            line.returnPressed.connect(self.finished)
        self.often.field.returnPressed.connect(self.finished)
