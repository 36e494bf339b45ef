"""Settings: accounts, how this computer keeps tokens, alerts, keys and the look."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pilothouse.domain.news import Reach
from pilothouse.ui import words
from pilothouse.ui.actions import Verb
from pilothouse.ui.desk import Desk
from pilothouse.ui.memory import Memory
from pilothouse.ui.sheets.tick_box import TickBox
from pilothouse.ui.sights import AccountSight
from pilothouse.ui.theme import Size, Theme
from pilothouse.ui.tokens import Scheme
from pilothouse.ui.widgets.buttons import Button
from pilothouse.ui.widgets.chips import LetterMark, letter_of, title_of
from pilothouse.ui.widgets.labels import BOLD, MEDIUM, SectionHeading, Text
from pilothouse.ui.widgets.segments import Segments
from pilothouse.ui.widgets.surface import Rule, Surface


class AccountLine(QWidget):
    """One account, with what can be done to it."""

    def __init__(self, desk: Desk, sight: AccountSight, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._id = desk, sight.account.id
        account = sight.account
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 6)
        row.setSpacing(12)
        row.addWidget(LetterMark(letter_of(account), account.platform.value, self))
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(Text(title_of(account), self, weight=MEDIUM))
        texts.addWidget(Text(self._source(sight), self, size=Size.CAPTION, ink="text2"))
        row.addLayout(texts, 1)
        self.remove = Button(self.tr("Remove account"), self, small=True)
        self.remove.setAccessibleName(self.tr("Remove {name}").format(name=title_of(account)))
        self.remove.setVisible(account.source in {"keyring", "memory"})
        self.remove.clicked.connect(self.on_remove_clicked)
        row.addWidget(self.remove)

    def _source(self, sight: AccountSight) -> str:
        if sight.reach is Reach.REFUSED:
            return sight.reason or self.tr("Refuses the token.")
        return {
            "keyring": self.tr("Its token is in this computer’s keyring."),
            "memory": self.tr("Its token is kept until you quit, and nowhere on disk."),
            "environment": self.tr("Its token comes from the environment."),
            "sandbox": self.tr("Nothing here is real."),
        }.get(sight.account.source, sight.account.source)

    @Slot()
    def on_remove_clicked(self) -> None:
        """Forget the account and its token; apps at the platform are not touched."""
        face = self._desk.outlook.face
        if face is not None:
            self.remove.setEnabled(False)
            self._desk.bridge.ask(partial(face.accounts.remove, self._id), self.on_removed)

    @Slot(object)
    def on_removed(self, _nothing: object) -> None:
        """It is gone: read what is left."""
        self._desk.outlook.read_all()


class SettingsPage(Surface):
    """The page.

    Signals:
        test_notice_wanted: the person wants to see whether a notice reaches them.
    """

    test_notice_wanted = Signal()

    def __init__(self, desk: Desk, memory: Memory, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self._desk, self._memory = desk, memory
        self.setAccessibleName(self.tr("Settings"))
        self.lines: list[AccountLine] = []
        self._accounts = QVBoxLayout()
        self._accounts.setSpacing(0)
        self.keyring = Text(parent=self, ink="text2").wrapping()
        self.connect_button = Button(self.tr("Connect account…"), self, icon="plus")
        self.connect_button.clicked.connect(desk.actions.of(Verb.CONNECT).trigger)
        self.test = Button(self.tr("Send a test notice"), self, icon="bell")
        self.test.clicked.connect(self.on_test_clicked)
        self.tested = Text(parent=self, ink="text2").wrapping()
        self.letters = TickBox(self.tr("Single letters are commands in tables"), self)
        self.letters.setChecked(memory.letters_on)
        self.letters.toggled.connect(self.on_letters_toggled)
        self.schemes = Segments(
            self.tr("Look"),
            [
                ("", self.tr("As the desktop")),
                (Scheme.LIGHT.value, self.tr("Light")),
                (Scheme.DARK.value, self.tr("Dark")),
            ],
            self,
        )
        self.schemes.choose(memory.scheme.value if memory.scheme else "")
        self.schemes.chosen.connect(self.on_scheme_chosen)
        self._lay_out()
        desk.outlook.accounts_changed.connect(self.on_accounts_changed)
        self.on_accounts_changed()

    def _lay_out(self) -> None:
        inner = Surface("base")
        across = QHBoxLayout(inner)
        across.setContentsMargins(16, 14, 16, 24)
        column = QVBoxLayout()
        across.addLayout(column, 3)
        across.addStretch(1)
        column.setSpacing(8)
        column.addWidget(Text(self.tr("Settings"), inner, size=Size.TITLE, weight=BOLD))
        column.addSpacing(8)
        column.addWidget(SectionHeading(self.tr("Accounts"), inner))
        column.addLayout(self._accounts)
        column.addWidget(self.keyring)
        column.addWidget(self.connect_button)
        column.addSpacing(12)
        column.addWidget(Rule(inner))
        column.addWidget(SectionHeading(self.tr("Alerts"), inner))
        self._lay_out_alerts(column, inner)
        column.addWidget(SectionHeading(self.tr("Look"), inner))
        column.addWidget(self.schemes)
        column.addSpacing(12)
        column.addWidget(Rule(inner))
        column.addWidget(SectionHeading(self.tr("Keys"), inner))
        column.addWidget(self.letters)
        column.addLayout(self._keys(inner))
        column.addStretch(1)
        area = QScrollArea(self)
        area.setAccessibleName(self.tr("All settings"))
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)
        self.setFocusProxy(self.connect_button)

    def _lay_out_alerts(self, column: QVBoxLayout, inner: QWidget) -> None:
        said = self.tr(
            "Failures are shown by the desktop, in the tray and in the inbox. Success is quiet."
        )
        column.addWidget(Text(said, inner, ink="text2").wrapping())
        column.addWidget(self.test)
        column.addWidget(self.tested)
        column.addSpacing(12)
        column.addWidget(Rule(inner))

    def _keys(self, parent: QWidget) -> QGridLayout:
        lines = [
            (command.keys[0] if command.keys else command.letter, command.text)
            for command in self._desk.actions.commands.values()
            if command.keys or command.letter
        ]
        lines += [
            ("↵", self.tr("Open the row")),
            ("J  K", self.tr("Next row, previous row")),
            ("Ctrl+C", self.tr("Copy the row as one plain line")),
            ("Ctrl+↵", self.tr("The sheet’s primary button, when it is on")),
            ("Esc", self.tr("Close a sheet or menu, clear a filter; never stops a deployment")),
        ]
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(4)
        grid.setColumnMinimumWidth(0, 96)
        grid.setColumnStretch(1, 1)
        for at, (keys, text) in enumerate(lines):
            grid.addWidget(Text(keys, parent, weight=MEDIUM), at, 0)
            grid.addWidget(Text(text, parent, ink="text2"), at, 1, Qt.AlignmentFlag.AlignLeft)
        return grid

    @Slot()
    def on_accounts_changed(self) -> None:
        """Accounts came or went."""
        for line in self.lines:
            self._accounts.removeWidget(line)
            line.deleteLater()
        self.lines = [AccountLine(self._desk, sight, self) for sight in self._desk.outlook.sights]
        for line in self.lines:
            self._accounts.addWidget(line)
        self.keyring.setText(self._desk.outlook.keyring)

    @Slot()
    def on_test_clicked(self) -> None:
        """Send a notice, and say what it means if none is seen."""
        self.test_notice_wanted.emit()
        said = self.tr(
            "Sent at {time}. If you saw nothing, this desktop shows no notices now; "
            "the inbox keeps everything all the same."
        )
        self.tested.setText(said.format(time=words.clock_time(self._desk.outlook.now)))

    @Slot(bool)
    def on_letters_toggled(self, on: bool) -> None:
        """Switch single letters on or off."""
        self._desk.actions.letters_on = on
        self._memory.letters_on = on

    @Slot(str)
    def on_scheme_chosen(self, key: str) -> None:
        """Take another look, at once and for good."""
        scheme = Scheme(key) if key else None
        self._memory.scheme = scheme
        app = QApplication.instance()
        theme = app.findChild(Theme) if app is not None else None
        if theme is not None:
            theme.choose(scheme)
