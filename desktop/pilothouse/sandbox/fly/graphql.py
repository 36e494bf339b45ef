"""The endpoint of Fly.io's GraphQL API.

Errors of a query come with HTTP 200; a missing token is a 401, and introspection needs none.
The executor is imported when it is wanted first, so that the sandbox is up a little sooner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.http import read_json

if TYPE_CHECKING:
    from starlette.requests import Request

    from pilothouse.sandbox.fly.machines import FlyFleet


class GraphqlRoutes:
    """The GraphQL endpoint."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet

    def routes(self) -> list[Route]:
        """Return the one route of this API."""
        return [Route("/graphql", self.execute, methods=["POST"])]

    async def execute(self, request: Request) -> Response:
        """Execute a query or a mutation."""
        from pilothouse.sandbox.fly.graph_run import UnauthorisedError, run

        try:
            wish = await read_json(request)
            for name, kind in (("query", str), ("variables", dict), ("operationName", str)):
                if not isinstance(wish.get(name), kind | None):
                    raise invalid(f"{name} must be of type {kind.__name__}")
            answer = await run(self._fleet, wish, request.state.access)
        except UnauthorisedError:
            refusal = {
                "message": "You must be authenticated to view this.",
                "extensions": {"code": "UNAUTHORIZED"},
            }
            return JSONResponse({"errors": [refusal]}, 401)
        except FlyError as refusal:
            return JSONResponse({"errors": [{"message": refusal.error}]}, refusal.status)
        return JSONResponse(answer)


def warm() -> None:
    """Do what the first query would have to wait for."""
    from pilothouse.sandbox.fly.graph_run import schema

    schema()
