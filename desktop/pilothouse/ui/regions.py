"""The window's regions, one after another by F6: sidebar, page, status line."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QApplication, QWidget

from pilothouse.ui.actions import Actions, Verb

BY_KEY = Qt.FocusReason.ShortcutFocusReason


def give_focus(region: QWidget) -> None:
    """Give the focus to a region's own first choice, else to the first that takes it."""
    proxy = region.focusProxy()
    if proxy is not None and proxy.isVisible():
        proxy.setFocus(BY_KEY)
        return
    for child in region.findChildren(QWidget):
        takes = child.focusPolicy() is not Qt.FocusPolicy.NoFocus
        if takes and child.isVisible() and child.isEnabled():
            child.setFocus(BY_KEY)
            return


class Regions(QObject):
    """Steps through regions; one that is hidden is left out."""

    def __init__(self, regions: tuple[QWidget, ...], actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._regions = regions
        actions.of(Verb.NEXT_REGION).triggered.connect(self.on_next)
        actions.of(Verb.PREVIOUS_REGION).triggered.connect(self.on_previous)

    @Slot()
    def on_next(self) -> None:
        """The next region."""
        self._step(1)

    @Slot()
    def on_previous(self) -> None:
        """The one before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        shown = [region for region in self._regions if region.isVisible()]
        focus = QApplication.focusWidget()
        inside = [at for at, one in enumerate(shown) if focus and one.isAncestorOf(focus)]
        give_focus(shown[((inside[0] if inside else 0) + by) % len(shown)])
