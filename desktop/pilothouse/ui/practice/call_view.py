"""The requests received: a table that follows the newest until a person scrolls up."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from pilothouse.ui import words
from pilothouse.ui.actions import Actions
from pilothouse.ui.practice.call_rows import CallRow
from pilothouse.ui.practice.call_table import HEIGHT, MARGIN, CallTable
from pilothouse.ui.practice.outlook import PracticeOutlook
from pilothouse.ui.theme import Size
from pilothouse.ui.widgets.buttons import LinkButton
from pilothouse.ui.widgets.labels import Text
from pilothouse.ui.widgets.surface import Rule, Surface


class CallView(Surface):
    """Table and foot.

    Signals:
        aimed: a call was opened, so that the form may be aimed at such calls.
    """

    aimed = Signal(object)

    def __init__(self, actions: Actions, outlook: PracticeOutlook, parent: QWidget) -> None:
        super().__init__("base", parent)
        self._outlook = outlook
        self._follows, self._unseen = True, 0
        self._filter = ""
        self.table = CallTable(actions, self)
        self.empty = Text(parent=self, ink="text2")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.empty.setContentsMargins(0, 32, 0, 0)
        self.state = Text(parent=self, size=Size.SMALL, ink="text2")
        self.follow = LinkButton(self.tr("Follow"), self, size=Size.SMALL)
        self.count = Text(parent=self, size=Size.SMALL, ink="text3")
        self._middle = QStackedWidget(self)
        self._lay_out()
        self.setFocusProxy(self.table)
        self.follow.clicked.connect(self.on_follow_clicked)
        self.table.opened.connect(self.on_opened)
        self.table.calls.rowsRemoved.connect(self.on_rows_removed)
        bar = self.table.verticalScrollBar()
        bar.actionTriggered.connect(self.on_scrolled_by_hand)
        self.table.selectionModel().selectionChanged.connect(self.on_row_chosen)
        bar.rangeChanged.connect(self.on_range_changed)
        outlook.received.connect(self.on_received)
        outlook.amended.connect(self.on_amended)
        outlook.restarted.connect(self.on_restarted)
        outlook.changed.connect(self.on_changed)
        self._say()

    def _lay_out(self) -> None:
        self._middle.addWidget(self.table)
        self._middle.addWidget(self.empty)
        self.state.setMinimumHeight(HEIGHT)
        foot = QHBoxLayout()
        foot.setContentsMargins(MARGIN, 2, MARGIN, 2)
        foot.setSpacing(8)
        foot.addWidget(self.state)
        foot.addWidget(self.follow)
        foot.addStretch(1)
        foot.addWidget(self.count)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._middle, 1)
        whole.addWidget(Rule(self))
        whole.addLayout(foot)

    def choose(self, text: str) -> None:
        """Show what matches, and the newest of it."""
        self._filter = text
        self.table.calls.choose(text)
        self._follow()

    def _say(self) -> None:
        calls = self.table.calls
        self._middle.setCurrentIndex(0 if calls.rows else 1)
        self.follow.setVisible(not self._follows)
        if self._follows:
            self.state.setText(self.tr("Follows the newest. Scroll up to stop."))
        elif self._unseen == 1:
            self.state.setText(self.tr("1 new request"))
        elif self._unseen:
            said = self.tr("{count} new requests").format(count=words.number(self._unseen))
            self.state.setText(said)
        else:
            self.state.setText(self.tr("Does not follow."))
        held = words.number(calls.everything)
        if self._filter:
            shown = words.number(len(calls.rows))
            self.count.setText(self.tr("{shown} of {held}").format(shown=shown, held=held))
        else:
            self.count.setText(self.tr("↵ into the form · {held} kept").format(held=held))
        self._say_why_empty()

    def _say_why_empty(self) -> None:
        if self.table.calls.everything:
            said = self.tr("Nothing matches “{text}”.").format(text=self._filter)
        elif self._outlook.is_there:
            said = self.tr("No request yet. What any tool asks of the sandbox appears here.")
        elif self._outlook.silent_since is None:
            said = self.tr("Reading what the sandbox received…")
        else:
            said = self._outlook.reason
        self.empty.setText(said)

    def _follow(self) -> None:
        self._follows, self._unseen = True, 0
        self.table.scrollToBottom()
        self._say()

    # -- slots ---------------------------------------------------------------------------------

    @Slot(object)
    def on_received(self, rows: tuple[CallRow, ...]) -> None:
        """Fresh calls."""
        before = len(self.table.calls.rows)
        self.table.calls.add(rows)
        if self._follows:
            self.table.scrollToBottom()
        else:
            self._unseen += max(0, len(self.table.calls.rows) - before)
        self._say()

    @Slot(object)
    def on_amended(self, rows: tuple[CallRow, ...]) -> None:
        """Calls were answered."""
        self.table.calls.amend(rows)

    @Slot()
    def on_restarted(self) -> None:
        """Another sandbox: its own calls alone."""
        self.table.calls.restart()
        self._follow()

    @Slot()
    def on_changed(self) -> None:
        """It answers, or does not."""
        self._say()

    @Slot(int)
    def on_scrolled_by_hand(self, _action: int) -> None:
        """Scrolling up stops following, scrolling to the end begins it again."""
        bar = self.table.verticalScrollBar()
        self._go_on(bar.sliderPosition() >= bar.maximum())

    @Slot(QItemSelection)
    def on_row_chosen(self, chosen: QItemSelection) -> None:
        """A row that is looked at stays in sight; the newest one is followed."""
        for index in chosen.indexes()[:1]:
            self._go_on(index.row() == len(self.table.calls.rows) - 1)

    def _go_on(self, follows: bool) -> None:
        if follows != self._follows:
            self._follows, self._unseen = follows, 0
            self._say()

    @Slot(int, int)
    def on_range_changed(self, _least: int, _most: int) -> None:
        """The view became larger or smaller, or longer."""
        if self._follows:
            self.table.scrollToBottom()

    @Slot(QModelIndex, int, int)
    def on_rows_removed(self, _parent: QModelIndex, first: int, last: int) -> None:
        """The oldest left: what is looked at stays where it is."""
        if not self._follows:
            bar = self.table.verticalScrollBar()
            bar.setValue(bar.value() - (last - first + 1) * HEIGHT)

    @Slot()
    def on_follow_clicked(self) -> None:
        """Go to the newest and stay there."""
        self._follow()

    @Slot(QModelIndex)
    def on_opened(self, index: QModelIndex) -> None:
        """A call was opened."""
        self.aimed.emit(self.table.calls.rows[index.row()])
