"""The endpoints of pipelines and couplings: which app stands at which stage of which pipeline."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request

from pilothouse.sandbox.heroku import errors, wire
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, identity, only, text
from pilothouse.sandbox.heroku.state import Coupling, HerokuApp, Pipeline, Release, new_id

STAGES = ("test", "review", "development", "staging", "production")
_NAME = re.compile(r"[a-z][a-z0-9-]{2,29}")


async def list_pipelines(api: Api, request: Request) -> Reply:
    """Every pipeline."""
    return api.listed(request, [wire.pipeline(each) for each in api.state.pipelines])


async def show_pipeline(api: Api, request: Request) -> Reply:
    """One pipeline, by UUID or name."""
    return Reply(wire.pipeline(pipeline_named(api, request.path_params["pipeline"])))


async def create_pipeline(api: Api, request: Request) -> Reply:
    """Make a pipeline without apps."""
    body = await api.body(request)
    only(body, "name", "owner", "generation")
    pipeline = Pipeline(new_id(), _free_name(api, body), api.state.account_id, api.world.pace.now())
    api.state.pipelines.append(pipeline)
    api.world.changed()
    return Reply(wire.pipeline(pipeline), 201)


async def change_pipeline(api: Api, request: Request) -> Reply:
    """Rename a pipeline."""
    pipeline = pipeline_named(api, request.path_params["pipeline"])
    body = await api.body(request)
    only(body, "name")
    if "name" in body and body["name"] != pipeline.name:
        pipeline.name = _free_name(api, body)
    api.world.changed()
    return Reply(wire.pipeline(pipeline))


async def destroy_pipeline(api: Api, request: Request) -> Reply:
    """End a pipeline; its apps stay and belong to none."""
    pipeline = pipeline_named(api, request.path_params["pipeline"])
    state = api.state
    state.pipelines.remove(pipeline)
    state.couplings = [each for each in state.couplings if each.pipeline_id != pipeline.id]
    api.world.changed()
    return Reply(wire.pipeline(pipeline))


async def list_couplings(api: Api, request: Request) -> Reply:
    """The apps of a pipeline with their stages, or of all pipelines."""
    couplings = api.state.couplings
    if "pipeline" in request.path_params:
        wanted = pipeline_named(api, request.path_params["pipeline"]).id
        couplings = [each for each in couplings if each.pipeline_id == wanted]
    view = api.view(request)
    return api.listed(request, [view.coupling(each) for each in couplings])


async def show_coupling(api: Api, request: Request) -> Reply:
    """One coupling, by UUID."""
    return Reply(api.view(request).coupling(_coupling(api, request)))


async def show_app_coupling(api: Api, request: Request) -> Reply:
    """An app's place in its pipeline: one object, or 404."""
    app = api.app(request)
    for each in api.state.couplings:
        if each.app_id == app.id:
            return Reply(api.view(request).coupling(each, by_app=True))
    raise errors.not_found("pipeline coupling")


async def create_coupling(api: Api, request: Request) -> Reply:
    """Give an app that belongs to no pipeline a stage in one."""
    body = await api.body(request)
    only(body, "app", "pipeline", "stage")
    stage = _stage(body)
    app = api.find_app(identity(body, "app"))
    pipeline = pipeline_named(api, identity(body, "pipeline"))
    if any(each.app_id == app.id for each in api.state.couplings):
        raise errors.invalid("App is already part of a pipeline.")
    coupling = Coupling(new_id(), app.id, pipeline.id, stage, api.world.pace.now())
    api.state.couplings.append(coupling)
    api.world.changed()
    return Reply(api.view(request).coupling(coupling), 201)


async def change_coupling(api: Api, request: Request) -> Reply:
    """Move an app to another stage of its pipeline."""
    coupling, body = _coupling(api, request), await api.body(request)
    only(body, "stage")
    if "stage" in body:
        coupling.stage = _stage(body)
    api.world.changed()
    return Reply(api.view(request).coupling(coupling))


async def destroy_coupling(api: Api, request: Request) -> Reply:
    """Take an app out of its pipeline."""
    coupling = _coupling(api, request)
    api.state.couplings.remove(coupling)
    api.world.changed()
    return Reply(api.view(request).coupling(coupling))


async def list_latest_releases(api: Api, request: Request) -> Reply:
    """The newest release of each app of a pipeline."""
    view = api.view(request)
    apps = apps_of(api, pipeline_named(api, request.path_params["pipeline"]).id)
    return Reply([view.release(each, each.newest) for each in apps])


async def list_latest_deployments(api: Api, request: Request) -> Reply:
    """The newest release of each app of a pipeline that brought other code."""
    view = api.view(request)
    apps = apps_of(api, pipeline_named(api, request.path_params["pipeline"]).id)
    found = ((each, _newest_deployment(each)) for each in apps)
    return Reply([view.release(app, release) for app, release in found if release is not None])


def _newest_deployment(app: HerokuApp) -> Release | None:
    earlier = [None, *app.releases]
    for before, release in reversed(list(zip(earlier, app.releases, strict=False))):
        if release.slug_id is not None and (before is None or before.slug_id != release.slug_id):
            return release
    return None


def pipeline_named(api: Api, wanted: str) -> Pipeline:
    """The pipeline with this UUID or name; refuses with a 404 when there is none."""
    found = api.state.find_pipeline(wanted)
    if found is None:
        raise errors.not_found("pipeline")
    return found


def apps_of(api: Api, pipeline_id: str) -> list[HerokuApp]:
    """The apps of a pipeline."""
    ids = {each.app_id for each in api.state.couplings if each.pipeline_id == pipeline_id}
    return [each for each in api.state.apps if each.id in ids]


def _coupling(api: Api, request: Request) -> Coupling:
    wanted = request.path_params["coupling"].lower()
    for each in api.state.couplings:
        if each.id == wanted:
            return each
    raise errors.not_found("pipeline coupling")


def _stage(body: dict[str, Any]) -> str:
    stage = text(body, "stage")
    if stage not in STAGES:
        raise errors.invalid(f"`stage` must be one of: {', '.join(STAGES)}.")
    return stage


def _free_name(api: Api, body: dict[str, Any]) -> str:
    name = text(body, "name")
    if _NAME.fullmatch(name) is None:
        raise errors.invalid(
            "Name must start with a letter and can only contain lower-case letters, digits and "
            "dashes, 3 to 30 in all."
        )
    if api.state.find_pipeline(name) is not None:
        raise errors.invalid(f"Name {name} is already taken")
    return name


_ONE = "/pipelines/{pipeline}"
_PLACE = "/pipeline-couplings/{coupling}"
ENDPOINTS = (
    Endpoint("GET", "/pipelines", list_pipelines),
    Endpoint("POST", "/pipelines", create_pipeline, "write"),
    Endpoint("GET", _ONE, show_pipeline),
    Endpoint("PATCH", _ONE, change_pipeline, "write"),
    Endpoint("DELETE", _ONE, destroy_pipeline, "write"),
    Endpoint("GET", f"{_ONE}/pipeline-couplings", list_couplings),
    Endpoint("GET", f"{_ONE}/latest-releases", list_latest_releases, "read-protected"),
    Endpoint("GET", f"{_ONE}/latest-deployments", list_latest_deployments, "read-protected"),
    Endpoint("GET", "/pipeline-couplings", list_couplings),
    Endpoint("POST", "/pipeline-couplings", create_coupling, "write"),
    Endpoint("GET", _PLACE, show_coupling),
    Endpoint("PATCH", _PLACE, change_coupling, "write"),
    Endpoint("DELETE", _PLACE, destroy_coupling, "write"),
    Endpoint("GET", "/users/~/pipeline-couplings", list_couplings),
    Endpoint("GET", "/apps/{app}/pipeline-couplings", show_app_coupling),
)
