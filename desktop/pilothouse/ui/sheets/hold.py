"""The sheets that hold an app, and that release a hold: both ask for a reason."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from pilothouse.domain.records import RequestKind
from pilothouse.engine.views import AppView
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.face import Face
from pilothouse.ui.shapes import Shape
from pilothouse.ui.sheets.frame import Sheet
from pilothouse.ui.sheets.override import still_needed
from pilothouse.ui.theme import Size, font
from pilothouse.ui.widgets.labels import MEDIUM, Text
from pilothouse.ui.words import version


class ReasonSheet(Sheet):
    """One question, one reason, one wish written down.

    Signals:
        written: the wish is written down; carries the app's id.
    """

    written = Signal(str)

    def __init__(
        self, verb: str, view: AppView, service: Face, bridge: Bridge, parent: QWidget
    ) -> None:
        super().__init__(verb, parent, size=QSize(520, 250))
        self._view, self._service, self._bridge = view, service, bridge
        self._writing = False
        self.set_practice(view.account.is_sandbox)
        self.say_title(f"{verb} {view.app.name}")
        self.head.addStretch(1)
        self._question = Text("", self, weight=MEDIUM)
        self.reason = QLineEdit(self)
        self.reason.setFont(font())
        self.reason.setMaxLength(500)
        self._question.setBuddy(self.reason)
        self.reason.textChanged.connect(self.on_text_changed)
        self.wanted.connect(self.on_wanted)

    def _fill(self, told: str, question: str, after: str) -> None:
        """Put the words in: what is, what is asked, what follows."""
        if told:
            self.body.addWidget(Text(told, self, ink="text2").wrapping())
            self.body.addSpacing(8)
        self._question.setText(question)
        self.reason.setAccessibleName(question)
        self.body.addWidget(self._question)
        self.body.addWidget(self.reason)
        self.body.addWidget(Text(after, self, size=Size.SMALL, ink="text2").wrapping())
        self.body.addStretch(1)
        self.on_text_changed("")
        self.reason.setFocus()

    def kind(self) -> RequestKind:
        """Which wish it is."""
        raise NotImplementedError

    def button(self) -> tuple[str, Shape | str]:
        """The primary button's words and sign."""
        raise NotImplementedError

    @Slot(str)
    def on_text_changed(self, text: str) -> None:
        """The reason may be long enough now."""
        lacking = still_needed(text)
        self.say_missing(lacking)
        words, sign = self.button()
        self.set_primary(words, on=not lacking and not self._writing, icon=sign)

    @Slot()
    def on_wanted(self) -> None:
        """Write the wish down."""
        self._writing = True
        text = self.reason.text().strip()
        self.on_text_changed(text)
        call = partial(self._service.ask, self.kind(), self._view.app.id, text)
        self._bridge.ask(call, self.on_written, self.on_failed)

    @Slot(object)
    def on_written(self, _nothing: None) -> None:
        """It holds now."""
        self.written.emit(self._view.app.id)
        self.accept()

    @Slot(object)
    def on_failed(self, error: Exception) -> None:
        """Nothing was written: say why, and let it be tried again."""
        self._writing = False
        self.on_text_changed(self.reason.text())
        self.say_missing(str(error), "bad")


class HoldSheet(ReasonSheet):
    """Hold an app: nobody deploys until a person releases it."""

    def __init__(self, view: AppView, service: Face, bridge: Bridge, parent: QWidget) -> None:
        super().__init__("Hold", view, service, bridge, parent)
        after = "No deploys until a person releases the hold. Going back still works."
        self._fill("", "Why shall nobody deploy?", after)

    def kind(self) -> RequestKind:
        """A hold."""
        return RequestKind.HOLD

    def button(self) -> tuple[str, Shape | str]:
        """Hold it."""
        return f"Hold {self._view.app.name}", "pause"


class ReleaseHoldSheet(ReasonSheet):
    """Release a hold."""

    def __init__(self, view: AppView, service: Face, bridge: Bridge, parent: QWidget) -> None:
        super().__init__("Release hold of", view, service, bridge, parent)
        told = f"Held: {view.hold_reason}" if view.hold_reason else "It is not held."
        last = view.last.progress.plan if view.last is not None else None
        after = "Written to the journal."
        if last is not None and view.last is not None and view.last.progress.going_back:
            bad = version(last.to_version) if last.to_version else last.target.label
            after = f"{bad} stays marked as bad; deploying it again will block."
        self._fill(told, "Why may deploys go on?", after)

    def kind(self) -> RequestKind:
        """The end of a hold."""
        return RequestKind.RELEASE_HOLD

    def button(self) -> tuple[str, Shape | str]:
        """Release it."""
        return f"Release hold of {self._view.app.name}", "lock"
