"""The record of requests in its bounds: how many, how much, and what streams past it."""

from __future__ import annotations

import json
import mmap
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pilothouse.sandbox.journal import BODY_READ_BYTES, Journal, Received, received
from tests.sandbox_process import SandboxProcess


def row(body: Any = None) -> Received:
    scope: dict[str, Any] = {"method": "POST", "path": "/x", "query_string": b"", "headers": []}
    raw = None if body is None else json.dumps(body).encode()
    return received("fly", scope, raw, "hush")


def test_the_latest_are_kept_and_found_by_number() -> None:
    journal = Journal(kept=5)
    for _ in range(12):
        journal.note(row())
    assert [each.n for each in journal] == [8, 9, 10, 11, 12]
    assert [each.n for each in journal.since(0)] == [8, 9, 10, 11, 12]
    assert [each.n for each in journal.since(9, 2)] == [10, 11]
    assert journal.since(12) == []
    assert journal.since(99) == []


def test_bodies_are_dropped_from_the_oldest_on_when_they_are_too_much() -> None:
    journal = Journal(kept=4, bodies_kept_bytes=250)
    for number in range(4):
        journal.note(row({"text": "y" * 80, "number": number}))
    shown = [json.loads(each.body_text()) for each in journal]
    assert [set(each) for each in shown] == [{"bytes"}, {"bytes"}] + [{"text", "number"}] * 2
    for _ in range(4):
        journal.note(row({"short": 1}))
    assert [json.loads(each.body_text()) for each in journal] == [{"short": 1}] * 4


def test_what_is_no_json_is_told_by_its_length() -> None:
    scope: dict[str, Any] = {"method": "PUT", "path": "/x", "query_string": b"", "headers": []}
    for raw in (b"\x1f\x8b", b'{"a": NaN}', b"[" * 5000, b'"\xff"'):
        told = received("fly", scope, raw, "hush")
        assert told.body == {"bytes": len(raw)}
        assert msgspec.json.encode(told)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the size of a process from /proc")
def test_a_long_upload_streams_past_the_journal(tmp_path: Path) -> None:
    piece, pieces = b"z" * 65_536, 3 * 1024
    with SandboxProcess(tmp_path) as sandbox:
        before = resident_mb(sandbox.pid)
        upload = (piece for _ in range(pieces))
        headers = {"Content-Type": "application/octet-stream"}
        answer = sandbox.heroku.put("/nowhere", content=upload, headers=headers)
        assert answer.status_code == 404
        assert resident_mb(sandbox.pid) - before < 40
        long = json.dumps({"text": "x" * BODY_READ_BYTES})
        sandbox.heroku.post("/apps/billing/releases", content=long)
        assert "x" * 100 not in str(sandbox.control.requests())
        told = sandbox.control.requests()[-1]
        assert told["bytes_received"] == len(long)


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * mmap.PAGESIZE / 1e6
