"""An app as the GraphQL executor walks it: attributes are plain fields, methods take arguments."""

from __future__ import annotations

from typing import Any

from pilothouse.sandbox.fly import images, volumes
from pilothouse.sandbox.fly.disks import Volume
from pilothouse.sandbox.fly.graph import (
    NOTHING,
    connection,
    organisation_value,
    region_value,
    size_value,
    tokens,
    user_value,
)
from pilothouse.sandbox.fly.graph_machines import check_value, machine_value, volume_value
from pilothouse.sandbox.fly.graph_releases import (
    config_value,
    image_value,
    image_version_value,
    release_value,
    services,
)
from pilothouse.sandbox.fly.ids import rfc3339, rfc3339_ms
from pilothouse.sandbox.fly.records import Address
from pilothouse.sandbox.fly.regions import REGIONS
from pilothouse.sandbox.fly.sizes import SIZES
from pilothouse.sandbox.fly.state import App, Machine, Release
from pilothouse.sandbox.fly.views import edge_url
from pilothouse.sandbox.state import Json, World

Arguments = Any
"""What a query gives a field, by name; the schema has checked it."""


class AppFacts:
    """The fields of an app that need no arguments."""

    def __init__(self, world: World, app: App) -> None:
        self._world = world
        self._state = world.fly
        self._app = app
        url = edge_url(world, app)
        self.id = self.key = self.name = app.name
        self.internalNumericId = app.internal_numeric_id
        self.internalId = str(app.internal_numeric_id)
        self.hostname = self.cnameTarget = url.removeprefix("http://")
        self.appUrl = url
        self.status = app.status
        self.state = app.status.upper()
        self.deployed = app.status == "deployed"
        self.platformVersion = "machines"
        self.runtime = "FIRECRACKER"
        self.network = app.network
        self.networkId = None if app.network == "default" else app.internal_numeric_id
        self.createdAt = rfc3339(app.created_at)
        self.version = app.releases[-1].version if app.releases else 0
        self.role = None
        self.imageUpgradeAvailable = False
        self.imageVersionTrackingEnabled = False
        self.organization = lambda _info: organisation_value(self._state)

    def _present(self) -> list[Machine]:
        return [each for each in self._app.machines.values() if each.state != "destroyed"]

    def _newest(self) -> Release | None:
        return self._app.releases[-1] if self._app.releases else None

    def currentRelease(self, _info: object) -> Json | None:
        """Write the newest release."""
        release = self._newest()
        return release_value(self._state, release) if release else None

    currentReleaseUnprocessed = currentRelease

    def config(self, _info: object) -> Json:
        """Write the newest release's configuration."""
        release = self._newest()
        return config_value(release.definition if release else {})

    def services(self, _info: object) -> list[Json]:
        """Write the services that the newest release's configuration describes."""
        release = self._newest()
        return services(release.definition if release else {})

    def imageDetails(self, _info: object) -> Json | None:
        """Write the image that the newest release names."""
        release = self._newest()
        image = images.pull(self._state, release.image_ref)[1] if release else None
        return image_version_value(image) if image else None

    latestImageDetails = imageDetails

    def secrets(self, _info: object) -> list[Json]:
        """Write the names and digests of the secrets."""
        return [
            {
                "id": f"{self.name}-{secret.name}",
                "name": secret.name,
                "digest": secret.digest,
                "createdAt": rfc3339(secret.created_at),
                "user": None,
            }
            for secret in self._app.secrets.values()
        ]

    def currentLock(self, _info: object) -> Json | None:
        """Write the lock in force."""
        lock = self._app.lock
        if lock is None or lock.expiration <= self._world.pace.now().timestamp():
            return None
        return {"lockId": lock.lock_id, "expiration": rfc3339(lock.expiration)}

    def processGroups(self, _info: object) -> list[Json]:
        """Write the process groups and where they run."""
        regions: dict[str, set[str]] = {}
        for machine in self._present():
            regions.setdefault(machine.group, set()).add(machine.region)
        return [
            {"name": name, "regions": sorted(where), "maxPerRegion": 0, "vmSize": self.vmSize}
            for name, where in regions.items()
        ]

    def taskGroupCounts(self, _info: object) -> list[Json]:
        """Count the machines of each process group."""
        groups = [machine.group for machine in self._present()]
        return [{"name": name, "count": groups.count(name)} for name in dict.fromkeys(groups)]

    def regions(self, _info: object) -> list[Json]:
        """Write the regions in which it has machines."""
        codes = {machine.region for machine in self._present()}
        return [region_value(region) for region in REGIONS if region.code in codes]

    def vmSize(self, _info: object) -> Json:
        """Write the size of its machines; where they differ, of the first."""
        guests = [machine.config.get("guest") for machine in self._present()]
        memory = next((guest["memory_mb"] for guest in guests if guest), 0)
        found = next((size for size in SIZES if size.memory_mb == memory), SIZES[0])
        return size_value(found)

    def sharedIpAddress(self, _info: object) -> str | None:
        """Write the address that it shares with other apps."""
        shared = (each.ip for each in self._app.addresses if each.type == "shared_v4")
        return next(shared, None)


class AppValue(AppFacts):
    """An app: its plain fields, and those that take arguments."""

    def _page(self, _info: object, **_page: Arguments) -> Json:
        return NOTHING

    certificates = egressIpAddresses = _page

    def certificate(self, _info: object, hostname: str) -> None:
        """Write a certificate; none is ever issued here."""

    def release(
        self,
        _info: object,
        id: str | None = None,
        version: int | None = None,
    ) -> Json | None:
        """Write one release by its id or its version; the newest when neither is named."""
        for release in reversed(self._app.releases):
            if id in (None, release.id) and version in (None, release.version):
                return release_value(self._state, release)
        return None

    def releases(self, _info: object, status: str | None = None, **page: Arguments) -> Json:
        """Write a page of releases, newest first."""
        newest = [each for each in reversed(self._app.releases) if status in (None, each.status)]
        return connection(newest, lambda each: release_value(self._state, each), page)

    releasesUnprocessed = releases

    def changes(self, _info: object, **page: Arguments) -> Json:
        """Write what changed the app, newest first: its releases."""
        newest = list(reversed(self._app.releases))
        return connection(newest, self._change, page)

    def _change(self, release: Release) -> Json:
        return {
            "actorType": "Release",
            "app": self,
            "createdAt": rfc3339(release.created_at),
            "description": release.description,
            "id": f"change-{release.id}",
            "status": release.status,
            "updatedAt": rfc3339(release.updated_at),
            "user": user_value(self._state, release.user_id),
        }

    def healthChecks(self, _info: object, name: str | None = None, **page: Arguments) -> Json:
        """Write the check results of every machine."""
        pairs = [
            (machine, check)
            for machine in self._present()
            for check in machine.checks
            if name in (None, check.name)
        ]
        return connection(pairs, check_value, page)

    def hostIssues(self, _info: object, **page: Arguments) -> Json:
        """Write the hosts in trouble on which it has machines."""
        troubled = [each for each in self._present() if each.host_status != "ok"]
        return connection(troubled, _issue, page)

    def image(self, _info: object, ref: str) -> Json | None:
        """Resolve a reference; a bare tag is one of the app's own repository."""
        name = ref if "/" in ref else f"{images.REGISTRY}/{self._app.name}:{ref}"
        return image_value(self._state, name)

    def ipAddresses(self, _info: object, **page: Arguments) -> Json:
        """Write the addresses that are its own; the shared one has a field of its own."""
        own = [each for each in self._app.addresses if each.type != "shared_v4"]
        return connection(own, address_value, page)

    def ipAddress(self, _info: object, address: str) -> Json | None:
        """Write one address."""
        found = (address_value(each) for each in self._app.addresses if each.ip == address)
        return next(found, None)

    def limitedAccessTokens(self, _info: object, **page: Arguments) -> Json:
        """Write the tokens that are limited to it."""
        return tokens(self._state, self._app.name, page)

    def machine(self, _info: object, id: str) -> Json | None:
        """Write one machine."""
        found = self._app.machines.get(id)
        return self.write_machine(found) if found else None

    def machines(
        self,
        _info: object,
        active: bool | None = None,
        version: int | None = None,
        **page: Arguments,
    ) -> Json:
        """Write a page of machines."""
        shown = [each for each in self._present() if not active or each.state != "created"]
        return connection(shown, self.write_machine, page)

    def write_machine(self, machine: Machine) -> Json:
        """Write a machine of this app."""
        return machine_value(machine, lambda _info: self)

    def volumes(self, _info: object, **page: Arguments) -> Json:
        """Write a page of volumes."""
        found = [each for each in self._app.volumes.values() if each.destroyed_at is None]
        return connection(found, self._volume, page)

    def _volume(self, volume: Volume) -> Json:
        holder = volumes.owner(self._app, volume.id)
        return volume_value(volume, self, self.write_machine(holder) if holder else None)

    def parseConfig(self, _info: object, definition: Any) -> Json:  # noqa: ANN401
        """Write what a configuration describes."""
        return config_value(definition if isinstance(definition, dict) else {})


def address_value(address: Address) -> Json:
    """Write an address."""
    return {
        "address": address.ip,
        "createdAt": rfc3339(address.created_at),
        "id": address.id,
        "network": None,
        "region": address.region,
        "serviceName": address.service_name,
        "type": address.type,
    }


def _issue(machine: Machine) -> Json:
    at = rfc3339_ms(machine.updated_at)
    return {
        "createdAt": at,
        "id": f"issue-{machine.id}",
        "internalId": f"issue-{machine.id}",
        "message": f"The host of machine {machine.id} in {machine.region} cannot be reached.",
        "updatedAt": at,
    }
