"""The calls of the Heroku Platform API that Pilothouse makes, typed.

Lists are asked for page by page with the `Range` header, and its `Next-Range` is sent back as it
came (Platform API reference, ranges). Only `create_release` changes anything; it is sent once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pilothouse.domain.errors import Declined, Missing, PlatformError
from pilothouse.providers.heroku import schema
from pilothouse.providers.heroku.budget import LOOK, RUN, Budget
from pilothouse.providers.heroku.history import in_path, last_line, newest_first
from pilothouse.providers.http import Call, Http, HttpAsker, Reply, Wait

T = TypeVar("T")

ACCEPT = "application/vnd.heroku+json; version=3.sdk"
RENEW = "Make a new token with `heroku authorizations:create -s write-protected` and connect again."
APPS_PAGE = "id ..; max=200"
OUTPUT_S = 3.0
LONGEST_SEARCH = 5
"""Pages of history that are read to find the current release; each but the first has 1000."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of a list; `next_range` asks for the rest, `None` at the end."""

    releases: tuple[schema.Release, ...]
    next_range: str | None


@dataclass(frozen=True, slots=True)
class HerokuClient:
    """One account's calls. Every method raises only errors of `domain.errors`.

    Args:
        base: the API's base URL, without a slash at the end.
        read_s: how long a read is tried.
        wait: how to wait between tries; a run's own wait ends when a person asks to stop.
        purpose: what the calls are for: a run's may spend the last of the budget.
    """

    http: Http
    base: str
    read_s: float
    budget: Budget
    wait: Wait = field(default=time.sleep)
    purpose: str = LOOK

    @staticmethod
    def connect(account: str, token: Callable[[], str], base: str, read_s: float) -> HerokuClient:
        """A client for one account; no connection is made yet."""
        budget = Budget()
        http = Http(
            account,
            lambda: f"Bearer {token()}",
            renew=RENEW,
            headers={"Accept": ACCEPT},
            limits=budget,
        )
        return HerokuClient(http, base.rstrip("/"), read_s, budget)

    def for_run(self, wait: Wait) -> HerokuClient:
        """The same client for a run, which waits in its own way and comes before all looking."""
        return replace(self, wait=wait, purpose=RUN)

    # ------------------------------------------------------------ who and what

    def account(self) -> tuple[schema.Account, tuple[str, ...]]:
        """Whom the token speaks for, and its scopes (`Oauth-Scope`, OAuth reference)."""
        reply = self._get("/account")
        scopes = reply.headers.get("oauth-scope", "")
        return reply.decode(schema.Account), tuple(scopes.replace(",", " ").split())

    def apps(self) -> Iterator[schema.App]:
        """All apps that the account may see."""
        yield from self._all("/apps", APPS_PAGE, schema.App)

    def app(self, name: str) -> schema.App:
        """One app by name or id; raises `Missing`."""
        return self._get(f"/apps/{in_path(name)}").decode(schema.App)

    def stages(self) -> dict[str, str] | None:
        """The pipeline stage of each app by its id; None where the platform does not tell."""
        try:
            pages = self._all("/pipeline-couplings", APPS_PAGE, schema.Coupling)
            return {coupling.app.id: coupling.stage for coupling in pages}
        except Declined:
            return None

    def stage(self, app: str) -> str | None:
        """The pipeline stage of one app; None when it is in no pipeline."""
        try:
            return self._get(f"/apps/{app}/pipeline-couplings").decode(schema.Coupling).stage
        except Missing:
            return None

    # ------------------------------------------------------------ releases

    def releases(self, app: str, span: str) -> Rows:
        """A page of history, as the `Range` header `span` asks for it."""
        reply = self._get(f"/apps/{app}/releases", span)
        rows = tuple(reply.decode(list[schema.Release]))
        return Rows(rows, reply.headers.get("next-range"))

    def newest(self, app: str, limit: int) -> tuple[schema.Release, ...]:
        """The newest releases, newest first."""
        rows = self.releases(app, newest_first(limit)).releases
        return tuple(sorted(rows, key=lambda row: -row.version))

    def current(self, app: str, seen: Sequence[schema.Release]) -> schema.Release | None:
        """The release that the dynos should run; `seen` is what was read of the history."""
        rows, span = tuple(seen), ""
        for _ in range(LONGEST_SEARCH):
            found = next((row for row in rows if row.current), None)
            if found is not None or not rows or rows[-1].version <= 1:
                return found
            span = f"version ]{rows[-1].version}..; order=desc, max=1000"
            rows = self.releases(app, span).releases
        return None

    def release(self, app: str, version: int | str) -> schema.Release:
        """One release by its version or id; raises `Missing`."""
        return self._get(f"/apps/{app}/releases/{version}").decode(schema.Release)

    def config(self, app: str, version: int) -> dict[str, str]:
        """The whole configuration of a release: secrets, to be looked at and let go."""
        path = f"/apps/{app}/releases/{version}/config-vars"
        return self._get(path).decode(dict[str, str])

    def slug(self, app: str, slug: str) -> schema.Slug | None:
        """A slug, or None once retention took it."""
        try:
            found = self._get(f"/apps/{app}/slugs/{slug}").decode(schema.Slug)
        except Missing:
            return None
        return None if found.deleted_at is not None else found

    def create_release(
        self,
        app: str,
        body: Mapping[str, str],
        *,
        lease_left: Callable[[], float],
        deadline_s: float,
    ) -> schema.Release:
        """Release a slug, or roll back; sent once (`POST /apps/{app}/releases`)."""
        call = Call("POST", f"{self.base}/apps/{app}/releases", json=dict(body), action=RUN)
        reply = self.http.change(call, lease_left=lease_left, deadline_s=deadline_s, wait=self.wait)
        self.budget.learn(reply.headers)
        return reply.decode(schema.Release)

    def last_words(self, release: schema.Release) -> str:
        """The last line that a release command wrote; empty where it cannot be read.

        The output lives at an address of its own that asks for no credential, and none is sent.
        """
        if release.output_stream_url is None:
            return ""
        asker = HttpAsker()
        try:
            answer = asker.ask(
                release.output_stream_url,
                headers={"Accept": "text/plain"},
                timeout_s=min(self.read_s, OUTPUT_S),
            )
        except PlatformError:
            return ""
        finally:
            asker.close()
        return last_line(answer.body) if answer.status < 300 else ""

    # ------------------------------------------------------------ dynos

    def dynos(self, app: str) -> tuple[schema.Dyno, ...]:
        """All processes, in the order of their names."""
        found = self._get(f"/apps/{app}/dynos").decode(list[schema.Dyno])
        return tuple(sorted(found, key=lambda dyno: (dyno.type, len(dyno.name), dyno.name)))

    def formation(self, app: str) -> tuple[schema.Formation, ...]:
        """How many dynos of each process type should run."""
        found = self._get(f"/apps/{app}/formation").decode(list[schema.Formation])
        return tuple(sorted(found, key=lambda entry: entry.type))

    def preboot(self, app: str) -> bool:
        """Whether new web dynos boot beside the old ones; False where there is no such thing."""
        try:
            return self._get(f"/apps/{app}/features/preboot").decode(schema.Feature).enabled
        except Missing:
            return False

    # ------------------------------------------------------------ reading

    def _get(self, path: str, span: str | None = None) -> Reply:
        headers = {"Range": span} if span is not None else {}
        call = Call("GET", self.base + path, headers=headers, action=self.purpose)
        reply = self.http.read(call, deadline_s=self.read_s, wait=self.wait)
        self.budget.learn(reply.headers)
        return reply

    def _all(self, path: str, span: str, kind: type[T]) -> Iterator[T]:
        asked: str | None = span
        while asked is not None:
            reply = self._get(path, asked)
            yield from reply.decode(list[kind])  # type: ignore[valid-type]
            asked = reply.headers.get("next-range")
