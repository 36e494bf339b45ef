"""The head of a sheet about one app: title, account, production, who acts."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from pilothouse.engine.views import AppView
from pilothouse.ui.widgets.chips import Chip
from pilothouse.ui.widgets.labels import Text


class Heading:
    """Fills a sheet's head; the title was put there before."""

    def __init__(self, head: QHBoxLayout, view: AppView, parent: QWidget) -> None:
        account = Chip(parent=parent)
        account.show_account(view.account)
        head.addWidget(account)
        if view.production:
            head.addWidget(Chip("Production", parent, icon="shield"))
        head.addStretch(1)
        self._actor = Text("", parent, ink="text3")
        head.addWidget(self._actor)

    def say_actor(self, name: str) -> None:
        """Say as whom the platform will see us."""
        self._actor.setText(f"acts as {name}" if name else "")
