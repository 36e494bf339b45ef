"""The endpoint of Fly.io's GraphQL API.

Errors of a query come with HTTP 200; only a missing token is a 401, and introspection needs none.
The executor is imported when it is wanted first, so that the sandbox is up a little sooner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pilothouse.sandbox.fly.http import answering, read_json

if TYPE_CHECKING:
    from starlette.requests import Request

    from pilothouse.sandbox.fly.machines import FlyFleet

_INTROSPECTION = ("__schema", "__type(")


class GraphqlRoutes:
    """The GraphQL endpoint."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._world = fleet.world

    def routes(self) -> list[Route]:
        """Return the one route of this API."""
        return [Route("/graphql", answering(self.execute), methods=["POST"])]

    async def execute(self, request: Request) -> Response:
        """Execute a query or a mutation."""
        from pilothouse.sandbox.fly.graph_root import execute

        wish = await read_json(request)
        known = request.state.access is not None
        if not known and not any(word in str(wish.get("query")) for word in _INTROSPECTION):
            errors = [{"message": "You must be authenticated to view this."}]
            return JSONResponse({"errors": errors}, 401)
        return JSONResponse(execute(self._world, wish, known=known))


def warm() -> None:
    """Do what the first query would have to wait for."""
    from pilothouse.sandbox.fly.graph_root import schema

    schema()
