"""Machines and volumes as the GraphQL executor walks them; older clients list them here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pilothouse.sandbox.fly.disks import Volume
from pilothouse.sandbox.fly.graph import NOTHING, connection
from pilothouse.sandbox.fly.ids import rfc3339, rfc3339_ms
from pilothouse.sandbox.fly.state import Event, Machine
from pilothouse.sandbox.state import Json

_KINDS = {"start": "Start", "exit": "Exit", "destroy": "Destroy"}


def machine_value(machine: Machine, app: Callable[[object], Any]) -> Json:
    """Write a machine; `app` writes the app that it belongs to."""

    def addresses(_info: object, **page: Any) -> Json:  # noqa: ANN401
        return connection([machine], _address, page)

    def events(_info: object, kind: str | None = None, **page: Any) -> Json:  # noqa: ANN401
        wanted = [event for event in machine.events if kind in (None, event.type)]
        return connection(wanted, _event, page)

    return {
        "app": app,
        "config": machine.config,
        "createdAt": rfc3339(machine.created_at),
        "egressIpAddresses": lambda _info, **_page: NOTHING,
        "events": events,
        "host": {"id": f"host-{machine.region}-{machine.id[:4]}"},
        "id": machine.id,
        "instanceId": machine.instance_id,
        "ips": addresses,
        "name": machine.name,
        "region": machine.region,
        "state": machine.state,
        "updatedAt": rfc3339_ms(machine.updated_at),
    }


def _address(machine: Machine) -> Json:
    return {
        "family": "v6",
        "id": f"ip-{machine.id}",
        "ip": machine.private_ip,
        "kind": "privatenet",
        "maskSize": 112,
    }


def _event(event: Event) -> Json:
    shown: Json = {
        "__typename": f"MachineEvent{_KINDS.get(event.type, 'Generic')}",
        "id": event.id,
        "kind": event.type,
        "timestamp": rfc3339_ms(event.timestamp / 1000),
    }
    if event.type == "exit":
        ended = (event.request or {}).get("exit_event") or {}
        shown |= {
            "exitCode": ended.get("exit_code", 0),
            "metadata": event.request or {},
            "oomKilled": bool(ended.get("oom_killed")),
            "requestedStop": bool(ended.get("requested_stop")),
        }
    return shown


def check_value(pair: tuple[Any, Any]) -> Json:
    """Write the result of one check of one machine; its name says its kind."""
    machine, check = pair
    return {
        "allocation": None,
        "allocationId": machine.id,
        "name": check.name,
        "output": lambda _info, **arguments: check.output[: arguments.get("limit")],
        "serviceName": check.name,
        "status": check.status,
        "type": "TCP" if "-tcp-" in check.name else "HTTP",
        "updatedAt": rfc3339_ms(check.updated_at),
    }


def volume_value(volume: Volume, app: object, machine: Json | None) -> Json:
    """Write a volume with its app, and the machine that has it."""
    return {
        "app": app,
        "attachedMachine": machine,
        "createdAt": rfc3339(volume.created_at),
        "encrypted": volume.encrypted,
        "host": {"id": f"host-{volume.region}-{volume.zone}"},
        "id": volume.id,
        "internalId": volume.id,
        "name": volume.name,
        "region": volume.region,
        "sizeGb": volume.size_gb,
        "state": "created",
        "status": "attached" if machine else "available",
    }
