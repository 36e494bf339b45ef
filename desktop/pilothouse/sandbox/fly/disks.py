"""What the practice Fly.io remembers of volumes. Moments are Unix seconds, sizes whole GB."""

from __future__ import annotations

import msgspec


class Snapshot(msgspec.Struct):
    """A copy of a volume at one moment; `volume_gb` is how large the volume was then."""

    id: str
    created_at: float
    volume_gb: int
    retention_days: int


class Volume(msgspec.Struct):
    """A disk in one region; which machine has it is told by the machines' configurations.

    `destroyed_at` is when a client destroyed it, or None.
    """

    id: str
    name: str
    region: str
    zone: str
    size_gb: int
    created_at: float
    encrypted: bool = True
    fstype: str = "ext4"
    auto_backup_enabled: bool = True
    snapshot_retention: int = 5
    snapshots: list[Snapshot] = msgspec.field(default_factory=list)
    destroyed_at: float | None = None
