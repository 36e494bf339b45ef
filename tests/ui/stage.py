"""A window's surroundings without the window: engine, bridge, outlook, desk, a host to stand on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from pilothouse.domain.change import Change, Plan
from pilothouse.domain.deployment import Event
from pilothouse.domain.evidence import Probe
from pilothouse.domain.news import Journaled, Probed
from pilothouse.domain.records import DeploymentRecord
from pilothouse.engine.views import AppView
from pilothouse.ui.actions import Actions
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.desk import Desk
from pilothouse.ui.outlook import Outlook
from pilothouse.ui.sheets.opener import SheetOpener
from pilothouse.ui.travels import Travels
from tests.ui import sample, sample_runs
from tests.ui.fake_service import FakeService, World
from tests.ui.sample_runs import Teller

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"


class Stage:
    """Everything that a page or sheet needs, in memory."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        history = sample.history()
        view = replace(sample_runs.harbor_api(), release=history[0], way_back=history[1])
        self.view: AppView = view
        others = [one for one in sample.fleet() if one.app.id != view.app.id]
        self.service = FakeService(World.of((view, *others), {view.app.id: history}))
        self.service.planner = self.plan
        self.now: datetime = sample.NOW
        self.window = QWidget()
        self.window.resize(1280, 800)
        qtbot.addWidget(self.window)
        self.bridge = Bridge(self.window)
        self.troubles: list[object] = []
        self.service.subscribe(self.bridge.publish)
        self.outlook = Outlook(self.bridge, self.window, clock=self._clock)
        self.travels = Travels(self.window)
        self.sheets = SheetOpener(
            self._face, self.bridge, self.travels, by="lena", parent=self.window
        )
        actions = Actions(self.window)
        self.desk = Desk(self.bridge, self.outlook, self.travels, actions, self.sheets)
        self.plans: list[Plan] = []
        self.changed_plan: Callable[[Plan], Plan] = same

    def _clock(self) -> datetime:
        return self.now

    def _face(self) -> FakeService | None:
        return self.service

    def plan(self, change: Change, _draft: str) -> Plan:
        """The plan for a change, as the test wants it."""
        made = self.changed_plan(sample_runs.plan_of(self.view, change))
        self.plans.append(made)
        return made

    def attach(self) -> None:
        """The engine is there and was read."""
        self.outlook.attach(self.service)
        self.qtbot.waitUntil(lambda: self.outlook.loaded)

    def put_run(self, teller: Teller) -> None:
        """Make a run true, without telling."""
        was = self.service.world.records.get(teller.id)
        by = was.created_by if was is not None else "Lena"
        record = DeploymentRecord(teller.id, self.view.app.id, by, sample.NOW, teller.progress)
        self.service.world.records[teller.id] = record
        self.service.world.events[teller.id] = list(teller.events)

    def follow(self, teller: Teller, since: int) -> None:
        """Make a run true and tell of every event after a number, as the engine does."""
        self.put_run(teller)
        for event in teller.events[since:]:
            self.tell_event(teller, event)
        self.now = teller.at

    def tell_event(self, teller: Teller, event: Event) -> None:
        """Tell of one event."""
        self.service.tell(Journaled(self.view.app.id, event, teller.progress))

    def tell_probes(self, teller: Teller, probes: tuple[Probe, ...]) -> None:
        """Tell of probes."""
        self.service.tell(Probed(teller.id, probes))

    def close(self) -> None:
        """Let everything go."""
        self.outlook.detach()
        sheet = self.sheets.sheet
        if sheet is not None:
            sheet.reject()
        for gate in self.service.gates.values():
            gate.set()
        self.bridge.close(5.0)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def press(
    widget: QWidget,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Press a key while a widget has the focus."""
    QTest.keyClick(widget, key, modifier)


def write(widget: QWidget, text: str) -> None:
    """Type some text."""
    QTest.keyClicks(widget, text)


def same(plan: Plan) -> Plan:
    """The plan as it is."""
    return plan


def button(parent: QWidget, text: str) -> QPushButton:
    """The visible button with just this text."""
    for one in parent.findChildren(QPushButton):
        if one.text() == text and one.isVisibleTo(parent):
            return one
    shown = [one.text() for one in parent.findChildren(QPushButton) if one.isVisibleTo(parent)]
    raise AssertionError(f"no button “{text}”, but {shown}")


def picture(widget: QWidget, name: str) -> None:
    """Keep a picture for people to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    assert widget.grab().save(str(PICTURES / f"{name}.png"))
