"""What the edge tells of each request: once, whoever answered it, and that it all adds up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from pilothouse.sandbox.edge import Backend, Edge, Exchange, Manners, Outcome, Refuse, Wait
from tests.sandbox.test_edge import Switch, backend, running


def forward(seen: Mapping[str, str], peer: str) -> list[tuple[str, str]]:
    return [("X-Forwarded-For", f"{seen.get('x-forwarded-for', 'nobody')}, {peer}")]


def test_each_request_is_told_of_once_whoever_answered_it() -> None:
    told: list[Exchange] = []

    async def scene() -> None:
        one = await running("one")
        switch = Switch(backend(one))
        edge = Edge("test:app", switch, Manners(forward=forward), told.append)
        await edge.start()
        async with httpx.AsyncClient(base_url=edge.url) as client:
            await client.get("/?a=1", headers={"X-Forwarded-For": "10.0.0.7"})
            await client.head("/")
            switch.route = Refuse(502, (), b"nothing here\n", "H81")
            await client.post("/", content=b"lost")
            switch.route = Wait(0.01, Refuse(503, (), b"late\n", "H20"))
            await client.get("/held")
            switch.route = Backend("gone", 1)
            await client.get("/gone")
        await edge.stop()
        await one.stop(1.0)

    asyncio.run(scene())
    rows = [(each.method, each.target, each.status, each.outcome, each.code) for each in told]
    assert rows == [
        ("GET", "/?a=1", 200, Outcome.ANSWERED, ""),
        ("HEAD", "/", 200, Outcome.ANSWERED, ""),
        ("POST", "/", 502, Outcome.REFUSED, "H81"),
        ("GET", "/held", 503, Outcome.REFUSED, "H20"),
        ("GET", "/gone", 502, Outcome.UNREACHED, ""),
    ]
    what_is_told_of_each(told)


def what_is_told_of_each(told: list[Exchange]) -> None:
    good, head, refused, _held, gone = told
    assert good.headers["x-forwarded-for"] == "10.0.0.7, 127.0.0.1"
    assert (good.peer, good.backend is not None and good.backend.instance_id) == (
        "127.0.0.1",
        "one",
    )
    assert good.bytes > 0
    assert head.bytes == 0
    assert good.connect_s is not None
    assert good.service_s is not None
    assert good.first_byte_s is not None
    assert 0 <= good.first_byte_s <= good.service_s
    assert (refused.backend, refused.service_s, refused.bytes) == (None, None, 13)
    assert (gone.backend, gone.connect_s) == (Backend("gone", 1), None)
