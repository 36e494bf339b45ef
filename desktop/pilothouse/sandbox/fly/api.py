"""Fly.io's HTTP surfaces on one port: Machines, web REST, GraphQL, registry and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from pilothouse.sandbox.fly.address_routes import AddressRoutes
from pilothouse.sandbox.fly.app_routes import AppRoutes
from pilothouse.sandbox.fly.blobs import BlobStore
from pilothouse.sandbox.fly.detail_routes import DetailRoutes
from pilothouse.sandbox.fly.doorman import Doorman, nowhere
from pilothouse.sandbox.fly.graphql import GraphqlRoutes
from pilothouse.sandbox.fly.inside_routes import InsideRoutes
from pilothouse.sandbox.fly.machine_routes import MachineRoutes
from pilothouse.sandbox.fly.metric_routes import MetricRoutes
from pilothouse.sandbox.fly.order_routes import OrderRoutes
from pilothouse.sandbox.fly.org_routes import OrgRoutes
from pilothouse.sandbox.fly.push_routes import PushRoutes
from pilothouse.sandbox.fly.registry import RegistryRoutes
from pilothouse.sandbox.fly.secret_routes import SecretRoutes
from pilothouse.sandbox.fly.sign_in_routes import SignInRoutes
from pilothouse.sandbox.fly.token_routes import TokenRoutes
from pilothouse.sandbox.fly.volume_routes import VolumeRoutes
from pilothouse.sandbox.fly.web_routes import WebRoutes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from pilothouse.sandbox.fly.machines import FlyFleet


def make_app(fleet: FlyFleet) -> ASGIApp:
    """Build the application; nearly everything needs one of the world's tokens."""

    async def lost(request: Request, refusal: Exception) -> Response:
        status = refusal.status_code if isinstance(refusal, HTTPException) else 404
        headers = getattr(refusal, "headers", None) or {}
        return nowhere(fleet.world, request, status, headers.get("Allow", ""))

    store = BlobStore(fleet.world)
    families = (
        MachineRoutes(fleet),
        OrderRoutes(fleet),
        DetailRoutes(fleet),
        InsideRoutes(fleet),
        VolumeRoutes(fleet),
        AppRoutes(fleet),
        OrgRoutes(fleet),
        SecretRoutes(fleet),
        AddressRoutes(fleet),
        TokenRoutes(fleet),
        WebRoutes(fleet),
        SignInRoutes(fleet.world),
        GraphqlRoutes(fleet),
        MetricRoutes(fleet),
        PushRoutes(fleet.world, store),
        RegistryRoutes(fleet.world, store),
    )
    routes = [route for family in families for route in family.routes()]
    app = Starlette(routes=routes, exception_handlers={404: lost, 405: lost})
    # A path with a slash too many is unknown at Fly.io too; it leads nowhere else.
    app.router.redirect_slashes = False
    return Doorman(app, fleet.world)
