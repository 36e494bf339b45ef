"""The endpoints of add-ons and of their attachments, which give an app its variables.

The practice add-ons are attached to the app that pays for them and to no other. The command line
shows both by asking for one app's add-ons and for the whole account's attachments (add-on and
add-on attachment endpoints of the Platform API).
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request

from pilothouse.sandbox.heroku import wire
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply
from pilothouse.sandbox.heroku.state import HerokuApp


async def list_addons(api: Api, request: Request) -> Reply:
    """The add-ons of an app, or of every app that the account sees.

    With `plan` in `Accept-Expansion` each plan also shows its price.
    """
    view = api.view(request)
    apps = _apps(api, request)
    rows = [view.addon(app, plan) for app in apps for plan in app.addon_plans]
    asked = request.headers.get("accept-expansion", "").split(",")
    if "plan" in {each.strip() for each in asked}:
        rows = [{**row, "plan": {**row["plan"], "price": row["billed_price"]}} for row in rows]
    return api.listed(request, rows)


async def list_attachments(api: Api, request: Request) -> Reply:
    """The attachments of an app, or of every app that the account sees."""
    view = api.view(request)
    found = [
        _attachment(app, view.addon(app, plan))
        for app in _apps(api, request)
        for plan in app.addon_plans
    ]
    return api.listed(request, found)


def _apps(api: Api, request: Request) -> Iterable[HerokuApp]:
    return [api.app(request)] if "app" in request.path_params else api.state.apps


def _attachment(app: HerokuApp, addon: wire.Json) -> wire.Json:
    """An attachment is named after the variable that it sets."""
    where = {"id": app.id, "name": app.name}
    name = addon["config_vars"][0].removesuffix("_URL")
    return {
        "addon": {"app": where, "id": addon["id"], "name": addon["name"]},
        "app": where,
        "created_at": addon["created_at"],
        "id": wire.named_id("attachment", app.id, addon["id"]),
        "log_input_url": None,
        "name": name,
        "namespace": None,
        "updated_at": addon["updated_at"],
        "web_url": addon["web_url"],
    }


ENDPOINTS = (
    Endpoint("GET", "/addons", list_addons),
    Endpoint("GET", "/apps/{app}/addons", list_addons),
    Endpoint("GET", "/addon-attachments", list_attachments),
    Endpoint("GET", "/apps/{app}/addon-attachments", list_attachments),
)
