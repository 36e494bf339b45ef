"""What the window remembers of itself: geometry, folding, widths, letters as commands, the look.

One small file under the program's home, and nothing in it that matters to a deployment.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QSettings

from pilothouse.ui.tokens import Scheme


class Memory(QObject):
    """Typed access to the file."""

    def __init__(self, folder: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._file = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat, self)

    def bytes_of(self, name: str) -> QByteArray:
        """A geometry or state that Qt itself wrote; empty when there is none."""
        value = self._file.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_bytes(self, name: str, value: QByteArray) -> None:
        """Keep a geometry or state."""
        self._file.setValue(name, value)

    @property
    def letters_on(self) -> bool:
        """Whether single letters are commands in tables."""
        return str(self._file.value("letters", "on")) == "on"

    @letters_on.setter
    def letters_on(self, on: bool) -> None:
        self._file.setValue("letters", "on" if on else "off")

    @property
    def scheme(self) -> Scheme | None:
        """The look that was chosen; None follows the desktop."""
        kept = str(self._file.value("scheme", ""))
        return Scheme(kept) if kept in set(Scheme) else None

    @scheme.setter
    def scheme(self, scheme: Scheme | None) -> None:
        self._file.setValue("scheme", scheme.value if scheme else "")

    @property
    def rail(self) -> bool:
        """Whether the person folded the sidebar."""
        return str(self._file.value("rail", "off")) == "on"

    @rail.setter
    def rail(self, on: bool) -> None:
        self._file.setValue("rail", "on" if on else "off")

    def save(self) -> None:
        """Write the file."""
        self._file.sync()
