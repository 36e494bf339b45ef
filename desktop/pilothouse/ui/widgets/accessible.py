"""Names for painted widgets that change often: asked for when a screen reader asks, not before.

A widget that paints facts offers `spoken()`; the interface installed here reads it.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget


@runtime_checkable
class Speaks(Protocol):
    """A widget that can say what it shows."""

    def spoken(self) -> str:
        """What the widget shows, as one sentence."""
        ...


class SpokenWidget(QAccessibleWidget):
    """A chart whose name is what it shows now."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget, QAccessible.Role.Chart)

    def text(self, which: QAccessible.Text) -> str:
        """The sentence for the name; Qt's own answer for all else."""
        widget = self.object()
        if which is QAccessible.Text.Name and isinstance(widget, Speaks):
            return widget.spoken()
        return super().text(which)


# Interfaces belong to Python as well, or they would be collected while Qt uses them.
_interfaces: dict[int, QAccessibleInterface] = {}


def _make(_key: str, thing: QObject | None) -> QAccessibleInterface | None:
    if not (isinstance(thing, QWidget) and isinstance(thing, Speaks)):
        return None
    made = SpokenWidget(thing)
    _interfaces[id(thing)] = made
    return made


@cache
def install() -> None:
    """Install the factory, once a process."""
    QAccessible.installFactory(_make)
