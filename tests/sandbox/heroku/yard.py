"""What tests of builds on the practice Heroku share: uploads, ends of builds, logs."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import httpx

from pilothouse.sandbox.heroku.logs import HISTORY, LogQuery
from tests.sandbox.heroku.town import Row, Town
from tests.waiting import until_async


def checksum(content: bytes) -> str:
    """A checksum in the platform's form."""
    return f"SHA256:{hashlib.sha256(content).hexdigest()}"


async def put(one: Town, content: bytes) -> str:
    """Upload a source; returns the address to build."""
    blob = (await one.post("/sources", {}))["source_blob"]
    answer = await one.api.put(blob["put_url"], content=content, headers={"content-type": ""})
    assert answer.status_code == 200, answer.text
    return str(blob["get_url"])


async def begin(one: Town, app: str, content: bytes, **blob: Any) -> Row:
    """Begin to build a source; returns the pending build."""
    url = await put(one, content)
    body = {"source_blob": {"url": url, **blob}}
    return await one.post(f"/apps/{app}/builds", body)


async def settled(one: Town, app: str, build: Row) -> Row:
    """The build, once it is no longer pending."""

    async def look() -> Row | None:
        row = await one.get(f"/apps/{app}/builds/{build['id']}")
        return None if row["status"] == "pending" else row

    row = await until_async(look, "the end of a build")
    assert row is not None
    return row


async def output(one: Town, build: Row) -> str:
    """What a build said, read to its end."""
    path = httpx.URL(build["output_stream_url"]).path

    async def look() -> httpx.Response | None:
        answer = await one.api.get(path)
        return answer if answer.status_code == 200 else None

    answer = await until_async(look, "the output of a build")
    assert answer is not None
    return answer.text


async def deployed(one: Town, app: str, content: bytes, **blob: Any) -> Row:
    """Build a source and return its release, once that is settled."""
    build = await settled(one, app, await begin(one, app, content, **blob))
    assert build["status"] == "succeeded", one.app(app).builds[-1].output
    version = (await one.get(f"/apps/{app}/releases/{build['release']['id']}"))["version"]
    return await one.until_settled(app, version)


def log(one: Town, app: str) -> str:
    """The whole log of an app."""
    book = one.fleet.crew(one.app(app)).log
    return "\n".join(str(line) for line in book.newest(LogQuery(lines=HISTORY)))


def lives(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
