"""The journal: every deployment this computer knows of, newest first."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from pilothouse.ui.desk import Desk
from pilothouse.ui.theme import Size
from pilothouse.ui.views.deployment_table import MARGIN, DeploymentTable
from pilothouse.ui.widgets.fields import FilterField
from pilothouse.ui.widgets.labels import BOLD, Text
from pilothouse.ui.widgets.surface import Surface


class DeploymentsPage(Surface):
    """The page."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self.setAccessibleName(self.tr("Deployments"))
        self.table = DeploymentTable(self.tr("Deployments"), desk, self)
        self.filter = FilterField(self.tr("Filter deployments"), self)
        self.filter.setFixedWidth(208)
        self.empty = Text(parent=self, ink="text2")
        self.empty.setContentsMargins(MARGIN, 16, MARGIN, 0)
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 14, MARGIN, 10)
        head.addWidget(Text(self.tr("Deployments"), self, size=Size.TITLE, weight=BOLD))
        head.addStretch(1)
        head.addWidget(self.filter)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self.empty)
        whole.addWidget(self.table, 1)
        self.setFocusProxy(self.table)
        self.filter.textChanged.connect(self.on_filter_changed)
        self.table.deployments.modelReset.connect(self.on_reset)
        self.on_reset()

    @Slot(str)
    def on_filter_changed(self, text: str) -> None:
        """Show what matches."""
        self.table.deployments.choose(text)

    @Slot()
    def on_reset(self) -> None:
        """Say why nothing is here."""
        if self.filter.text():
            said = self.tr("Nothing matches “{text}”.").format(text=self.filter.text())
        else:
            said = self.tr("No deployments yet. Every one that Pilothouse makes is kept here.")
        self.empty.setText(said)
        self.empty.setVisible(not self.table.deployments.rows)

    def showEvent(self, event: QShowEvent) -> None:
        """Read the journal anew."""
        super().showEvent(event)
        self.table.read()
