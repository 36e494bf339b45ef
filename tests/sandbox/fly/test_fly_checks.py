"""Health checks of practice machines: what they ask, what counts as good, what they gate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from pilothouse.sandbox.fly.checks import planned
from pilothouse.sandbox.fly.durations import duration
from pilothouse.sandbox.fly.probes import Question, ask, verdict
from tests.sandbox.fly.quay import Quay, Row, at_quay
from tests.waiting import until_async

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def app(answer: Answer, heard: list[bytes]) -> AsyncIterator[int]:
    """A server that notes what it is asked and answers as it is told."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        try:
            await answer(writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def asked(reply: bytes, question: Question = Question(), timeout_s: float = 2.0) -> tuple[str, str]:  # noqa: B008
    """The verdict of one question to an app that answers `reply`, and what it heard."""
    heard: list[bytes] = []

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        await (writer.drain() if reply else asyncio.Event().wait())

    async def run() -> int | str:
        async with app(answer, heard) as port:
            return await ask(port, question, timeout_s=timeout_s)

    status, _ = verdict(asyncio.run(run()))
    return status, b"".join(heard).decode()


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (200, "passing"),
        (204, "passing"),
        (299, "passing"),
        (301, "critical"),
        (302, "critical"),
        (404, "critical"),
        (429, "warning"),
        (500, "critical"),
        (503, "critical"),
    ],
)
def test_only_2xx_passes(code: int, status: str) -> None:
    reply = f"HTTP/1.1 {code} Something\r\ncontent-length: 0\r\n\r\n".encode()
    assert asked(reply)[0] == status


@pytest.mark.parametrize("reply", [b"not http\r\n\r\n", b"HTTP/1.1 x\r\n\r\n", b"HTTP/1.1 200"])
def test_what_is_no_answer_is_critical(reply: bytes) -> None:
    assert asked(reply)[0] == "critical"


def test_an_app_that_is_silent_or_not_there_is_critical() -> None:
    assert asked(b"", timeout_s=0.2)[0] == "critical"
    assert verdict(asyncio.run(ask(1, Question(), timeout_s=2.0)))[0] == "critical"
    encrypted = asyncio.run(ask(1, Question(encrypted=True), timeout_s=2.0))
    assert "TLS" in verdict(encrypted)[1]


def test_a_check_asks_as_it_is_configured() -> None:
    headers = [{"name": "X-Check", "values": ["one", "two"]}]
    check = {"type": "http", "method": "head", "path": "/live?deep=1", "headers": headers}
    service = {"internal_port": 9000, "checks": [{"type": "tcp"}, check | {"interval": "1m30s"}]}
    plans = planned({"services": [service], "checks": {"own": check | {"kind": "readiness"}}})
    names = ["servicecheck-00-tcp-9000", "servicecheck-01-http-9000", "own"]
    assert [plan.name for plan in plans] == names
    assert [plan.gates for plan in plans] == [True, True, True]
    assert plans[1].interval_s == 90.0
    status, heard = asked(b"HTTP/1.1 200 OK\r\n\r\n", plans[1].question)
    assert status == "passing"
    assert heard.startswith("HEAD /live?deep=1 HTTP/1.1\r\n")
    assert "X-Check: one\r\nX-Check: two\r\n" in heard


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15s", 15.0),
        ("1m30s", 90.0),
        ("1.5h", 5400.0),
        ("250ms", 0.25),
        ("0", 0.0),
        (2_000_000_000, 2.0),
        ("15", None),
        ("", None),
        ("s", None),
        ("-1s", None),
        ("1s ", None),
        (True, None),
        (None, None),
    ],
)
def test_durations_are_read_as_go_does(text: object, seconds: float | None) -> None:
    assert duration(text) == pytest.approx(seconds) if seconds else duration(text) == seconds


def with_checks(kind: str, path: str) -> Row:
    check = {"type": "http", "port": 8080, "interval": "10s", "timeout": "2s", "path": path}
    return {"checks": {"deep": check | {"kind": kind}}}


def test_a_top_level_check_keeps_traffic_away_only_when_it_is_about_readiness() -> None:
    async def scenario(one: Quay) -> None:
        told = await one.upgrade(await one.first(), with_checks("informational", "/nowhere"))

        async def shown(machine: Row) -> dict[str, str]:
            checks = (await one.show(machine))["checks"]
            return {check["name"]: check["output"] for check in checks}

        async def failed() -> bool:
            return (await shown(told)).get("deep") == "404"

        await until_async(failed, "the failing check")
        pin = {"fly-force-instance-id": told["id"]}
        assert (await one.visit(**pin)).status_code == 200
        gated = await one.create(with_checks("readiness", "/nowhere"))

        async def gone() -> bool:
            return (await shown(gated)).get("deep") == "404"

        await until_async(gone, "the failing readiness check")
        assert (await one.visit(**{"fly-force-instance-id": gated["id"]})).status_code == 503

    at_quay(scenario)


def test_results_are_empty_after_a_start_and_dated_after_it() -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        await one.order(machine, "stop")
        rested = await one.until_state(machine, "stopped")
        said = [(check["status"], check["output"]) for check in rested["checks"]]
        assert said == [("warning", "the machine hasn't started")]
        await one.order(machine, "start")
        seen: list[list[str]] = []

        async def passing() -> bool:
            checks = (await one.show(machine))["checks"]
            statuses = [check["status"] for check in checks]
            if statuses not in seen:
                seen.append(statuses)
            return statuses == ["passing"]

        await until_async(passing, "passing checks")
        assert seen == [[], ["critical"], ["passing"]]
        shown = await one.show(machine)
        started = next(e for e in shown["events"] if e["status"] == "started")
        assert shown["checks"][0]["updated_at"] > shown["created_at"]
        life = one.fleet.life("harbor-web", machine["id"])
        assert life.machine.checks[0].updated_at * 1000 >= started["timestamp"]

    at_quay(scenario, scale=20.0)


def test_several_containers_are_one_machine() -> None:
    async def scenario(one: Quay) -> None:
        image = (await one.first())["config"]["image"]
        names = ["web", "sidecar"]
        made = await one.create(
            {"image": None, "containers": [{"name": name, "image": image} for name in names]}
        )
        serving = await one.until_serving(made)
        assert serving["containers"] == [{"name": name, "state": "started"} for name in names]
        assert serving["image_ref"]["repository"] == "harbor-web"

    at_quay(scenario)
