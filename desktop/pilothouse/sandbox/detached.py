"""Starting a sandbox that outlives its starter, finding it again, ending it.

At most one sandbox lives in a state directory: it holds the directory's lock while it lives, and
starters take turns. Whether one lives is known from its own answer, never from a file alone.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from pilothouse.sandbox.announcement import Announcement, decode, kept
from pilothouse.sandbox.filelock import LockedError, held
from pilothouse.sandbox.pace import DEFAULT_SCALE

IDLE_S = 600.0
_START_S = 30.0
_STOP_S = 10.0
_ANSWER_S = 3.0
_LOOK_AGAIN_S = 0.02
_LOG = "sandbox.log"


class SandboxError(Exception):
    """A detached sandbox did not come up; the message says why and where its log is."""


def ensure(state_dir: Path, scale: float = DEFAULT_SCALE) -> Announcement:
    """Return the sandbox that lives in `state_dir`, starting a detached one if none does.

    Raises:
        SandboxError: it ended at once, or did not come up in time.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    with held(state_dir / "starting.lock", wait_s=_START_S):
        return living(state_dir) or _start(state_dir, scale)


def living(state_dir: Path) -> Announcement | None:
    """Return the sandbox that lives in `state_dir`, if one answers."""
    announcement = kept(state_dir)
    if announcement is None:
        return None
    try:
        answer = decode(_ask(announcement, "GET", "/"))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    return answer if answer.pid == announcement.pid else None


def stop(state_dir: Path) -> bool:
    """End the sandbox that lives in `state_dir`; False when none does.

    Raises:
        SandboxError: it was told to end and did not.
    """
    announcement = living(state_dir)
    if announcement is None:
        return False
    _ask(announcement, "POST", "/shutdown")
    try:
        with held(lock_path(state_dir), wait_s=_STOP_S):
            return True
    except LockedError:
        raise SandboxError(f"sandbox {announcement.pid} was told to end and did not") from None


def lock_path(state_dir: Path) -> Path:
    """Return the file that a living sandbox keeps locked."""
    return state_dir / "living.lock"


def _start(state_dir: Path, scale: float) -> Announcement:
    package_root = str(Path(__file__).resolve().parents[2])
    paths = [package_root, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    command = [sys.executable, "-m", "pilothouse.sandbox", "--state", str(state_dir), "--json"]
    command += ["--scale", str(scale), "--idle", str(IDLE_S)]
    log = state_dir / _LOG
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            cwd=state_dir,
            start_new_session=True,
        )
    began = time.monotonic()
    while time.monotonic() - began < _START_S:
        announcement = kept(state_dir)
        if announcement is not None and announcement.pid == process.pid:
            # It is to outlive us: that nobody waits for it is no mistake of ours.
            process.returncode = 0
            if announcement.notice:
                sys.stderr.write(announcement.notice + "\n")
            return announcement
        code = process.poll()
        if code is not None:
            raise SandboxError(f"the sandbox ended at once with code {code}; see {log}")
        time.sleep(_LOOK_AGAIN_S)
    process.kill()
    process.wait()
    raise SandboxError(f"the sandbox did not come up within {_START_S:.0f} s; see {log}")


def _ask(announcement: Announcement, method: str, path: str) -> bytes:
    address = urlsplit(announcement.control)
    connection = http.client.HTTPConnection(
        address.hostname or "127.0.0.1", address.port, timeout=_ANSWER_S
    )
    try:
        headers = {"Authorization": f"Bearer {announcement.token}"}
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise ValueError(f"control answered {answer.status}: {json.dumps(body.decode()[:200])}")
    return body
