"""What other people and bad luck do to the practice Fly.io, on order of the control API.

Leases and rate limits bind clients; what is done here happens in spite of them.
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from pilothouse.sandbox.fly import images, orders, releases
from pilothouse.sandbox.fly.app_secrets import describe, write_secrets
from pilothouse.sandbox.fly.capacity import MANNERS
from pilothouse.sandbox.fly.errors import FlyError
from pilothouse.sandbox.fly.lifecycle import MachineLife
from pilothouse.sandbox.fly.machines import FlyFleet, Site
from pilothouse.sandbox.fly.regions import placed
from pilothouse.sandbox.fly.state import Lease, Release
from pilothouse.sandbox.fly.wishes import LaunchWish
from pilothouse.sandbox.pace import wall_s
from pilothouse.sandbox.state import Json
from pilothouse.sandbox.workload import Behaviour

Wish = Mapping[str, Any]


async def act(fleet: FlyFleet, wish: Wish) -> Json:
    """Do one thing; `do` names it, `app` and mostly `instance` say to whom.

    To an instance: `kill`, `crash`, `sicken` (with `behaviour`), `stop` (by the proxy),
    `steal-lease` (with `ttl`), `host` (with `status`), `cordon`, `uncordon`. To a region:
    `capacity` (with `region`, and `how`: `refuse`, `revert`, `drain` or `ok`).
    To an app: `foreign-deploy` and `foreign-release` (with `image`), `set-secrets` (with `names`),
    `scale` (with `count`). To the registry: `expire` (with `image`). `limits` (with `on`).

    Raises:
        ValueError: the wish names something that is not there.
    """
    verb = str(wish.get("do"))
    try:
        site = fleet.site(str(wish.get("app", "")).removeprefix("fly:"))
        if verb in _TO_INSTANCES:
            life = fleet.life(site.app.name, str(wish.get("instance", "")))
            answer = _TO_INSTANCES[verb](life, wish)
        elif verb in _TO_APPS:
            answer = _TO_APPS[verb](fleet, site, wish)
        else:
            raise ValueError(f"cannot do {verb!r} to a Fly app")
    except FlyError as refusal:
        raise ValueError(refusal.error) from refusal
    fleet.world.changed()
    return answer


def _kill(life: MachineLife, _wish: Wish) -> Json:
    life.process.die(137)
    return {"id": life.machine.id, "state": life.machine.state}


def _crash(life: MachineLife, _wish: Wish) -> Json:
    life.process.die(1)
    return {"id": life.machine.id, "state": life.machine.state}


def _sicken(life: MachineLife, wish: Wish) -> Json:
    life.process.sicken(Behaviour(str(wish.get("behaviour", "unhealthy"))))
    return {"id": life.machine.id}


def _proxy_stop(life: MachineLife, _wish: Wish) -> Json:
    orders.stop(life, source="proxy")
    return {"id": life.machine.id, "state": life.machine.state}


def _steal_lease(life: MachineLife, wish: Wish) -> Json:
    machine, ttl_s = life.machine, float(wish.get("ttl", 60))
    machine.lease = Lease(
        nonce=secrets.token_hex(6),
        owner=str(wish.get("owner", "jonas.weil@harbour.example")),
        expires_at=wall_s() + ttl_s,
        description=str(wish.get("description", "")),
        version=machine.instance_id,
    )
    return {"nonce": machine.lease.nonce}


def _cordon(life: MachineLife, wish: Wish) -> Json:
    orders.cordon(life, wish["do"] == "cordon")
    return {"id": life.machine.id, "cordoned": life.machine.cordoned}


def _host(fleet: FlyFleet, site: Site, wish: Wish) -> Json:
    identifier, status = str(wish.get("instance", "")), str(wish.get("status", "unreachable"))
    if status not in ("ok", "unknown", "unreachable"):
        raise ValueError(f"a host is ok, unknown or unreachable, not {status!r}")
    fleet.host(site.app.name, identifier, status)
    return {"id": identifier, "host_status": status}


def _capacity(fleet: FlyFleet, _site: Site, wish: Wish) -> Json:
    region, manner = str(wish.get("region", "")), str(wish.get("how", "refuse"))
    if manner not in ("ok", *MANNERS):
        raise ValueError(f"how must be ok, {', '.join(sorted(MANNERS))}, not {manner!r}")
    fleet.world.fly.full.pop(region, None)
    if manner != "ok":
        fleet.world.fly.full[placed(region)] = manner
    return {"full": fleet.world.fly.full}


def _foreign_release(fleet: FlyFleet, site: Site, wish: Wish) -> Json:
    return _row(_release(fleet, site, wish))


def _foreign_deploy(fleet: FlyFleet, site: Site, wish: Wish) -> Json:
    release = _release(fleet, site, wish)
    for life in list(site.lives.values()):
        config = copy.deepcopy(life.machine.config)
        config["image"] = release.image_ref
        numbers = {"fly_release_id": release.id, "fly_release_version": str(release.version)}
        config["metadata"] = (config.get("metadata") or {}) | numbers
        resting = life.machine.state != "started"
        orders.update(life, orders.Update(config, skip_launch=resting))
    return _row(release)


def _release(fleet: FlyFleet, site: Site, wish: Wish) -> Release:
    text = str(wish.get("image") or f"{images.REGISTRY}/{site.app.name}:next")
    image = images.pull(fleet.world.fly, text)[1]
    if image is None:
        raise ValueError(f"no image {text}")
    reference = f"{images.REGISTRY}/{image.repository}:{image.tag}@{image.digest}"
    colleague = str(wish.get("user", "u2"))
    release = releases.append(site.app, reference, colleague, "Release")
    releases.settle(release, str(wish.get("status", "complete")), None)
    return release


def _set_secrets(fleet: FlyFleet, site: Site, wish: Wish) -> Json:
    names = [str(name) for name in wish.get("names") or ["SESSION_KEY"]]
    values: dict[str, str | None] = {name: secrets.token_hex(8) for name in names}
    write_secrets(site.app, values, fleet.world.pace.now().timestamp())
    image_ref = site.app.releases[-1].image_ref if site.app.releases else ""
    release = releases.append(site.app, image_ref, "u2", describe(values))
    releases.settle(release, "complete", None)
    return _row(release)


def _scale(fleet: FlyFleet, site: Site, wish: Wish) -> Json:
    """Bring the number of machines to `count`, copying the first or destroying the last."""
    lives = list(site.lives.values())
    count = int(wish.get("count", len(lives)))
    for life in lives[count:]:
        orders.destroy(life, force=True)
    for index in range(len(lives), count):
        model = lives[index % len(lives)].machine
        copied, name = copy.deepcopy(model.config), f"{site.app.name}-{index:03d}"
        fleet.create(site.app.name, LaunchWish(copied, name, model.region))
    return {"machines": max(0, count)}


def _expire(fleet: FlyFleet, _site: Site, wish: Wish) -> Json:
    image = images.find(fleet.world.fly, images.parse(str(wish.get("image", ""))))
    if image is None:
        raise ValueError(f"no image {wish.get('image')}")
    image.expired = True
    return {"digest": image.digest}


def _limits(fleet: FlyFleet, _site: Site, wish: Wish) -> Json:
    fleet.world.fly.rate_limited = bool(wish.get("on"))
    return {"on": fleet.world.fly.rate_limited}


def _row(release: Release) -> Json:
    return {"id": release.id, "version": release.version, "image": release.image_ref}


_TO_INSTANCES: dict[str, Callable[[MachineLife, Wish], Json]] = {
    "kill": _kill,
    "crash": _crash,
    "sicken": _sicken,
    "stop": _proxy_stop,
    "steal-lease": _steal_lease,
    "cordon": _cordon,
    "uncordon": _cordon,
}
_TO_APPS: dict[str, Callable[[FlyFleet, Site, Wish], Json]] = {
    "host": _host,
    "capacity": _capacity,
    "foreign-deploy": _foreign_deploy,
    "foreign-release": _foreign_release,
    "set-secrets": _set_secrets,
    "scale": _scale,
    "expire": _expire,
    "limits": _limits,
}
VERBS: tuple[str, ...] = (*_TO_INSTANCES, *_TO_APPS)
"""All that `do` may name."""
