"""“Make something go wrong”: the fields, what they mean in words, and the button that does it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from pilothouse.domain.practice import FaultWish, Scope
from pilothouse.ui.practice.call_rows import CallRow
from pilothouse.ui.practice.form_body import FormBody
from pilothouse.ui.practice.outlook import PracticeOutlook
from pilothouse.ui.practice.sentences import button_text, remarks
from pilothouse.ui.theme import Size
from pilothouse.ui.widgets.buttons import Button, Kind
from pilothouse.ui.widgets.labels import BOLD, Text
from pilothouse.ui.widgets.surface import Surface

MARGIN = 16
AROUND = 26


class WishButton(Button):
    """As wide as the form; says less where its words would be cut."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("", parent, kind=Kind.PRIMARY)
        self._short = ""

    def say(self, text: str, short: str) -> None:
        """Say what a press does, in two lengths."""
        self._short = short
        self.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def _shown(self) -> str:
        form = self.parentWidget()
        room = (form.width() if form is not None else 0) - 2 * MARGIN - AROUND
        metrics = QFontMetrics(self.font())
        if metrics.horizontalAdvance(self.text()) <= room:
            return self.text()
        return metrics.elidedText(self._short, Qt.TextElideMode.ElideRight, room)


class PracticeForm(Surface):
    """The form; the outlook passes the wish on."""

    def __init__(self, outlook: PracticeOutlook, parent: QWidget) -> None:
        super().__init__("well", parent)
        self._outlook = outlook
        self._wished: FaultWish | None = None
        self.setAccessibleName(self.tr("Make something go wrong"))
        inner = Surface("well")
        self.body = FormBody(inner)
        self.remarks = Text(parent=inner, size=Size.SMALL, ink="text2").wrapping()
        self.go = WishButton(inner)
        self.answer = Text(parent=inner, size=Size.SMALL, ink="text2").wrapping()
        column = QVBoxLayout(inner)
        column.setContentsMargins(MARGIN, 12, MARGIN, 12)
        column.setSpacing(10)
        column.addWidget(Text(self.tr("Make something go wrong"), inner, weight=BOLD))
        column.addWidget(self.body)
        column.addWidget(self.remarks)
        column.addWidget(self.go)
        column.addWidget(self.answer)
        column.addStretch(1)
        area = QScrollArea(self)
        area.setAccessibleName(self.accessibleName())
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)
        self.setFocusProxy(self.body.kind)
        self.body.altered.connect(self.on_altered)
        self.body.finished.connect(self.on_finished)
        self.go.clicked.connect(self.on_go_clicked)
        outlook.changed.connect(self.on_changed)
        outlook.settled.connect(self.on_settled)
        self.on_changed()

    def aim(self, call: CallRow) -> None:
        """Aim at calls such as this one, and let the person choose what happens to them."""
        self.body.aim(call)
        self.body.kind.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say(self) -> None:
        wish, kind = self.body.wish(), self.body.chosen
        there = self._outlook.is_there
        lacks = self.body.missing() if there else self.tr("The sandbox does not answer.")
        if wish is None or kind is None:
            text = short = self.tr("Make something go wrong")
        else:
            text, short = button_text(wish, kind), button_text(wish, kind, short=True)
        self.go.say(text, short)
        self.go.setEnabled(not lacks)
        self.remarks.setText(lacks or remarks(wish, kind))
        self.remarks.set_ink("bad" if lacks and there else "text2")

    @Slot()
    def on_changed(self) -> None:
        """What can go wrong, or to whom, is known anew."""
        if self._outlook.kinds:
            self.body.offer(self._outlook.kinds, self._outlook.apps)
        self._say()

    @Slot()
    def on_altered(self) -> None:
        """Something else is wished."""
        if self.body.scope in {Scope.INSTANCE, Scope.OTHERS}:
            self._outlook.read_apps()
        self.answer.clear()
        self._say()

    @Slot()
    def on_finished(self) -> None:
        """Return in a field moves on to the button, which a second Return does not press."""
        self.go.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def on_go_clicked(self) -> None:
        """Let it go wrong."""
        wish = self.body.wish()
        if wish is not None:
            self._wished = wish
            self.go.setEnabled(False)
            self._outlook.put(wish)

    @Slot(str)
    def on_settled(self, trouble: str) -> None:
        """It was put in force, or refused."""
        wished, self._wished = self._wished, None
        self._say()
        if trouble:
            self.answer.setText(trouble)
            self.answer.set_ink("bad")
        elif wished is not None:
            done, put = self.tr("Done."), self.tr("Put in force.")
            self.answer.setText(done if wished.scope is Scope.OTHERS else put)
            self.answer.set_ink("text2")
