"""Gzipped tar archives of sources and slugs: looked through and unpacked, trusting nothing.

Everything must stay inside the directory it is unpacked to: no absolute names, no way up, no link
that leads out, no devices. An archive that breaks a rule is refused as a whole.
"""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

MOST_BYTES = 1024**3
"""Unpacked; the platform's own limit is 500 MB of slug, packed (limits, in its documentation)."""
MOST_ENTRIES = 100_000
_BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)


class ArchiveError(Exception):
    """An archive that is not unpacked; the text says why."""


def unpack(archive: Path, directory: Path) -> Path:
    """Unpack a gzipped tar into a directory that is not there yet; return where its tree begins.

    An archive of one single directory stands for that directory: slugs hold everything in
    `./app`, and code hosts give a directory named after the commit (slugs from scratch and the
    build article, in the platform's documentation). Blocks; meant for a thread.

    Raises:
        ArchiveError: it is no gzipped tar, too large, or something in it would lie outside. What
            was unpacked by then is removed.
    """
    directory.mkdir(mode=0o700, parents=True)
    try:
        _unpack_all(archive, directory)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    entries = list(directory.iterdir())
    alone = len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink()
    return entries[0] if alone else directory


def _unpack_all(archive: Path, directory: Path) -> None:
    left = MOST_BYTES
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for number, member in enumerate(tar):
                left -= member.size
                if left < 0 or number >= MOST_ENTRIES:
                    raise ArchiveError("the archive is too large once it is unpacked")
                _place(tar, member, directory)
    except _BROKEN as wrong:
        raise ArchiveError(f"not a whole gzipped tar archive ({wrong})") from wrong
    except OSError as wrong:
        raise ArchiveError(f"could not be unpacked: {wrong.strerror}") from wrong


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, directory: Path) -> None:
    """Put one entry where it belongs."""
    path = _inside(member.name, directory)
    if path == directory:
        return
    if member.isdir():
        path.mkdir(exist_ok=True)
        return
    if path.is_dir() and not path.is_symlink():
        raise ArchiveError(f"{member.name} is both a directory and something else")
    path.unlink(missing_ok=True)
    if member.issym():
        _check_link(member)
        path.symlink_to(member.linkname)
    elif member.islnk():
        target = _inside(member.linkname, directory)
        if target.is_symlink() or not target.is_file():
            raise ArchiveError(f"{member.name} is a link to {member.linkname}, which is no file")
        shutil.copy(target, path)
    elif member.isreg():
        content = tar.extractfile(member)
        if content is not None:
            _write(content, path, executable=bool(member.mode & 0o100))
    else:
        raise ArchiveError(f"{member.name} is neither a file, a directory nor a link")


def _write(content: IO[bytes], path: Path, *, executable: bool) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(content, file)
    path.chmod(0o700 if executable else 0o600)


def _inside(name: str, directory: Path) -> Path:
    """Where an entry of that name goes; its parents are made, and none of them is a link."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or "\0" in name:
        raise ArchiveError(f"{name} would lie outside of the app")
    path = directory
    for part in parts[:-1]:
        path = path / part
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise ArchiveError(f"{name} would lie behind {part}, which is no directory")
        path.mkdir(exist_ok=True)
    return directory.joinpath(*parts)


def _check_link(member: tarfile.TarInfo) -> None:
    """Refuse a symbolic link that leads out, or could once other links are there.

    Ways up are allowed at the beginning alone: there they are counted from real directories,
    while behind another link nobody could say where they lead.
    """
    target = PurePosixPath(member.linkname)
    parts = target.parts
    ups = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    depth = len(PurePosixPath(member.name).parts) - 1
    if target.is_absolute() or ".." in parts[ups:] or ups > depth:
        raise ArchiveError(f"{member.name} is a link out of the app, to {member.linkname}")
