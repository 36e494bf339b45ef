"""Who may act on an app: the lease in the app's row, and the fence that only ever grows.

A lease is measured by the boot's own seconds, so that setting the clock moves nothing. It is free
when it was given back, has run out, is from another boot of this computer, or belongs to a
process that provably ended. One that was taken before it began by the same boot's seconds is from
another boot whose name could not be told. A lease of another computer can only be judged by the
calendar, and gets a generous margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pilothouse.domain.errors import Fenced, LeaseHeld
from pilothouse.domain.ports import Clock
from pilothouse.domain.records import AppRecord, Lease
from pilothouse.store.owner import Owner
from pilothouse.store.tables import app, from_text, to_text

Row = Mapping[Any, Any]

STRANGER_MARGIN_S = 60.0
"""How far the calendars of two computers may differ before one takes the other's lease early."""

_NOBODY = {
    "owner": None,
    "lease_boot": None,
    "lease_from_s": None,
    "lease_until_s": None,
    "leased_at": None,
    "renewed_at": None,
    "deployment_id": None,
}


@dataclass(frozen=True, slots=True)
class Leases:
    """The leases as one process, `me`, sees and takes them; each call is within a transaction."""

    me: Owner
    clock: Clock
    length_s: float

    def take(self, connection: Connection, app_id: str, deployment_id: str | None) -> Lease:
        """Take an app's lease with the next fence.

        Raises:
            LeaseHeld: somebody who may be alive has it.
        """
        row = ensure_app(connection, app_id)
        held_by = self.holder(row)
        if held_by is not None:
            raise self._held(row, held_by)
        fence = int(row["fence"]) + 1
        now = to_text(self.clock.now())
        until_s, span = self._span()
        connection.execute(
            update(app)
            .where(app.c.app_id == app_id)
            .values(
                fence=fence,
                owner=str(self.me),
                leased_at=now,
                deployment_id=deployment_id,
                **span,
            )
        )
        return Lease(app_id, deployment_id, fence, self.me.shown, until_s)

    def renew(self, connection: Connection, lease: Lease) -> Lease:
        """Lengthen a lease from now; raises `Fenced` if it is no longer ours."""
        until_s, span = self._span()
        self.hold_fast(connection, lease, **span)
        return Lease(lease.app_id, lease.deployment_id, lease.fence, lease.owner, until_s)

    def give_back(self, connection: Connection, lease: Lease) -> None:
        """Make a lease free, if it is still ours."""
        connection.execute(update(app).where(*self._is_mine(lease)).values(**_NOBODY))

    def hold_fast(self, connection: Connection, lease: Lease, **values: object) -> None:
        """Make sure that the lease is ours until the transaction ends, and set the app's values.

        Raises:
            Fenced: it is not.
        """
        # One statement both asks and keeps others from changing the row meanwhile.
        found = connection.execute(
            update(app).where(*self._is_mine(lease)).values(**{"fence": lease.fence, **values})
        )
        if found.rowcount == 0:
            raise self._fenced(connection, lease)

    def holder(self, row: Row) -> Owner | None:
        """Who holds the app's lease now; None when it is free."""
        if row["owner"] is None:
            return None
        owner = Owner.parse(row["owner"])
        if owner is None or owner.is_surely_dead(self.me):
            return None
        return None if self._has_run_out(row) else owner

    def record(self, row: Row | None, app_id: str) -> AppRecord:
        """An app's row in the words of the domain; an empty record when there is none."""
        if row is None:
            return AppRecord(app_id, 0, None, None, None, None, None, None)
        holder = self.holder(row)
        is_held = holder is not None
        return AppRecord(
            app_id=app_id,
            fence=row["fence"],
            owner=holder.shown if holder else None,
            deployment_id=row["deployment_id"] if is_held else None,
            since=from_text(row["leased_at"]) if is_held else None,
            hold_reason=row["hold_reason"],
            held_at=from_text(row["held_at"]) if row["held_at"] else None,
            held_by=row["held_by"],
        )

    def refuse_if_held(self, row: Row) -> None:
        """Raises `LeaseHeld` when somebody who may be alive has the lease."""
        held_by = self.holder(row)
        if held_by is not None:
            raise self._held(row, held_by)

    def _has_run_out(self, row: Row) -> bool:
        boot, now_s = self.clock.boot()
        if row["lease_boot"] == boot:
            return not row["lease_from_s"] <= now_s < row["lease_until_s"]
        length_s = row["lease_until_s"] - row["lease_from_s"] + STRANGER_MARGIN_S
        return self.clock.now() >= from_text(row["renewed_at"]) + timedelta(seconds=length_s)

    def _span(self) -> tuple[float, dict[str, object]]:
        boot, now_s = self.clock.boot()
        until_s = now_s + self.length_s
        return until_s, {
            "lease_boot": boot,
            "lease_from_s": now_s,
            "lease_until_s": until_s,
            "renewed_at": to_text(self.clock.now()),
        }

    def _is_mine(self, lease: Lease) -> tuple[Any, ...]:
        return (
            app.c.app_id == lease.app_id,
            app.c.fence == lease.fence,
            app.c.owner == str(self.me),
        )

    def _held(self, row: Row, held_by: Owner) -> LeaseHeld:
        return LeaseHeld(
            row["name"],
            owner=held_by.shown,
            since=from_text(row["leased_at"]),
            deployment=row["deployment_id"],
        )

    def _fenced(self, connection: Connection, lease: Lease) -> Fenced:
        row = find_app(connection, lease.app_id)
        owner = Owner.parse(row["owner"] or "") if row else None
        who = f"{owner.shown} has it now" if owner else "nobody has it now"
        fence = row["fence"] if row else 0
        return Fenced(
            f"The right to act on {row['name'] if row else lease.app_id} was lost: {who} "
            f"(fence {fence}, ours was {lease.fence}). Nothing more is changed from here."
        )


def find_app(connection: Connection, app_id: str) -> Row | None:
    """An app's row, if it has one."""
    return connection.execute(select(app).where(app.c.app_id == app_id)).mappings().first()


def ensure_app(connection: Connection, app_id: str, name: str | None = None) -> Row:
    """An app's row, made if there was none; a name is kept when one is given."""
    row = find_app(connection, app_id)
    if row is None:
        connection.execute(insert(app).values(app_id=app_id, name=name or app_id, fence=0))
    elif name is not None and row["name"] != name:
        connection.execute(update(app).where(app.c.app_id == app_id).values(name=name))
    else:
        return row
    row = find_app(connection, app_id)
    assert row is not None  # noqa: S101 - inserted above, in the same transaction
    return row
