"""Reads are repeated until the deadline; probes are asked as a user would."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pilothouse.domain.errors import Interrupted, Lost, Missing, NotSent, PlatformError
from pilothouse.providers.answers import BODY_LIMIT, words_of
from pilothouse.providers.http import Call, Http, HttpAsker, Reply
from tests.providers.raw_server import RawServer, serving


def read(server: RawServer, *, deadline_s: float = 3.0) -> Reply:
    client = Http("harbour", lambda: "Bearer x")
    try:
        return client.read(Call("GET", server.url), deadline_s=deadline_s)
    finally:
        client.close()


def test_a_read_goes_on_until_it_is_answered() -> None:
    with serving() as server:
        server.acts = [
            server.lose_answer,
            server.answer(503, b"<html>busy</html>"),
            server.answer(429, b"", headers="Retry-After: 0\r\n"),
            server.answer(200, b'{"broken'),
            server.answer(200, b'{"n": 7}'),
        ]
        assert read(server).decode(dict) == {"n": 7}
    assert len(server.heard) == 5


def test_a_connection_that_hangs_leaves_time_for_another() -> None:
    with serving() as server:
        server.acts = [server.hang, server.answer(200)]
        assert read(server, deadline_s=2.0).status == 200
        server.over.set()


def test_a_no_is_an_answer() -> None:
    with serving() as server:
        server.acts = [server.answer(404, b'{"errors":[{"message":"Could not find App"}]}')]
        with pytest.raises(Missing, match="Could not find App"):
            read(server)
    assert len(server.heard) == 1


def test_a_silent_platform_raises_the_last_trouble_at_the_deadline() -> None:
    with serving("lose_answer") as server:
        began = time.monotonic()
        with pytest.raises(Lost):
            read(server, deadline_s=0.5)
        assert time.monotonic() - began < 1.5
    assert len(server.heard) > 1


def test_a_wait_between_two_reads_can_be_cut_short() -> None:
    def wait(_seconds: float) -> None:
        raise Interrupted("A person asked to stop.")

    client = Http("harbour", lambda: "Bearer x")
    with serving("lose_answer") as server, pytest.raises(Interrupted):
        client.read(Call("GET", server.url), deadline_s=5.0, wait=wait)
    client.close()


def test_reads_share_a_connection_and_survive_its_end() -> None:
    with serving() as server:
        server.acts = [server.answer(200, stay=True)]
        client = Http("harbour", lambda: "Bearer x")
        for _ in range(3):
            client.read(Call("GET", server.url), deadline_s=2.0)
        client.close()
    assert server.connections == 1
    assert len(server.heard) == 3


def test_a_compressed_body_is_read() -> None:
    with serving() as server:
        body = gzip.compress(b'{"n": 1}')
        server.acts = [server.answer(200, body, headers="Content-Encoding: gzip\r\n")]
        assert read(server).decode(dict) == {"n": 1}


def test_a_body_beyond_the_cap_is_refused_at_once() -> None:
    with serving() as server:
        server.acts = [server.answer(200, b'"' + b"a" * BODY_LIMIT + b'"')]
        with pytest.raises(Lost, match="more than 8 MiB"):
            read(server)
    assert len(server.heard) == 1


def test_a_small_body_that_unpacks_beyond_the_cap_is_refused() -> None:
    with serving() as server:
        body = gzip.compress(b'"' + b"a" * BODY_LIMIT + b'"')
        server.acts = [server.answer(200, body, headers="Content-Encoding: gzip\r\n")]
        with pytest.raises(Lost, match="more than 8 MiB"):
            read(server)


class Scarce:
    """Rate limits that always ask for a while."""

    def reserve(self, action: str) -> float:
        return 0.25 if action == "get 3f19" else 0.0


def test_the_platforms_limits_are_kept_before_they_are_hit() -> None:
    waited: list[float] = []
    client = Http("harbour", lambda: "Bearer x", limits=Scarce())
    with serving() as server:
        server.acts = [server.answer(200)]
        call = Call("GET", server.url, action="get 3f19")
        client.read(call, deadline_s=2.0, wait=waited.append)
    client.close()
    assert waited == [0.25]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": "e", "message": "m"}', "m"),
        (b'{"error": "e"}', "e"),
        (b'{"detail": "d"}', "d"),
        (b'{"errors": [{"message": "first"}]}', "first"),
        (b"<html>Bad gateway</html>", ""),
        (b"plain  words\n", "plain words"),
        (b"", ""),
        (b'"text"', "text"),
        (b"[1, 2]", ""),
    ],
)
def test_the_platforms_own_words_are_found(body: bytes, said: str) -> None:
    assert words_of(body) == said


def test_the_asker_shows_an_answer_as_a_user_gets_it() -> None:
    with serving() as server:
        server.acts = [server.answer(500, b"x" * 100_000, headers="Fly-Machine-Id: 3f19\r\n")]
        asker = HttpAsker()
        answer = asker.ask(server.url, headers={"fly-force-instance-id": "3f19"}, timeout_s=2.0)
        asker.close()
    assert answer.status == 500
    assert answer.headers["fly-machine-id"] == "3f19"
    assert len(answer.body) == 64 * 1024
    assert 0 < answer.latency_s < 2
    assert b"fly-force-instance-id: 3f19" in server.heard[0]
    assert b"uthorization" not in server.heard[0]


def test_the_asker_follows_no_redirect() -> None:
    with serving() as server:
        server.acts = [server.answer(301, b"", headers=f"Location: {server.url}/else\r\n")]
        asker = HttpAsker()
        assert asker.ask(server.url, headers={}, timeout_s=2.0).status == 301
        asker.close()
    assert len(server.heard) == 1


def test_the_asker_gives_up_in_time() -> None:
    asker = HttpAsker()
    with serving() as server:
        server.acts = [server.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")]
        began = time.monotonic()
        with pytest.raises(PlatformError):
            asker.ask(server.url, headers={}, timeout_s=0.3)
        assert time.monotonic() - began < 1.5
    asker.close()


def test_the_asker_says_that_nobody_listens() -> None:
    asker = HttpAsker()
    with serving() as server:
        url = server.url
    with pytest.raises(NotSent):
        asker.ask(url, headers={}, timeout_s=1.0)
    asker.close()


def test_importing_the_transport_loads_no_http_library() -> None:
    code = (
        "import sys, pilothouse.providers.http; "
        "print([n for n in ('httpx', 'httpcore', 'truststore', 'ssl') if n in sys.modules])"
    )
    desktop = Path(__file__).resolve().parents[2] / "desktop"
    environment = {**os.environ, "PYTHONPATH": str(desktop)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "[]"
