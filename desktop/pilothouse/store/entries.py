"""Events as rows: adding one to the end of a deployment's chain, and reading them back.

The deployment's own row keeps the number and the hash of the last event. Both change in the same
transaction that adds the event, under the app's fence, so that numbers have no gaps.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select, update

from pilothouse.domain.deployment import Event, EventKind, State
from pilothouse.domain.model import JsonMap
from pilothouse.store.chain import Link
from pilothouse.store.leases import Row
from pilothouse.store.tables import deployment, event, to_text


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written into a deployment's journal."""

    fence: int
    at: datetime
    actor: str
    kind: EventKind
    step: str | None = None
    data: JsonMap = field(default_factory=dict)


def add(connection: Connection, row: Row, entry: Entry, state: State | None = None) -> Event:
    """Add an entry to the deployment of `row`, and set its stored state if one is given."""
    link = Link(
        deployment_id=row["id"],
        seq=int(row["last_seq"]) + 1,
        event_id=uuid.uuid4().hex,
        fence=entry.fence,
        at=to_text(entry.at),
        actor=entry.actor,
        kind=entry.kind.value,
        step=entry.step,
        data=msgspec.json.encode(entry.data, order="sorted").decode(),
    )
    own_hash = link.hash_after(row["last_hash"])
    columns = {name: getattr(link, name) for name in Link.__slots__}
    connection.execute(insert(event).values(**columns, hash_before=row["last_hash"], hash=own_hash))
    end = {"last_seq": link.seq, "last_hash": own_hash}
    if state is not None:
        end["state"] = state.value
    connection.execute(update(deployment).where(deployment.c.id == row["id"]).values(**end))
    return _understood(link)


def after(connection: Connection, deployment_id: str, seq: int = 0) -> tuple[Event, ...]:
    """The events of a deployment in order, those after a number."""
    rows = connection.execute(
        select(event)
        .where(event.c.deployment_id == deployment_id, event.c.seq > seq)
        .order_by(event.c.seq)
    ).mappings()
    return tuple([_understood(_link(row)) for row in rows])


def one(connection: Connection, deployment_id: str, seq: int) -> Event:
    """The event of a number, which is there."""
    rows = connection.execute(
        select(event).where(event.c.deployment_id == deployment_id, event.c.seq == seq)
    ).mappings()
    return _understood(_link(rows.one()))


def links(connection: Connection, deployment_id: str) -> list[tuple[Link, str, str]]:
    """Each event as stored, with the hash before it and its own, in order."""
    rows = connection.execute(
        select(event).where(event.c.deployment_id == deployment_id).order_by(event.c.seq)
    ).mappings()
    return [(_link(row), row["hash_before"], row["hash"]) for row in rows]


def _link(row: Row) -> Link:
    return Link(**{name: row[name] for name in Link.__slots__})


def _understood(link: Link) -> Event:
    return Event(
        deployment_id=link.deployment_id,
        seq=link.seq,
        id=link.event_id,
        fence=link.fence,
        at=datetime.fromisoformat(link.at),
        actor=link.actor,
        kind=EventKind(link.kind),
        step=link.step,
        data=msgspec.json.decode(link.data),
    )
