"""Who holds a lease: one process of one boot of one machine, as a string that can be read back.

A process is called dead only on proof: same machine, same boot, same space of process numbers,
and the number is free or belongs to a process that started at another time. Whatever cannot be
proved counts as alive, and its lease runs out by itself.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

_FORM = re.compile(
    r"(.*) on (.*) \(process (\d+)\) start=(\S*) boot=(\S*) machine=(\S*) space=(\S*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Owner:
    """One process that may hold leases.

    Args:
        name: the person's login name.
        host: the computer's name, for people.
        start: when the process started, in the system's own measure; empty: not known.
        boot: the id of the boot.
        machine: the id of the computer.
        space: the space of process numbers, as containers have their own; empty: not known.
    """

    name: str
    host: str
    pid: int
    start: str
    boot: str
    machine: str
    space: str

    @staticmethod
    def here(boot: str) -> Owner:
        """This very process."""
        pid = os.getpid()
        return Owner(
            name=_login(),
            host=socket.gethostname() or "this computer",
            pid=pid,
            start=_start_of(pid),
            boot=boot,
            machine=_machine_id(),
            space=_space(),
        )

    @staticmethod
    def parse(text: str) -> Owner | None:
        """The owner that `str` wrote down; None for anything else."""
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        name, host, pid, *rest = found.groups()
        return Owner(name, host, int(pid), *rest)

    def __str__(self) -> str:
        return (
            f"{self.shown} start={self.start} boot={self.boot}"
            f" machine={self.machine} space={self.space}"
        )

    @property
    def shown(self) -> str:
        """How people read it."""
        return f"{self.name} on {self.host} (process {self.pid})"

    def is_surely_dead(self, seen_by: Owner) -> bool:
        """Whether `seen_by`, a process that is alive now, can prove that this one is not."""
        if self.machine != seen_by.machine:
            return False
        if self.boot != seen_by.boot:
            return True
        if not self.space or self.space != seen_by.space:
            return False
        return _is_gone(self.pid, self.start)


def _is_gone(pid: int, start: str) -> bool:
    if sys.platform == "win32":
        return False  # os.kill(pid, 0) would interrupt the process there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # alive, and somebody else's
    now = _start_of(pid)
    return now == _ENDED or (bool(start) and bool(now) and now != start)


_ENDED = "ended"


def _start_of(pid: int) -> str:
    """Ticks from boot to the start of a process (Linux), `_ENDED`, or empty if not known."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        # The name in brackets may hold anything, brackets included.
        fields = stat.rpartition(")")[2].split()
        if fields[0] in {"Z", "X"} and len(os.listdir(f"/proc/{pid}/task")) <= 1:  # noqa: PTH208
            return _ENDED  # killed; its parent has not noticed yet
        return fields[19]
    except (OSError, IndexError):
        return ""


def _space() -> str:
    """Which space of process numbers we live in; on other systems than Linux there is but one."""
    if sys.platform != "linux":
        return "one"
    try:
        return str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return ""


def _machine_id() -> str:
    for place in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            text = Path(place).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text:
            return text
    return f"{uuid.getnode():012x}"


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody"  # a container's user may have a number and no name
