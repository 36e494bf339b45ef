"""Runs on threads of their own: one a deployment, several apps side by side.

Closing never abandons a call in flight: a run is asked to leave, and leaves at its next step.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from pilothouse.engine.context import Context

log = logging.getLogger(__name__)


class Lanes:
    """The threads of the runs under way; every method from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, tuple[threading.Thread, Context]] = {}

    def start(self, deployment_id: str, context: Context, work: Callable[[], object]) -> None:
        """Run `work` on a thread named after the deployment."""

        def body() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._runs.pop(deployment_id, None)

        thread = threading.Thread(target=body, name=f"pilothouse-run-{deployment_id}")
        with self._lock:
            self._runs[deployment_id] = (thread, context)
        try:
            thread.start()
        except BaseException:
            with self._lock:
                del self._runs[deployment_id]
            raise

    def running(self) -> tuple[str, ...]:
        """The deployments that run in this process."""
        with self._lock:
            return tuple(self._runs)

    def is_running(self, deployment_id: str) -> bool:
        """Whether this process runs it."""
        with self._lock:
            return deployment_id in self._runs

    def leave(self) -> None:
        """Ask every run to leave at its next step, and wait until all have."""
        with self._lock:
            runs = list(self._runs.values())
        for _, context in runs:
            context.leave()
        for thread, _ in runs:
            if thread is not threading.current_thread():
                thread.join()
