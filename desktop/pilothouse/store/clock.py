"""The computer's clock: the moment, steady seconds, and seconds since this boot.

Leases are measured by the boot's own seconds, which nobody can set and which go on during sleep.
Where a system names no boot, the id is a constant: a lease that seems to come from the future
then betrays the other boot (see `leases`), so that no error here can give one app two owners.
"""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

UNNAMED_BOOT = "unnamed"
"""The boot's id where the system gives none."""

SYSCTL_S = 5.0


class SystemClock:
    """`domain.ports.Clock` over the operating system; may be shared by all threads."""

    def now(self) -> datetime:
        """The moment as the computer believes it, aware UTC; it may be set back at any time."""
        return datetime.now(UTC)

    def steady(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def boot(self) -> tuple[str, float]:
        """The id of this boot and the seconds since it began, sleep included."""
        return boot_id(), _since_boot()


@cache
def boot_id() -> str:
    """What tells this boot from all others, or `UNNAMED_BOOT`."""
    if sys.platform == "linux":
        try:
            text = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        except OSError:
            return UNNAMED_BOOT
        return text.strip()
    if sys.platform == "darwin":
        return _mac_boot_id()
    return UNNAMED_BOOT


def _mac_boot_id() -> str:
    command = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SYSCTL_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return UNNAMED_BOOT
    return done.stdout.strip() or UNNAMED_BOOT


def _since_boot() -> float:
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        # Unlike time.monotonic() this one counts sleep on macOS (clock_gettime(3)).
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()  # Windows: GetTickCount64, which counts sleep
