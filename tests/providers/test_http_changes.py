"""A change leaves once, and only what was heard and answered is believed."""

from __future__ import annotations

import socket
import time

import pytest

from pilothouse.domain.errors import (
    AccountRefused,
    Conflict,
    Declined,
    Fenced,
    Lost,
    Missing,
    NotSent,
    RateLimited,
)
from pilothouse.providers.http import Call, Http, Reply
from tests.providers.raw_server import RawServer, serving

SECRET = "Bearer fo1_very_secret"


def http() -> Http:
    return Http("harbour", lambda: SECRET, renew="Make a new one.")


def change(
    server: RawServer, *, deadline_s: float = 1.0, lease_s: float = 15.0, body: object = None
) -> Reply:
    call = Call("POST", f"{server.url}/v1/things?key=1", json=body)
    client = http()
    try:
        return client.change(call, lease_left=lambda: lease_s, deadline_s=deadline_s)
    finally:
        client.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_change_is_sent_with_body_and_credential() -> None:
    with serving() as server:
        server.acts = [server.answer(201, b'{"ok": true}', headers="Fly-Request-Id: 01AB\r\n")]
        reply = change(server, body={"image": "next"})
    assert reply.decode(dict) == {"ok": True}
    assert reply.request_id == "01AB"
    heard = server.heard[0]
    assert heard.startswith(b"POST /v1/things?key=1 HTTP/1.1")
    assert b"Authorization: Bearer fo1_very_secret" in heard
    assert heard.endswith(b'{"image":"next"}')


def test_each_change_has_a_connection_of_its_own() -> None:
    with serving() as server:
        server.acts = [server.answer(200, stay=True)]
        client = http()
        for _ in range(3):
            call = Call("POST", server.url, json={})
            client.change(call, lease_left=lambda: 15.0, deadline_s=1.0)
        client.close()
    assert server.connections == 3


def test_nothing_is_sent_when_the_lease_ends_before_the_deadline() -> None:
    with serving("lose_answer") as server, pytest.raises(Fenced, match="was not sent"):
        change(server, deadline_s=1.0, lease_s=0.9)
    assert server.heard == []


def test_the_last_look_at_the_lease_comes_after_connecting() -> None:
    looks: list[int] = []

    def lease_left() -> float:
        looks.append(server.connections)
        return 15.0 if len(looks) == 1 else 0.0

    with serving("lose_answer") as server:
        client = http()
        with pytest.raises(Fenced):
            client.change(Call("POST", server.url, json={}), lease_left=lease_left, deadline_s=1.0)
        client.close()
    assert looks[0] == 0
    assert len(looks) == 2
    assert server.heard == []


def test_a_refused_connection_means_not_sent() -> None:
    call = Call("POST", f"http://127.0.0.1:{free_port()}/x", json={})
    with pytest.raises(NotSent, match="was not sent"):
        http().change(call, lease_left=lambda: 15.0, deadline_s=1.0)


def test_a_lost_answer_is_lost_and_sent_only_once() -> None:
    with serving("lose_answer") as server, pytest.raises(Lost, match="no answer came"):
        change(server)
    assert len(server.heard) == 1


def test_a_connection_reset_is_never_believed_once_bytes_may_have_left() -> None:
    with serving("reset_before") as server, pytest.raises((Lost, NotSent)):
        change(server)
    assert server.connections == 1


@pytest.mark.parametrize(
    "text", [b"HTTP/1.1 200 O", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"]
)
def test_a_dripping_answer_ends_at_the_deadline(text: bytes) -> None:
    with serving() as server:
        server.acts = [server.drip(text)]
        began = time.monotonic()
        with pytest.raises(Lost):
            change(server, deadline_s=0.4)
        assert time.monotonic() - began < 1.5


def test_a_hanging_server_is_lost_at_the_deadline() -> None:
    with serving("hang") as server:
        began = time.monotonic()
        with pytest.raises(Lost, match="the time was up"):
            change(server, deadline_s=0.3)
        assert time.monotonic() - began < 1.5
        server.over.set()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Declined),
        (403, Declined),
        (404, Missing),
        (409, Conflict),
        (412, Conflict),
        (422, Declined),
        (423, Conflict),
        (302, Lost),
        (408, Lost),
        (500, Lost),
        (502, Lost),
        (504, Lost),
    ],
)
def test_what_a_status_means(status: int, kind: type[Exception]) -> None:
    body = b'{"error": "aborted: lease currently held by ann"}'
    with serving() as server:
        server.acts = [server.answer(status, body, headers="Request-Id: r-7\r\n")]
        with pytest.raises(kind, match="lease currently held by ann") as caught:
            change(server)
    assert type(caught.value) is kind
    assert getattr(caught.value, "status", None) == status
    assert getattr(caught.value, "request_id", None) == "r-7"
    assert len(server.heard) == 1


def test_too_many_says_when_to_come_back() -> None:
    with serving() as server:
        server.acts = [server.answer(429, b"", headers="Retry-After: 3\r\n")]
        with pytest.raises(RateLimited) as caught:
            change(server)
    assert caught.value.retry_after_s == 3.0
    assert isinstance(caught.value, NotSent)


def test_a_refused_token_names_the_account_and_the_remedy() -> None:
    with serving() as server:
        server.acts = [server.answer(401, b'{"error": "bad token fo1_very_secret"}')]
        with pytest.raises(AccountRefused, match="harbour") as caught:
            change(server)
    assert "Make a new one." in str(caught.value)
    assert "fo1_very_secret" not in str(caught.value)


def test_a_success_that_cannot_be_read_is_lost() -> None:
    with serving() as server:
        server.acts = [server.answer(200, b'{"ok": tr')]
        with pytest.raises(Lost, match="can be read"):
            change(server)


def test_a_token_with_strange_characters_is_refused_before_anything_is_sent() -> None:
    client = Http("harbour", lambda: "Bearer fo1_se\ncret")
    with serving("lose_answer") as server:
        with pytest.raises(AccountRefused) as caught:
            client.change(Call("POST", server.url), lease_left=lambda: 15.0, deadline_s=1.0)
        client.close()
    assert "cret" not in str(caught.value)
    assert server.heard == []


def test_nothing_printed_holds_the_credential() -> None:
    call = Call("POST", "http://127.0.0.1/x", headers={"fly-machine-lease-nonce": "abc"})
    shown = repr(http()) + repr(call) + repr(Reply(200, {}, b"secret body"))
    assert "fo1_very_secret" not in shown
    assert "abc" not in shown
    assert "secret body" not in shown
