"""What all sheets share: head, body, foot, one primary button, the dimmed window below.

A sheet is window-modal and opened, never executed. Nothing is the default button: Enter never
starts anything, Ctrl+Enter does what the primary button would, and only while that is on.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from pilothouse.ui.run.hatched_head import HatchedHead
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, colour, tokens
from pilothouse.ui.widgets.buttons import Button, Kind
from pilothouse.ui.widgets.labels import BOLD, Text
from pilothouse.ui.widgets.surface import Surface

MARGIN = 20


class Veil(QWidget):
    """Dims the window under a sheet; goes where the window goes."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("veil")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(over.rect())
        over.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the window."""
        if event.type() is QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the scrim."""
        painter = QPainter(self)
        ink = colour(tokens().scrim).toRgb()
        painter.setOpacity(tokens().scrim_alpha / 255)
        painter.fillRect(self.rect(), ink)
        painter.end()


class Sheet(QDialog):
    """The frame: fill `head`, `body` and `foot`, then `open()` it.

    Signals:
        wanted: the primary button was pressed, by pointer or by key.
    """

    wanted = Signal()
    KEY_SHOWN = ""

    def __init__(self, title: str, parent: QWidget, *, size: QSize) -> None:
        super().__init__(parent)
        self._window = parent.window()
        self.setWindowTitle(f"{title} · Pilothouse")
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._veil: Veil | None = None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self._top = HatchedHead(self)
        self.head = QHBoxLayout(self._top)
        self.head.setContentsMargins(MARGIN, 16, MARGIN, 0)
        self.head.setSpacing(12)
        middle = Surface("base", self)
        self.body = QVBoxLayout(middle)
        self.body.setContentsMargins(MARGIN, 8, MARGIN, 16)
        self.body.setSpacing(8)
        whole.addWidget(self._top)
        whole.addWidget(middle, 1)
        whole.addWidget(self._make_foot())
        self._primary.clicked.connect(self.on_primary_clicked)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(self.on_primary_wanted)
        self.finished.connect(self.on_finished)
        room = parent.screen().availableSize()
        self.resize(size.boundedTo(room))

    def _make_foot(self) -> QWidget:
        bottom = Surface("chrome", self, edges=frozenset({Qt.Edge.TopEdge}))
        whole = QHBoxLayout(bottom)
        whole.setContentsMargins(MARGIN, 12, MARGIN, 12)
        whole.setSpacing(12)
        self.foot = QVBoxLayout()
        self.foot.setSpacing(4)
        whole.addLayout(self.foot, 1)
        right = QVBoxLayout()
        right.setSpacing(4)
        whole.addLayout(right)
        self.missing = Text("", bottom, size=Size.SMALL, ink="text2")
        self.missing.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.missing.hide()
        right.addWidget(self.missing)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addStretch(1)
        right.addLayout(row)
        self._cancel = Button("Cancel", bottom)
        self._cancel.clicked.connect(self.reject)
        self._primary = Button("", bottom, kind=Kind.PRIMARY, hint=self.KEY_SHOWN)
        self._primary.setObjectName("primary")
        row.addWidget(self._cancel)
        row.addWidget(self._primary)
        return bottom

    @property
    def primary(self) -> Button:
        """The one filled button."""
        return self._primary

    @property
    def cancel(self) -> Button:
        """The button that leaves everything as it is."""
        return self._cancel

    def say_title(self, text: str) -> Text:
        """Put the sheet's title into its head."""
        label = Text(text, self, size=Size.TITLE, weight=BOLD)
        label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.head.addWidget(label)
        return label

    def set_practice(self, is_practice: bool) -> None:
        """Say whether it is about the sandbox."""
        self._top.set_practice(is_practice)

    def say_missing(self, text: str, ink: str = "text2") -> None:
        """Say above the buttons what is still needed; nothing when nothing is."""
        self.missing.setText(text)
        self.missing.set_ink(ink)
        self.missing.setVisible(bool(text))

    def set_primary(self, text: str, *, on: bool, icon: str | Shape | None = None) -> None:
        """Name the primary button and switch it."""
        self._primary.setText(text)
        if icon is not None:
            self._primary.set_sign(icon)
        self._primary.setEnabled(on)
        self._primary.updateGeometry()

    def open(self) -> None:
        """Show the sheet over its window, dimmed; returns at once."""
        self._veil = Veil(self._window)
        self._veil.show()
        self._veil.raise_()
        super().open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses nothing by itself; Esc closes."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()
            return
        super().keyPressEvent(event)

    @Slot()
    def on_primary_wanted(self) -> None:
        """The key of the primary button was pressed."""
        if self._primary.isEnabled():
            self.wanted.emit()

    @Slot()
    def on_primary_clicked(self) -> None:
        """The primary button was pressed."""
        self.wanted.emit()

    @Slot()
    def on_finished(self) -> None:
        """Let the window shine again."""
        if self._veil is not None:
            self._veil.hide()
            self._veil.deleteLater()
            self._veil = None
