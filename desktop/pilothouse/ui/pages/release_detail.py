"""What is known of one release, in sentences; below, the way back to it or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pilothouse.domain.model import Instance, Release, ReleaseStatus
from pilothouse.domain.records import DeploymentRecord
from pilothouse.engine.views import AppView
from pilothouse.ui import words
from pilothouse.ui.models.release_rows import ReleaseRow
from pilothouse.ui.pages.app_header import instances_word
from pilothouse.ui.theme import Size, font
from pilothouse.ui.widgets.buttons import Button, LinkButton
from pilothouse.ui.widgets.health import Dots
from pilothouse.ui.widgets.labels import BOLD, MEDIUM, SectionHeading, StateLabel, Text
from pilothouse.ui.widgets.surface import Rule, Surface

WIDTH = 352


def why_not(release: Release, view: AppView) -> str:
    """Why a release cannot be gone back to; empty when it can."""
    say = words.translate
    if release.current:
        return say("Detail", "{version} serves already")
    if release.status is not ReleaseStatus.COMPLETE:
        return say("Detail", "{version} was never complete")
    if release.artifact is None or release.eligible is False:
        return say("Detail", "{version} is gone")
    if view.release is not None and view.release.artifact == release.artifact:
        return say("Detail", "{version} runs already")
    return ""


class _Facts(QWidget):
    """Two columns: what, and its value; values can be selected."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnMinimumWidth(0, 64)
        self._grid.setColumnStretch(1, 1)
        self._labels: dict[str, Text] = {}

    def say(self, name: str, value: str, *, fixed: bool = False) -> None:
        """Set a fact; an empty one keeps its place with a dash."""
        found = self._labels.get(name)
        if found is None:
            row = self._grid.rowCount()
            caption = Text(name, self, size=Size.SMALL, ink="text2")
            found = Text(parent=self, size=Size.SMALL).wrapping().selectable()
            if fixed:
                found.setFont(font(Size.SMALL, fixed=True))
            self._grid.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(found, row, 1)
            self._labels[name] = found
        found.setText(value or "–")

    def explain(self, name: str, text: str) -> None:
        """Give a fact its full text, for pointer and screen reader."""
        self._labels[name].setToolTip(text)
        self._labels[name].setAccessibleName(text)


class ReleaseDetail(Surface):
    """The pane.

    Signals:
        roll_back_wanted: go back to this version.
        deployment_wanted: open this deployment.
    """

    roll_back_wanted = Signal(int)
    deployment_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self.setAccessibleName(self.tr("The selected release"))
        self.setMinimumWidth(300)
        self.setMaximumWidth(480)
        self._version = 0
        self._report = ""
        self._deployment = ""
        self.number = Text(parent=self, size=Size.HEADING, weight=BOLD)
        self.verdict = StateLabel(self)
        self.summary = Text(parent=self, ink="text2").wrapping().selectable()
        self.artifact_heading = SectionHeading(self.tr("Artifact"), self)
        self.artifact = _Facts(self)
        self.machines_heading = SectionHeading(self.tr("Machines"), self)
        self.machines = QVBoxLayout()
        self.proof_heading = SectionHeading(self.tr("Certificate"), self)
        self.proof = _Facts(self)
        self.open_deployment = LinkButton(self.tr("Open the deployment"), self)
        self.copy = Button(self.tr("Copy report"), self, icon="copy")
        self.go_back = Button("", self, icon="back")
        self._lay_out()
        self.copy.clicked.connect(self.on_copy_clicked)
        self.go_back.clicked.connect(self.on_go_back_clicked)
        self.open_deployment.clicked.connect(self.on_open_clicked)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.number)
        head.addWidget(self.verdict)
        head.addStretch(1)
        inner = Surface("base")
        column = QVBoxLayout(inner)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.summary)
        column.addSpacing(6)
        column.addWidget(Rule(inner))
        column.addSpacing(6)
        sections: Sequence[tuple[QWidget, QWidget | QVBoxLayout]] = (
            (self.artifact_heading, self.artifact),
            (self.machines_heading, self.machines),
            (self.proof_heading, self.proof),
        )
        for heading, content in sections:
            column.addWidget(heading)
            if isinstance(content, QVBoxLayout):
                column.addLayout(content)
            else:
                column.addWidget(content)
            column.addSpacing(10)
        column.addWidget(self.open_deployment)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._scrolling(inner), 1)
        whole.addWidget(Rule(self))
        whole.addLayout(self._foot())

    def _scrolling(self, inner: QWidget) -> QScrollArea:
        area = QScrollArea(self)
        area.setAccessibleName(self.tr("What is known of the release"))
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return area

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 8)
        foot.addWidget(self.copy)
        foot.addStretch(1)
        foot.addWidget(self.go_back)
        return foot

    def show_release(
        self, release: Release, row: ReleaseRow, view: AppView, proof: DeploymentRecord | None
    ) -> None:
        """Show one release."""
        self._version = release.version
        self._report = row.spoken
        self.number.setText(row.number)
        self.verdict.show_state(row.verdict)
        self.summary.setText(_summary(row))
        self._say_artifact(release)
        self._say_machines(release, view)
        self._say_proof(row, proof)
        reason = why_not(release, view).format(version=row.number)
        back = self.tr("Roll back to {version}…").format(version=row.number)
        self.go_back.setText(reason or back)
        self.go_back.set_sign(None if reason else "back")
        self.go_back.setEnabled(not reason)
        self.go_back.updateGeometry()

    def _say_artifact(self, release: Release) -> None:
        gone = release.eligible is False
        aside = self.tr("gone") if gone else self.tr("no rebuild to go back")
        self.artifact_heading.set_aside(aside)
        self.artifact.say(self.tr("Runs"), words.short_ref(release.artifact), fixed=True)
        self.artifact.explain(self.tr("Runs"), release.artifact or "")
        self.artifact.say(self.tr("By"), release.author)
        self.artifact.say(self.tr("Made"), words.full_moment(release.created_at))
        self.artifact.say(self.tr("Platform"), release.status.value)

    def _say_machines(self, release: Release, view: AppView) -> None:
        while (item := self.machines.takeAt(0)) is not None:
            row = item.widget()
            if row is not None:
                row.hide()  # it goes only once the loop turns
                row.deleteLater()
        live = view.live
        mine = [one for one in live.instances if _runs(one, release)] if live else []
        noun = instances_word(view.app.platform)
        count = len(live.instances) if live else 0
        said = self.tr("{on} of {count} {noun} on {version}")
        self.machines_heading.set_aside(
            said.format(on=len(mine), count=count, noun=noun, version=f"v{release.version}")
        )
        ordered = sorted(mine, key=_place)
        for place, group in groupby(ordered, key=_place):
            self.machines.addWidget(_Region(place, list(group), self))

    def _say_proof(self, row: ReleaseRow, proof: DeploymentRecord | None) -> None:
        self.proof_heading.set_aside(row.certificate.word)
        self.proof.say(self.tr("Bound"), row.certificate_small)
        self.open_deployment.setVisible(proof is not None)
        self._deployment = proof.id if proof is not None else ""

    @Slot()
    def on_copy_clicked(self) -> None:
        """Copy what is known as plain words."""
        QGuiApplication.clipboard().setText(self._report)

    @Slot()
    def on_go_back_clicked(self) -> None:
        """Ask for the sheet."""
        self.roll_back_wanted.emit(self._version)

    @Slot()
    def on_open_clicked(self) -> None:
        """Ask for the deployment."""
        self.deployment_wanted.emit(self._deployment)


class _Region(QWidget):
    """One region's instances as dots."""

    def __init__(self, place: str, instances: list[Instance], parent: QWidget) -> None:
        super().__init__(parent)
        healthy = [one.healthy for one in instances]
        well = sum(one is not False for one in healthy)
        said = words.translate("Detail", "{place}: {well} of {count} healthy")
        name = said.format(place=place, well=well, count=len(healthy))
        dots = Dots(self)
        dots.show_instances(healthy, name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(Text(place or "–", self, size=Size.SMALL, weight=MEDIUM, ink="text2"))
        row.addWidget(dots)
        row.addStretch(1)


def _place(instance: Instance) -> str:
    return instance.place


def _runs(instance: Instance, release: Release) -> bool:
    if instance.release is not None:
        return instance.release == release.version
    return release.current and instance.artifact == release.artifact


def _summary(row: ReleaseRow) -> str:
    said = words.translate("Detail", "{title}. By {author}, {age} ago.")
    return said.format(title=row.title.rstrip("."), author=row.author, age=row.age)
