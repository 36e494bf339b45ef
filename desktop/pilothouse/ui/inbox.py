"""The inbox: what needs a person, until a person has seen it. Notices elsewhere only point here.

The list is the outlook's own; a mark is written into the journal, and the list follows the news.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from pilothouse.domain.news import Notice
from pilothouse.domain.records import RequestKind
from pilothouse.engine.views import AppView
from pilothouse.ui.desk import Desk
from pilothouse.ui.inbox_list import InboxList
from pilothouse.ui.inbox_rows import shape_of, with_headings
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size
from pilothouse.ui.travels import Page, Place
from pilothouse.ui.widgets.buttons import Button, Kind
from pilothouse.ui.widgets.labels import BOLD, ShapeView, Text
from pilothouse.ui.widgets.segments import Segments
from pilothouse.ui.widgets.surface import HairSplitter, Rule, Surface
from pilothouse.ui.words import ago, full_moment

QUESTIONS = ("What failed", "What serves now", "What was done", "What you can do")


class NoticePane(Surface):
    """One notice whole: title, four answers, verbs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self._shape = ShapeView(self, size=22)
        self._title = Text("", self, size=Size.HEADING, weight=BOLD).wrapping().selectable()
        self._when = Text("", self, ink="text3")
        self._answers = [
            (
                Text(question, self, size=Size.SMALL, ink="text3"),
                Text("", self).wrapping().selectable(),
            )
            for question in QUESTIONS
        ]
        self.open = Button("Open deployment", self, kind=Kind.PRIMARY)
        self.release = Button("Release hold…", self, icon=Shape.HELD)
        self.seen = Button("Mark as seen", self)
        self.told = Text("", self, size=Size.SMALL, ink="text2").wrapping()
        self._lay_out()

    def _lay_out(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(20, 16, 20, 16)
        whole.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(self._shape)
        head.addWidget(self._title, 1)
        whole.addLayout(head)
        self._when.setContentsMargins(36, 0, 0, 8)
        whole.addWidget(self._when)
        for question, answer in self._answers:
            whole.addWidget(question)
            whole.addWidget(answer)
            whole.addSpacing(10)
        verbs = QHBoxLayout()
        verbs.setSpacing(8)
        for button in (self.open, self.release, self.seen):
            verbs.addWidget(button)
        verbs.addStretch(1)
        whole.addLayout(verbs)
        whole.addSpacing(14)
        whole.addWidget(Rule(self))
        whole.addSpacing(8)
        whole.addWidget(self.told)
        whole.addStretch(1)

    def show_notice(self, notice: Notice, since: str, *, held: bool) -> None:
        """Show a notice."""
        self._shape.show_shape(shape_of(notice), notice.state)
        self._title.setText(notice.title)
        self._when.setText(f"{full_moment(notice.at)}, {since}")
        given = (notice.failed, notice.serves, notice.done, notice.choices)
        for (question, answer), text in zip(self._answers, given, strict=True):
            question.setVisible(bool(text))
            answer.setVisible(bool(text))
            answer.setText(text)
        self.release.setVisible(held)
        self.seen.setVisible(notice.seen_at is None)
        told = "It stays open until somebody marks it as seen."
        if notice.seen_at is not None:
            told = f"Marked as seen {full_moment(notice.seen_at)}."
        self.told.setText(told)
        self.setAccessibleName(notice.title)


class InboxPage(Surface):
    """List at left, the chosen notice at right."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self._desk = desk
        self.setAccessibleName("Inbox")
        self.list = InboxList(self)
        self.which = Segments("Which notices", [("open", "Need you"), ("all", "All")], self)
        self.pane = NoticePane()
        self.empty = Text("", self, ink="text2")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lay_out()
        self.which.chosen.connect(self.on_which_chosen)
        self.list.selectionModel().currentChanged.connect(self.on_current_changed)
        self.list.opened.connect(self.on_open_clicked)
        self.pane.open.clicked.connect(self.on_open_clicked)
        self.pane.seen.clicked.connect(self.on_seen_clicked)
        self.pane.release.clicked.connect(self.on_release_clicked)
        desk.outlook.notices_changed.connect(self.on_notices_changed)
        desk.outlook.changed.connect(self.on_changed)
        desk.outlook.ticked.connect(self.on_ticked)
        self.setFocusProxy(self.list)
        self.which.choose("all")
        self.on_notices_changed()

    def _lay_out(self) -> None:
        left = Surface("base", self)
        left.setMinimumWidth(280)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(14, 14, 14, 8)
        head.addWidget(Text("Inbox", left, size=Size.TITLE, weight=BOLD))
        head.addStretch(1)
        head.addWidget(self.which)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        self._area = QScrollArea(self)
        self._area.setAccessibleName("Notice")
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self.pane)
        split = HairSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(left)
        split.addWidget(self._area)
        split.setStretchFactor(1, 1)
        split.setSizes([336, 700])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(split, 1)
        whole.addWidget(self.empty, 1)
        self._split = split

    @property
    def notice(self) -> Notice | None:
        """The chosen notice, as it is now."""
        return self.list.notice

    def _view(self, notice: Notice) -> AppView | None:
        return self._desk.outlook.view(notice.app_id)

    def _say_empty(self) -> None:
        outlook = self._desk.outlook
        seen = [view.seen_at for view in outlook.views if view.seen_at is not None]
        age = outlook.age_s(max(seen, default=None))
        last = f" Last look {ago(age)}." if age is not None else ""
        self.empty.setText(f"Nothing needs you.{last}")

    @Slot()
    def on_notices_changed(self) -> None:
        """The inbox is another one."""
        notices = self._desk.outlook.notices
        only_open = self.which.current == "open"
        shown = [one for one in notices if one.seen_at is None or not only_open]
        accounts = {view.app.id: view.account for view in self._desk.outlook.views}
        self.list.show_rows(with_headings(shown, accounts))
        self.which.set_count("open", sum(one.seen_at is None for one in notices))
        self.empty.setVisible(not notices)
        self._split.setVisible(bool(notices))
        self._say_empty()
        self._show()

    @Slot(object)
    def on_changed(self, _ids: object) -> None:
        """Apps are different now: a hold may be gone."""
        self._show()

    @Slot()
    def on_ticked(self) -> None:
        """Ages grow."""
        if self.isVisible():
            self._say_empty()
            self._show()

    def _show(self) -> None:
        notice = self.notice
        self._area.setVisible(notice is not None)
        if notice is None:
            return
        view = self._view(notice)
        held = view is not None and view.hold_reason is not None
        age = self._desk.outlook.age_s(notice.at) or 0.0
        self.pane.show_notice(notice, ago(age), held=held)

    @Slot(QModelIndex, QModelIndex)
    def on_current_changed(self, _now: QModelIndex, _was: QModelIndex) -> None:
        """Another notice is chosen."""
        self._show()

    @Slot(str)
    def on_which_chosen(self, _key: str) -> None:
        """Only open ones, or all."""
        self.on_notices_changed()

    @Slot()
    def on_open_clicked(self) -> None:
        """Go to the deployment."""
        if self.notice is not None:
            place = Place(Page.RUN, deployment_id=self.notice.deployment_id)
            self._desk.travels.go(place)

    @Slot()
    def on_seen_clicked(self) -> None:
        """Write down that a person has seen it."""
        face, notice = self._desk.outlook.face, self.notice
        if face is not None and notice is not None:
            call = partial(face.ask, RequestKind.SEEN, notice.deployment_id)
            self._desk.bridge.ask(call, self.on_written)

    @Slot(object)
    def on_written(self, _nothing: None) -> None:
        """The list is read again."""
        self._desk.outlook.read_all()

    @Slot()
    def on_release_clicked(self) -> None:
        """Open the sheet that releases the hold."""
        notice = self.notice
        view = self._view(notice) if notice is not None else None
        if view is not None:
            self._desk.sheets.hold_or_release(view, self.window())
