"""All that a plan is made from, read at one moment: who, what runs, the target, the way back.

What cannot be seen is said, never assumed: an image of which the registry does not tell whether it
is there is not there and not gone. Nothing here changes anything.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pilothouse.domain.change import Artifact, Change, ChangeKind, Facts, WayBack
from pilothouse.domain.errors import Declined, NotFound, UsageError
from pilothouse.domain.model import App, Identity, Instance, Json, Release, ReleaseStatus
from pilothouse.domain.policy import Timing
from pilothouse.providers.fly import health, history, live
from pilothouse.providers.fly.client import FlyClient
from pilothouse.providers.fly.hand import MARKER
from pilothouse.providers.fly.images import Reference, is_written_well, parse
from pilothouse.providers.fly.releases import author_of, status_of
from pilothouse.providers.fly.schema import Machine, ReleaseNode

FEW, RECENT = 10, 50
BUSY_FOR = timedelta(minutes=15)
_OUR_LEASE = re.compile(r"([0-9a-f]{8})/\d+")


@dataclass(frozen=True)
class Reader:
    """Reads the facts of one account's apps; `hosts` are names of Fly.io's own registry."""

    client: FlyClient
    hosts: tuple[str, ...]
    timing: Timing

    def facts(
        self, app: App, change: Change, identity: Identity, *, back_to: Release | None
    ) -> Facts:
        """Everything, for a deploy by image or a rollback to a release."""
        machines = live.of_the_app(self.client.machines(app.name))
        nodes = self.history(app)
        recent = history.releases(app, nodes, self.hosts)
        seen = live.live(app, machines, next((r for r in recent if r.current), None), self.hosts)
        target = self._target(app, change, back_to, nodes)
        configs, warnings = self._targets(app, machines, target, back_to)
        newest = nodes[0].version if nodes else 0
        return Facts(
            app=seen.app,
            live=seen,
            identity=identity,
            recent=recent,
            target=target,
            target_version=back_to.version if back_to else newest + 1,
            way_back=self._way_back(app, seen.instances),
            snapshot={
                "machines": {one.id: _snapshot(one) for one in machines},
                "targets": configs,
                "release": self._release(app, newest),
            },
            fingerprint=_fingerprint(machines, newest),
            busy=_busy(nodes, machines),
            risk=_risk(app, machines),
            warnings=(*warnings, *_warnings(nodes, machines)),
        )

    def history(self, app: App, *, first: int = RECENT) -> list[ReleaseNode]:
        """The newest releases as the platform lists them."""
        edges = self.client.releases(app.name, first=first).releases
        return [edge.node for edge in edges.edges] if edges else []

    def current(self, app: App) -> Release | None:
        """The newest complete release; None where there is none, or the history is not ours."""
        for first in (FEW, RECENT):
            try:
                nodes = self.history(app, first=first)
            except Declined:
                return None
            found = history.releases(app, nodes, self.hosts)
            current = next((one for one in found if one.current), None)
            if current is not None or len(nodes) < first:
                return current
        return None

    def _release(self, app: App, newest: int) -> dict[str, Json]:
        definition: Any = self.client.definition(app.name)
        return {
            "newest": newest,
            "app_id": self.client.app(app.name).id or app.name,
            "definition": definition,
        }

    # ------------------------------------------------------------------ the target

    def _target(
        self, app: App, change: Change, back_to: Release | None, nodes: Sequence[ReleaseNode]
    ) -> Artifact:
        if change.kind is ChangeKind.ROLLBACK:
            if back_to is None:
                raise UsageError("A rollback needs a release to go back to.")
            return self._earlier(app, back_to)
        if change.image is None:
            raise UsageError("On Fly.io a deploy needs an image: name one with --image.")
        if not is_written_well(change.image):
            raise UsageError(
                f"“{change.image}” is no image: write REGISTRY/NAME:TAG, NAME:TAG or :TAG."
            )
        image = parse(change.image, app=app.name, hosts=self.hosts)
        present, digest = self._find(app, image)
        if not present or digest is None:
            known = [parse(n.image_ref, app=app.name) for n in nodes if n.image_ref]
            exists = list(dict.fromkeys(one.words for one in known))
            raise NotFound("image", change.image, where=image.registry, exists=exists)
        return Artifact(image.exact(digest), image.words)

    def _earlier(self, app: App, release: Release) -> Artifact:
        label = f"v{release.version}"
        if release.artifact is None:
            return Artifact("", label, present=False, release=release.version)
        image = parse(release.artifact, app=app.name, hosts=self.hosts)
        present, digest = self._find(app, image)
        exact = digest or image.digest
        ref = image.exact(exact) if exact else release.artifact
        return Artifact(ref, label, present=present, release=release.version)

    def _find(self, app: App, image: Reference) -> tuple[bool | None, str | None]:
        """Whether an image is there, and its digest; None where nobody can tell."""
        if image.is_ours:
            present, digest = self.client.manifest(image)
            if present is not None:
                return present, digest
        tagged = f"{image.registry}/{image.repository}:{image.selector}"
        resolved = self.client.resolve(app.name, image.exact() if image.digest else tagged)
        return (True, resolved) if resolved else (None, None)

    def _targets(
        self,
        app: App,
        machines: Sequence[Machine],
        target: Artifact,
        back_to: Release | None,
    ) -> tuple[dict[str, Json], tuple[str, ...]]:
        if back_to is None or target.present is False:
            return {}, ()
        return history.configs(self.client, app.name, machines, back_to.version, target.ref)

    # ------------------------------------------------------------------ the way back

    def _way_back(self, app: App, instances: Sequence[Instance]) -> WayBack:
        images = Counter(one.artifact for one in instances if one.artifact is not None)
        versions = Counter(one.release for one in instances if one.release is not None)
        if not images:
            return WayBack(None, None, False, "It is not known what the machines run.")
        version = versions.most_common(1)[0][0] if versions else None
        label = f"v{version}" if version else "what runs now"
        found = [self._find(app, parse(ref, app=app.name, hosts=self.hosts))[0] for ref in images]
        present = False if False in found else None if None in found else True
        artifact = Artifact(images.most_common(1)[0][0], label, present, version)
        sentence = {
            True: f"Back to {label}: its image is there, each machine’s configuration is kept.",
            False: f"There is no way back to {label}: its image is gone from the registry.",
            None: f"It is not known whether {label} could come back: the registry does not tell.",
        }[present]
        seconds = self._seconds_back(len(instances))
        return WayBack(version, artifact, present is True, sentence, seconds)

    def _seconds_back(self, machines: int) -> float:
        """A rolling way back in thirds: out of traffic, healthy, into traffic, and proven."""
        return min(machines, 3) * 3 * self.timing.propagation_s + self.timing.bake_min_s


def for_app(identity: Identity, app: App, apps: Sequence[str]) -> Identity:
    """The identity as far as one app goes: a token for other apps may not deploy this one."""
    return replace(identity, can_deploy=False) if apps and app.name not in apps else identity


def _snapshot(machine: Machine) -> dict[str, Json]:
    return {
        "config": machine.config,
        "version": machine.instance_id,
        "digest": machine.image_ref.digest,
        "state": machine.state,
        "crashed": machine.state == "stopped" and health.crash_since_update(machine) is not None,
        "cordoned": machine.cordoned,
        "region": machine.region,
        "group": machine.group,
        "name": machine.name,
        "check_path": live.check_path(machine),
    }


def _fingerprint(machines: Sequence[Machine], newest: int) -> str:
    body = json.dumps([newest, [[m.id, m.instance_id, m.cordoned] for m in machines]])
    return hashlib.sha256(body.encode()).hexdigest()


def _busy(nodes: Sequence[ReleaseNode], machines: Sequence[Machine]) -> str | None:
    now = datetime.now(UTC)
    newest = next(iter(nodes), None)
    if newest and _is_open(newest) and not _is_ours(newest, machines):
        since = f"{newest.created_at.astimezone(UTC):%H:%M:%S} UTC"
        if now - newest.created_at < BUSY_FOR:
            return f"{author_of(newest)} has been releasing v{newest.version} since {since}."
    for machine in machines:
        lease = machine.lease
        if lease is None or lease.expires_at is None:
            continue
        ends = datetime.fromtimestamp(lease.expires_at, UTC)
        if ends > now:
            who = lease.owner or "Somebody"
            ours = _OUR_LEASE.fullmatch(lease.description or "")
            what = f" for deployment {ours.group(1)}" if ours else ""
            return f"{who} holds machine {machine.short}{what} until {ends:%H:%M:%S} UTC."
    return None


def _is_ours(node: ReleaseNode, machines: Sequence[Machine]) -> bool:
    """Whether a deployment of Pilothouse made this release, by the machines' own word.

    One that still runs holds a machine's lease, so that its release needs not be waited for: it
    was left open by a run that ended in the middle.
    """
    return any(
        MARKER in one.metadata and one.metadata.get("fly_release_id") == node.id for one in machines
    )


def _is_open(node: ReleaseNode) -> bool:
    return status_of(node) is ReleaseStatus.PENDING


def _risk(app: App, machines: Sequence[Machine]) -> str:
    serviced = [
        m.group
        for m in machines
        if m.state in health.WARM and not m.cordoned and m.settings.get("services")
    ]
    alone = sorted(group for group, count in Counter(serviced).items() if count == 1)
    if not alone:
        return ""
    which = app.name if alone == ["app"] else f"{app.name} ({', '.join(alone)})"
    return f"{which} has one machine in traffic: requests wait while it is replaced."


def _warnings(nodes: Sequence[ReleaseNode], machines: Sequence[Machine]) -> tuple[str, ...]:
    found: list[str] = []
    now = datetime.now(UTC)
    newest = next(iter(nodes), None)
    if newest and _is_open(newest) and now - newest.created_at >= BUSY_FOR:
        found.append(
            f"v{newest.version} by {author_of(newest)} has stood at “{newest.status}” since "
            f"{newest.created_at:%Y-%m-%d %H:%M} UTC; whoever made it never settled it."
        )
    found += [
        f"Machine {one.short} is on a host that does not answer: it is left out, and may come back "
        "with the old release."
        for one in machines
        if one.config is None
    ]
    cold = [one for one in machines if one.config is not None and one.state not in health.WARM]
    if cold:
        names = ", ".join(one.short for one in cold)
        found.append(f"Asleep, and updated without being woken: {names}.")
    return tuple(found)
