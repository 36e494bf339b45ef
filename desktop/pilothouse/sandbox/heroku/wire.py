"""Heroku's resources as its Platform API writes them in JSON.

Shapes follow the public API schema, variant `3.sdk`. Nothing here changes state; addresses are
made from the base that the client itself used, so that they stay right after a change of port.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pilothouse.sandbox.heroku.state import (
    KEPT_FOR,
    Coupling,
    Dyno,
    Formation,
    HerokuApp,
    HerokuState,
    Person,
    Pipeline,
    Release,
    Slug,
    is_expired,
    kept_slugs,
)

Json = dict[str, Any]

SLUG_PATH = "/slug-blobs/"

TEAM = {"id": "7f7f4c6e-6a0e-4e61-9d6c-2f1a3a0c9b11", "name": "harbour-works"}
_NAMES = uuid.UUID("6f1d2c88-6f0e-4d4c-9a52-3c40d7e2b7a1")


def moment(at: datetime) -> str:
    """A moment as the platform writes it: UTC, whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def named_id(*parts: str) -> str:
    """A UUID that is always the same for the same parts."""
    return str(uuid.uuid5(_NAMES, "/".join(parts)))


def _named(kind: str, name: str) -> Json:
    return {"id": named_id(kind, name), "name": name}


def stack(name: str) -> Json:
    """A stack where another thing names it."""
    return _named("stack", name)


def region(name: str) -> Json:
    """A region where another thing names it."""
    return _named("region", name)


def generation(name: str) -> Json:
    """A generation of the platform where another thing names it."""
    return _named("generation", name)


REGION = region("eu")
STACK = stack("heroku-24")
CEDAR = generation("cedar")
_ONLY_ALONE = ("acm", "organization")
"""What an app shows of itself, but not in the lists of a team."""


@dataclass(frozen=True, slots=True)
class View:
    """What turning state into JSON needs: the state, the client's base URL, the clock.

    `edge_url` answers the address of an app by its key, with a slash at the end.
    """

    state: HerokuState
    base: str
    now: datetime
    edge_url: Callable[[str], str | None]

    def app(self, app: HerokuApp) -> Json:
        """An app; `released_at` is the moment of its newest release."""
        owner = self.state.person(app.owner_id)
        return {
            "acm": False,
            "archived_at": None,
            "base_image_name": None,
            "buildpack_provided_description": "Python" if self._slug_size(app) else None,
            "buildpacks": None,
            "build_stack": stack(app.build_stack),
            "created_at": moment(app.created_at),
            "current_build_architecture": [],
            "generation": "cedar",
            "git_url": f"https://git.heroku.com/{app.name}.git",
            "id": app.id,
            "internal_routing": None,
            "maintenance": app.maintenance,
            "name": app.name,
            "organization": TEAM,
            "owner": {"email": owner.email, "id": owner.id},
            "region": REGION,
            "released_at": moment(app.newest.created_at) if app.releases else None,
            "repo_size": None,
            "slug_size": self._slug_size(app),
            "space": None,
            "stack": stack(app.stack),
            "team": TEAM,
            "updated_at": moment(app.updated_at),
            "web_url": self.edge_url(app.key),
        }

    def team_app(self, app: HerokuApp) -> Json:
        """An app as a team, or a filter, lists it."""
        shown = {key: value for key, value in self.app(app).items() if key not in _ONLY_ALONE}
        return {**shown, "joined": True, "locked": False, "team": {"name": TEAM["name"]}}

    def domain(self, app: HerokuApp) -> Json:
        """The domain that comes with an app: here its place on loopback, port included."""
        url = self.edge_url(app.key) or ""
        return {
            "acm_status": None,
            "acm_status_reason": None,
            "app": {"id": app.id, "name": app.name},
            "cname": None,
            "created_at": moment(app.created_at),
            "hostname": url.removeprefix("http://").rstrip("/"),
            "id": named_id("domain", app.id),
            "kind": "heroku",
            "sni_endpoint": None,
            "status": "succeeded",
            "updated_at": moment(app.created_at),
        }

    def _slug_size(self, app: HerokuApp) -> int | None:
        current = app.current_release()
        slug = None if current is None else self.state.slugs.get(current.slug_id or "")
        return None if slug is None else slug.size

    def releases(self, app: HerokuApp, some: tuple[Release, ...]) -> list[Json]:
        """Rows of an app's history."""
        kept = set[str]().union(*(kept_slugs(each, self.now) for each in self.state.apps))
        return [self._release(app, each, kept) for each in some]

    def release(self, app: HerokuApp, release: Release) -> Json:
        """One row of an app's history."""
        return self.releases(app, (release,))[0]

    def _release(self, app: HerokuApp, release: Release, kept: set[str]) -> Json:
        expired = release.status == "succeeded" and is_expired(app, release, self.now)
        status = "expired" if expired else release.status
        has_artifact = release.slug_id is None or release.slug_id in kept
        slug = None if release.slug_id is None else {"id": release.slug_id}
        user = self.state.person(release.user_id)
        stream = f"{self.base}/streams/{release.id}" if release.output is not None else None
        return {
            "addon_plan_names": app.addon_plans,
            "app": {"id": app.id, "name": app.name},
            "artifacts": [] if slug is None else [{"type": "slug", **slug}],
            "created_at": moment(release.created_at),
            "current": release.version == app.current,
            "description": release.description,
            "eligible_for_rollback": status == "succeeded" and has_artifact,
            "id": release.id,
            "oci_image": None,
            "output_stream_url": stream,
            "slug": slug,
            "status": status,
            "updated_at": moment(release.updated_at),
            "user": {"email": user.email, "id": user.id},
            "version": release.version,
        }

    def slug(self, slug: Slug) -> Json:
        """A slug; `deleted_at` is there once retention took it."""
        kept = self.state.slug_is_kept(slug, self.now)
        return {
            "blob": {
                "method": "get",
                "url": f"{self.base}{SLUG_PATH}{slug.id}/{slug.get_key or 'practice'}",
            },
            "buildpack_provided_description": slug.described,
            "checksum": slug.checksum,
            "commit": slug.commit or None,
            "commit_description": slug.commit_description or None,
            "created_at": moment(slug.created_at),
            "deleted_at": None if kept else moment(slug.created_at + KEPT_FOR),
            "id": slug.id,
            "process_types": slug.process_types,
            "size": slug.size,
            "stack": STACK,
            "updated_at": moment(slug.created_at),
        }

    def addon(self, app: HerokuApp, plan: str) -> Json:
        """An add-on of the app, by the name of its plan."""
        service = plan.partition(":")[0]
        label = service.removeprefix("heroku-")
        return {
            "actions": [],
            "addon_service": {"id": named_id("service", service), "name": service},
            "app": {"id": app.id, "name": app.name},
            "billed_price": {"cents": 5000, "contract": False, "metered": False, "unit": "month"},
            "billing_entity": {"id": app.id, "name": app.name, "type": "app"},
            "config_vars": ["DATABASE_URL"] if label == "postgresql" else ["REDIS_URL"],
            "created_at": moment(app.created_at),
            "id": named_id("addon", app.name, plan),
            "name": f"{label}-{named_id(app.name, plan)[:5]}",
            "plan": {"id": named_id("plan", plan), "name": plan},
            "provider_id": named_id("provider", app.name, plan),
            "state": "provisioned",
            "updated_at": moment(app.created_at),
            "web_url": None,
        }

    def collaborator(self, app: HerokuApp, person: Person) -> Json:
        """A person's place on an app."""
        return {
            "app": {"id": app.id, "name": app.name},
            "created_at": moment(app.created_at),
            "id": named_id("collaborator", app.id, person.id),
            "permissions": [{"name": name} for name in ("deploy", "operate", "view")],
            "role": "admin" if person.id == app.owner_id else "member",
            "updated_at": moment(app.created_at),
            "user": {"email": person.email, "federated": False, "id": person.id},
        }

    def coupling(self, coupling: Coupling, *, by_app: bool = False) -> Json:
        """An app's place in a pipeline; asked for by app, it also names the pipeline."""
        pipeline = {"id": coupling.pipeline_id}
        found = self.state.find_pipeline(coupling.pipeline_id)
        if by_app and found is not None:
            pipeline["name"] = found.name
        return {
            "app": {"id": coupling.app_id},
            "created_at": moment(coupling.created_at),
            "id": coupling.id,
            "pipeline": pipeline,
            "stage": coupling.stage,
            "updated_at": moment(coupling.created_at),
        }


def dyno(app: HerokuApp, dyno: Dyno) -> Json:
    """A process of an app."""
    return {
        "app": {"id": app.id, "name": app.name},
        "attach_url": None,
        "command": dyno.command,
        "created_at": moment(dyno.created_at),
        "id": dyno.id,
        "name": dyno.name,
        "release": {"id": dyno.release_id, "version": dyno.version},
        "size": dyno.size,
        "state": dyno.state,
        "type": dyno.type,
        "updated_at": moment(dyno.updated_at),
    }


def formation(app: HerokuApp, entry: Formation, command: str) -> Json:
    """A process type of an app, with its wanted number of dynos."""
    return {
        "app": {"id": app.id, "name": app.name},
        "command": command,
        "created_at": moment(entry.created_at),
        "dyno_size": {"id": named_id("dyno-size", entry.size), "name": entry.size},
        "id": entry.id,
        "quantity": entry.quantity,
        "size": entry.size,
        "type": entry.type,
        "updated_at": moment(entry.updated_at),
    }


def pipeline(pipeline: Pipeline) -> Json:
    """A pipeline by itself."""
    return {
        "created_at": moment(pipeline.created_at),
        "generation": CEDAR,
        "id": pipeline.id,
        "name": pipeline.name,
        "owner": {"id": pipeline.owner_id, "type": "user"},
        "updated_at": moment(pipeline.created_at),
    }
