"""Fly.io's HTTP surfaces on one port: Machines, web REST, GraphQL and the registry."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.types import ASGIApp

from pilothouse.sandbox.fly_app_routes import AppRoutes
from pilothouse.sandbox.fly_detail_routes import DetailRoutes
from pilothouse.sandbox.fly_graphql import GraphqlRoutes
from pilothouse.sandbox.fly_http import Doorman
from pilothouse.sandbox.fly_machine_routes import MachineRoutes
from pilothouse.sandbox.fly_machines import FlyFleet
from pilothouse.sandbox.fly_web_routes import WebRoutes
from pilothouse.sandbox.registry import RegistryRoutes


def make_app(fleet: FlyFleet) -> ASGIApp:
    """Build the application; everything but GraphQL's introspection needs the world's token."""
    routes = [
        *MachineRoutes(fleet).routes(),
        *DetailRoutes(fleet).routes(),
        *AppRoutes(fleet).routes(),
        *WebRoutes(fleet).routes(),
        *GraphqlRoutes(fleet).routes(),
        *RegistryRoutes(fleet.world.fly).routes(),
    ]
    return Doorman(Starlette(routes=routes), fleet.world.token)
