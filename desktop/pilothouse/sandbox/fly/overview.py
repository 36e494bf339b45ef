"""What the control API shows of the practice Fly.io."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilothouse.sandbox.fly.ids import rfc3339_ms
from pilothouse.sandbox.fly.leases import current
from pilothouse.sandbox.fly.process import image_of

if TYPE_CHECKING:
    from pilothouse.sandbox.fly.lifecycle import MachineLife
    from pilothouse.sandbox.fly.machines import Site
    from pilothouse.sandbox.fly.state import Release
    from pilothouse.sandbox.state import Json

_ROWS_SHOWN = 8


def described(site: Site) -> Json:
    """Write an app with its machines, its newest releases and what went through its edge."""
    return {
        "app": site.edge.app_key,
        "url": site.edge.url,
        "instances": [_instance(life) for life in site.lives.values()],
        "releases": [_row(release) for release in reversed(site.app.releases[-_ROWS_SHOWN:])],
        "edge": site.edge.counters.shown(),
    }


def _instance(life: MachineLife) -> Json:
    machine = life.machine
    metadata = machine.config.get("metadata") or {}
    return {
        "id": machine.id,
        "name": machine.name,
        "group": machine.group,
        "state": machine.state,
        "version": machine.instance_id,
        "release": metadata.get("fly_release_version"),
        "image": image_of(machine),
        "digest": machine.image_ref.digest,
        "cordoned": machine.cordoned,
        "serving": life.serving_port is not None,
        "lease": current(machine),
        "checks": [check.status for check in machine.checks],
        "metadata": metadata,
        "restarts": machine.restart_count,
    }


def _row(release: Release) -> Json:
    return {
        "id": release.id,
        "version": release.version,
        "status": release.status,
        "description": release.description,
        "image": release.image_ref,
        "user": release.user_id,
        "created_at": rfc3339_ms(release.created_at),
    }
