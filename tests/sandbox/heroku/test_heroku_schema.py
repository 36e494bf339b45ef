"""Every endpoint of the practice Heroku, in every state, held against the published schema.

Nothing here names a shape: each answer is judged by the schema of its own method and path, in the
town's client (see `published`). Here every endpoint is asked, and one left out is a failure.
"""

from __future__ import annotations

import asyncio

import pytest

from pilothouse.sandbox.heroku.api import ENDPOINTS
from tests.sandbox.heroku import drive, drive_builds
from tests.sandbox.heroku.published import MISSING, SCHEMA, UNLISTED, faults, links, plain
from tests.sandbox.heroku.town import town

pytestmark = pytest.mark.skipif(not SCHEMA.exists(), reason=MISSING)


def test_every_path_here_is_one_of_the_platforms() -> None:
    found = {(each.method, plain(each.path)) for each in ENDPOINTS}
    assert found <= set(links()) | UNLISTED, found - set(links()) - UNLISTED


def test_every_endpoint_answers_in_the_published_shape_in_every_state() -> None:
    async def run() -> set[tuple[str, str]]:
        async with town(scale=400) as one:
            for part in (*drive.PARTS, *drive_builds.PARTS):
                await part(one)
            return one.driven

    driven = asyncio.run(run())
    missed = {(each.method, plain(each.path)) for each in ENDPOINTS} - driven
    assert not missed, f"never asked: {sorted(missed)}"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/account", {"id": "not-a-uuid"}),
        ("GET", "/account/rate-limits", {}),
        ("GET", "/account/rate-limits", {"remaining": "many"}),
        ("GET", "/account/rate-limits", {"remaining": 1, "more": 2}),
        ("GET", "/apps/billing/config-vars", {"A": 1}),
        ("GET", "/apps/billing/releases", [{"version": "four"}]),
        ("DELETE", "/apps/billing/dynos", {"some": "thing"}),
    ],
)
def test_the_judge_finds_what_is_wrong(method: str, path: str, body: object) -> None:
    assert faults(method, path, 200, body)


@pytest.mark.parametrize(
    "body", ["text", {}, {"id": "x", "message": ""}, {"id": "A b", "message": "m"}, []]
)
def test_the_judge_knows_the_form_of_an_error(body: object) -> None:
    assert faults("GET", "/account", 404, body)
