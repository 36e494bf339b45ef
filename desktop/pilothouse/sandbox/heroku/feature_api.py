"""The endpoints of what an app, or the account, can switch on and off.

Switching restarts nothing. Of the app features two change something here: preboot how an app is
rolled out, runtime-dyno-metadata what real dynos are told (app feature and account feature
endpoints of the Platform API).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from starlette.requests import Request

from pilothouse.sandbox.heroku import catalogue, errors, wire
from pilothouse.sandbox.heroku.catalogue import (
    ACCOUNT_FEATURES,
    APP_FEATURES,
    PREBOOT,
    PROFESSIONAL,
    Feature,
)
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, flag, only
from pilothouse.sandbox.heroku.state import HerokuApp


async def list_features(api: Api, request: Request) -> Reply:
    """The features of an app."""
    app = api.app(request)
    return api.listed(request, [_of_app(app, each) for each in APP_FEATURES])


async def show_feature(api: Api, request: Request) -> Reply:
    """One feature of an app, by name or UUID."""
    return Reply(_of_app(api.app(request), _named(request, APP_FEATURES)))


async def change_feature(api: Api, request: Request) -> Reply:
    """Switch a feature of an app; that alone restarts nothing."""
    app, body = api.app(request), await api.body(request)
    feature = _named(request, APP_FEATURES)
    only(body, "enabled")
    enabled = flag(body, "enabled")
    if feature.name == PREBOOT:
        _check_sizes(app, enabled=enabled)
        app.preboot = enabled
    else:
        app.features = _switched(app.features, feature, enabled=enabled)
    app.feature_moments[feature.name] = api.world.pace.now()
    api.world.changed()
    return Reply(_of_app(app, feature))


async def list_account_features(api: Api, request: Request) -> Reply:
    """The features of the account."""
    return api.listed(request, [_of_account(api, each) for each in ACCOUNT_FEATURES])


async def show_account_feature(api: Api, request: Request) -> Reply:
    """One feature of the account, by name or UUID."""
    return Reply(_of_account(api, _named(request, ACCOUNT_FEATURES)))


async def change_account_feature(api: Api, request: Request) -> Reply:
    """Switch a feature of the account."""
    body = await api.body(request)
    feature = _named(request, ACCOUNT_FEATURES)
    only(body, "enabled")
    enabled = flag(body, "enabled")
    api.state.account_features = _switched(api.state.account_features, feature, enabled=enabled)
    api.world.changed()
    return Reply(_of_account(api, feature))


def _named(request: Request, known: Sequence[Feature]) -> Feature:
    wanted = request.path_params["feature"]
    for each in known:
        if wanted in {each.name, wire.named_id("feature", each.name)}:
            return each
    raise errors.not_found("feature")


def _switched(names: list[str], feature: Feature, *, enabled: bool) -> list[str]:
    others = [each for each in names if each != feature.name]
    return [*others, feature.name] if enabled else others


def _check_sizes(app: HerokuApp, *, enabled: bool) -> None:
    small = [each for each in app.formation if catalogue.tier(each.size) != PROFESSIONAL]
    if enabled and small:
        raise errors.invalid("Preboot needs Standard or Performance dynos.")


def _of_app(app: HerokuApp, feature: Feature) -> wire.Json:
    enabled = app.preboot if feature.name == PREBOOT else feature.name in app.features
    at = app.feature_moments.get(feature.name, app.features_at or app.created_at)
    return _shown(feature, app.created_at, at, enabled=enabled)


def _of_account(api: Api, feature: Feature) -> wire.Json:
    at = min((each.created_at for each in api.state.apps), default=api.world.pace.now())
    return _shown(feature, at, at, enabled=feature.name in api.state.account_features)


def _shown(
    feature: Feature, created_at: datetime, updated_at: datetime, *, enabled: bool
) -> wire.Json:
    return {
        "created_at": wire.moment(created_at),
        "description": feature.description,
        "display_name": feature.title,
        "doc_url": f"https://devcenter.heroku.com/articles/{feature.name}",
        "enabled": enabled,
        "feedback_email": "feedback@harbour.example",
        "id": wire.named_id("feature", feature.name),
        "name": feature.name,
        "state": feature.state,
        "updated_at": wire.moment(updated_at),
    }


ENDPOINTS = (
    Endpoint("GET", "/apps/{app}/features", list_features),
    Endpoint("GET", "/apps/{app}/features/{feature}", show_feature),
    Endpoint("PATCH", "/apps/{app}/features/{feature}", change_feature, "write"),
    Endpoint("GET", "/account/features", list_account_features, "identity"),
    Endpoint("GET", "/account/features/{feature}", show_account_feature, "identity"),
    Endpoint("PATCH", "/account/features/{feature}", change_account_feature, "global"),
)
