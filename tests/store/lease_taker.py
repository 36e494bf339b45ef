"""Run as a process of its own: takes the lease of an app as often as it can, or holds it.

`race FOLDER TIMES`: each lease won writes one event and is given back.
`hold FOLDER DEPLOYMENT`: takes the lease, says so on a line, and keeps it until it is killed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pilothouse.domain.deployment import EventKind
from pilothouse.domain.errors import LeaseHeld
from pilothouse.store.clock import SystemClock
from tests.store import samples


def race(folder: Path, deployment_id: str, times: int) -> None:
    """Win the lease `times` times against whoever else tries."""
    journal = samples.journal(folder, SystemClock())
    won = 0
    while won < times:
        try:
            lease = journal.acquire(samples.HARBOR.id, deployment_id)
        except LeaseHeld:
            continue
        first = journal.append(lease, EventKind.NOTED, step="verify", data={"text": "in"})
        second = journal.append(lease, EventKind.NOTED, step="verify", data={"text": "out"})
        assert second.seq == first.seq + 1, "somebody wrote between us"
        journal.release(lease)
        won += 1
    journal.close()


def hold(folder: Path, deployment_id: str) -> None:
    """Take the lease and keep it."""
    journal = samples.journal(folder, SystemClock(), lease_s=600)
    lease = journal.acquire(samples.HARBOR.id, deployment_id)
    journal.append(lease, EventKind.NOTED, step="verify", data={"text": "held"})
    print(lease.owner, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    verb, where, which, *rest = sys.argv[1:]
    if verb == "race":
        race(Path(where), which, int(rest[0]))
    else:
        hold(Path(where), which)
