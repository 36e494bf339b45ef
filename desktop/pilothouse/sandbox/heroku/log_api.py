"""Log sessions: the right to read an app's log, and the reading itself.

The address of a session is its secret; whoever has it reads without a token, as plain lines or
as server-sent events. Opened again while it lives, it reads anew, or behind the event that the
reader names last (log sessions endpoint of the Platform API).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from pilothouse.sandbox.heroku import errors, wire
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, flag, only, optional_text
from pilothouse.sandbox.heroku.logs import (
    HISTORY,
    OPEN_S,
    UNOPENED_S,
    LogLine,
    LogQuery,
    LogSession,
)
from pilothouse.sandbox.heroku.state import new_id

_DIGITS = 15


async def create_session(api: Api, request: Request) -> Reply:
    """Open a session with the wishes of the body."""
    app, body = api.app(request), await api.body(request)
    only(body, "dyno", "type", "lines", "source", "tail")
    lines = body.get("lines", 100)
    if isinstance(lines, bool) or not isinstance(lines, int) or not 0 <= lines <= HISTORY:
        raise errors.invalid(f"`lines` must be a number up to {HISTORY}.")
    query = LogQuery(
        lines=lines,
        tail=flag(body, "tail", default=False),
        source=optional_text(body, "source"),
        process=optional_text(body, "dyno") or optional_text(body, "type"),
    )
    now = api.world.pace.now()
    _forget_ended(api)
    session = LogSession(new_id(), app.id, query, now, now + _real(api, UNOPENED_S))
    api.sessions[session.id] = session
    at = wire.moment(now)
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
    _forget_ended(api)
    session = api.sessions.get(request.path_params["session"])
    crew = None if session is None else api.fleet.crews.get(session.app_id)
    if session is None or crew is None:
        return PlainTextResponse("This log session does not exist or is over.\n", 404)
    now = api.world.pace.now()
    if not session.is_open:
        session.is_open, session.ends_at = True, now + _real(api, OPEN_S)
    as_events = "text/event-stream" in request.headers.get("accept", "")
    last = request.headers.get("last-event-id", "") if as_events else ""
    lines = crew.log.follow(
        session.query,
        after=int(last) if last.isascii() and last.isdigit() and len(last) < _DIGITS else None,
        life_s=(session.ends_at - now).total_seconds(),
    )
    if as_events:
        return StreamingResponse(_events(lines), media_type="text/event-stream")
    return StreamingResponse(_plain(lines), media_type="text/plain")


def _real(api: Api, platform_s: float) -> timedelta:
    return timedelta(seconds=api.world.pace.seconds(platform_s))


def _forget_ended(api: Api) -> None:
    now = api.world.pace.now()
    for each in [each for each in api.sessions.values() if now >= each.ends_at]:
        del api.sessions[each.id]


async def _plain(lines: AsyncIterator[LogLine]) -> AsyncIterator[str]:
    async for line in lines:
        yield f"{line}\n"


async def _events(lines: AsyncIterator[LogLine]) -> AsyncIterator[str]:
    async for line in lines:
        yield f"id: {line.number}\ndata: {line}\n\n"
