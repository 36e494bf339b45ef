"""Fly's records as the Machines API writes them."""

from __future__ import annotations

from pilothouse.sandbox.fly.ids import rfc3339, rfc3339_ms
from pilothouse.sandbox.fly.leases import current
from pilothouse.sandbox.fly.state import App, Check, Event, ImageRef, Lease, Machine
from pilothouse.sandbox.state import Json, World

_EVENTS_SHOWN = 20


def app_json(world: World, app: App) -> Json:
    """Write an app; its `cname_target` is its edge's host and port."""
    organisation = world.fly.organisation
    return {
        "id": app.id,
        "internal_numeric_id": app.internal_numeric_id,
        "name": app.name,
        "network": app.network,
        "network_cidr": "fdaa:2:9a1::/48",
        "status": app.status,
        "machine_count": sum(each.state != "destroyed" for each in app.machines.values()),
        "volume_count": sum(each.destroyed_at is None for each in app.volumes.values()),
        "cname_target": edge_url(world, app).removeprefix("http://"),
        "app_role": "",
        "organization": {
            "name": organisation.name,
            "slug": organisation.slug,
            "internal_numeric_id": organisation.internal_numeric_id,
        },
    }


def edge_url(world: World, app: App) -> str:
    """Return the address at which an app answers."""
    edge = world.edges.get(f"fly:{app.name}")
    return edge.url if edge else ""


def machine_json(
    machine: Machine, *, leases: bool = False, summary: bool = False, nonce: str | None = None
) -> Json:
    """Write a machine; `summary` leaves the large fields out, `leases` shows who holds it."""
    shown: Json = {
        "id": machine.id,
        "name": machine.name,
        "state": machine.state,
        "region": machine.region,
        "instance_id": machine.instance_id,
        "version": machine.instance_id,
        "private_ip": machine.private_ip,
        "created_at": rfc3339_ms(machine.created_at),
        "updated_at": rfc3339_ms(machine.updated_at),
        "cordoned": machine.cordoned,
        "host_status": machine.host_status,
        "host_features": [],
        "image_ref": image_ref_json(machine.image_ref),
    }
    reachable = machine.host_status == "ok"
    if not summary:
        shown["config"] = machine.config if reachable else None
        shown["checks"] = [check_json(check) for check in machine.checks]
        shown["events"] = [event_json(event) for event in machine.events[:_EVENTS_SHOWN]]
        if machine.config.get("containers"):
            shown["containers"] = [
                {"name": each.get("name"), "state": machine.state}
                for each in machine.config["containers"]
            ]
        if not reachable:
            shown["incomplete_config"] = {"image": machine.config.get("image")}
    lease = current(machine)
    if leases and lease is not None:
        shown["lease"] = {
            "owner": lease.owner,
            "expires_at": int(lease.expires_at),
            "description": lease.description,
        }
    if nonce is not None:
        shown["nonce"] = nonce
    return shown


def image_ref_json(image_ref: ImageRef) -> Json:
    """Write the image that a machine runs."""
    return {
        "registry": image_ref.registry,
        "repository": image_ref.repository,
        "tag": image_ref.tag,
        "digest": image_ref.digest,
        "labels": image_ref.labels,
    }


def check_json(check: Check) -> Json:
    """Write one check result."""
    return {
        "name": check.name,
        "status": check.status,
        "output": check.output,
        "updated_at": rfc3339_ms(check.updated_at),
    }


def event_json(event: Event) -> Json:
    """Write one event."""
    shown: Json = {
        "id": event.id,
        "type": event.type,
        "status": event.status,
        "source": event.source,
        "timestamp": event.timestamp,
    }
    return shown if event.request is None else {**shown, "request": event.request}


def lease_json(lease: Lease) -> Json:
    """Write a lease, nonce and all, in the envelope that lease calls have."""
    return {
        "status": "success",
        "data": {
            "nonce": lease.nonce,
            "expires_at": int(lease.expires_at),
            "owner": lease.owner,
            "description": lease.description,
            "version": lease.version,
        },
    }


def secret_json(name: str, digest: str, created_at: float, updated_at: float) -> Json:
    """Write a secret; never its value."""
    return {
        "name": name,
        "digest": digest,
        "created_at": rfc3339(created_at),
        "updated_at": rfc3339(updated_at),
    }
