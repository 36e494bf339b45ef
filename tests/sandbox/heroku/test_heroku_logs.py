"""Logs of the practice Heroku: what is written, who sees which lines, plain and as events."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pilothouse.sandbox.heroku.logs import HISTORY, LogBook, LogQuery
from pilothouse.sandbox.pace import set_ahead
from tests.sandbox.heroku.town import Row, Town, in_town


def test_a_rollout_can_be_read_from_the_log() -> None:
    async def scenario(one: Town) -> None:
        made = await one.deploy("billing", "crash")
        await one.until_states("billing", "crashed", "crashed")
        await one.visit("billing")
        text = await one.log("billing", {"lines": 1500})
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
        only_web = await one.log("billing", {"dyno": "web.1", "lines": 50})
        assert {line.split()[1] for line in only_web.splitlines()} == {"heroku[web.1]:"}
        only_app = await one.log("billing", {"source": "app", "lines": 1})
        assert len(only_app.splitlines()) == 1
        assert "app[api]" in only_app
        assert await one.log("billing", {"lines": 0}) == ""

    in_town(scenario)


def test_a_session_is_also_a_stream_of_events() -> None:
    async def scenario(one: Town) -> None:
        await one.deploy("billing", "next")
        text = await one.log("billing", {"source": "app"}, accept="text/event-stream")
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


def test_only_the_newest_lines_are_kept_and_long_ones_become_several() -> None:
    async def run() -> None:
        book = LogBook()
        for number in range(HISTORY + 5):
            book.api(f"line {number}")
        kept = book.newest(LogQuery(lines=HISTORY))
        assert (len(kept), kept[0].text) == (HISTORY, "line 5")
        # Two bytes a letter, and an odd number of bytes before them: no cut may part a letter.
        text = "x" + "ä" * 12_000
        book.add("app", "web.1", text)
        pieces = [each.text for each in book.newest(LogQuery(lines=3))]
        assert "".join(pieces) == text
        assert [len(each.encode()) for each in pieces] == [9_999, 10_000, 4_002]

    asyncio.run(run())


@contextmanager
def later(seconds: float) -> Iterator[None]:
    """So many seconds of real time have passed, for what the platform dates."""
    set_ahead(seconds)
    try:
        yield
    finally:
        set_ahead(0)


def test_a_session_dies_unopened_and_an_opened_one_lives_longer() -> None:
    async def scenario(one: Town) -> None:
        path = "/apps/billing/log-sessions"
        unopened, opened = await one.post(path, {}), await one.post(path, {})

        async def status(made: Row) -> int:
            return (await one.api.get(made["logplex_url"])).status_code

        assert await status(opened) == 200
        with later(301):
            assert (await status(unopened), await status(opened)) == (404, 200)
        with later(3599):
            assert await status(opened) == 200
        with later(3601):
            assert await status(opened) == 404

    in_town(scenario, scale=1)


def test_a_session_is_as_short_as_the_platforms_time_is_fast() -> None:
    async def scenario(one: Town) -> None:
        made = await one.post("/apps/billing/log-sessions", {})
        with later(301 / 40):
            assert (await one.api.get(made["logplex_url"])).status_code == 404

    in_town(scenario)


def test_a_tail_ends_with_its_session_and_with_its_app() -> None:
    async def run() -> None:
        book = LogBook()
        lines = book.follow(LogQuery(tail=True), life_s=0.05)
        assert [each async for each in lines] == []
        unending = book.follow(LogQuery(tail=True))
        waiting = asyncio.ensure_future(anext(unending, None))
        await asyncio.wait([waiting], timeout=0.02)
        assert not waiting.done()
        book.close()
        assert await waiting is None

    asyncio.run(run())


def test_the_tail_of_an_app_that_is_destroyed_ends() -> None:
    async def scenario(one: Town) -> None:
        await one.post("/apps", {"name": "quay"})
        reading = asyncio.ensure_future(one.log("quay", {"tail": True}))
        await asyncio.wait([reading], timeout=0.05)
        assert not reading.done()
        await one.delete("/apps/quay")
        assert "Enable Logplex by user" in await reading

    in_town(scenario)


def test_a_reader_that_was_cut_off_goes_on_behind_its_last_event() -> None:
    async def scenario(one: Town) -> None:
        await one.deploy("billing", "next")
        made = await one.post("/apps/billing/log-sessions", {"lines": 1500})
        events = {"accept": "text/event-stream"}
        whole = (await one.api.get(made["logplex_url"], headers=events)).text
        records = whole.split("\n\n")[:-1]
        assert len(records) > 3
        last = records[1].splitlines()[0].removeprefix("id: ")
        behind = await one.api.get(made["logplex_url"], headers={**events, "last-event-id": last})
        assert behind.text.split("\n\n")[:-1][: len(records) - 2] == records[2:]
        assert (
            await one.api.get(made["logplex_url"], headers={**events, "last-event-id": "x"})
        ).text.startswith(records[0])

    in_town(scenario)


@pytest.mark.parametrize(
    "body",
    [
        {"lines": "many"},
        {"lines": True},
        {"lines": -1},
        {"lines": HISTORY + 1},
        {"tail": "yes"},
        {"dyno": 1},
        {"source": []},
        {"colour": "red"},
    ],
)
def test_a_session_that_makes_no_sense_is_refused(body: dict[str, object]) -> None:
    async def scenario(one: Town) -> None:
        answer = await one.api.post("/apps/billing/log-sessions", json=body)
        assert (answer.status_code, answer.json()["id"]) == (422, "invalid_params")

    in_town(scenario)
