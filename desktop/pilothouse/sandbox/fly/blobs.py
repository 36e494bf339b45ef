"""The bytes that clients push: blobs by digest, on disk beside the state, and uploads under way.

A blob is visible in the repositories to which it was pushed or mounted, and nowhere else.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pilothouse.sandbox.state import World

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
LARGEST_BYTES = 2 * 1024**3
_UPLOADS_KEPT = 100


class TooLargeError(Exception):
    """More bytes than a blob may have."""


@dataclass(slots=True)
class Upload:
    """Bytes that arrive piece by piece; nothing of it survives the end of the sandbox."""

    id: str
    repository: str
    path: Path
    size: int = 0
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)

    async def extend(self, pieces: AsyncIterable[bytes]) -> None:
        """Append what arrives.

        Raises:
            TooLargeError: it becomes too large; what came before it is kept.
        """
        with self.path.open("ab") as file:
            async for piece in pieces:
                if self.size + len(piece) > LARGEST_BYTES:
                    raise TooLargeError
                file.write(piece)
                self.sha256.update(piece)
                self.size += len(piece)

    @property
    def digest(self) -> str:
        """The digest of what has arrived so far."""
        return f"sha256:{self.sha256.hexdigest()}"


class BlobStore:
    """The blobs of every repository."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known = world.fly.blobs
        self._blobs = world.directory / "registry" / "blobs"
        self._parts = world.directory / "registry" / "uploads"
        self._uploads: dict[str, Upload] = {}
        # What the end of an earlier sandbox left half done can never be finished.
        shutil.rmtree(self._parts, ignore_errors=True)

    def begin(self, repository: str) -> Upload:
        """Begin an upload; the oldest of too many is given up."""
        self._parts.mkdir(parents=True, exist_ok=True)
        for old in list(self._uploads)[: -_UPLOADS_KEPT + 1]:
            self.give_up(self._uploads[old])
        identifier = secrets.token_hex(16)
        upload = Upload(identifier, repository, self._parts / identifier)
        upload.path.touch(mode=0o600)
        self._uploads[identifier] = upload
        return upload

    def upload(self, repository: str, identifier: str) -> Upload | None:
        """Return an upload under way."""
        found = self._uploads.get(identifier)
        return found if found is not None and found.repository == repository else None

    def finish(self, upload: Upload) -> str:
        """Keep what was uploaded and return its digest."""
        digest = upload.digest
        self._blobs.mkdir(parents=True, exist_ok=True)
        upload.path.replace(self._path(digest))
        self._uploads.pop(upload.id, None)
        self._link(upload.repository, digest)
        return digest

    def give_up(self, upload: Upload) -> None:
        """Forget an upload."""
        self._uploads.pop(upload.id, None)
        upload.path.unlink(missing_ok=True)

    def mount(self, source: str, target: str, digest: str) -> bool:
        """Make a blob of one repository visible in another; False when it is not there."""
        if self.find(source, digest) is None:
            return False
        self._link(target, digest)
        return True

    def find(self, repository: str, digest: str) -> Path | None:
        """Return the file of a blob that is visible in a repository."""
        if digest not in self._known.get(repository, ()):
            return None
        path = self._path(digest)
        return path if path.is_file() else None

    def _link(self, repository: str, digest: str) -> None:
        known = self._known.setdefault(repository, [])
        if digest not in known:
            known.append(digest)
            self._world.changed()

    def _path(self, digest: str) -> Path:
        return self._blobs / digest.partition(":")[2]
