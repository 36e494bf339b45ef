"""Holding an app's lease for as long as a run makes progress.

One timer thread a run renews the lease in the journal and whatever fences others off at the
platform. A run that shows no sign of life for `IDLE_LIMIT_S` is not renewed: then somebody
else may take over, which is better than a lease that outlives its holder's mind.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from pilothouse.domain.errors import Fenced, JournalUnavailable, PilothouseError
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import Clock
from pilothouse.domain.records import Journal, Lease

log = logging.getLogger(__name__)
IDLE_LIMIT_S = 45.0


class Tenure:
    """The lease of one run.

    Threads: `beat`, `left_s` and `lost` may be called from any.
    """

    def __init__(self, journal: Journal, lease: Lease, clock: Clock, timing: Timing) -> None:
        self._journal, self._clock, self._timing = journal, clock, timing
        self._lease = lease
        self._renew_platform: Callable[[], None] | None = None
        self._lost = threading.Event()
        self._stop = threading.Event()
        self._beat_at = clock.steady()
        self._thread = threading.Thread(
            target=self._keep, name=f"pilothouse-lease-{lease.deployment_id}", daemon=True
        )

    @property
    def lease(self) -> Lease:
        """The lease as last renewed."""
        return self._lease

    @property
    def lost(self) -> bool:
        """Whether somebody else has it now."""
        return self._lost.is_set()

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def also_renew(self, renew: Callable[[], None]) -> None:
        """Renew this too, after the lease itself; its platform errors are not ours."""
        self._renew_platform = renew

    def beat(self) -> None:
        """Say that the run is alive."""
        self._beat_at = self._clock.steady()

    def left_s(self) -> float:
        """Seconds for which the right to act surely lasts; 0 when it is lost."""
        if self.lost:
            return 0.0
        return max(0.0, self._lease.until_s - self._clock.boot()[1])

    def end(self) -> None:
        """Stop renewing and give the lease back."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(self._timing.lease_s)
        try:
            self._journal.release(self._lease)
        except JournalUnavailable as error:
            log.warning("The lease could not be given back, it ends by itself: %s", error)

    def _keep(self) -> None:
        while not self._stop.wait(self._timing.renew_s):
            if self._clock.steady() - self._beat_at > IDLE_LIMIT_S:
                log.error("The run shows no sign of life; its lease is not renewed.")
                continue
            try:
                self._lease = self._journal.renew(self._lease)
            except Fenced:
                self._lost.set()
                return
            except JournalUnavailable as error:
                log.warning("The lease could not be renewed just now: %s", error)
                continue
            except Exception:  # this thread must outlive its own defects, or the run loses its app
                log.exception("The lease could not be renewed just now.")
                continue
            self._renew_at_platform()

    def _renew_at_platform(self) -> None:
        if self._renew_platform is None:
            return
        try:
            self._renew_platform()
        except PilothouseError as error:
            # The next guarded call meets the same trouble and is judged there.
            log.warning("The platform's own lease could not be renewed: %s", error)
        except Exception:  # as above: the lease itself is more than what the platform keeps
            log.exception("The platform's own lease could not be renewed.")
