"""Where the program keeps its files; `PILOTHOUSE_HOME` puts every one of them under one folder."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pilothouse.domain.errors import UsageError


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
        """The folder itself; raises `UsageError` where there can be none."""
        return self._made(self.root)

    def data(self, *, sandbox: bool) -> Path:
        """Where journal, cache and settings are; practice has its own, apart from the real ones."""
        folder = self.folder()
        return self._made(folder / "practice") if sandbox else folder

    @property
    def sandbox(self) -> Path:
        """The sandbox's state; made by whoever starts one."""
        return self.root / "sandbox"

    @staticmethod
    def _made(folder: Path) -> Path:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UsageError(
                f"Nothing was done: {folder} cannot be made ({error.strerror}). "
                "Give another place in PILOTHOUSE_HOME."
            ) from error
        return folder


def actor() -> str:
    """Who sits here, as the journal names them: login name and computer."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid()) if hasattr(os, "getuid") else "somebody"
    return f"{user}@{socket.gethostname()}"
