"""The output of builds and release commands, read while it comes or afterwards.

For the first moments a stream is not there yet: 404. Then it is plain text, resumable with
`Range`, or server-sent events, resumable with `Last-Event-Id`, both counted in bytes; nobody is
asked who they are, the address is the secret. A stream's end does not mean that the status is
settled (release phase and build articles of the platform's documentation, and the CLI's issues).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Protocol

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from pilothouse.sandbox.heroku.http import Api

STREAM_AFTER_S = 1.5
"""Platform seconds until an output can be read."""
_LOOK_AGAIN_S = 0.05


class Told(Protocol):
    """What has an output: a release with a command, or a build."""

    id: str
    created_at: datetime
    output_done: bool

    @property
    def output(self) -> str | None:
        """What it has said so far; None where nothing ever will."""


async def stream_output(api: Api, request: Request) -> Response:
    """The output of a release command or of a build, as it comes."""
    told = _find(api, request.path_params["stream"])
    opens_after = timedelta(seconds=api.world.pace.seconds(STREAM_AFTER_S))
    if told is None or told.output is None or api.world.pace.now() < told.created_at + opens_after:
        return PlainTextResponse("Channel is not registered.", 404)
    if "text/event-stream" in request.headers.get("accept", ""):
        start = _number(request.headers.get("last-event-id", ""))
        return StreamingResponse(_events(told, start), media_type="text/event-stream")
    asked = re.match(r"bytes=(\d{1,18})-", request.headers.get("range", ""))
    start = int(asked[1]) if asked else 0
    return StreamingResponse(_pieces(told, start), 206 if asked else 200, media_type="text/plain")


def _find(api: Api, identity: str) -> Told | None:
    for app in api.state.apps:
        rows: chain[Told] = chain(app.builds, app.releases)
        found = next((each for each in rows if each.id == identity), None)
        if found is not None:
            return found
    return None


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,18}", text, re.ASCII) else 0


async def _pieces(told: Told, start: int) -> AsyncIterator[bytes]:
    sent = start
    while True:
        done = told.output_done
        text = (told.output or "").encode()
        if len(text) > sent:
            yield text[sent:]
            sent = len(text)
        if done:
            return
        await asyncio.sleep(_LOOK_AGAIN_S)


async def _events(told: Told, start: int) -> AsyncIterator[bytes]:
    sent = start
    async for piece in _pieces(told, start):
        for line in piece.splitlines(keepends=True):
            sent += len(line)
            yield b"id: %d\ndata: %s\n\n" % (sent, line.rstrip(b"\n"))
