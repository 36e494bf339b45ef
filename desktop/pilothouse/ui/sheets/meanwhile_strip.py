"""The strip of a sheet that says what happened to the app meanwhile, with a way to watch it."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from pilothouse.ui.shapes import Shape
from pilothouse.ui.sheets.meanwhile import Said
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets.buttons import LinkButton
from pilothouse.ui.widgets.strip import Strip

SHAPES = {Tone.WARN: Shape.WARN, Tone.BAD: Shape.BLOCK}


class MeanwhileStrip(Strip):
    """Hidden until something happens.

    Signals:
        watch_wanted: a person wants to see the other run; carries its id.
    """

    watch_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What happened meanwhile", parent)
        self._watched = ""
        self.watch = LinkButton("Watch", self)
        self.watch.hide()
        self.watch.clicked.connect(self.on_watch_clicked)
        self.add_button(self.watch)

    @property
    def watched(self) -> str:
        """The deployment that can be watched, if there is one."""
        return self._watched

    def tell(self, said: Said, tone: Tone = Tone.WARN) -> None:
        """Say what happened; an empty sentence hides the strip."""
        self._watched = said.deployment_id
        self.watch.setVisible(bool(said.deployment_id))
        self.say(tone, SHAPES[tone], said.sentence)

    @Slot()
    def on_watch_clicked(self) -> None:
        """Name the run that is to be watched."""
        self.watch_wanted.emit(self._watched)
