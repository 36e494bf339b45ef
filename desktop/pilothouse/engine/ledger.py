"""One run's page of the journal: write an event, fold it, tell the listeners.

While the journal cannot be written the run stands still, visibly: `write` does not return, and
nothing is changed at the platform meanwhile. A run that is asked to leave meanwhile leaves: what it
could not write down is looked for at the next start.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

from pilothouse.domain.deployment import Event, EventKind, Progress, State
from pilothouse.domain.errors import JournalUnavailable
from pilothouse.domain.fold import advance
from pilothouse.domain.model import JsonMap
from pilothouse.domain.news import Journaled, JournalTrouble
from pilothouse.domain.ports import Clock, Listener
from pilothouse.domain.records import DeploymentRecord, Journal, Request
from pilothouse.engine.tenure import Tenure

log = logging.getLogger(__name__)
RETRY_S = 0.5


class Left(Exception):
    """The program is being closed; the run goes on at the next start."""


class Ledger:
    """Writes and folds; safe from any thread of the run."""

    def __init__(
        self,
        journal: Journal,
        record: DeploymentRecord,
        tenure: Tenure,
        *,
        clock: Clock,
        publish: Listener,
    ) -> None:
        self._journal, self._record, self._tenure = journal, record, tenure
        self._clock, self._publish = clock, publish
        self._progress = record.progress
        self._lock = threading.Lock()
        self._leaving = threading.Event()

    def leave(self) -> None:
        """Wait for the journal no more: a write that it cannot take raises `Left`."""
        self._leaving.set()

    @property
    def leaving(self) -> bool:
        """Whether the run is to end at its next step."""
        return self._leaving.is_set()

    @property
    def progress(self) -> Progress:
        """The state by all that was written so far."""
        return self._progress

    @property
    def deployment_id(self) -> str:
        """Whose page this is."""
        return self._record.id

    def write(
        self,
        kind: EventKind,
        *,
        step: str | None = None,
        data: JsonMap | None = None,
        hold: str | None = None,
    ) -> Progress:
        """Write one event and return the state after it; raises `Fenced` and `Left`."""
        with self._lock:
            state = self._state_after(kind, data or {}) if step is None else None
            event = self._append(kind, step, data, state, hold)
            self._progress = progress = advance(self._progress, event)
        self._publish(Journaled(self._record.app_id, event, progress))
        return progress

    def take_requests(self) -> tuple[Request, ...]:
        """The wishes that were written down for this run, each taken once."""
        taken: list[Request] = []
        try:
            for request in self._journal.requests(self._record.id):
                with self._lock:
                    event = self._journal.take(self._tenure.lease, request)
                    self._progress = progress = advance(self._progress, event)
                taken.append(request)
                self._publish(Journaled(self._record.app_id, event, progress))
        except JournalUnavailable as error:
            # What is still waiting is taken at the next look; what was taken is obeyed now.
            log.info("The wishes could not all be read just now: %s", error)
        return tuple(taken)

    def _state_after(self, kind: EventKind, data: JsonMap) -> State | None:
        was = self._progress
        event = Event("", was.last_seq + 1, "", was.fence, self._clock.now(), "", kind, None, data)
        state = advance(was, event).state
        return state if state is not was.state else None

    def _append(
        self,
        kind: EventKind,
        step: str | None,
        data: JsonMap | None,
        state: State | None,
        hold: str | None,
    ) -> Event:
        trouble = ""
        while True:
            self._tenure.beat()
            try:
                event = self._journal.append(
                    self._tenure.lease, kind, step=step, data=data, state=state, hold=hold
                )
            except JournalUnavailable as error:
                if str(error) != trouble:
                    trouble = str(error)
                    self._publish(JournalTrouble(self._record.id, trouble))
                if self._leaving.wait(RETRY_S):
                    raise Left from error
                continue
            if trouble:
                self._publish(JournalTrouble(self._record.id, ""))
            return event

    def record(self) -> DeploymentRecord:
        """The deployment with its newest state."""
        return replace(self._record, progress=self._progress)
