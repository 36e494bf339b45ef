"""Running the owner's own check as a child process, time-boxed, its output kept.

A good result is good for fifteen minutes, for the same command, artifact and app as it was.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from datetime import timedelta
from typing import IO

from pilothouse.domain.ports import Clock
from pilothouse.engine.guards.situation import CommandResult

GOOD_FOR = timedelta(minutes=15)
KEPT_CHARS = 4000
PARTING_S = 5.0
LONGEST_LETTER = 4


class Commands:
    """Runs commands, and remembers the good ones; safe from any thread."""

    def __init__(self, clock: Clock, *, parting_s: float = PARTING_S) -> None:
        self._clock, self._parting_s = clock, parting_s
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
        # Into a file, not a pipe: whatever it leaves in the background would keep a pipe open.
        with tempfile.TemporaryFile() as printed:
            # The person's own command, run by the person's own shell: that is its purpose.
            child = subprocess.Popen(  # noqa: S602
                command,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code: int | None = child.wait(limit_s)
            except subprocess.TimeoutExpired:
                self._end(child)
                code = None
            seconds = self._clock.steady() - began
            return CommandResult(code, seconds, _last_words(printed), self._clock.now())

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        """End a command and all that it started."""
        _signal_group(child, signal.SIGTERM)
        try:
            child.wait(self._parting_s)
        except subprocess.TimeoutExpired:
            _signal_group(child, getattr(signal, "SIGKILL", signal.SIGTERM))
            child.wait()


def _last_words(printed: IO[bytes]) -> str:
    size = printed.seek(0, os.SEEK_END)
    printed.seek(max(0, size - KEPT_CHARS * LONGEST_LETTER))
    return printed.read().decode(errors="replace")[-KEPT_CHARS:]


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if hasattr(os, "killpg"):
        os.killpg(child.pid, number)
    else:
        child.send_signal(number)
