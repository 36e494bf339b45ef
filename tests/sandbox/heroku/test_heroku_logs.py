"""Logs of the practice Heroku: what is written, who sees which lines, plain and as events."""

from __future__ import annotations

import asyncio

from pilothouse.sandbox.heroku.logs import LogBook, LogQuery
from tests.sandbox.heroku.town import Row, Town, in_town


async def read(one: Town, app: str, wish: Row, **headers: str) -> str:
    made = await one.post(f"/apps/{app}/log-sessions", wish)
    answer = await one.api.get(made["logplex_url"], headers={"accept": "text/plain", **headers})
    assert answer.status_code == 200
    return answer.text


def test_a_rollout_can_be_read_from_the_log() -> None:
    async def scenario(one: Town) -> None:
        made = await one.deploy("billing", "crash")
        await one.until_states("billing", "crashed", "crashed")
        await one.visit("billing")
        text = await read(one, "billing", {"lines": 1500})
        assert "app[api]: Try crash by user ann.berg@harbour.example" in text
        assert f"app[api]: Release v{made['version']} created by user" in text
        assert "heroku[web.1]: Stopping all processes with SIGTERM" in text
        assert "heroku[web.1]: Process exited with status 1" in text
        assert "heroku[web.2]: State changed from starting to crashed" in text
        assert 'heroku[router]: at=error code=H10 desc="App crashed"' in text

    in_town(scenario)


def test_a_session_shows_only_what_it_asked_for() -> None:
    async def scenario(one: Town) -> None:
        await one.deploy("billing", "next")
        only_web = await read(one, "billing", {"dyno": "web.1", "lines": 50})
        assert {line.split()[1] for line in only_web.splitlines()} == {"heroku[web.1]:"}
        only_app = await read(one, "billing", {"source": "app", "lines": 1})
        assert len(only_app.splitlines()) == 1
        assert "app[api]" in only_app
        assert await read(one, "billing", {"lines": 0}) == ""

    in_town(scenario)


def test_a_session_is_also_a_stream_of_events() -> None:
    async def scenario(one: Town) -> None:
        await one.deploy("billing", "next")
        text = await read(one, "billing", {"source": "app"}, accept="text/event-stream")
        first = text.split("\n\n")[0].splitlines()
        assert first[0].startswith("id: ")
        assert first[1].startswith("data: ")

    in_town(scenario)


def test_an_unknown_session_is_not_found() -> None:
    async def scenario(one: Town) -> None:
        answer = await one.api.get("/log-streams/nothing")
        assert answer.status_code == 404

    in_town(scenario)


def test_a_tail_goes_on_with_every_later_line() -> None:
    async def run() -> None:
        book = LogBook()
        book.api("before")
        lines = book.follow(LogQuery(tail=True))
        assert (await anext(lines)).text == "before"
        later = asyncio.ensure_future(anext(lines))
        await asyncio.wait([later], timeout=0.05)
        assert not later.done()
        book.api("after")
        assert (await asyncio.wait_for(later, 5)).text == "after"
        await lines.aclose()

    asyncio.run(run())
