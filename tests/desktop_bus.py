"""A desktop of one's own: a private session bus, and daemons on it, each a real process.

Nothing here ever speaks to the desktop of the person who runs the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.waiting import until

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow own="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""


@dataclass
class Bus:
    """A running session bus without any activatable service."""

    folder: Path
    process: subprocess.Popen[bytes]
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """What DBUS_SESSION_BUS_ADDRESS has to be."""
        return f"unix:path={self.folder}/bus"

    def environment(self) -> dict[str, str]:
        """The environment of a process on this desktop, with a home of its own."""
        home = str(self.folder)
        return {
            **os.environ,
            "DBUS_SESSION_BUS_ADDRESS": self.address,
            "HOME": home,
            "XDG_DATA_HOME": f"{home}/data",
            "XDG_RUNTIME_DIR": home,
        }

    def start(self, *command: str, text: str | None = None) -> subprocess.Popen[bytes]:
        """Start a daemon on this bus, with `text` on its standard input."""
        child = subprocess.Popen(
            command,
            env=self.environment(),
            stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.children.append(child)
        if child.stdin is not None:
            child.stdin.write((text or "").encode())
            child.stdin.close()
        return child

    def has(self, name: str) -> bool:
        """Whether somebody on the bus answers to a name."""
        from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]
        from jeepney.io.blocking import (  # type: ignore[import-untyped]
            Proxy,
            open_dbus_connection,
        )

        with open_dbus_connection(self.address) as connection:
            (owned,) = Proxy(message_bus, connection).NameHasOwner(name)
        return bool(owned)

    def wait_for(self, name: str) -> None:
        """Wait until somebody answers to a name."""
        until(lambda: self.has(name), f"{name} on the bus")

    def end(self) -> None:
        """End the bus and all on it."""
        for child in (*self.children, self.process):
            end(child)


def end(child: subprocess.Popen[bytes]) -> None:
    """End a process that we started, and wait until it is gone."""
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(timeout=5)
    if child.poll() is None:
        child.kill()
    child.wait(timeout=5)


@contextmanager
def private_bus(folder: Path) -> Iterator[Bus]:
    """A session bus that lives as long as the `with`."""
    daemon = needed("dbus-daemon", "dbus")
    (folder / "bus.conf").write_text(CONFIG.format(socket=f"{folder}/bus"))
    command = [daemon, f"--config-file={folder}/bus.conf", "--nofork", "--nopidfile"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    bus = Bus(folder, process)
    try:
        until((folder / "bus").exists, "the bus")
        yield bus
    finally:
        bus.end()


def needed(program: str, package: str) -> str:
    """A program of the system; without it the test is skipped, which CI does not accept."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"missing: {program} (Debian package {package})")
    return found
