"""Volumes: who has one, who may take one, and how they are written.

A volume belongs to the machine whose configuration mounts it; nothing else remembers that, so that
an update that the platform takes back gives its volume back too. One volume a machine, one
machine a volume, in one region (Fly.io, "Volumes overview").
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from pilothouse.sandbox.fly.disks import Snapshot, Volume
from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.ids import rfc3339
from pilothouse.sandbox.fly.regions import placed
from pilothouse.sandbox.fly.state import App, Config, Machine
from pilothouse.sandbox.fly.wishes import VolumeWish

Json = dict[str, Any]

LARGEST_GB = 500
_USUAL_GB = 3
_USUAL_RETENTION_DAYS = 5
_LONGEST_RETENTION_DAYS = 60
_NAME = re.compile(r"[a-z0-9_]{1,30}")
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_BLOCK_BYTES = 4096
_GB = 1024**3
_SHOWN_AFTER_THE_END_S = 60.0


def has_volumes(app: App) -> bool:
    """Whether any machine of an app has a volume, which rules out bluegreen and canary."""
    return any(_mounted(machine) for machine in _present(app))


def owner(app: App, volume_id: str) -> Machine | None:
    """Return the machine that has a volume, if any."""
    return next((each for each in _present(app) if volume_id in _mounted(each)), None)


def find(app: App, volume_id: str) -> Volume:
    """Return a volume.

    Raises:
        FlyError: 404 for one that is not there or was destroyed.
    """
    volume = app.volumes.get(volume_id)
    if volume is None or volume.destroyed_at is not None:
        raise FlyError(404, "not_found: volume not found", "unknown")
    return volume


def listed(app: App, now: float, shown_s: float = _SHOWN_AFTER_THE_END_S) -> list[Volume]:
    """Return an app's volumes by id; one that was destroyed is still shown for `shown_s`."""
    for volume in list(app.volumes.values()):
        if volume.destroyed_at is not None and now - volume.destroyed_at > shown_s:
            del app.volumes[volume.id]
    return sorted(app.volumes.values(), key=lambda volume: volume.id)


def claim(app: App, config: Config, region: str | None, machine: Machine | None) -> Config:
    """Return `config` with the volume that its mount takes; without a mount it stays as it is.

    A mount names its volume, or a name of which any free volume of the region will do. `machine`
    is the one that asks, and may keep what it has; None for one that is yet to be made.

    Raises:
        FlyError: 404 for no such volume, 412 for one of another region or one that is taken.
    """
    mounts = config.get("mounts") or []
    if not mounts:
        return config
    mount = mounts[0]
    if mount.get("volume"):
        volume = _named(app, str(mount["volume"]))
    else:
        volume = _free(app, str(mount.get("name")), region, machine)
    if region is not None and volume.region != region:
        text = f"volume {volume.id} is in region {volume.region}, the machine in {region}"
        raise FlyError(412, f"failed_precondition: {text}", "unknown")
    having = owner(app, volume.id)
    if having is not None and having is not machine:
        raise _taken(volume.id)
    return config | {"mounts": [mount | {"volume": volume.id, "name": volume.name}]}


def create(app: App, wish: VolumeWish, now: float) -> Volume:
    """Make a volume as a client asks.

    Raises:
        FlyError: 400 for a name, size, region or retention that cannot be; 404 for a volume or
            snapshot to copy that is not there.
    """
    if not _NAME.fullmatch(wish.name or ""):
        raise invalid("name must be 1 to 30 of a-z, 0-9 and _")
    model = _model(app, wish)
    size_gb = wish.size_gb if wish.size_gb is not None else model or _USUAL_GB
    if not max(1, model) <= size_gb <= LARGEST_GB:
        raise invalid(f"size_gb must be from {max(1, model)} to {LARGEST_GB}")
    given = wish.snapshot_retention
    volume = Volume(
        id=f"vol_{_letters(17)}",
        name=str(wish.name),
        region=placed(wish.region),
        zone=secrets.token_hex(2),
        size_gb=size_gb,
        created_at=now,
        encrypted=wish.encrypted is not False,
        fstype=wish.fstype or "ext4",
        auto_backup_enabled=wish.auto_backup_enabled is not False,
        snapshot_retention=checked_retention(_USUAL_RETENTION_DAYS if given is None else given),
    )
    app.volumes[volume.id] = volume
    return volume


def checked_retention(days: int) -> int:
    """Return how many days snapshots are kept.

    Raises:
        FlyError: 400 outside 1 to 60.
    """
    if not 1 <= days <= _LONGEST_RETENTION_DAYS:
        raise invalid(f"snapshot_retention must be from 1 to {_LONGEST_RETENTION_DAYS} days")
    return days


def extend(volume: Volume, size_gb: int | None) -> None:
    """Make a volume larger; it never gets smaller.

    Raises:
        FlyError: 400.
    """
    if size_gb is None or not volume.size_gb < size_gb <= LARGEST_GB:
        raise invalid(f"size_gb must be above {volume.size_gb} and at most {LARGEST_GB}")
    volume.size_gb = size_gb


def destroy(app: App, volume: Volume, now: float) -> None:
    """Destroy a volume that no machine has.

    Raises:
        FlyError: 412 while a machine has it.
    """
    having = owner(app, volume.id)
    if having is not None:
        text = f"volume is currently bound to machine: {having.id}"
        raise FlyError(412, f"failed_precondition: {text}", "unknown")
    volume.destroyed_at = now


def snapshot(volume: Volume, now: float) -> Snapshot:
    """Take a snapshot of a volume as it is."""
    taken = Snapshot(f"vs_{_letters(17)}", now, volume.size_gb, volume.snapshot_retention)
    volume.snapshots.insert(0, taken)
    return taken


def volume_json(app: App, volume: Volume, *, summary: bool = False) -> Json:
    """Write a volume; `summary` leaves its blocks out."""
    having = owner(app, volume.id)
    shown: Json = {
        "id": volume.id,
        "name": volume.name,
        "state": "created" if volume.destroyed_at is None else "pending_destroy",
        "size_gb": volume.size_gb,
        "region": volume.region,
        "zone": volume.zone,
        "encrypted": volume.encrypted,
        "fstype": volume.fstype,
        "type": "local",
        "attached_machine_id": having.id if having else "",
        "attached_alloc_id": "",
        "created_at": rfc3339(volume.created_at),
        "host_status": having.host_status if having else "ok",
        "snapshot_retention": volume.snapshot_retention,
        "auto_backup_enabled": volume.auto_backup_enabled,
    }
    if not summary:
        total = volume.size_gb * _GB
        used = total // 50
        blocks = total // _BLOCK_BYTES
        free = blocks - used // _BLOCK_BYTES
        counted = {"blocks": blocks, "blocks_free": free, "blocks_avail": free}
        shown |= counted | {"block_size": _BLOCK_BYTES, "bytes_total": total, "bytes_used": used}
    return shown


def snapshot_json(volume: Volume, taken: Snapshot) -> Json:
    """Write a snapshot."""
    return {
        "id": taken.id,
        "created_at": rfc3339(taken.created_at),
        "digest": f"{volume.id[4:]}{taken.id[3:]}",
        "size": taken.volume_gb * _GB // 50,
        "volume_size": taken.volume_gb * _GB,
        "retention_days": taken.retention_days,
        "status": "created",
    }


def _present(app: App) -> list[Machine]:
    return [each for each in app.machines.values() if each.state != "destroyed"]


def _mounted(machine: Machine) -> list[str]:
    return [str(mount.get("volume", "")) for mount in machine.config.get("mounts") or []]


def _named(app: App, volume_id: str) -> Volume:
    try:
        return find(app, volume_id)
    except FlyError:
        text = f"not_found: volume {volume_id} not found in app {app.name}"
        raise FlyError(404, text, "unknown") from None


def _free(app: App, name: str, region: str | None, machine: Machine | None) -> Volume:
    wanted = [
        volume
        for volume in app.volumes.values()
        if volume.name == name
        and volume.destroyed_at is None
        and region in (None, volume.region)
        and owner(app, volume.id) in (None, machine)
    ]
    if not wanted:
        raise _taken(name)
    return max(wanted, key=lambda volume: owner(app, volume.id) is machine)


def _taken(which: str) -> FlyError:
    text = f"insufficient resources to create new machine with existing volume '{which}'"
    return FlyError(412, f"failed_precondition: {text}", "volume_placement_capacity")


def _model(app: App, wish: VolumeWish) -> int:
    """Return how large what shall be copied is, in GB; 0 for a volume that begins empty."""
    if wish.source_volume_id:
        return _named(app, wish.source_volume_id).size_gb
    if not wish.snapshot_id:
        return 0
    for volume in app.volumes.values():
        for taken in volume.snapshots:
            if taken.id == wish.snapshot_id:
                return taken.volume_gb
    raise FlyError(404, f"not_found: snapshot {wish.snapshot_id} not found", "unknown")


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))
