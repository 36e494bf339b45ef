"""The head of a run's page: which app, what goes on, for how long, and who answers for it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from pilothouse.domain.deployment import Progress, State
from pilothouse.ui.run.endings import heading, incumbent, newcomer, sentence
from pilothouse.ui.run.feed import RunFeed
from pilothouse.ui.run.hatched_head import HatchedHead
from pilothouse.ui.run.outline import done_of
from pilothouse.ui.run.spans import clock
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, colour, tokens
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets.chips import Chip
from pilothouse.ui.widgets.labels import BOLD, StateLabel, Text
from pilothouse.ui.words import StateWord, app_state, clock_time, duration

HELD = StateWord(Shape.HELD, "Held", Tone.WARN)
BLIND = StateWord(Shape.BLIND, "Blind", Tone.UNK)


class ShareBar(QWidget):
    """How much of the predicted time is over; the words beside it say the same."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_share(self, share: float) -> None:
        """Show a share, 0 to 1."""
        self._share = max(0.0, min(1.0, share))
        self.setAccessibleName(f"{round(self._share * 100)} per cent of the predicted time")
        self.update()

    def sizeHint(self) -> QSize:
        """A thin bar."""
        return QSize(160, 4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the bar."""
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(look.line))
        painter.drawRoundedRect(self.rect().toRectF(), 2, 2)
        painter.setBrush(colour(look.run_mark))
        painter.drawRoundedRect(QRectF(0, 0, self.width() * self._share, self.height()), 2, 2)
        painter.end()


def state_word(progress: Progress) -> StateWord:
    """What goes on, as shape, word and tone."""
    if progress.blind_since is not None:
        return BLIND
    match progress.state:
        case State.PAUSED:
            return StateWord(Shape.HELD, "Paused", Tone.WARN)
        case State.WAITING:
            return StateWord(Shape.HELD, "Waits for you", Tone.WARN)
        case State.GOING_BACK:
            return StateWord(Shape.ROLLED_BACK, heading(progress), Tone.WARN)
        case _:
            return StateWord(Shape.DEPLOYING, heading(progress), Tone.RUN)


class RunHead(HatchedHead):
    """Two lines, and the time at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, edges=frozenset({Qt.Edge.BottomEdge}))
        self._name = Text("", self, size=Size.TITLE, weight=BOLD)
        self._name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._account = Chip(parent=self)
        self._production = Chip("Production", self, icon="shield")
        self._change = Text("", self, ink="text2")
        self._state = StateLabel(self)
        self._held = StateLabel(self)
        self._held.show_state(HELD)
        self._held.hide()
        self._sentence = Text("", self, ink="text2")
        self._clock = Text("", self, size=Size.HEADING, weight=BOLD)
        self._of = Text("", self, ink="text3")
        self._bar = ShareBar(self)
        self._owner = Text("", self, size=Size.SMALL, ink="text3")
        self._word = ""
        self._lay_out()

    def _lay_out(self) -> None:
        whole = QHBoxLayout(self)
        whole.setContentsMargins(16, 10, 16, 10)
        left = QVBoxLayout()
        left.setSpacing(6)
        first = QHBoxLayout()
        first.setSpacing(12)
        for widget in (self._name, self._account, self._production, self._change):
            first.addWidget(widget)
        first.addStretch(1)
        left.addLayout(first)
        second = QHBoxLayout()
        second.setSpacing(16)
        second.addWidget(self._state)
        second.addWidget(self._held)
        second.addWidget(self._sentence)
        second.addStretch(1)
        left.addLayout(second)
        whole.addLayout(left, 1)
        right = QVBoxLayout()
        right.setSpacing(4)
        time = QHBoxLayout()
        time.setSpacing(8)
        time.addStretch(1)
        time.addWidget(self._clock)
        time.addWidget(self._of)
        right.addLayout(time)
        end = Qt.AlignmentFlag.AlignRight
        right.addWidget(self._bar, 0, end)
        right.addWidget(self._owner, 0, end)
        whole.addLayout(right)

    @property
    def spoken(self) -> str:
        """What goes on, in words."""
        return f"{self._word} {self._sentence.text()}".strip()

    def show_run(self, feed: RunFeed, now: datetime) -> None:
        """Show a run as it stands."""
        progress = feed.progress
        if progress is None:
            return
        plan = progress.plan
        self._name.setText(plan.app.name)
        self._account.setVisible(feed.view is not None)
        if feed.view is not None:
            self._account.show_account(feed.view.account)
            self.set_practice(feed.view.account.is_sandbox)
        self._production.setVisible(plan.policy.production)
        change = f"{incumbent(plan)} → {newcomer(plan)} · {plan.target.label}"
        self._change.setText(change)
        if progress.state.is_ended:
            self._show_past(feed, progress)
        else:
            self._show_live(feed, progress, now)

    def _show_live(self, feed: RunFeed, progress: Progress, now: datetime) -> None:
        done, every = done_of(progress)
        self._held.hide()
        word = state_word(progress)
        self._word = word.word
        self._state.show_state(word, done / max(1, every))
        self._sentence.setText(feed.trouble or sentence(progress, feed.told, feed.cells))
        self._sentence.set_ink("warn" if feed.trouble else "text2")
        since = progress.started_at
        taken = (now - since).total_seconds() if since is not None else 0.0
        expected = progress.plan.expected_s
        self._clock.setText(clock(taken))
        self._of.setText(f"of about {clock(expected)}" if not progress.going_back else "")
        self._bar.setVisible(not progress.going_back)
        self._bar.show_share(taken / expected if expected else 0.0)
        journal = "journal not written" if feed.trouble else "journal written"
        self._owner.setText(f"{progress.owner} · fence {progress.fence} · {journal}")

    def _show_past(self, feed: RunFeed, progress: Progress) -> None:
        if feed.view is not None:
            word = app_state(feed.view.state)
            self._word = word.word
            self._state.show_state(word)
            self._held.setVisible(feed.view.hold_reason is not None)
        self._sentence.setText("")
        self._state.setVisible(feed.view is not None)
        self._bar.hide()
        self._clock.setText("")
        self._of.setText("")
        by = feed.record.created_by if feed.record is not None else ""
        told = []
        if progress.started_at is not None:
            told.append(f"started {clock_time(progress.started_at)} by {by}")
        if progress.ended_at is not None:
            told.append(f"ended {clock_time(progress.ended_at)}")
            if progress.started_at is not None:
                length = (progress.ended_at - progress.started_at).total_seconds()
                told.append(duration(length))
        self._owner.setText(" · ".join(told))
