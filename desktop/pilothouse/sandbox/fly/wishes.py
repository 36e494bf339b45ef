"""The bodies that the Machines API takes, typed (Fly.io, Machines API, OpenAPI schema).

Null is as good as a field left out, and unknown fields are let through, as Go reads JSON. A
configuration stays the JSON that it was; `rules` says whether it may be.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from starlette.requests import Request

from pilothouse.sandbox.fly.errors import invalid
from pilothouse.sandbox.fly.http import read_json
from pilothouse.sandbox.fly.rules import said
from pilothouse.sandbox.fly.shapes import Duration, Flag, Text, Texts, Whole

Long = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None
Positive = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None


class LaunchWish(msgspec.Struct):
    """The body that creates or updates a machine."""

    config: dict[str, Any] | None = None
    name: Text = None
    region: Text = None
    lease_ttl: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    skip_launch: Flag = None
    skip_service_registration: Flag = None
    skip_secrets: Flag = None
    min_secrets_version: Long = None
    current_version: Text = None


class StopWish(msgspec.Struct):
    """The body of a stop."""

    signal: Text = None
    timeout: Duration = None


class SignalWish(msgspec.Struct):
    """The body of a signal; flyctl sends a number, the documentation names."""

    signal: str | int | None = None


class ExecWish(msgspec.Struct):
    """The body of a command to run."""

    cmd: Text = None
    command: Texts = None
    stdin: Text = None
    timeout: Whole = None
    container: Text = None
    machine: Flag = None


class LeaseWish(msgspec.Struct):
    """The body of a lease."""

    ttl: Whole = None
    description: Text = None


class KeyWish(msgspec.Struct):
    """The body that sets one key of the metadata."""

    value: Text = None
    updated_at: Text = None


class MetadataWish(msgspec.Struct):
    """The body that replaces or merges metadata."""

    metadata: dict[str, str | None] | None = None
    machine_version: Text = None
    updated_at: Text = None


class MemoryWish(msgspec.Struct):
    """The body that sets a memory limit."""

    limit_mb: Whole = None


class ReclaimWish(msgspec.Struct):
    """The body that asks for memory back."""

    amount_mb: Whole = None


class VolumeWish(msgspec.Struct):
    """The body that creates a volume."""

    name: Text = None
    region: Text = None
    size_gb: Whole = None
    encrypted: Flag = None
    fstype: Text = None
    auto_backup_enabled: Flag = None
    snapshot_retention: Whole = None
    snapshot_id: Text = None
    source_volume_id: Text = None
    compute: dict[str, Any] | None = None
    compute_image: Text = None
    require_unique_zone: Flag = None
    unique_zone_app_wide: Flag = None


class VolumeChange(msgspec.Struct):
    """The body that changes a volume."""

    auto_backup_enabled: Flag = None
    snapshot_retention: Whole = None


class ExtendWish(msgspec.Struct):
    """The body that makes a volume larger."""

    size_gb: Positive = None


W = TypeVar("W", bound=msgspec.Struct)


async def read_wish(request: Request, kind: type[W]) -> W:
    """Return the body of a request as `kind`; none counts as an empty object.

    Raises:
        FlyError: 400 when it is no JSON object, or a field is of the wrong type.
    """
    wish = await read_json(request)
    try:
        return msgspec.convert(wish, kind)
    except msgspec.ValidationError as wrong:
        raise invalid(said(wrong)) from None
