"""The endpoints of promotions: a release of one app, on other apps of its pipeline.

A promotion releases the slug of one named release, or of the source's current one. That it is
`completed` says nothing about success: its targets do, and a target names its release before that
release's command has ended (pipeline promotion endpoints of the Platform API).
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from pilothouse.sandbox.heroku import errors, wire
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, only
from pilothouse.sandbox.heroku.pipeline_api import apps_of, pipeline_named
from pilothouse.sandbox.heroku.promotion_state import Promotion, PromotionTarget
from pilothouse.sandbox.heroku.releases import Wish
from pilothouse.sandbox.heroku.state import (
    HerokuApp,
    Release,
    is_expired,
    new_id,
)


async def create_promotion(api: Api, request: Request) -> Reply:
    """Bring a release of one app to other apps of its pipeline."""
    body = await api.body(request)
    only(body, "pipeline", "source", "targets")
    pipeline = pipeline_named(api, _id(body, "pipeline"))
    coupled = apps_of(api, pipeline.id)
    source, release = _source(api, body, coupled)
    wanted = body.get("targets")
    if not isinstance(wanted, list) or not wanted:
        raise errors.invalid("Name at least one app to promote to.")
    targets = [_member(api, coupled, _id(each, "app")) for each in wanted]
    if len({each.id for each in targets}) < len(targets):
        raise errors.invalid("Name each app to promote to once.")
    if source in targets:
        raise errors.invalid("An app cannot be promoted to itself.")
    slug = api.state.slugs[release.slug_id or ""]
    text = f"Promote {source.name} v{release.version} {slug.commit[:8]}"
    promotion = Promotion(
        id=new_id(),
        pipeline_id=pipeline.id,
        source_app_id=source.id,
        source_release_id=release.id,
        targets=[],
        created_at=api.world.pace.now(),
    )
    for app in targets:
        current = app.current_release()
        config = {} if current is None else current.config
        made = api.fleet.desk.create(app, Wish(text, slug.id, config, api.state.account_id))
        promotion.targets.append(PromotionTarget(new_id(), app.id, made.id))
    api.state.promotions.append(promotion)
    api.world.changed()
    return Reply(_shown(promotion), 201)


async def show_promotion(api: Api, request: Request) -> Reply:
    """One promotion."""
    return Reply(_shown(_promotion(api, request)))


async def list_targets(api: Api, request: Request) -> Reply:
    """What a promotion came to, app by app."""
    promotion = _promotion(api, request)
    return api.listed(request, [_target_shown(promotion, each) for each in promotion.targets])


def _id(body: object, name: str) -> str:
    part = body.get(name) if isinstance(body, dict) else None
    identity = part.get("id") if isinstance(part, dict) else None
    if not isinstance(identity, str):
        raise errors.invalid(f"`{name}` must be an object with an `id`.")
    return identity


def _member(api: Api, coupled: list[HerokuApp], identity: str) -> HerokuApp:
    app = api.state.find_app(identity)
    if app is None or app not in coupled:
        raise errors.not_found("app")
    return app


def _source(api: Api, body: dict[str, Any], coupled: list[HerokuApp]) -> tuple[HerokuApp, Release]:
    source = body.get("source")
    app = _member(api, coupled, _id(source, "app"))
    release = app.current_release()
    if isinstance(source, dict) and source.get("release") is not None:
        release = app.find_release(_id(source, "release"))
        if release is None:
            raise errors.not_found("release")
    if release is None or release.slug_id is None:
        raise errors.invalid("The source app has no release with code.")
    if release.status != "succeeded":
        raise errors.invalid(f"Release v{release.version} of the source is {release.status}.")
    if is_expired(app, release, api.world.pace.now()):
        raise errors.invalid(f"Release v{release.version} of the source has expired.")
    return app, release


def _promotion(api: Api, request: Request) -> Promotion:
    wanted = request.path_params["promotion"]
    for promotion in api.state.promotions:
        if promotion.id == wanted:
            _settle(api, promotion)
            return promotion
    raise errors.not_found("pipeline promotion")


def _settle(api: Api, promotion: Promotion) -> None:
    """Take over how the targets' releases stand by now."""
    for target in promotion.targets:
        app = api.state.find_app(target.app_id)
        release = None if app is None else app.find_release(target.release_id or "")
        if release is None or target.status != "pending" or release.status == "pending":
            continue
        target.status = release.status
        if release.status == "failed":
            target.error_message = "The release command failed."
        promotion.updated_at = release.updated_at
        api.world.changed()


def _shown(promotion: Promotion) -> wire.Json:
    """A promotion; `completed` says nothing about success, its targets do."""
    pending = any(each.status == "pending" for each in promotion.targets)
    return {
        "created_at": wire.moment(promotion.created_at),
        "id": promotion.id,
        "pipeline": {"id": promotion.pipeline_id},
        "source": {
            "app": {"id": promotion.source_app_id},
            "release": {"id": promotion.source_release_id},
        },
        "status": "pending" if pending else "completed",
        "updated_at": wire.moment(promotion.updated_at) if promotion.updated_at else None,
    }


def _target_shown(promotion: Promotion, target: PromotionTarget) -> wire.Json:
    """What a promotion came to on one app."""
    return {
        "app": {"id": target.app_id},
        "error_message": target.error_message,
        "id": target.id,
        "pipeline_promotion": {"id": promotion.id},
        "release": {"id": target.release_id} if target.release_id else None,
        "status": target.status,
    }


ENDPOINTS = (
    Endpoint("POST", "/pipeline-promotions", create_promotion, "write-protected"),
    Endpoint("GET", "/pipeline-promotions/{promotion}", show_promotion),
    Endpoint("GET", "/pipeline-promotions/{promotion}/promotion-targets", list_targets),
)
