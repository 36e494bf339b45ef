"""One Heroku account behind the `Provider` port.

What an app runs is read from its dynos each time; nothing here is remembered but how often a dyno
came up. Every method may be called from any thread.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pilothouse.domain.change import Change, Facts, Step
from pilothouse.domain.errors import Missing, NotFound
from pilothouse.domain.model import (
    Account,
    App,
    Identity,
    JsonMap,
    Live,
    Platform,
    Release,
    ReleasePage,
)
from pilothouse.domain.policy import Policy, Timing
from pilothouse.domain.ports import RunContext
from pilothouse.providers.heroku import pace, schema
from pilothouse.providers.heroku.client import HerokuClient
from pilothouse.providers.heroku.facts import Seen, facts_of, identity_of
from pilothouse.providers.heroku.history import kind_by_text, newest_first, releases_of
from pilothouse.providers.heroku.liveness import Reading, live_of
from pilothouse.providers.heroku.lives import Lives
from pilothouse.providers.heroku.operations import HerokuOperations
from pilothouse.providers.heroku.strategies import steps_of, uuid_of

RECENT = 20


class HerokuProvider:
    """The apps of one account, by the Platform API.

    Args:
        account: whose they are.
        token: asked for the credential at each call.
        host: the API's base URL.
        timing: how long things may take; its scale is the platform's own.
    """

    def __init__(
        self, account: Account, token: Callable[[], str], *, host: str, timing: Timing
    ) -> None:
        self._account, self._timing = account, timing
        self._client = HerokuClient.connect(account.id, token, host, timing.read_s)
        self._host = host_of(host)
        self._lives = Lives()

    @property
    def account(self) -> Account:
        """Whose credential this is."""
        return self._account

    @property
    def platform(self) -> Platform:
        """Heroku."""
        return Platform.HEROKU

    @property
    def control_url(self) -> str:
        """The API's root, which answers anybody."""
        return f"{self._client.base}/"

    def close(self) -> None:
        """Close idle connections."""
        self._client.http.close()

    def identity(self) -> Identity:
        """Ask who the token speaks for and what its scopes are."""
        return identity_of(self._client)

    def apps(self) -> Iterator[App]:
        """All apps, with their pipeline stages where they are in a pipeline."""
        stages = self._client.stages()
        for row in self._client.apps():
            stage = self._client.stage(row.id) if stages is None else stages.get(row.id)
            yield self._app(row, stage)

    def find(self, name: str) -> App:
        """One app by name; raises `NotFound` with the names that there are."""
        try:
            row = self._client.app(name)
        except Missing:
            known = sorted(app.name for app in self._client.apps())
            where = f"the Heroku account {self._account.label or self._account.id}"
            raise NotFound("app", name, where=where, exists=known) from None
        return self._app(row, self._client.stage(row.id))

    def releases(self, app: App, *, cursor: str | None = None, limit: int = 50) -> ReleasePage:
        """A page of history, newest first; the cursor is the platform's own `Next-Range`."""
        page = self._client.releases(uuid_of(app), cursor or newest_first(limit))
        rows = sorted(page.releases, key=lambda row: -row.version)
        older = None
        if rows and page.next_range is not None and kind_by_text(rows[-1].text) is None:
            older = self._client.release(uuid_of(app), rows[-1].version - 1)
        return ReleasePage(releases_of(app.id, rows, older=older), page.next_range)

    def live(self, app: App) -> Live:
        """What the web dynos run, now."""
        return self._live(app, self._read(app))

    def facts(self, app: App, change: Change, *, back_to: Release | None) -> Facts:
        """All that a plan is made from."""
        reading = self._read(app, look_for_preboot=True)
        seen = Seen(
            app=app,
            live=self._live(app, reading),
            identity=self.identity(),
            reading=reading,
            formation=self._client.formation(uuid_of(app)),
        )
        return facts_of(self._client, change, seen, back_to=back_to, timing=self._timing)

    def steps(self, change: Change, facts: Facts, policy: Policy) -> tuple[Step, ...]:
        """One release, two waits, one proof."""
        return steps_of(change, facts, policy)

    def operations(self, run: RunContext) -> HerokuOperations:
        """A hand for one run."""
        return HerokuOperations(self._client, run, run.plan.policy.timing)

    def pin(self, instance: str) -> dict[str, str] | None:
        """Heroku's router lets nobody choose a dyno."""
        return None

    def answered_by(self, headers: JsonMap, body: bytes) -> str | None:
        """Heroku's router names no dyno."""
        return None

    def _app(self, row: schema.App, stage: str | None) -> App:
        return App(
            id=f"{self._host}/{Platform.HEROKU}/{row.id}",
            account=self._account.id,
            platform=Platform.HEROKU,
            name=row.name,
            addresses=(row.web_url.rstrip("/"),) if row.web_url else (),
            stage=stage,
        )

    def _read(self, app: App, *, look_for_preboot: bool = False) -> Reading:
        """Read an app; preboot is only asked for while it could matter, to save calls."""
        client, uuid = self._client, uuid_of(app)
        row = client.app(uuid)
        dynos = client.dynos(uuid)
        rows = client.newest(uuid, RECENT)
        current = client.current(uuid, rows)
        at = datetime.now(UTC)
        young = current is not None and (at - current.moved_at).total_seconds() < pace.preboot_s(
            self._timing
        )
        preboot = client.preboot(uuid) if look_for_preboot or young else False
        return Reading(row, rows, current, dynos, preboot, at, self._lives.of(app.id, dynos))

    def _live(self, app: App, reading: Reading) -> Live:
        return live_of(
            app,
            reading,
            boot_limit_s=pace.boot_limit_s(self._timing),
            preboot_s=pace.preboot_s(self._timing),
        )


def host_of(base: str) -> str:
    """The API's host as part of an app's id: a loopback address without its port.

    A practice cloud may come back on another port; its journal must still be its own.
    """
    parts = urlsplit(base)
    name = parts.hostname or base
    return name if parts.port is None or _is_loopback(name) else f"{name}:{parts.port}"


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
