"""The bar below a live run: pause after this step, or stop and go back.

Stopping acts at once, as it is the safe direction; neither button waits for an answer to show
that it was pressed.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from pilothouse.domain.change import ChangeKind
from pilothouse.domain.deployment import Event, EventKind, Progress, State
from pilothouse.domain.records import RequestKind
from pilothouse.ui.widgets.buttons import Button, Kind
from pilothouse.ui.widgets.labels import Text
from pilothouse.ui.widgets.surface import Surface


class WaysOut(Surface):
    """The two ways out.

    Signals:
        wished: a person wants something of the run; carries the kind of request.
    """

    wished = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("chrome", parent, edges=frozenset({Qt.Edge.TopEdge}))
        self._asked: set[RequestKind] = set()
        self._paused = False
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(12)
        self._sentence = Text("", self, ink="text2").wrapping()
        row.addWidget(self._sentence, 1)
        self.pause = Button("Pause after this step", self, icon="pause")
        self.pause.clicked.connect(self.on_pause_clicked)
        row.addWidget(self.pause)
        self.stop = Button("Stop and go back", self, kind=Kind.STOP, icon="back")
        self.stop.clicked.connect(self.on_stop_clicked)
        row.addWidget(self.stop)

    def restart(self) -> None:
        """Another run: nothing was asked of it here."""
        self._asked = set()

    def show_run(self, progress: Progress, *, trouble: str) -> None:
        """Show what can be done now."""
        self.setVisible(not progress.state.is_ended)
        self._paused = progress.state is State.PAUSED
        stopping = progress.going_back or RequestKind.STOP in self._asked
        back = progress.plan.change.kind is ChangeKind.ROLLBACK
        self.stop.setText("Going back…" if stopping and not back else "Stop and go back")
        if back:
            self.stop.setText("Stopping…" if stopping else "Stop here")
        self.stop.setEnabled(not stopping)
        self.stop.updateGeometry()
        waiting = RequestKind.PAUSE in self._asked and not self._paused
        self.pause.setText("Go on" if self._paused or waiting else "Pause after this step")
        self.pause.setVisible(not progress.going_back)
        self.pause.setEnabled(not stopping)
        self.pause.updateGeometry()
        self._sentence.setText(self._words(progress, trouble=trouble, waiting=waiting))

    def _words(self, progress: Progress, *, trouble: str, waiting: bool) -> str:
        if trouble:
            return f"Paused: {trouble} Nothing more is changed until the journal can be written."
        if self._paused:
            return "Paused. Nothing more is changed until you go on, or go back."
        if waiting:
            return "It pauses after this step."
        if progress.going_back:
            return "Closing the window does not stop the way back."
        return (
            "Closing the window does not stop the deployment. If this computer dies, what serves "
            "now stays in traffic, and the run is taken up again at the next start."
        )

    def note(self, event: Event) -> None:
        """What was asked is taken: the run's own state says the rest."""
        if event.kind in {EventKind.RESUMED, EventKind.PAUSED}:
            self._asked -= {RequestKind.PAUSE, RequestKind.RESUME}

    @Slot()
    def on_pause_clicked(self) -> None:
        """Pause, or go on."""
        going_on = self._paused or RequestKind.PAUSE in self._asked
        kind = RequestKind.RESUME if going_on else RequestKind.PAUSE
        self._asked -= {RequestKind.PAUSE, RequestKind.RESUME}
        if not going_on:
            self._asked.add(kind)
        self.wished.emit(kind)

    @Slot()
    def on_stop_clicked(self) -> None:
        """Stop and go back, at once."""
        self._asked.add(RequestKind.STOP)
        self.wished.emit(RequestKind.STOP)

    def forget(self, kind: RequestKind) -> None:
        """What was asked could not be written down."""
        self._asked.discard(kind)
