"""The tables, for every database alike; moments are ISO 8601 UTC text, values JSON text.

Two schemas: the journal, which must never be lost, and the cache, which may be thrown away. Each
has its version. A change to one of them comes with a new version and a step in `database.py`
that leads there; so does a new format of plans, which an older program could not read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from pilothouse.domain.deployment import LIVE


@dataclass(frozen=True, slots=True)
class Schema:
    """One database file's tables.

    Args:
        noun: what it is in a sentence, as in "The journal cannot be written".
        steps: for each older version, what leads from it to the next.
        append_only: tables whose rows may neither be changed nor removed.
        durable: whether each commit must be on the disk before it counts.
    """

    noun: str
    version: int
    metadata: MetaData
    steps: Mapping[int, Callable[[Connection], None]] = field(default_factory=dict)
    append_only: tuple[str, ...] = ()
    durable: bool = True


def to_text(moment: datetime) -> str:
    """A moment as it is stored: UTC, always with microseconds, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str) -> datetime:
    """The moment that `to_text` wrote."""
    return datetime.fromisoformat(text)


def versions(metadata: MetaData) -> Table:
    """The one-row table that says which version of the schema a file has."""
    return Table(
        "schema_version",
        metadata,
        Column("version", Integer, nullable=False),
        Column("written_by", String, nullable=False),
        Column("at", String, nullable=False),
    )


JOURNAL_METADATA = MetaData()
versions(JOURNAL_METADATA)

app = Table(
    "app",
    JOURNAL_METADATA,
    Column("app_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("owner", String),
    Column("lease_boot", String),
    Column("lease_from_s", Float),
    Column("lease_until_s", Float),
    Column("leased_at", String),
    Column("renewed_at", String),
    Column("deployment_id", String),
    Column("hold_reason", Text),
    Column("held_at", String),
    Column("held_by", String),
)

deployment = Table(
    "deployment",
    JOURNAL_METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("app_id", String, ForeignKey("app.app_id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("plan", Text, nullable=False),
    Column("plan_hash", String, nullable=False),
    Column("format", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("last_hash", String, nullable=False),
)
_IS_LIVE = deployment.c.state.in_(sorted(LIVE))
Index(
    "one_live_deployment_per_app",
    deployment.c.app_id,
    unique=True,
    sqlite_where=_IS_LIVE,
    postgresql_where=_IS_LIVE,
)
Index("deployments_of_app", deployment.c.app_id, deployment.c.number)

event = Table(
    "event",
    JOURNAL_METADATA,
    Column("deployment_id", String, ForeignKey("deployment.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("event_id", String, nullable=False, unique=True),
    Column("fence", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("step", String),
    Column("data", Text, nullable=False),
    Column("hash_before", String, nullable=False),
    Column("hash", String, nullable=False),
)

request = Table(
    "request",
    JOURNAL_METADATA,
    Column("id", Integer, primary_key=True),
    Column("app_id", String, ForeignKey("app.app_id"), nullable=False),
    Column("deployment_id", String, ForeignKey("deployment.id")),
    Column("kind", String, nullable=False),
    Column("asked_by", String, nullable=False),
    Column("at", String, nullable=False),
    Column("data", Text, nullable=False),
    Column("taken_seq", Integer),  # the event it became; 0: the journal took it at once
)
Index("requests_of_deployment", request.c.deployment_id, request.c.taken_seq)

JOURNAL = Schema("journal", 1, JOURNAL_METADATA, append_only=("event",))


CACHE_METADATA = MetaData()
versions(CACHE_METADATA)

seen_app = Table(
    "seen_app",
    CACHE_METADATA,
    Column("app_id", String, primary_key=True),
    Column("account", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("data", Text, nullable=False),
    Column("at", String, nullable=False),
)

seen_live = Table(
    "seen_live",
    CACHE_METADATA,
    Column("app_id", String, primary_key=True),
    Column("data", Text, nullable=False),
)

seen_history = Table(
    "seen_history",
    CACHE_METADATA,
    Column("app_id", String, primary_key=True),
    Column("at", String, nullable=False),
)

seen_release = Table(
    "seen_release",
    CACHE_METADATA,
    Column("app_id", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("current", Boolean, nullable=False),
    Column("data", Text, nullable=False),
)

CACHE = Schema("release cache", 1, CACHE_METADATA, durable=False)
