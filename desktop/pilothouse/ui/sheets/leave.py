"""The sheet that asks before the window ends while something is deployed, and what follows.

Esc and Cancel mean *stay*; nothing that runs is ever stopped without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import partial

from PySide6.QtCore import QObject, QSize, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from pilothouse.domain.deployment import LIVE, State
from pilothouse.domain.news import Journaled
from pilothouse.domain.records import DeploymentRecord, RequestKind
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.face import Face
from pilothouse.ui.sheets.frame import Sheet
from pilothouse.ui.widgets.buttons import Button
from pilothouse.ui.widgets.labels import Text


class Leave(Enum):
    """What a person chose."""

    KEEP_IN_TRAY = "Keep running in the tray"
    STOP_AFTER_STEP = "Stop after this step"


def sentence_of(names: Sequence[str]) -> str:
    """What runs."""
    if len(names) == 1:
        return f"{names[0]} is being deployed."
    return f"{len(names)} apps are being deployed: {', '.join(sorted(names))}."


class LeaveSheet(Sheet):
    """Leave, or stay.

    Signals:
        chosen: how to leave; not sent when the person stays.
    """

    chosen = Signal(object)

    def __init__(self, running: Sequence[DeploymentRecord], parent: QWidget, *, tray: bool) -> None:
        super().__init__("Quit", parent, size=QSize(560, 210))
        names = [record.progress.plan.app.name for record in running]
        self.say_title(sentence_of(names))
        self.head.addStretch(1)
        told = (
            "A deployment that is stopped after its step pauses there and goes on when Pilothouse "
            "is started again. Until then both releases may serve."
        )
        self.body.addWidget(Text(told, self, ink="text2").wrapping())
        self.body.addStretch(1)
        row = QHBoxLayout()
        self.stop = Button(Leave.STOP_AFTER_STEP.value, self)
        self.stop.clicked.connect(self.on_stop_clicked)
        row.addWidget(self.stop)
        row.addStretch(1)
        self.foot.addLayout(row)
        self.cancel.setText("Stay")
        self.set_primary(Leave.KEEP_IN_TRAY.value, on=tray, icon="tray")
        self.primary.setVisible(tray)
        self.wanted.connect(self.on_wanted)

    @Slot()
    def on_stop_clicked(self) -> None:
        """Stop after this step."""
        self.chosen.emit(Leave.STOP_AFTER_STEP)
        self.accept()

    @Slot()
    def on_wanted(self) -> None:
        """Keep running in the tray."""
        self.chosen.emit(Leave.KEEP_IN_TRAY)
        self.accept()


class Leaving(QObject):
    """Pauses what runs and tells when the program may end.

    Signals:
        may_end: nothing is in the middle of a step any more.

    Threads: the GUI's.
    """

    may_end = Signal()

    def __init__(
        self, running: Mapping[str, State], service: Face, bridge: Bridge, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._open = set(running)
        self._bridge = bridge
        bridge.arrived.connect(self.on_news)
        for deployment_id in running:
            bridge.ask(partial(service.ask, RequestKind.PAUSE, deployment_id))

    @Slot(object)
    def on_news(self, news: object) -> None:
        """One of them paused or ended."""
        if not isinstance(news, Journaled) or news.event.deployment_id not in self._open:
            return
        state = news.progress.state
        if state is State.PAUSED or state not in LIVE:
            self._open.discard(news.event.deployment_id)
            if not self._open:
                self.may_end.emit()
