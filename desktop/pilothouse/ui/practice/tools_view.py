"""The variables that point the platforms' own tools at the sandbox, ready to be pasted."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from pilothouse.ui.practice.outlook import PracticeOutlook
from pilothouse.ui.theme import Size, font
from pilothouse.ui.widgets.buttons import Button
from pilothouse.ui.widgets.labels import Text
from pilothouse.ui.widgets.surface import Surface

MARGIN = 16
WINDOWS = sys.platform == "win32"


def block(environment: Iterable[tuple[str, str]], *, windows: bool = WINDOWS) -> str:
    """The variables as lines for a shell, PowerShell on Windows; quoted where a value needs it."""
    if windows:
        doubled = ((name, value.replace("'", "''")) for name, value in environment)
        return "\n".join(f"$env:{name} = '{value}'" for name, value in doubled)
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment)


class ToolsView(Surface):
    """What to do with it, the lines, and a button that copies them."""

    def __init__(self, outlook: PracticeOutlook, parent: QWidget) -> None:
        super().__init__("base", parent)
        self._outlook = outlook
        said = self.tr(
            "Paste these lines into a terminal, and fly and heroku work in the sandbox there. The "
            "token opens this sandbox alone and nothing else, so it may be shown."
        )
        sentence = Text(said, self, ink="text2").wrapping()
        self.copy = Button(self.tr("Copy the lines"), self, icon="copy", small=True)
        self.lines = QPlainTextEdit(self)
        self.lines.setReadOnly(True)
        self.lines.setAccessibleName(self.tr("Environment of the platforms’ own tools"))
        self.lines.setFrameShape(QFrame.Shape.NoFrame)
        self.lines.setFont(font(Size.SMALL, fixed=True))
        self.lines.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.lines.document().setDocumentMargin(MARGIN)
        self.copied = Text(parent=self, size=Size.SMALL, ink="text2")
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 10, MARGIN, 8)
        head.setSpacing(24)
        head.addWidget(sentence, 1)
        head.addWidget(self.copied)
        head.addWidget(self.copy)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self.lines, 1)
        self.setFocusProxy(self.copy)
        self.copy.clicked.connect(self.on_copy_clicked)
        outlook.changed.connect(self.on_changed)
        self.on_changed()

    @Slot()
    def on_changed(self) -> None:
        """The sandbox said what it is."""
        about = self._outlook.about
        text = block(about.environment) if about is not None else ""
        self.copy.setEnabled(bool(text))
        if text != self.lines.toPlainText():
            self.lines.setPlainText(text)
            self.copied.clear()

    @Slot()
    def on_copy_clicked(self) -> None:
        """Put the lines on the clipboard."""
        QGuiApplication.clipboard().setText(self.lines.toPlainText() + "\n")
        self.copied.setText(self.tr("Copied."))
