"""Log sessions: the right to read an app's log, and the reading itself.

The address of a session is its secret; whoever has it reads without a token, as plain lines or
as server-sent events (log sessions endpoint of the Platform API).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from pilothouse.sandbox.heroku import errors, wire
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, only
from pilothouse.sandbox.heroku.logs import HISTORY, LogBook, LogQuery, LogSession
from pilothouse.sandbox.heroku.state import new_id


async def create_session(api: Api, request: Request) -> Reply:
    """Open a session with the wishes of the body."""
    app, body = api.app(request), await api.body(request)
    only(body, "dyno", "type", "lines", "source", "tail")
    lines = body.get("lines", 100)
    if not isinstance(lines, int) or not 0 <= lines <= HISTORY:
        raise errors.invalid(f"`lines` must be a number up to {HISTORY}.")
    query = LogQuery(
        lines=lines,
        tail=body.get("tail") is True,
        source=body.get("source"),
        process=body.get("dyno") or body.get("type"),
    )
    session = LogSession(new_id(), app.id, query, api.world.pace.now())
    api.sessions[session.id] = session
    at = wire.moment(session.created_at)
    row = {
        "created_at": at,
        "id": session.id,
        "logplex_url": f"{api.view(request).base}/log-streams/{session.id}",
        "updated_at": at,
    }
    return Reply(row, 201)


ENDPOINTS = (Endpoint("POST", "/apps/{app}/log-sessions", create_session, "read-protected"),)


async def stream_log(api: Api, request: Request) -> Response:
    """The lines of a session; 404 once it is over."""
    session = api.sessions.get(request.path_params["session"])
    if session is None or session.is_over(api.world.pace.now()):
        api.sessions.pop(request.path_params["session"], None)
        return PlainTextResponse("Session not found", 404)
    log = api.fleet.crews[session.app_id].log
    if "text/event-stream" in request.headers.get("accept", ""):
        return StreamingResponse(_events(log, session.query), media_type="text/event-stream")
    return StreamingResponse(_lines(log, session.query), media_type="text/plain")


async def _lines(log: LogBook, query: LogQuery) -> AsyncIterator[str]:
    async for line in log.follow(query):
        yield f"{line}\n"


async def _events(log: LogBook, query: LogQuery) -> AsyncIterator[str]:
    async for line in log.follow(query):
        yield f"id: {line.number}\ndata: {line}\n\n"
