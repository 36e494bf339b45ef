"""Heroku's resources as the Platform API writes them, as far as they are read here.

Read from the public API schema (variant `3.sdk`, 2026-05). Unknown members are ignored; whatever
old rows or small accounts leave out has a default, and the default never looks like a fact.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Ref(msgspec.Struct, frozen=True):
    """A resource named by its id alone, such as a release's slug."""

    id: str


class User(msgspec.Struct, frozen=True):
    """Who did something; an add-on has an address under `addons.heroku.com`."""

    id: str = ""
    email: str = ""


class Account(msgspec.Struct, frozen=True):
    """Whom a token speaks for (`GET /account`)."""

    id: str
    email: str


class Named(msgspec.Struct, frozen=True):
    """A resource of which the name is enough, such as a region."""

    name: str = ""


class App(msgspec.Struct, frozen=True):
    """An app; `space` is there when it lives in a private space, whose dynos roll."""

    id: str
    name: str
    web_url: str | None = None
    maintenance: bool = False
    region: Named | None = None
    space: Named | None = None


class Coupling(msgspec.Struct, frozen=True):
    """An app's place in a pipeline."""

    app: Ref
    stage: str


class Release(msgspec.Struct, frozen=True):
    """One row of an app's history.

    `status` is null in very old rows, which means succeeded; `eligible_for_rollback` is missing
    where the server is too old to tell.
    """

    id: str
    version: int
    created_at: datetime
    status: str | None = None
    current: bool = False
    description: str | None = None
    slug: Ref | None = None
    oci_image: Ref | None = None
    user: User | None = None
    output_stream_url: str | None = None
    eligible_for_rollback: bool | None = None
    updated_at: datetime | None = None

    @property
    def moved_at(self) -> datetime:
        """When it last changed: for the current release, when it became that."""
        return self.updated_at or self.created_at

    @property
    def is_pending(self) -> bool:
        """Whether its release command still runs."""
        return self.status == "pending"

    @property
    def has_failed(self) -> bool:
        """Whether its release command ended badly, so that no dyno ever ran it."""
        return self.status == "failed"

    @property
    def author(self) -> str:
        """The address of who caused it, as far as the platform tells."""
        return self.user.email if self.user is not None else ""

    @property
    def text(self) -> str:
        """Its description, never null."""
        return self.description or ""

    @property
    def slug_id(self) -> str | None:
        """What its dynos run, for apps that run slugs."""
        return self.slug.id if self.slug is not None else None


class Slug(msgspec.Struct, frozen=True):
    """A built artifact; `deleted_at` is there once retention took it."""

    id: str
    process_types: dict[str, str] = {}
    deleted_at: datetime | None = None

    @property
    def has_release_command(self) -> bool:
        """Whether each release of it runs a command first."""
        return "release" in self.process_types


class DynoRelease(msgspec.Struct, frozen=True):
    """The release that a dyno runs."""

    version: int
    id: str = ""


class Dyno(msgspec.Struct, frozen=True):
    """One process. Its `name` is a place, not an identity: two may be `web.1` for a while."""

    id: str
    name: str
    type: str
    state: str
    release: DynoRelease | None = None
    updated_at: datetime | None = None

    @property
    def version(self) -> int | None:
        """The number of the release it runs."""
        return self.release.version if self.release is not None else None


class Formation(msgspec.Struct, frozen=True):
    """How many dynos of a process type should run."""

    type: str
    quantity: int = 0
    size: str | None = None


class Feature(msgspec.Struct, frozen=True):
    """An app feature, such as `preboot`."""

    name: str
    enabled: bool = False
