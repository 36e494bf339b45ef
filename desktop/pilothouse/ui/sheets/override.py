"""The sheet that asks why a guard's block should not hold.

A reason has ten characters at least; it goes into the journal with the plan.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from pilothouse.ui.sheets.checks import Row
from pilothouse.ui.sheets.frame import Sheet
from pilothouse.ui.theme import Size, font
from pilothouse.ui.widgets.labels import MEDIUM, Text

SHORTEST = 10


def still_needed(text: str, shortest: int = SHORTEST) -> str:
    """What a reason lacks, in words; empty when it is long enough."""
    left = shortest - len(text.strip())
    if left <= 0:
        return ""
    return f"{left} more character{'' if left == 1 else 's'}, please."


class OverrideSheet(Sheet):
    """One guard, and a person's reason against it.

    Signals:
        given: the reason was given; carries the family and the reason.
    """

    given = Signal(object, str)

    def __init__(self, row: Row, parent: QWidget) -> None:
        super().__init__(f"Override {row.name}", parent, size=QSize(520, 260))
        self._row = row
        self.say_title(f"Override {row.name}")
        self.head.addStretch(1)
        self.body.addWidget(Text(row.reason, self, ink="bad").wrapping())
        self.body.addSpacing(8)
        question = Text("Why is it right to go on?", self, weight=MEDIUM)
        self.body.addWidget(question)
        self.reason = QLineEdit(self)
        self.reason.setFont(font())
        self.reason.setMaxLength(500)
        self.reason.setAccessibleName("Why is it right to go on?")
        question.setBuddy(self.reason)
        self.body.addWidget(self.reason)
        note = "Written to the journal and told to everyone on this app."
        self.body.addWidget(Text(note, self, size=Size.SMALL, ink="text2"))
        self.body.addStretch(1)
        self.reason.textChanged.connect(self.on_text_changed)
        self.wanted.connect(self.on_wanted)
        self.on_text_changed("")
        self.reason.setFocus()

    @Slot(str)
    def on_text_changed(self, text: str) -> None:
        """The reason may be long enough now."""
        lacking = still_needed(text)
        self.say_missing(lacking)
        self.set_primary(f"Override {self._row.name}", on=not lacking)

    @Slot()
    def on_wanted(self) -> None:
        """Hand the reason over."""
        self.given.emit(self._row.family, self.reason.text().strip())
        self.accept()
