"""Anything at all, sent to the practice Machines API: it always answers in its own form."""

from __future__ import annotations

import asyncio
import json

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.fly.quay import APP, Quay, Row, quay

PATHS = (
    "",
    "/start",
    "/stop",
    "/restart",
    "/signal",
    "/lease",
    "/metadata",
    "/metadata/a",
    "/exec",
    "/memory",
    "/memory/reclaim",
    "/wait",
    "/events",
)
KEYS = st.sampled_from(
    ("config", "image", "services", "checks", "guest", "metadata", "mounts", "ttl", "init", "cmd")
) | st.sampled_from(("signal", "timeout", "command", "name", "region", "value", "limit_mb"))
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


WISHES = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
        "path": st.sampled_from(PATHS) | st.just("create") | st.just("volumes"),
        "body": ANYTHING,
        "wrap": st.booleans(),
        "query": st.dictionaries(
            st.sampled_from(["limit", "cursor", "ttl", "timeout", "version", "kill"]),
            st.text(max_size=6),
            max_size=2,
        ),
    }
)


async def send(one: Quay, machine: Row, wish: Row) -> httpx.Response:
    """Send one wish; a wrapped body is a configuration with an image, so that more gets through."""
    body, query = wish["body"], wish["query"]
    if wish["wrap"] and isinstance(body, dict):
        body = {"config": {"image": f"registry.fly.io/{APP}:next"} | body}
    places = {"create": "/machines", "volumes": "/volumes"}
    path = places.get(wish["path"], f"/machines/{machine['id']}{wish['path']}")
    if wish["path"] == "/wait":
        query = query | {"timeout": "0"}
    content = json.dumps(body).encode()
    url = f"/v1/apps/{APP}{path}"
    return await one.api.request(wish["method"], url, params=query, content=content)


def test_nothing_a_client_sends_breaks_the_api() -> None:
    with asyncio.Runner() as runner:
        context = quay(scale=50.0)
        one = runner.run(context.__aenter__())
        machine = runner.run(one.first())
        broken: list[object] = []
        runner.get_loop().set_exception_handler(lambda _loop, context: broken.append(context))

        @settings(
            max_examples=150,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(WISHES)
        def fuzz(wish: Row) -> None:
            answer = runner.run(send(one, machine, wish))
            assert answer.status_code < 500, answer.text
            if answer.status_code >= 400:
                assert answer.json()["error"]

        try:
            fuzz()
        finally:
            runner.run(context.__aexit__(None, None, None))
        assert broken == [], "nor anything that the platform does afterwards"
