"""What an app really runs: its machines, compared with its release history.

The machines are the truth. Machines that the platform's own deploys leave alone (no
`fly_platform_version`), and those that only run a command for a deploy, are not the app's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pilothouse.domain.model import App, Instance, Live, Release
from pilothouse.providers.fly import health
from pilothouse.providers.fly.images import REGISTRY, Reference
from pilothouse.providers.fly.schema import Machine

COMMAND_GROUPS = frozenset(
    {"fly_app_release_command", "fly_app_test_machine_command", "fly_app_console"}
)
PROBE_PATH = "/"


def of_the_app(machines: Sequence[Machine]) -> list[Machine]:
    """The machines that are the app, in the order of their ids."""
    return sorted((one for one in machines if _is_of_the_app(one)), key=lambda one: one.id)


def _is_of_the_app(machine: Machine) -> bool:
    if machine.state in health.GONE:
        return False
    if machine.config is None and machine.host_status != "ok":
        return True
    metadata = machine.metadata
    return (
        metadata.get("fly_platform_version") == "v2"
        and metadata.get("fly_process_group") not in COMMAND_GROUPS
    )


def image_of(machine: Machine, hosts: tuple[str, ...]) -> str | None:
    """The image a machine runs, by digest, in the one spelling that artifacts have."""
    found = machine.image_ref
    if not found.digest or not found.repository:
        return None
    registry = REGISTRY if found.registry in hosts else found.registry or REGISTRY
    return Reference(registry, found.repository).exact(found.digest)


def release_of(machine: Machine) -> int | None:
    """Which release a machine says it runs."""
    text = str(machine.metadata.get("fly_release_version", ""))
    return int(text) if text.isdigit() else None


def instance(machine: Machine, hosts: tuple[str, ...]) -> Instance:
    """A machine in the domain's words."""
    return Instance(
        id=machine.id,
        place=machine.region,
        role=machine.group,
        state=machine.state if machine.host_status == "ok" else "host unreachable",
        release=release_of(machine),
        artifact=image_of(machine, hosts),
        version=machine.instance_id,
        healthy=health.healthy(machine),
        serving=health.serves(machine),
        lives=health.lives(machine),
    )


def live(
    app: App, machines: Sequence[Machine], release: Release | None, hosts: tuple[str, ...]
) -> Live:
    """What runs now; `release` is the newest complete one."""
    ours = of_the_app(machines)
    instances = tuple(instance(one, hosts) for one in ours)
    return Live(
        app=app if has_http(ours) or not ours else replace(app, addresses=()),
        release=release,
        instances=instances,
        probe_path=PROBE_PATH,
        maintenance=False,
        seen_at=datetime.now(UTC),
        disagreement=disagreement(instances, release),
    )


def has_http(machines: Sequence[Machine]) -> bool:
    """Whether the proxy sends HTTP requests to any of the machines."""
    ports = [
        port
        for machine in machines
        for service in machine.settings.get("services") or []
        for port in service.get("ports") or []
    ]
    return any("http" in (port.get("handlers") or []) for port in ports)


def check_path(machine: Machine) -> str | None:
    """The path of its first HTTP check."""
    for service in machine.settings.get("services") or []:
        for check in service.get("checks") or []:
            if check.get("type") == "http":
                return str(check.get("path") or "/")
    return None


def disagreement(instances: Sequence[Instance], release: Release | None) -> str | None:
    """The sentence that says how history and machines differ; None when they agree."""
    known = [one for one in instances if one.release is not None]
    versions = Counter(one.release for one in known)
    total = len(known)
    if release is None:
        if len(versions) < 2:
            return _two_images(known)
        counted = sorted((version, count) for version, count in versions.items() if version)
        parts = [f"{count} {_say(count)} v{version}" for version, count in counted]
        return f"Of {total} machines {' and '.join(parts)}."
    strange = sorted((v, n) for v, n in versions.items() if v is not None and v != release.version)
    if not strange:
        return _two_images(known)
    if len(strange) == 1 and strange[0][1] == total:
        who = "its machine says" if total == 1 else f"all {total} machines say"
        return f"Fly.io says v{release.version}, {who} v{strange[0][0]}."
    parts = [f"{count} of {total} machines {_say(count)} v{version}" for version, count in strange]
    return f"Fly.io says v{release.version}, {' and '.join(parts)}."


def _say(count: int) -> str:
    return "says" if count == 1 else "say"


def _two_images(known: Sequence[Instance]) -> str | None:
    images = {one.artifact for one in known if one.artifact is not None}
    if len(images) < 2:
        return None
    return f"The machines say v{known[0].release}, but run {len(images)} different images."
