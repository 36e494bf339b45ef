"""Deployments as rows: storing a plan, finding one, and folding it from its events.

At most one deployment of an app is live: looked at here, for a good sentence, and enforced by a
unique index. What was folded once is kept, and only newer events are read again. Plans are long:
a row comes without its plan, which is read only where it is needed.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from datetime import datetime

from sqlalchemy import Connection, insert, select

from pilothouse.domain.change import Plan
from pilothouse.domain.deployment import LIVE, Progress, State
from pilothouse.domain.errors import LeaseHeld, NotFound
from pilothouse.domain.fold import advance
from pilothouse.domain.records import DeploymentRecord
from pilothouse.store import entries
from pilothouse.store.chain import first_hash
from pilothouse.store.database import Database
from pilothouse.store.leases import Row, find_app
from pilothouse.store.plans import plan_from_text, plan_to_text
from pilothouse.store.tables import deployment, from_text, to_text

KEPT = 1000
"""How many folded deployments stay in memory."""

NAMED = 8
_WITHOUT_PLAN = [column for column in deployment.c if column.name != "plan"]


def store(connection: Connection, plan: Plan, *, by: str, at: datetime) -> str:
    """Add a plan as a new deployment, state planned; answers its id."""
    text, plan_hash = plan_to_text(plan), plan.hash
    deployment_id = _new_id(connection)
    connection.execute(
        insert(deployment).values(
            id=deployment_id,
            app_id=plan.app.id,
            kind=plan.change.kind.value,
            plan=text,
            plan_hash=plan_hash,
            format=plan.format,
            state=State.PLANNED.value,
            created_by=by,
            created_at=to_text(at),
            last_seq=0,
            last_hash=first_hash(text, plan_hash),
        )
    )
    return deployment_id


def find(connection: Connection, beginning: str) -> Row:
    """The row of the one deployment whose id begins so.

    Raises:
        NotFound: there is none, or more than one.
    """
    wanted = beginning.strip().lower()
    rows = select(*_WITHOUT_PLAN).order_by(deployment.c.number.desc()).limit(NAMED + 1)
    # By the whole id first: this is asked at each event, and an index answers it.
    exact = connection.execute(rows.where(deployment.c.id == wanted)).mappings().first()
    if exact is not None:
        return exact
    begins = deployment.c.id.startswith(wanted, autoescape=True)
    near = connection.execute(rows.where(begins)).mappings().all()
    if wanted and len(near) == 1:
        return near[0]
    exists = [row["id"] for row in near] or _newest(connection)
    raise NotFound("deployment", beginning, where="the journal", exists=exists)


def plan_text(connection: Connection, deployment_id: str) -> str:
    """The plan of a deployment that is there, as it is stored."""
    query = select(deployment.c.plan).where(deployment.c.id == deployment_id)
    text: str = connection.execute(query).scalar_one()
    return text


def refuse_if_live(connection: Connection, app_id: str) -> None:
    """Raises `LeaseHeld` when a deployment of the app is live, carried on by somebody or not."""
    row = (
        connection.execute(
            select(*_WITHOUT_PLAN).where(
                deployment.c.app_id == app_id, deployment.c.state.in_(sorted(LIVE))
            )
        )
        .mappings()
        .first()
    )
    if row is None:
        return
    app = find_app(connection, app_id)
    raise LeaseHeld(
        app["name"] if app else app_id,
        owner=f"an unfinished deployment of {row['created_by']}, which nobody carries on now,",
        since=from_text(row["created_at"]),
        deployment=row["id"],
    )


class Folder:
    """Reads deployments with their progress, and remembers what it folded."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._folded: OrderedDict[str, Progress] = OrderedDict()

    def one(self, beginning: str) -> DeploymentRecord:
        """One deployment by an unambiguous beginning of its id; raises `NotFound`."""
        with self._database.read() as connection:
            return self._record(connection, find(connection, beginning))

    def many(
        self, app_id: str | None, states: frozenset[State] | None, limit: int
    ) -> tuple[DeploymentRecord, ...]:
        """Deployments, newest first."""
        query = select(*_WITHOUT_PLAN).order_by(deployment.c.number.desc()).limit(limit)
        if app_id is not None:
            query = query.where(deployment.c.app_id == app_id)
        if states is not None:
            query = query.where(deployment.c.state.in_(sorted(states)))
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            return tuple([self._record(connection, row) for row in rows])

    def _record(self, connection: Connection, row: Row) -> DeploymentRecord:
        return DeploymentRecord(
            id=row["id"],
            app_id=row["app_id"],
            created_by=row["created_by"],
            created_at=from_text(row["created_at"]),
            progress=self._progress(connection, row),
        )

    def _progress(self, connection: Connection, row: Row) -> Progress:
        with self._lock:
            progress = self._folded.get(row["id"])
        if progress is None or progress.last_seq > row["last_seq"]:
            progress = Progress(plan_from_text(plan_text(connection, row["id"])))
        if progress.last_seq < row["last_seq"]:
            for event in entries.after(connection, row["id"], progress.last_seq):
                progress = advance(progress, event)
        with self._lock:
            self._folded[row["id"]] = progress
            self._folded.move_to_end(row["id"])
            while len(self._folded) > KEPT:
                self._folded.popitem(last=False)
        return progress


def _new_id(connection: Connection) -> str:
    while True:
        fresh = secrets.token_hex(4)
        taken = select(deployment.c.id).where(deployment.c.id == fresh)
        if connection.execute(taken).first() is None:
            return fresh


def _newest(connection: Connection) -> list[str]:
    query = select(deployment.c.id).order_by(deployment.c.number.desc()).limit(NAMED + 1)
    return list(connection.execute(query).scalars())
