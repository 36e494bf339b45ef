"""The log of a run: lines arrive in batches, the view follows until a person scrolls up.

It holds at most twenty thousand lines; text can be selected, copied and searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from pilothouse.ui.run.spans import of_day
from pilothouse.ui.run.story import LogLine, Weight
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.widgets.buttons import IconButton, LinkButton
from pilothouse.ui.widgets.fields import FilterField
from pilothouse.ui.widgets.labels import BOLD, Text
from pilothouse.ui.widgets.segments import Segments
from pilothouse.ui.widgets.surface import Rule, Surface

FLUSH_MS = 100
LONGEST = 20_000
SPEAKER = 7


def plain(line: LogLine) -> str:
    """A line as text."""
    return f"{of_day(line.at)} {line.speaker:{SPEAKER}} {line.text}"


class LogText(QPlainTextEdit):
    """The lines themselves, with a heading wherever another step begins to speak."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setAccessibleName("Log")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMaximumBlockCount(LONGEST)
        self.setFont(font(Size.SMALL, fixed=True))
        self.setUndoRedoEnabled(False)
        self.document().setDocumentMargin(12)
        self.viewport().setAutoFillBackground(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._heading: str | None = None

    def add(self, lines: Iterable[LogLine]) -> None:
        """Append lines in one edit."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        look = tokens()
        empty = self.document().isEmpty()
        for line in lines:
            if line.heading != self._heading:
                self._heading = line.heading
                form = self._form(look.text2, bold=True)
                cursor.insertText(("" if empty else "\n") + (line.heading or "Run"), form)
                empty = False
            lead = ("" if empty else "\n") + f"{of_day(line.at)} {line.speaker:{SPEAKER}} "
            empty = False
            cursor.insertText(lead, self._form(look.text3))
            ink = (
                look.text if line.weight is Weight.PLAIN else str(getattr(look, line.weight.value))
            )
            cursor.insertText(line.text, self._form(ink))
        cursor.endEditBlock()

    def restart(self) -> None:
        """Empty it."""
        self.clear()
        self._heading = None

    def _form(self, ink: str, *, bold: bool = False) -> QTextCharFormat:
        form = QTextCharFormat()
        form.setForeground(colour(ink))
        if bold:
            form.setFont(font(Size.SMALL, BOLD))
        else:
            form.setFont(font(Size.SMALL, fixed=True))
        return form


class LogView(Surface):
    """Head with the choice of lines, the text, and the foot that says whether it follows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("well", parent)
        self._lines: list[LogLine] = []
        self._waiting: list[LogLine] = []
        self._step = ""
        self._unseen = 0
        self._follows = True
        self.text = LogText(self)
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(FLUSH_MS)
        self._flush.timeout.connect(self.on_flush)
        self._lay_out()
        bar = self.text.verticalScrollBar()
        bar.actionTriggered.connect(self.on_scrolled_by_hand)
        bar.rangeChanged.connect(self.on_range_changed)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.on_find_wanted)
        self._say_following()

    def _lay_out(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 12, 6)
        head.addWidget(Text("Log", self, weight=BOLD))
        head.addStretch(1)
        self.which = Segments("Which lines", [("all", "All"), ("step", "This step")], self)
        self.which.chosen.connect(self.on_which_chosen)
        head.addWidget(self.which)
        search = IconButton("search", "Find in the log", self)
        search.clicked.connect(self.on_find_wanted)
        head.addWidget(search)
        copy = IconButton("copy", "Copy the log", self)
        copy.clicked.connect(self.on_copy_clicked)
        head.addWidget(copy)
        whole.addLayout(head)
        self.finder = FilterField("Find in the log", self, key="Enter")
        self.finder.hide()
        self.finder.returnPressed.connect(self.on_find)
        whole.addWidget(self.finder)
        whole.addWidget(Rule(self))
        whole.addWidget(self.text, 1)
        whole.addWidget(Rule(self))
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 2, 12, 2)
        self._state = Text("", self, size=Size.SMALL, ink="text2")
        foot.addWidget(self._state)
        self.follow = LinkButton("Follow", self)
        self.follow.clicked.connect(self.on_follow_clicked)
        foot.addWidget(self.follow)
        foot.addStretch(1)
        whole.addLayout(foot)

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """Everything that was told, shown or not."""
        return tuple(self._lines)

    @property
    def state_text(self) -> str:
        """What the foot says."""
        return self._state.text()

    def restart(self, lines: Iterable[LogLine]) -> None:
        """Show these lines and no others."""
        self._lines = list(lines)[-LONGEST:]
        self._render()

    def add(self, line: LogLine) -> None:
        """Add one more; it is shown with the next batch."""
        self._lines.append(line)
        del self._lines[:-LONGEST]
        if self._takes(line):
            self._waiting.append(line)
            if not self._flush.isActive():
                self._flush.start()

    def set_step(self, heading: str) -> None:
        """Say which step is *this step*."""
        if heading != self._step:
            self._step = heading
            if self.which.current == "step":
                self._render()

    def _takes(self, line: LogLine) -> bool:
        return self.which.current == "all" or line.heading == self._step

    def _render(self) -> None:
        self._waiting = []
        self.text.restart()
        self.text.add(line for line in self._lines if self._takes(line))
        self._follows, self._unseen = True, 0
        self._to_end()
        self._say_following()

    def _to_end(self) -> None:
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _say_following(self) -> None:
        self.follow.setVisible(not self._follows)
        if self._follows:
            self._state.setText("Follows the newest line. Scroll up to stop.")
        elif self._unseen:
            self._state.setText(f"{self._unseen} new line{'' if self._unseen == 1 else 's'}")
        else:
            self._state.setText("Does not follow.")

    def changeEvent(self, event: QEvent) -> None:
        """Another look: ink all lines again."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "follow"):
            self._render()

    @Slot()
    def on_flush(self) -> None:
        """Show what waits."""
        waiting, self._waiting = self._waiting, []
        bar = self.text.verticalScrollBar()
        at = bar.value()
        self.text.add(waiting)
        if self._follows:
            self._to_end()
        else:
            bar.setValue(at)
            self._unseen += len(waiting)
        self._say_following()

    @Slot(int)
    def on_scrolled_by_hand(self, _action: int) -> None:
        """Scrolling up stops following, scrolling to the end begins it again."""
        bar = self.text.verticalScrollBar()
        follows = bar.sliderPosition() >= bar.maximum()
        if follows != self._follows:
            self._follows, self._unseen = follows, 0
            self._say_following()

    @Slot(int, int)
    def on_range_changed(self, _least: int, _most: int) -> None:
        """The view became larger or smaller, or longer."""
        if self._follows:
            self._to_end()

    @Slot()
    def on_follow_clicked(self) -> None:
        """Go to the end and stay there."""
        self._follows, self._unseen = True, 0
        self._to_end()
        self._say_following()

    @Slot(str)
    def on_which_chosen(self, _key: str) -> None:
        """All lines, or those of this step."""
        self._render()

    @Slot()
    def on_find_wanted(self) -> None:
        """Offer the field, with what was looked for before."""
        self.finder.show()
        self.finder.setFocus()
        self.finder.selectAll()

    @Slot()
    def on_find(self) -> None:
        """Go to the next place; begin again at the top after the last one."""
        words = self.finder.text()
        if words and not self.text.find(words):
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
            self.text.find(words)

    @Slot()
    def on_copy_clicked(self) -> None:
        """All lines, as text."""
        tell: Callable[[str], None] = QGuiApplication.clipboard().setText
        tell("\n".join(plain(line) for line in self._lines))
