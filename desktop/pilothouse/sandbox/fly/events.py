"""What happened to a machine, newest first, in the shapes of the Machines API."""

from __future__ import annotations

from dataclasses import dataclass

from pilothouse.sandbox.fly.ids import rfc3339_ms, rising_ulid
from pilothouse.sandbox.fly.state import Config, Event, Machine
from pilothouse.sandbox.pace import wall_s

KEPT = 50
SIGNALS = {
    "SIGHUP": 1,
    "SIGINT": 2,
    "SIGQUIT": 3,
    "SIGILL": 4,
    "SIGTRAP": 5,
    "SIGABRT": 6,
    "SIGFPE": 8,
    "SIGKILL": 9,
    "SIGUSR1": 10,
    "SIGSEGV": 11,
    "SIGUSR2": 12,
    "SIGPIPE": 13,
    "SIGALRM": 14,
    "SIGTERM": 15,
}


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: its exit code, and the signal that ended it or -1."""

    code: int
    signal: int = -1
    oom: bool = False

    @classmethod
    def by(cls, signal: int) -> Exit:
        """Return the end of a process that a signal killed, as a shell tells it."""
        return cls(128 + signal, signal)


def record(
    machine: Machine, kind: str, status: str, source: str, request: Config | None = None
) -> Event:
    """Put an event on top of a machine's list; the oldest beyond 50 are dropped."""
    now = wall_s()
    event = Event(rising_ulid(now), kind, status, source, int(now * 1000), request)
    machine.events.insert(0, event)
    del machine.events[KEPT:]
    return event


def exit_request(ended: Exit, *, requested: bool, restarting: bool, restart_count: int) -> Config:
    """Return the `request` of an exit event."""
    return {
        "restart_count": restart_count,
        "exit_event": {
            "exit_code": ended.code,
            "guest_exit_code": ended.code,
            "guest_signal": ended.signal,
            "oom_killed": ended.oom,
            "requested_stop": requested,
            "restarting": restarting,
            "signal": ended.signal,
            "exited_at": rfc3339_ms(wall_s()),
        },
    }
