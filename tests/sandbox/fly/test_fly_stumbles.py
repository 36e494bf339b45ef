"""Whatever reaches the practice Fly.io beside its machines, it answers in form and stays up."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.sandbox.fly.quay import APP, Quay, quay

CALLS = (
    ("GET", "/v1/apps"),
    ("POST", "/v1/apps"),
    ("GET", "/v1/apps/{}"),
    ("DELETE", "/v1/apps/{}"),
    ("POST", f"/v1/apps/{APP}/secrets"),
    ("POST", f"/v1/apps/{APP}/secrets/{{}}"),
    ("DELETE", f"/v1/apps/{APP}/secrets/{{}}"),
    ("POST", f"/v1/apps/{APP}/ip_assignments"),
    ("POST", f"/v1/apps/{APP}/certificates/acme"),
    ("POST", f"/v1/apps/{APP}/certificates/{{}}/check"),
    ("POST", f"/v1/apps/{APP}/deploy_token"),
    ("POST", "/v1/tokens/authenticate"),
    ("POST", "/v1/tokens/authorize"),
    ("POST", "/v1/platform/placements"),
    ("GET", "/v1/orgs/personal/machines"),
    ("GET", "/v1/orgs/personal/volumes"),
    ("GET", f"/api/v1/apps/{APP}/releases"),
    ("GET", f"/api/v1/apps/{APP}/logs"),
    ("POST", "/api/v1/releases"),
    ("PATCH", "/api/v1/releases/{}"),
    ("POST", "/api/v1/builds"),
    ("POST", "/api/v1/builds/finish"),
    ("POST", "/api/v1/cli_sessions"),
    ("POST", "/api/v1/cli_sessions/{}/redeem"),
    ("POST", "/graphql"),
    ("GET", "/prometheus/personal/api/v1/query"),
    ("POST", "/prometheus/personal/api/v1/query_range"),
    ("POST", f"/v2/{APP}/blobs/uploads/"),
    ("PATCH", f"/v2/{APP}/blobs/uploads/{{}}"),
    ("PUT", f"/v2/{APP}/manifests/{{}}"),
    ("GET", f"/v2/{APP}/blobs/{{}}"),
    ("GET", "/v2/{}/manifests/{}"),
    ("GET", "/{}"),
)
NAMES = (
    "name", "app_name", "org_slug", "network", "idempotency_key", "values", "value", "type",
    "region", "hostname", "expiry", "header", "access", "count", "image", "strategy", "definition",
    "status", "metadata", "build_id", "code", "code_verifier", "redirect_port", "query",
    "variables", "operationName", "min_version", "limit", "cursor", "next_token", "updated_after",
    "start", "end", "step", "time", "digest", "mount", "from",
)  # fmt: skip
WORDS = st.sampled_from(
    ("personal", "harbour-works", APP, "", "null", "24h", "ROLLING", "complete", "v4", "-1", "1e9",
     "{ viewer { email } }", "{ app(name: 1) { id } }", "sum(a)", "\x00", "\u2028", "%00", "../..")
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5)
REQUESTS = st.tuples(
    st.sampled_from(CALLS),
    WORDS | st.text(min_size=1, max_size=20),
    (BODIES | VALUES).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60),
    st.dictionaries(st.sampled_from(NAMES), WORDS | st.text(max_size=12), max_size=3),
)
Requests = list[tuple[tuple[str, str], str, bytes, dict[str, str]]]


def in_form(answer: httpx.Response) -> None:
    """Fail unless an answer is one that the platform's API could give."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["fly-request-id"]
    assert "Traceback" not in answer.text
    if answer.status_code >= 400:
        shown = answer.json()
        assert set(shown) & {"error", "errors", "detail"}, shown


async def try_all(one: Quay, requests: Requests) -> None:
    for (method, path), word, body, query in requests:
        where = path.replace("{}", quote(word, safe=""))
        content = body if method not in ("GET", "DELETE") else None
        in_form(await one.api.request(method, where, content=content, params=query))
    one.world.save()
    assert (await one.api.get("/v1/apps?org_slug=personal")).status_code == 200


# To make a failing example smaller would open a practice cloud hundreds of times.
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(REQUESTS, min_size=40, max_size=60))
def test_no_request_makes_it_stumble(requests: Requests) -> None:
    async def scenario() -> None:
        async with quay() as one:
            one.world.addresses["fly"] = "http://127.0.0.1:5051"
            await try_all(one, requests)

    asyncio.run(scenario())
