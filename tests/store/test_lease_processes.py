"""Real processes: they race for a lease, and a killed one holds nothing any more."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pilothouse.domain.deployment import EventKind
from pilothouse.domain.errors import LeaseHeld
from pilothouse.store.clock import SystemClock
from tests.store import samples

ROOT = Path(__file__).parents[2]


def taker(*arguments: str) -> subprocess.Popen[str]:
    """Another process with the same journal."""
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'desktop'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "tests.store.lease_taker", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_racing_processes_never_write_into_each_others_turn(tmp_path: Path) -> None:
    journal = samples.journal(tmp_path, SystemClock())
    deployment_id = journal.create(samples.plan(), by="Lena")
    racers = [taker("race", str(tmp_path), deployment_id, "15") for _ in range(3)]
    for racer in racers:
        _, errors = racer.communicate(timeout=60)
        assert racer.returncode == 0, errors
    events = journal.events(deployment_id)
    assert [event.seq for event in events] == list(range(1, 91))
    texts = [event.data["text"] for event in events]
    assert texts == ["in", "out"] * 45
    assert [event.fence for event in events] == [fence for fence in range(1, 46) for _ in "io"]
    assert journal.verify_chain(deployment_id) == ""
    journal.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process started")
def test_the_lease_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    journal = samples.journal(tmp_path, SystemClock())
    deployment_id = journal.create(samples.plan(), by="Lena")
    holder = taker("hold", str(tmp_path), deployment_id)
    assert holder.stdout is not None
    said = holder.stdout.readline().strip()
    assert re.fullmatch(rf".+ on .+ \(process {holder.pid}\)", said)
    with pytest.raises(LeaseHeld) as caught:
        journal.acquire(samples.HARBOR.id, deployment_id)
    assert caught.value.owner == said
    holder.send_signal(signal.SIGKILL)
    # Not waited for yet: a zombie is dead too, though its number is still taken.
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
    assert journal.app(samples.HARBOR.id).owner is None
    lease = journal.acquire(samples.HARBOR.id, deployment_id)
    holder.communicate(timeout=10)
    assert lease.fence == 2
    journal.append(lease, EventKind.SIGHTED)
    assert [event.fence for event in journal.events(deployment_id)] == [1, 2]
    assert journal.verify_chain(deployment_id) == ""
    journal.close()
