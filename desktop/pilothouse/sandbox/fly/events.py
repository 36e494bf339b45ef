"""What happened to a machine, newest first, in the shapes of the Machines API."""

from __future__ import annotations

import time

from pilothouse.sandbox.fly.ids import rfc3339_ms, rising_ulid
from pilothouse.sandbox.fly.state import Config, Event, Machine

KEPT = 50


def record(
    machine: Machine, kind: str, status: str, source: str, request: Config | None = None
) -> Event:
    """Put an event on top of a machine's list; the oldest beyond 50 are dropped."""
    now = time.time()
    event = Event(rising_ulid(now), kind, status, source, int(now * 1000), request)
    machine.events.insert(0, event)
    del machine.events[KEPT:]
    return event


def exit_request(
    code: int, *, requested: bool, restarting: bool, restart_count: int, oom: bool = False
) -> Config:
    """Return the `request` of an exit event; a requested stop exits with code 0."""
    return {
        "restart_count": restart_count,
        "exit_event": {
            "exit_code": code,
            "guest_exit_code": code,
            "guest_signal": -1,
            "oom_killed": oom,
            "requested_stop": requested,
            "restarting": restarting,
            "signal": -1,
            "exited_at": rfc3339_ms(time.time()),
        },
    }
