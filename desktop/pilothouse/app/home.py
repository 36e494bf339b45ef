"""Where the program keeps its files; `PILOTHOUSE_HOME` puts every one of them under one folder."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The folders; made when first asked for, readable by their owner only."""

    root: Path

    @staticmethod
    def of(environ: Mapping[str, str]) -> Home:
        """The home by the environment, or the user's data folder."""
        given = environ.get("PILOTHOUSE_HOME")
        if given:
            return Home(Path(given).expanduser().absolute())
        import platformdirs

        return Home(Path(platformdirs.user_data_dir("pilothouse", appauthor=False)))

    def folder(self) -> Path:
        """The folder itself."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.root

    def data(self, *, sandbox: bool) -> Path:
        """Where journal, cache and settings are; practice has its own, apart from the real ones."""
        folder = self.folder() / "practice" if sandbox else self.folder()
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder

    @property
    def sandbox(self) -> Path:
        """The sandbox's state."""
        return self.folder() / "sandbox"


def actor() -> str:
    """Who sits here, as the journal names them: login name and computer."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid()) if hasattr(os, "getuid") else "somebody"
    return f"{user}@{socket.gethostname()}"
