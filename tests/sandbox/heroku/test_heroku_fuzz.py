"""Whatever is sent to the practice Heroku, it answers in form: JSON with an id and a message.

One town serves all examples. The requests are drawn towards what exists, so that most reach an
endpoint; an answer of 500 or above would be a fault of the sandbox itself.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pilothouse.sandbox import state
from pilothouse.sandbox.heroku.api import ENDPOINTS, make_app
from pilothouse.sandbox.heroku.limits import RateLimit
from tests.sandbox.heroku.published import faults
from tests.sandbox.heroku.town import BASE, Town, in_town, town

NAMES = ["billing", "billing-staging", "quay", "web", "web.1", "preboot", "84", "12", "~", "eu"]
KEYS = [
    *("name", "maintenance", "build_stack", "updates", "type", "quantity", "size", "dyno_size"),
    *("release", "slug", "description", "enabled", "scope", "expires_in", "in", "id", "app"),
    *("pipeline", "stage", "source", "targets", "user", "lines", "tail", "dyno", "source_blob"),
    *("process_types", "commit", "command", "env", "time_to_live", "buildpack", "url", "checksum"),
]
KEPT = {("DELETE", "/apps/billing"), ("DELETE", "/apps/billing-staging")}
"""What would leave little to ask for."""
# These are no part of the API: their addresses answer like other hosts of the platform.
LIVE = re.compile(r"^/(log-streams|streams|sources|slug-blobs)/")


@pytest.fixture(scope="module")
def loop() -> Iterator[tuple[asyncio.AbstractEventLoop, Town]]:
    """A town that stays open for the whole module, and the loop it lives in."""
    runner = asyncio.Runner()
    stack = AsyncExitStack()
    one = runner.run(stack.enter_async_context(town(scale=1000)))
    yield runner.get_loop(), one
    runner.run(stack.aclose())
    runner.close()


words = some.sampled_from(NAMES) | some.text(max_size=12)
values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | words,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(some.sampled_from(KEYS) | some.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
bodies = some.binary(max_size=40) | values.map(lambda value: json.dumps(value).encode())
methods = some.sampled_from(["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "TRACE"])
header_text = some.text(some.characters(min_codepoint=32, max_codepoint=126), max_size=60)
ranges = some.sampled_from(
    [
        "version ..; max=3, order=desc",
        "id ..",
        "version ]5..",
        f"version {'9' * 5000}..",
        f"id ..; max={'9' * 5000}",
        "name a..z; max=1",
    ]
)
headers = some.fixed_dictionaries(
    {},
    optional={
        "range": ranges | header_text,
        "if-match": header_text,
        "if-none-match": header_text,
        "request-id": header_text,
        "x-http-method-override": methods | header_text,
        "heroku-two-factor-code": header_text,
        "content-type": header_text,
    },
)


@some.composite
def targets(draw: some.DrawFn) -> str:
    """A path: mostly an endpoint's with its parameters filled in, sometimes anything."""
    if draw(some.integers(0, 9)) == 0:
        return "/" + draw(some.text(max_size=30))
    path = draw(some.sampled_from(ENDPOINTS)).path
    return re.sub(r"\{[^}]*\}", lambda _match: draw(words).replace("/", "_") or "x", path)


async def ask(
    one: Town, method: str, path: str, body: bytes, more: dict[str, str]
) -> httpx.Response:
    """Send a call and judge the form of what comes back."""
    answer = await one.api.request(method, quote(path), content=body, headers=more)
    verb = more.get("x-http-method-override", method) if method == "POST" else method
    assert answer.status_code < 500, answer.text
    if verb.strip().upper() == "HEAD" or answer.status_code == 304:
        assert answer.content == b""
    elif answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/json"
        assert not faults(method, path, answer.status_code, answer.json())
    else:
        answer.json()
    return answer


@settings(max_examples=250, deadline=None, derandomize=True)
@given(method=methods, path=targets(), body=bodies, more=headers)
def test_whatever_is_sent_is_answered_in_form(
    loop: tuple[asyncio.AbstractEventLoop, Town],
    method: str,
    path: str,
    body: bytes,
    more: dict[str, str],
) -> None:
    if LIVE.match(path) or (method, path) in KEPT:
        return
    runner, one = loop
    one.fleet.limit = RateLimit(time.monotonic)
    runner.run_until_complete(ask(one, method, path, body, more))
    # What was taken in can also be saved and read again.
    one.world.save()
    assert state.load(one.world.directory) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"maintenance": ' + b"[" * 5_000,
        b'{"maintenance": NaN}',
        b'{"name": "\\ud800"}',
        b"\xff\xfe",
        b"{} {}",
        b"null",
        b'"text"',
        b"7",
    ],
)
def test_a_body_that_is_no_json_object_is_a_400(body: bytes) -> None:
    async def scenario(one: Town) -> None:
        before = json.dumps(await one.get("/apps/billing"))
        answer = await one.api.patch("/apps/billing", content=body)
        assert (answer.status_code, answer.json()["id"]) == (400, "bad_request")
        assert json.dumps(await one.get("/apps/billing")) == before

    in_town(scenario)


def test_a_fault_of_the_sandbox_itself_is_told_in_form() -> None:
    async def scenario(one: Town) -> None:
        one.world.heroku.account_id = "nobody"
        transport = httpx.ASGITransport(app=make_app(one.world), raise_app_exceptions=False)
        headers = dict(one.api.headers)
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as api:
            answer = await api.get("/account")
        assert answer.status_code == 500
        assert not faults("GET", "/account", 500, answer.json())

    in_town(scenario)
