"""Fly.io's HTTP surfaces on one port: Machines, web REST, GraphQL and the registry."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.types import ASGIApp

from pilothouse.sandbox.fly.app_routes import AppRoutes
from pilothouse.sandbox.fly.detail_routes import DetailRoutes
from pilothouse.sandbox.fly.graphql import GraphqlRoutes
from pilothouse.sandbox.fly.http import Doorman
from pilothouse.sandbox.fly.machine_routes import MachineRoutes
from pilothouse.sandbox.fly.machines import FlyFleet
from pilothouse.sandbox.fly.registry import RegistryRoutes
from pilothouse.sandbox.fly.web_routes import WebRoutes


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
