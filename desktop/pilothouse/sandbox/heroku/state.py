"""What the practice Heroku remembers: people, apps, releases, slugs, dynos, pipelines.

Only facts that must survive a restart live here; connections, tasks and running instances do
not. Releases of an app are kept oldest first and their versions are 1, 2, 3 … without a gap, as
the platform numbers them. Slugs are known globally, so that one app's slug can be released on
another. Moments are aware UTC.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import msgspec

from pilothouse.sandbox.heroku.build_state import Build, Source
from pilothouse.sandbox.heroku.promotion_state import Promotion

KEPT_NEWEST = 20
"""This many newest releases keep their artifact however old they are (changelog 3395)."""
KEPT_FOR = timedelta(days=30)
"""Younger releases keep their artifact however many there are (changelog 3395)."""

_DIGITS = 9


class Person(msgspec.Struct):
    """A user account; `id` is a UUID."""

    id: str
    email: str
    name: str


class Slug(msgspec.Struct):
    """A built artifact. `behaviour` and `phase` say how it acts when it runs here.

    `behaviour` is a value of `workload.Behaviour`; `phase` is how its release command ends
    (`passes`, `fails`, `slow`), which matters only with a `release` process type. Neither counts
    for a `real` slug: its archive is a file, and its commands run as child processes. `size` is
    unknown until something was uploaded; `stored` is the SHA-256 (hex) of what was.
    """

    id: str
    app_id: str
    commit: str
    commit_description: str
    process_types: dict[str, str]
    behaviour: str
    created_at: datetime
    phase: str = "passes"
    size: int | None = 48_611_204
    checksum: str | None = None
    real: bool = False
    stored: str | None = None
    put_key: str = ""
    get_key: str = ""
    described: str | None = "Python"


class Release(msgspec.Struct):
    """One row of an app's history, with the whole configuration of that moment.

    `output` is the text of the release command so far; `None` where there was no command.
    `lost` marks a release whose artifact was destroyed before its time.
    """

    id: str
    version: int
    status: str
    description: str
    slug_id: str | None
    config: dict[str, str]
    user_id: str
    created_at: datetime
    updated_at: datetime
    output: str | None = None
    output_done: bool = True
    lost: bool = False


class Dyno(msgspec.Struct):
    """One process: `id` and `version` tell it apart, its `name` does not."""

    id: str
    name: str
    type: str
    state: str
    size: str
    command: str
    release_id: str
    version: int
    slug_id: str
    created_at: datetime
    updated_at: datetime
    crashes: int = 0


class Formation(msgspec.Struct):
    """How many dynos of a process type should run, and how large."""

    id: str
    type: str
    quantity: int
    size: str
    created_at: datetime
    updated_at: datetime


class Grant(msgspec.Struct):
    """An authorization that somebody made: a further token, with scopes and maybe an end."""

    id: str
    description: str
    scope: list[str]
    token_id: str
    token: str
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime


class HerokuApp(msgspec.Struct):
    """One app with its history and its dynos.

    `dynos` is what the platform lists. `hidden` is the old set that still serves while a preboot
    window runs until `window_until`; both are empty otherwise. `features` are the names of those
    that are on, `preboot` apart; `feature_moments` says when each was last switched. With
    `two_factor` a change needs a second factor, unless one was given before `trusted_until`.
    `one_offs` run beside the formation, and no release touches them. `boot_limit_s` (until a web
    process listens) and `first_byte_s` (until an answer begins) are in real seconds, since they
    limit what the app does.
    """

    id: str
    name: str
    owner_id: str
    created_at: datetime
    updated_at: datetime
    collaborators: list[str]
    addon_plans: list[str]
    current: int = 0
    maintenance: bool = False
    preboot: bool = False
    features_at: datetime | None = None
    releases: list[Release] = []
    formation: list[Formation] = []
    dynos: list[Dyno] = []
    hidden: list[Dyno] = []
    window_until: datetime | None = None
    stack: str = "heroku-24"
    build_stack: str = "heroku-24"
    features: list[str] = []
    feature_moments: dict[str, datetime] = {}
    two_factor: bool = False
    trusted_until: datetime | None = None
    platform_error: bool = False
    builds: list[Build] = []
    buildpacks: list[str] = []
    one_offs: list[Dyno] = []
    boot_limit_s: float = 60.0
    first_byte_s: float = 30.0

    @property
    def key(self) -> str:
        """The app's name among all apps of the practice cloud."""
        return f"heroku:{self.name}"

    @property
    def newest(self) -> Release:
        """The release with the highest version."""
        return self.releases[-1]

    def current_release(self) -> Release | None:
        """The release that the dynos should run, if any was ever good."""
        return self.release_by_version(self.current)

    def release_by_version(self, version: int) -> Release | None:
        """The release of that number, found by its place."""
        place = version - 1
        return self.releases[place] if 0 <= place < len(self.releases) else None

    def find_release(self, identity: str) -> Release | None:
        """The release with this UUID or, in digits, this version."""
        if identity.isascii() and identity.isdigit() and len(identity) <= _DIGITS:
            return self.release_by_version(int(identity))
        return next((each for each in self.releases if each.id == identity.lower()), None)


class Pipeline(msgspec.Struct):
    """A named row of stages."""

    id: str
    name: str
    owner_id: str
    created_at: datetime


class Coupling(msgspec.Struct):
    """An app's place in a pipeline; an app has at most one."""

    id: str
    app_id: str
    pipeline_id: str
    stage: str
    created_at: datetime


class HerokuState(msgspec.Struct):
    """The whole practice Heroku, as it is saved."""

    people: list[Person] = []
    account_id: str = ""
    apps: list[HerokuApp] = []
    slugs: dict[str, Slug] = {}
    pipelines: list[Pipeline] = []
    couplings: list[Coupling] = []
    promotions: list[Promotion] = []
    grants: list[Grant] = []
    account_features: list[str] = []
    delinquent_at: datetime | None = None
    suspended_at: datetime | None = None
    apps_made: int = 0
    sources: dict[str, Source] = {}

    def person(self, identity: str) -> Person:
        """The person with this UUID; every stored id has one."""
        return next(each for each in self.people if each.id == identity)

    def find_app(self, identity: str) -> HerokuApp | None:
        """The app with this UUID or name."""
        wanted = identity.lower()
        return next((each for each in self.apps if wanted in {each.id, each.name}), None)

    def find_pipeline(self, identity: str) -> Pipeline | None:
        """The pipeline with this UUID or name."""
        wanted = identity.lower()
        return next((each for each in self.pipelines if wanted in {each.id, each.name}), None)

    def slug_is_kept(self, slug: Slug, now: datetime) -> bool:
        """Whether retention has left the slug there: some release still needs it.

        A slug that was never released stays as long as any young one.
        """
        if any(slug.id in kept_slugs(app, now) for app in self.apps):
            return True
        rows = (each for app in self.apps for each in app.releases)
        return now - slug.created_at <= KEPT_FOR and all(each.slug_id != slug.id for each in rows)


def is_expired(app: HerokuApp, release: Release, now: datetime) -> bool:
    """Whether retention has destroyed the artifact of this release.

    It has once the release is both older than thirty days and outside the twenty newest; the
    current release is never touched.
    """
    if release.version == app.current:
        return False
    if release.lost:
        return True
    is_recent = release.version > app.newest.version - KEPT_NEWEST
    return not is_recent and now - release.created_at > KEPT_FOR


def kept_slugs(app: HerokuApp, now: datetime) -> set[str]:
    """The slugs that some release of the app still keeps alive."""
    kept: set[str] = set()
    current = app.current_release()
    if current is not None and current.slug_id is not None:
        kept.add(current.slug_id)
    for place, release in enumerate(reversed(app.releases)):
        if place >= KEPT_NEWEST and now - release.created_at > KEPT_FOR:
            break
        if release.slug_id is not None and not is_expired(app, release, now):
            kept.add(release.slug_id)
    return kept


def new_id() -> str:
    """A fresh UUID as the platform writes them."""
    return str(uuid.uuid4())
