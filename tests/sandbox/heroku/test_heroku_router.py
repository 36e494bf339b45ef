"""The practice Heroku's router: one log line a request, its error codes, what dynos are told."""

from __future__ import annotations

import re
from functools import partial

import httpx
import pytest

from pilothouse.sandbox.edge import Backend, Manners
from pilothouse.sandbox.heroku.router import Router
from pilothouse.sandbox.heroku.router_pages import DESCRIPTIONS, error_page
from pilothouse.sandbox.heroku.state import HerokuApp
from pilothouse.sandbox.pace import Pace
from tests.sandbox.heroku.town import Town, in_town
from tests.sandbox.raw import GET, OK, Reader, Script, Stage, Writer, echo_heads, ok, stage
from tests.waiting import until_async

LINE = re.compile(
    r'at=(?P<at>info|error)( code=(?P<code>H\d\d) desc="(?P<desc>[^"]+)")? method=(?P<method>\w+) '
    r'path="(?P<path>[^"]*)" host=(?P<host>\S*) request_id=(?P<id>\S*) fwd="(?P<fwd>[^"]*)" '
    r"(sock=(?P<sock>\w+) )?dyno=(?P<dyno>\S*) connect=(?P<connect>\d+ms|) "
    r"service=(?P<service>\d+ms|) status=(?P<status>\d+) bytes=(?P<bytes>\d*) protocol=http "
    r"tls=false"
)
Parts = dict[str, str | None]
LONG = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this"


def parts(line: str) -> Parts:
    """The fields of a router line, which must have the platform's form."""
    found = LINE.fullmatch(line)
    assert found is not None, line
    return found.groupdict()


async def written(one: Town, app: str, count: int) -> list[Parts]:
    """What the router wrote of an app, once it wrote so many lines."""

    async def look() -> list[str]:
        log = await one.log(app, {"dyno": "router", "lines": 1500})
        lines = [each.partition("heroku[router]: ")[2] for each in log.splitlines()]
        return lines if len(lines) >= count else []

    return [parts(each) for each in await until_async(look, f"{count} router lines")]


def test_every_request_leaves_a_line() -> None:
    async def scenario(one: Town) -> None:
        url = one.fleet.edge_url("heroku:billing")
        assert url is not None
        for path in ("/", "/healthz?deep=1", "/nowhere"):
            await one.visit("billing", path)
        await one.web.post(url, content=b"x" * 1000)
        lines = await written(one, "billing", 4)
        assert [each["path"] for each in lines] == ["/", "/healthz?deep=1", "/nowhere", "/"]
        assert [each["status"] for each in lines][:3] == ["200", "200", "404"]
        assert [each["method"] for each in lines] == ["GET"] * 3 + ["POST"]
        for each in lines:
            assert each["at"] == "info"
            assert each["dyno"] in {"web.1", "web.2"}
            assert each["host"] == httpx.URL(url).netloc.decode()
            assert each["fwd"] == "127.0.0.1"
            assert each["connect"]
            assert each["service"]
            assert int(each["bytes"] or 0) > 0
        assert len({each["id"] for each in lines}) == 4

    in_town(scenario)


def test_the_router_says_why_it_answered_by_itself() -> None:
    async def scenario(one: Town) -> None:
        async def refused(app: str, code: str) -> None:
            before = len((await one.log(app, {"dyno": "router", "lines": 1500})).splitlines())
            answer = await one.visit(app)
            assert answer.status_code == (502 if code == "H81" else 503)
            assert answer.headers["content-type"].startswith("text/html")
            assert answer.headers["server"] == "Heroku"
            assert answer.text.startswith("<!DOCTYPE html>")
            line = (await written(one, app, before + 1))[-1]
            assert (line["at"], line["code"], line["desc"]) == ("error", code, DESCRIPTIONS[code])
            assert (line["dyno"], line["connect"], line["service"]) == ("", "", "")
            assert line["status"] == str(answer.status_code)

        await one.patch("/apps/billing", {"maintenance": True})
        await refused("billing", "H80")
        await one.patch("/apps/billing", {"maintenance": False})
        await one.fleet.act({"app": "heroku:billing", "do": "platform-error", "on": True})
        await refused("billing", "H99")
        await one.fleet.act({"app": "heroku:billing", "do": "platform-error", "on": False})
        assert (await one.visit("billing")).status_code == 200
        await one.patch("/apps/billing-staging/formation/web", {"quantity": 0})
        await refused("billing-staging", "H14")
        await one.deploy("billing", "crash")
        await one.until_states("billing", "crashed", "crashed")
        await refused("billing", "H10")
        await one.post("/apps", {"name": "quay"})
        await refused("quay", "H81")

    in_town(scenario)


def test_a_request_that_no_dyno_came_up_for_in_time_is_an_h20() -> None:
    async def scenario(one: Town) -> None:
        app = one.app("billing")
        one.fleet.crew(app).processes.retire(app.dynos)
        for each in app.dynos:
            each.state = "starting"
        assert (await one.visit("billing")).status_code == 503
        assert (await written(one, "billing", 1))[0]["code"] == "H20"

    in_town(scenario, scale=1000)


def router(lines: list[str], *, first_byte_s: float = 30.0) -> Router:
    """A router of its own, whose dynos nobody asks for."""
    now = Pace(1).now()
    app = HerokuApp("id", "shop", "owner", now, now, [], [], first_byte_s=first_byte_s)
    return Router(app, Pace(1), list, lines.append)


async def told(opened: Stage, lines: list[str], judge: Router) -> Parts:
    """The line about the exchange that ended last."""
    judge.notice(await opened.until_told())
    return parts(lines[-1])


async def silent(reader: Reader, _writer: Writer) -> None:
    """A script: take the request and never answer."""
    await reader.read()


async def deaf(reader: Reader, _writer: Writer) -> None:
    """A script: take the request and hang up."""
    await reader.readuntil(b"\r\n\r\n")


async def half(reader: Reader, writer: Writer, *, answer: bytes = LONG) -> None:
    """A script: begin an answer and hang up."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(answer)
    await writer.drain()


@pytest.mark.parametrize(
    ("script", "code", "status", "seen"),
    [(silent, "H12", "503", 503), (deaf, "H13", "503", 503), (half, "H18", "503", 200)],
)
def test_what_dynos_do_to_a_request_has_its_code(
    script: Script, code: str, status: str, seen: int
) -> None:
    async def scenario(_one: Town) -> None:
        lines: list[str] = []
        judge = router(lines, first_byte_s=0.1)
        async with stage(script, judge.manners()) as opened:
            dial = await opened.dial()
            await dial.ask(GET)
            assert int((await dial.head()).split(b" ")[1]) == seen
            line = await told(opened, lines, judge)
        assert (line["code"], line["status"], line["desc"]) == (code, status, DESCRIPTIONS[code])
        assert line["connect"]
        assert line["service"]
        assert line["sock"] == ("backend" if code == "H18" else None)

    in_town(scenario)


def test_a_client_that_leaves_is_an_h27() -> None:
    async def scenario(_one: Town) -> None:
        lines: list[str] = []
        judge = router(lines)
        async with stage(silent, judge.manners()) as opened:
            dial = await opened.dial()
            await dial.ask(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")

            async def asked() -> bool:
                return opened.edge.in_flight("raw") > 0

            await until_async(asked, "the request is under way")
            dial.writer.close()
            line = await told(opened, lines, judge)
        assert (line["code"], line["status"], line["sock"]) == ("H27", "499", "client")

    in_town(scenario)


def test_nobody_listening_is_an_h21() -> None:
    async def scenario(_one: Town) -> None:
        lines: list[str] = []
        judge = router(lines)
        async with stage(ok, judge.manners()) as opened:
            opened.switch.route = Backend("raw", 1)
            dial = await opened.dial()
            await dial.ask(GET)
            assert (await dial.answer())[0] == 503
            assert (await told(opened, lines, judge))["code"] == "H21"

    in_town(scenario)


def heads(raw: bytes) -> dict[str, str]:
    """The headers of a request as an instance saw it."""
    lines = raw.decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a-request-id-of-the-client-0001", True),
        ("short", False),
        ("has a blank in the middle of it all", False),
    ],
)
def test_a_dyno_is_told_who_asks_and_how(sent: str, kept: bool) -> None:
    async def scenario(_one: Town) -> None:
        async with stage(echo_heads, router([]).manners()) as opened:
            dial = await opened.dial()
            more = f"x-request-id: {sent}\r\nx-forwarded-for: 192.0.2.7\r\nvia: 1.1 their-proxy"
            await dial.ask(f"GET / HTTP/1.1\r\nhost: shop.example:8080\r\n{more}\r\n\r\n".encode())
            _, body = await dial.answer()
        seen = heads(body)
        assert (seen["x-request-id"] == sent) is kept
        assert len(seen["x-request-id"]) >= 20
        assert seen["x-forwarded-for"] == "192.0.2.7, 127.0.0.1"
        assert (seen["x-forwarded-proto"], seen["x-forwarded-port"]) == ("http", "8080")
        assert abs(int(seen["x-request-start"]) / 1000 - Pace(1).now().timestamp()) < 60
        assert seen["via"] == "1.1 their-proxy, 1.1 heroku-router"

    in_town(scenario)


def test_an_answer_passes_with_the_routers_mark_and_its_own_server() -> None:
    async def scenario(_one: Town) -> None:
        named = OK.replace(b"content-length", b"server: gunicorn\r\ncontent-length")
        for answer, server in ((OK, "Heroku"), (named, "gunicorn")):
            script = partial(half, answer=answer)
            async with stage(script, router([]).manners()) as opened:
                dial = await opened.dial()
                await dial.ask(GET)
                seen = heads(await dial.head())
            assert (seen["server"], seen["via"]) == (server, "1.1 heroku-router")

    in_town(scenario)


def test_every_code_has_a_page_with_words() -> None:
    for code in DESCRIPTIONS:
        page = error_page(code)
        assert page.code == code
        assert b"<h1>" in page.body
    assert isinstance(router([]).manners(), Manners)
