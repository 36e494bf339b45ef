"""What is to be deployed: an image for Fly.io, the slug of a release for Heroku.

A source is told only when it is whole; what is half typed is nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from pilothouse.domain.change import Plan
from pilothouse.domain.model import Platform, Release
from pilothouse.engine.views import AppView
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.face import Face
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, font
from pilothouse.ui.widgets.choice import Choice
from pilothouse.ui.widgets.labels import MEDIUM, ShapeView, Text
from pilothouse.ui.words import short_ref

TYPED_MS = 500
SHOWN = 40
PRACTICE = ("next", "crash", "loop", "unhealthy", "err5", "slow")
"""The sandbox's images by name; the first one is good."""


@dataclass(frozen=True, slots=True)
class Source:
    """One whole answer to *what*."""

    image: str | None = None
    slug_of: tuple[str | None, int] | None = None


def known_images(view: AppView, history: Sequence[Release]) -> tuple[tuple[str, str], ...]:
    """Images to choose from, as (what a person reads, reference), most useful first."""
    found: list[tuple[str, str]] = []
    if view.account.is_sandbox:
        name = f"registry.fly.io/{view.app.name}"
        found += [(f"{name}:{tag}", f"{name}:{tag}") for tag in PRACTICE]
    refs = {reference for _, reference in found}
    for release in history[:SHOWN]:
        if release.artifact and release.artifact not in refs:
            refs.add(release.artifact)
            found.append((f"v{release.version} · {release.description}", release.artifact))
    return tuple(found)


class What(QWidget):
    """What every kind of source has.

    Signals:
        chosen: the source became whole, another one, or None.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._last: Source | None = None

    def source(self) -> Source | None:
        """The whole answer, if there is one."""
        raise NotImplementedError

    def fill(self, history: Sequence[Release]) -> None:
        """Offer what this app's history knows."""
        raise NotImplementedError

    @Slot()
    def on_changed(self) -> None:
        """Tell the source, if it is another one."""
        now = self.source()
        if now != self._last:
            self._last = now
            self.chosen.emit(now)


class ImageField(What):
    """An image by reference: typed, pasted, or one of those that are known."""

    def __init__(self, view: AppView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._field = Choice("Image", self)
        self._field.setEditable(True)
        self._field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        edit = QLineEdit(self._field)
        self._field.setLineEdit(edit)
        self.setFocusProxy(self._field)
        edit.setPlaceholderText("registry.fly.io/app:tag, or an image by its digest")
        edit.setAccessibleName("Image reference")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._field, 1)
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(TYPED_MS)
        self._typed.timeout.connect(self.on_changed)
        self._field.activated.connect(self.on_activated)
        edit.textEdited.connect(self.on_edited)
        edit.editingFinished.connect(self.on_changed)

    def fill(self, history: Sequence[Release]) -> None:
        """Offer the known images, and keep what was typed meanwhile."""
        typed = self._field.currentText()
        self._field.clear()
        for words, reference in known_images(self._view, history):
            self._field.addItem(words, reference)
        self._field.setCurrentIndex(-1)
        self._field.setEditText(typed)

    def source(self) -> Source | None:
        """The reference; a bare word is a tag of this app's own repository."""
        text = self._field.currentText().strip()
        at = self._field.findText(text, Qt.MatchFlag.MatchExactly)
        if at >= 0:
            return Source(image=str(self._field.itemData(at)))
        if not text or " " in text:
            return None
        bare = not {"/", ":", "@"} & set(text)
        return Source(image=f"registry.fly.io/{self._view.app.name}:{text}" if bare else text)

    def choose(self, reference: str) -> None:
        """Take a reference as if it had been typed."""
        self._field.setEditText(reference)
        self.on_changed()

    @Slot(int)
    def on_activated(self, _index: int) -> None:
        """One of the known images was picked."""
        self._typed.stop()
        self.on_changed()

    @Slot(str)
    def on_edited(self, _text: str) -> None:
        """Wait for the end of the word."""
        self._typed.start()


class SlugField(What):
    """The slug of a release of this app, or of another one of the same account."""

    def __init__(
        self, view: AppView, service: Face, bridge: Bridge, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._view, self._service, self._bridge = view, service, bridge
        self._apps = Choice("App whose release is taken", self)
        self._apps.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._apps.addItem(view.app.name, view.app.id)
        self._releases = Choice("Release whose slug is deployed", self)
        self._releases.setPlaceholderText("Choose a release")
        self._releases.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._apps)
        row.addWidget(self._releases, 1)
        self._apps.activated.connect(self.on_app_chosen)
        self._releases.activated.connect(self.on_changed)
        self.setFocusProxy(self._releases)
        bridge.ask(service.logbook.fleet, self.on_fleet)

    def fill(self, history: Sequence[Release]) -> None:
        """Offer the releases of the app that is shown."""
        self._releases.clear()
        for release in history[: SHOWN * 2]:
            if release.artifact:
                words = f"v{release.version} · {release.description}"
                self._releases.addItem(words, release.version)
        self._releases.setCurrentIndex(-1)
        self.on_changed()

    def source(self) -> Source | None:
        """The app (None: this one) and the release's number."""
        version = self._releases.currentData()
        if version is None:
            return None
        own = self._apps.currentData() == self._view.app.id
        return Source(slug_of=(None if own else self._apps.currentText(), int(version)))

    def choose(self, version: int) -> None:
        """Take a release of the app that is shown, as if it had been picked."""
        self._releases.setCurrentIndex(self._releases.findData(version))
        self.on_changed()

    @Slot(object)
    def on_fleet(self, views: Sequence[AppView]) -> None:
        """Offer the account's other apps."""
        for view in views:
            same = view.account.id == self._view.account.id
            if same and view.app.id != self._view.app.id:
                self._apps.addItem(view.app.name, view.app.id)

    @Slot(int)
    def on_app_chosen(self, _index: int) -> None:
        """Read the other app's releases."""
        self._releases.clear()
        self.on_changed()
        app_id = str(self._apps.currentData())
        self._bridge.ask(partial(self._service.logbook.history, app_id), self.fill)


def field_for(view: AppView, service: Face, bridge: Bridge, parent: QWidget) -> What:
    """The field that fits the platform."""
    if view.app.platform is Platform.HEROKU:
        return SlugField(view, service, bridge, parent)
    return ImageField(view, parent)


class ArtifactCard(QWidget):
    """What the plan found behind the reference, and what it warns of."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shape = ShapeView(self)
        self._shape.show_shape(Shape.PASSES, "found")
        self._title = Text("", self, weight=MEDIUM)
        self._ref = Text("", self, size=Size.SMALL, ink="text2")
        self._ref.setFont(font(Size.SMALL, fixed=True))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._shape)
        row.addWidget(self._title)
        row.addWidget(self._ref)
        row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 2, 0, 0)
        whole.setSpacing(2)
        whole.addLayout(row)
        self._warnings = Text("", self, size=Size.SMALL, ink="warn").wrapping()
        whole.addWidget(self._warnings)

    def show_plan(self, plan: Plan | None) -> None:
        """Say what was found; nothing without a plan."""
        self.setVisible(plan is not None)
        if plan is None:
            return
        self._title.setText(plan.target.label)
        self._ref.setText(short_ref(plan.target.ref))
        self._warnings.setText("\n".join(plan.warnings))
        self._warnings.setVisible(bool(plan.warnings))
