"""The seam to whoever tells a person that is not looking: made outside, listened to here.

What is chosen on a notice arrives on any thread and goes through the bridge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from PySide6.QtCore import QCoreApplication

from pilothouse.domain.news import News, Notice, Notified, Urgency
from pilothouse.domain.ports import Notifier
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.options import Options

SEEN = "seen"
TEST = "test"
"""Stands for a deployment's id in the notice that only tests the way."""


class Alerts(Protocol):
    """Hears all news and tells a person what matters."""

    def hear(self, news: News) -> None:
        """Take news, from any thread; never blocks."""
        ...

    def close(self) -> None:
        """Stop."""
        ...


@dataclass(frozen=True, slots=True)
class NoticeActed:
    """A person chose something on a notice: to open its deployment, or to mark it as seen."""

    deployment_id: str
    seen: bool


class OnAction:
    """What a notifier calls, on its own thread."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def __call__(self, deployment_id: str, action: str) -> None:
        """Carry the choice into the GUI thread."""
        self._bridge.publish(NoticeActed(deployment_id, action == SEEN))


def test_notice(now: datetime) -> Notified:
    """A notice about nothing, to see whether notices reach a person."""
    say = QCoreApplication.translate
    text = say("Alerts", "Notices reach you. This one is a test, and nothing has failed.")
    title = say("Alerts", "A test notice")
    return Notified(
        Notice(
            deployment_id=TEST,
            app_id="",
            app_name="",
            state="",
            urgency=Urgency.NORMAL,
            title=title,
            text=text,
            failed="",
            serves="",
            done="",
            choices="",
            at=now,
        )
    )


def alerts_from(options: Options, notifier: Notifier, bridge: Bridge) -> Alerts | None:
    """Make the alerts that the options ask for, with the tray as their last resort."""
    if options.make_alerts is None:
        return None
    return options.make_alerts(notifier, OnAction(bridge))
