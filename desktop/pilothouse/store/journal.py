"""The journal: deployments, their events, and the right to act, in one database.

Append-only: an event, once written, is never changed, and the database itself refuses to. Every
append is one transaction that also checks the fence, so that whoever lost an app's lease can
write nothing more about it. A deployment's state is always folded from its events.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pilothouse.domain.change import Plan
from pilothouse.domain.deployment import LIVE, Event, EventKind, State
from pilothouse.domain.errors import NotFound
from pilothouse.domain.model import JsonMap
from pilothouse.domain.ports import Clock
from pilothouse.domain.records import AppRecord, DeploymentRecord, Lease, Request, RequestKind
from pilothouse.store import chain, deployments, entries, wishes
from pilothouse.store.database import Database
from pilothouse.store.entries import Entry
from pilothouse.store.leases import Leases, ensure_app, find_app
from pilothouse.store.owner import Owner
from pilothouse.store.tables import JOURNAL, to_text

LEASE_S = 15.0


class SqlJournal:
    """`domain.records.Journal` over a database; may be shared by all threads of a process.

    Args:
        lease_s: how long a lease lasts unless it is renewed.
    """

    def __init__(self, database: Database, clock: Clock, *, lease_s: float = LEASE_S) -> None:
        self._database = database
        self._clock = clock
        self._me = Owner.here(clock.boot()[0])
        self._leases = Leases(self._me, clock, lease_s)
        self._folder = deployments.Folder(database)

    @staticmethod
    def open(url: str, clock: Clock, *, lease_s: float = LEASE_S) -> SqlJournal:
        """Open or make the journal that a URL names; errors as of `Database.open`."""
        return SqlJournal(Database.open(url, JOURNAL), clock, lease_s=lease_s)

    def close(self) -> None:
        """Close the database; leases stay as they are."""
        self._database.close()

    def create(self, plan: Plan, *, by: str) -> str:
        """Store a plan as a new deployment; raises `LeaseHeld` while another is live."""
        with self._database.write() as connection:
            app = ensure_app(connection, plan.app.id, plan.app.name)
            self._leases.refuse_if_held(app)
            deployments.refuse_if_live(connection, plan.app.id)
            return deployments.store(connection, plan, by=by, at=self._clock.now())

    def acquire(self, app_id: str, deployment_id: str | None) -> Lease:
        """Take the app's lease with the next fence; raises `LeaseHeld`, and never waits."""
        with self._database.write() as connection:
            if deployment_id is not None:
                row = deployments.find(connection, deployment_id)
                if row["app_id"] != app_id:
                    raise NotFound("deployment", deployment_id, where=f"the journal of {app_id}")
                deployment_id = row["id"]
            return self._leases.take(connection, app_id, deployment_id)

    def renew(self, lease: Lease) -> Lease:
        """Lengthen a lease from now; raises `Fenced` if it is no longer ours."""
        with self._database.write() as connection:
            return self._leases.renew(connection, lease)

    def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens if it is no longer ours."""
        with self._database.write() as connection:
            self._leases.give_back(connection, lease)

    def append(
        self,
        lease: Lease,
        kind: EventKind,
        *,
        step: str | None = None,
        data: JsonMap | None = None,
        state: State | None = None,
        hold: str | None = None,
    ) -> Event:
        """Write one event, set the state and hold the app: all under the fence, or nothing.

        Raises:
            Fenced: the lease is no longer ours.
            LeaseHeld: an ended deployment is to live again while another one is live.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            held: dict[str, object] = {}
            if hold is not None:
                # A person's own hold is not forgotten because a run adds its reason.
                before = find_app(connection, lease.app_id)
                is_anothers = before is not None and before["held_by"] != self._me.shown
                earlier = before["hold_reason"] if before and is_anothers else None
                reason = hold if earlier in {None, hold} else f"{earlier} {hold}"
                held = {"hold_reason": reason, "held_at": to_text(now), "held_by": self._me.shown}
            self._leases.hold_fast(connection, lease, **held)
            row = deployments.find(connection, _deployment_of(lease))
            if state in LIVE and row["state"] not in LIVE:
                deployments.refuse_if_live(connection, lease.app_id)
            entry = Entry(lease.fence, now, self._me.shown, kind, step, data or {})
            return entries.add(connection, row, entry, state)

    def take(self, lease: Lease, request: Request) -> Event:
        """Turn a wish into an event; a wish that was one already gives that same event."""
        data = {"kind": request.kind.value, "by": request.by, "text": request.text}
        with self._database.write() as connection:
            self._leases.hold_fast(connection, lease)
            row = deployments.find(connection, _deployment_of(lease))
            seq = wishes.taken_as(connection, request.id)
            if seq:
                return entries.one(connection, row["id"], seq)
            now = self._clock.now()
            entry = Entry(lease.fence, now, request.by, EventKind.REQUESTED, None, data)
            event = entries.add(connection, row, entry)
            wishes.mark_taken(connection, request.id, event.seq)
            return event

    def events(self, deployment_id: str, after: int = 0) -> tuple[Event, ...]:
        """The events of a deployment in order, those after a number; raises `NotFound`."""
        with self._database.read() as connection:
            row = deployments.find(connection, deployment_id)
            return entries.after(connection, row["id"], after)

    def deployment(self, deployment_id: str) -> DeploymentRecord:
        """One deployment by an unambiguous beginning of its id; raises `NotFound`."""
        return self._folder.one(deployment_id)

    def deployments(
        self,
        *,
        app_id: str | None = None,
        states: frozenset[State] | None = None,
        limit: int = 100,
    ) -> tuple[DeploymentRecord, ...]:
        """Deployments, newest first."""
        return self._folder.many(app_id, states, limit)

    def app(self, app_id: str) -> AppRecord:
        """What is known of an app; an empty record when nothing is."""
        with self._database.read() as connection:
            return self._leases.record(find_app(connection, app_id), app_id)

    def request(
        self,
        kind: RequestKind,
        *,
        app_id: str,
        deployment_id: str | None = None,
        by: str,
        text: str = "",
    ) -> Request:
        """Write a wish down; HOLD, RELEASE_HOLD and SEEN take effect at once."""
        with self._database.write() as connection:
            if deployment_id is not None:
                deployment_id = deployments.find(connection, deployment_id)["id"]
            wish = Request(0, app_id, deployment_id, kind, by, self._clock.now(), text)
            return wishes.write_down(connection, wish)

    def requests(self, deployment_id: str) -> tuple[Request, ...]:
        """The wishes for a run that were not taken yet, oldest first."""
        with self._database.read() as connection:
            return wishes.waiting(connection, deployment_id)

    def seen(self, deployment_ids: Sequence[str]) -> dict[str, datetime]:
        """When each of these was last marked as seen; the unseen ones are missing."""
        with self._database.read() as connection:
            return wishes.seen(connection, deployment_ids)

    def verify_chain(self, deployment_id: str) -> str:
        """Where a deployment's record was tampered with, as a sentence; empty: nowhere."""
        with self._database.read() as connection:
            row = deployments.find(connection, deployment_id)
            links = entries.links(connection, row["id"])
            text = deployments.plan_text(connection, row["id"])
        first = chain.first_hash(text, row["plan_hash"])
        return chain.broken_at(links, first, row["last_seq"], row["last_hash"])


def _deployment_of(lease: Lease) -> str:
    if lease.deployment_id is None:
        raise NotFound("deployment", "none", where=f"the lease on {lease.app_id}")
    return lease.deployment_id
