"""What people ask of a run or an app, written down until it is taken; each call in a transaction.

A hold, its release and a mark of having seen need no run to act on them: the journal takes them
at once. All others wait for the run, which turns each into an event exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from pilothouse.domain.records import Request, RequestKind
from pilothouse.store.leases import Row, ensure_app
from pilothouse.store.tables import app, from_text, request, to_text

AT_ONCE = frozenset({RequestKind.HOLD, RequestKind.RELEASE_HOLD, RequestKind.SEEN})
TAKEN_BY_JOURNAL = 0


def write_down(connection: Connection, wish: Request) -> Request:
    """Keep a wish, carry out what is carried out at once; answers it with its number."""
    ensure_app(connection, wish.app_id)
    taken = TAKEN_BY_JOURNAL if wish.kind in AT_ONCE else None
    number = connection.execute(
        insert(request)
        .values(
            app_id=wish.app_id,
            deployment_id=wish.deployment_id,
            kind=wish.kind.value,
            asked_by=wish.by,
            at=to_text(wish.at),
            data=wish.text,
            taken_seq=taken,
        )
        .returning(request.c.id)
    ).scalar_one()
    if wish.kind is RequestKind.HOLD:
        held = {"hold_reason": wish.text, "held_at": to_text(wish.at), "held_by": wish.by}
        connection.execute(update(app).where(app.c.app_id == wish.app_id).values(**held))
    elif wish.kind is RequestKind.RELEASE_HOLD:
        free = {"hold_reason": None, "held_at": None, "held_by": None}
        connection.execute(update(app).where(app.c.app_id == wish.app_id).values(**free))
    return _numbered(wish, number)


def _numbered(wish: Request, number: int) -> Request:
    return Request(number, wish.app_id, wish.deployment_id, wish.kind, wish.by, wish.at, wish.text)


def waiting(connection: Connection, deployment_id: str) -> tuple[Request, ...]:
    """The wishes for a run that were not taken yet, oldest first."""
    rows = connection.execute(
        select(request)
        .where(request.c.deployment_id == deployment_id, request.c.taken_seq.is_(None))
        .order_by(request.c.id)
    ).mappings()
    return tuple([_read(row) for row in rows])


def taken_as(connection: Connection, number: int) -> int | None:
    """The event's number that a wish became; None: it was not taken."""
    found: int | None = connection.execute(
        select(request.c.taken_seq).where(request.c.id == number)
    ).scalar()
    return found


def mark_taken(connection: Connection, number: int, seq: int) -> None:
    """Note which event a wish became."""
    connection.execute(update(request).where(request.c.id == number).values(taken_seq=seq))


def seen(connection: Connection, deployment_ids: Sequence[str]) -> dict[str, datetime]:
    """When each of these deployments was last marked as seen; the unseen ones are missing."""
    rows = connection.execute(
        select(request.c.deployment_id, func.max(request.c.at))
        .where(
            request.c.kind == RequestKind.SEEN.value,
            request.c.deployment_id.in_(deployment_ids),
        )
        .group_by(request.c.deployment_id)
    )
    return {deployment_id: from_text(at) for deployment_id, at in rows}


def _read(row: Row) -> Request:
    return Request(
        id=row["id"],
        app_id=row["app_id"],
        deployment_id=row["deployment_id"],
        kind=RequestKind(row["kind"]),
        by=row["asked_by"],
        at=from_text(row["at"]),
        text=row["data"],
    )
