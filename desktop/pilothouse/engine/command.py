"""Running the owner's own check as a child process, time-boxed, its output kept.

A good result is good for fifteen minutes, for the same command, artifact and app as it was.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from datetime import timedelta

from pilothouse.domain.ports import Clock
from pilothouse.engine.guards.situation import CommandResult

GOOD_FOR = timedelta(minutes=15)
KEPT_CHARS = 4000
PARTING_S = 5.0


class Commands:
    """Runs commands, and remembers the good ones; safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._good: dict[tuple[str, str], CommandResult] = {}

    def run(self, command: str, limit_s: float, *, bound_to: str) -> CommandResult:
        """Run it, or give the result of a good run for the same thing of a few minutes ago."""
        key = (command, bound_to)
        with self._lock:
            known = self._good.get(key)
        if known is not None and self._clock.now() - known.at < GOOD_FOR:
            return known
        result = self._execute(command, limit_s)
        if result.exit_code == 0:
            with self._lock:
                self._good[key] = result
        return result

    def _execute(self, command: str, limit_s: float) -> CommandResult:
        began = self._clock.steady()
        # The person's own command, run by the person's own shell: that is its purpose.
        child = subprocess.Popen(  # noqa: S602
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        try:
            output, _ = child.communicate(timeout=limit_s)
            code: int | None = child.returncode
        except subprocess.TimeoutExpired:
            output, code = _end(child), None
        seconds = self._clock.steady() - began
        return CommandResult(code, seconds, output[-KEPT_CHARS:], self._clock.now())


def _end(child: subprocess.Popen[str]) -> str:
    """End a command and all that it started; returns what it printed."""
    _signal_group(child, signal.SIGTERM)
    try:
        output, _ = child.communicate(timeout=PARTING_S)
    except subprocess.TimeoutExpired:
        _signal_group(child, signal.SIGKILL)
        output, _ = child.communicate()
    return output


def _signal_group(child: subprocess.Popen[str], number: signal.Signals) -> None:
    if hasattr(os, "killpg"):
        os.killpg(child.pid, number)
    else:
        child.send_signal(number)
