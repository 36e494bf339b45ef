"""What an app ran before: its newest releases, and each machine's configuration of one of them.

A machine's own earlier configuration is the best way back; a machine too young to have one takes
its sibling's, keeping its own volumes; where nobody remembers, today's configuration gets the old
image, and the plan says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pilothouse.domain.errors import Missing
from pilothouse.domain.model import App, Json, Release
from pilothouse.providers.fly.client import FlyClient
from pilothouse.providers.fly.images import digest_of, parse
from pilothouse.providers.fly.releases import page
from pilothouse.providers.fly.schema import Config, Machine, ReleaseEdge, ReleaseEdges, ReleaseNode

READERS = 8
OWN_PREFIXES = ("fly_", "fly-", "pilothouse_")


def spelled(image_ref: str | None, app: str, hosts: tuple[str, ...]) -> str | None:
    """The image of a release by digest; as the platform has it where no digest is known."""
    if not image_ref:
        return None
    image = parse(image_ref, app=app, hosts=hosts)
    return image.exact() if image.digest else image_ref


def releases(app: App, nodes: Sequence[ReleaseNode], hosts: tuple[str, ...]) -> tuple[Release, ...]:
    """The newest releases in the domain's words."""
    edges = ReleaseEdges([ReleaseEdge(node) for node in nodes])
    found = page(
        app.id,
        edges,
        spell=lambda ref: spelled(ref, app.name, hosts),
        cursor=None,
        limit=len(nodes),
    )
    return found.releases


def configs(
    client: FlyClient, app: str, machines: Sequence[Machine], release: int, image: str
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """For each machine the configuration that it gets to run `release` again, and warnings."""
    reachable = [one for one in machines if one.config is not None]
    digest = digest_of(image)

    def remember(machine: Machine) -> Config | None:
        try:
            versions = client.versions(app, machine.id)
        except Missing:
            return None
        earlier = (one.user_config for one in versions)
        return next((c for c in earlier if c is not None and _is_of(c, release, digest)), None)

    with ThreadPoolExecutor(READERS, "pilothouse-fly-versions") as pool:
        own = list(pool.map(remember, reachable))
    by_group: dict[str, Config] = {}
    for machine, config in zip(reachable, own, strict=True):
        if config is not None:
            by_group.setdefault(machine.group, config)
    found: dict[str, Json] = {}
    forgotten: list[str] = []
    for machine, config in zip(reachable, own, strict=True):
        current: Config = machine.config or {}
        chosen = config or by_group.get(machine.group)
        if chosen is None:
            forgotten.append(machine.short)
        found[machine.id] = _taken_over(chosen, current) if chosen else current
    if not forgotten:
        return found, ()
    names = ", ".join(forgotten)
    return found, (
        f"No machine remembers the configuration of v{release}: {names} "
        f"{'keeps' if len(forgotten) == 1 else 'keep'} today’s, with the image of v{release}.",
    )


def _is_of(config: Config, release: int, digest: str | None) -> bool:
    metadata = config.get("metadata") or {}
    if str(metadata.get("fly_release_version")) != str(release):
        return False
    run = digest_of(str(config.get("image", "")))
    return run is None or digest is None or run == digest


def _taken_over(earlier: Config, current: Config) -> dict[str, Any]:
    """An earlier configuration with the machine's own volumes and what others noted meanwhile."""
    kept = {
        key: value
        for key, value in (current.get("metadata") or {}).items()
        if not key.startswith(OWN_PREFIXES)
    }
    taken = {**earlier, "metadata": {**kept, **(earlier.get("metadata") or {})}}
    for name in ("mounts", "standbys"):
        taken.pop(name, None)
        if name in current:
            taken[name] = current[name]
    return taken
