"""The archives of sources and slugs, and the directories that dynos run in, as files.

They lie in the folder `heroku` of the sandbox's state. A file is written beside its place first
and put there whole, so that a stop in the middle leaves what was there before.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 512 * 1024 * 1024
"""Of one upload; slugs end at 500 MB (limits, in the platform's documentation)."""


class TooLargeError(Exception):
    """An upload that goes on beyond the limit; nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was put: how many bytes, and their SHA-256 in hex."""

    size: int
    sha256: str


class Blobs:
    """The files of one sandbox; `directory` is made when it is first written to."""

    def __init__(self, directory: Path, most_bytes: int = MOST_BYTES) -> None:
        self._directory = directory
        self.most_bytes = most_bytes

    def source(self, identity: str) -> Path:
        """Where the archive of a source lies, if it was put."""
        return self._directory / "sources" / f"{identity}.tgz"

    def slug(self, identity: str) -> Path:
        """Where the archive of a slug lies, if it was put."""
        return self._directory / "slugs" / f"{identity}.tgz"

    def running(self, identity: str) -> Path:
        """A directory for one life of a dyno, or for one build; it is not there yet."""
        return self._directory / "running" / identity

    async def receive(self, pieces: AsyncIterable[bytes], path: Path) -> Receipt:
        """Put what comes at `path`, in place of what was there.

        Raises:
            TooLargeError: it is more than the limit.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        digest, size = hashlib.sha256(), 0
        try:
            with draft.open("wb") as file:
                async for piece in pieces:
                    size += len(piece)
                    if size > self.most_bytes:
                        raise TooLargeError
                    digest.update(piece)
                    file.write(piece)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return Receipt(size, digest.hexdigest())

    async def take(self, source_id: str, slug_id: str) -> None:
        """Make a source's archive a slug's too.

        Raises:
            FileNotFoundError: the source is gone.
        """
        await asyncio.to_thread(_copy, self.source(source_id), self.slug(slug_id))

    def forget_source(self, identity: str) -> None:
        """Remove the archive of a source, if there is one."""
        self.source(identity).unlink(missing_ok=True)

    def sweep(self, sources: Iterable[str], slugs: Iterable[str]) -> None:
        """Remove every archive but these, and what a killed sandbox left of running dynos."""
        kept = {self.source(each) for each in sources} | {self.slug(each) for each in slugs}
        for folder in ("sources", "slugs"):
            with suppress(FileNotFoundError):
                for path in (self._directory / folder).iterdir():
                    if path not in kept:
                        path.unlink(missing_ok=True)
        shutil.rmtree(self._directory / "running", ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_suffix(".part")
    shutil.copyfile(source, draft)
    draft.replace(target)
