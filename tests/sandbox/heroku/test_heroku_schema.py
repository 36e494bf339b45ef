"""The shapes of the practice Heroku's answers, held against the platform's published schema.

The schema is not part of the project; where it is not there, these tests say so and skip.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pilothouse.sandbox.heroku.api import ENDPOINTS
from tests.sandbox.heroku.town import Row, Town, in_town

SCHEMA = Path(__file__).parents[4] / "shared" / "reference" / "heroku-schema.json"
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}
# The practice apps live on loopback, not under the platform's own domain.
ELSEWHERE = {"web_url"}

pytestmark = pytest.mark.skipif(
    not SCHEMA.exists(), reason="the platform's published schema is not on this machine"
)


class Schema:
    """Just enough of JSON Schema to check what the published schema says."""

    def __init__(self) -> None:
        self.root: Row = json.loads(SCHEMA.read_text("utf-8"))

    def resource(self, name: str) -> Row:
        found: Row = self.root["definitions"][name]
        return found

    def resolve(self, node: Row) -> Row:
        while "$ref" in node:
            found: Row = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def faults(self, value: object, node: Row, at: str) -> Iterator[str]:
        node = self.resolve(node)
        if "anyOf" in node:
            if all(list(self.faults(value, each, at)) for each in node["anyOf"]):
                yield f"{at}: {value!r} is none of the choices"
            return
        kinds = node.get("type", list(TYPES))
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not any(isinstance(value, TYPES[kind]) for kind in kinds):
            yield f"{at}: {value!r} is no {kinds}"
        if "enum" in node and value not in node["enum"]:
            yield f"{at}: {value!r} is none of {node['enum']}"
        if isinstance(value, str):
            yield from self.text_faults(value, node, at)
        if isinstance(value, dict):
            yield from self.object_faults(value, node, at)
        if isinstance(value, list) and "items" in node:
            for place, each in enumerate(value):
                yield from self.faults(each, node["items"], f"{at}[{place}]")

    def text_faults(self, value: str, node: Row, at: str) -> Iterator[str]:
        shape = {"uuid": UUID, "date-time": MOMENT}.get(node.get("format", ""))
        if shape is not None and not shape.match(value):
            yield f"{at}: {value!r} is no {node['format']}"
        pattern = node.get("pattern")
        if pattern and at.rsplit(".", 1)[-1] not in ELSEWHERE and not re.search(pattern, value):
            yield f"{at}: {value!r} does not match {pattern}"

    def object_faults(self, value: Row, node: Row, at: str) -> Iterator[str]:
        known: Row = node.get("properties", {})
        for name in set(node.get("required", [])) - set(value):
            yield f"{at}: {name} is missing"
        for name, each in value.items():
            if name in known:
                yield from self.faults(each, known[name], f"{at}.{name}")
            elif known and node.get("additionalProperties") is False:
                yield f"{at}: {name} is unknown"


CALLS = [
    ("account", "/account"),
    ("rate-limit", "/account/rate-limits"),
    ("oauth-authorization", "/oauth/authorizations"),
    ("app", "/apps"),
    ("app", "/apps/billing"),
    ("add-on", "/apps/billing/addons"),
    ("collaborator", "/apps/billing/collaborators"),
    ("release", "/apps/billing/releases"),
    ("release", "/apps/billing-staging/releases"),
    ("release", "/apps/billing/releases/84"),
    ("dyno", "/apps/billing/dynos"),
    ("formation", "/apps/billing/formation"),
    ("formation", "/apps/billing/formation/web"),
    ("app-feature", "/apps/billing/features"),
    ("pipeline", "/pipelines"),
    ("pipeline-coupling", "/apps/billing/pipeline-couplings"),
    ("pipeline-coupling", "/pipelines/billing/pipeline-couplings"),
    ("release", "/pipelines/billing/latest-releases"),
]


def check(name: str, answer: Any) -> None:
    schema = Schema()
    rows = answer if isinstance(answer, list) else [answer]
    assert rows
    found = [fault for row in rows for fault in schema.faults(row, schema.resource(name), name)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("name", "path"), CALLS)
def test_answers_have_the_published_shape(name: str, path: str) -> None:
    async def scenario(one: Town) -> None:
        check(name, (await one.api.get(path)).json())

    in_town(scenario)


def test_made_things_have_the_published_shape() -> None:
    async def scenario(one: Town) -> None:
        made = await one.deploy("billing", "release-slow")
        check("release", made)
        check("slug", await one.get(f"/apps/billing/slugs/{made['slug']['id']}"))
        check("log-session", await one.post("/apps/billing/log-sessions", {}))
        source, target = await one.get("/apps/billing-staging"), await one.get("/apps/billing")
        coupling = await one.get("/apps/billing/pipeline-couplings")
        promoted = await one.post(
            "/pipeline-promotions",
            {
                "pipeline": {"id": coupling["pipeline"]["id"]},
                "source": {"app": {"id": source["id"]}},
                "targets": [{"app": {"id": target["id"]}}],
            },
        )
        check("pipeline-promotion", promoted)
        path = f"/pipeline-promotions/{promoted['id']}/promotion-targets"
        check("pipeline-promotion-target", await one.rows(path))

    in_town(scenario)


def test_every_path_here_is_one_of_the_platforms() -> None:
    links = [
        link for each in Schema().root["definitions"].values() for link in each.get("links", [])
    ]
    known = {(link["method"], plain(link["href"])) for link in links}
    found = [(each.method, plain(each.path)) for each in ENDPOINTS]
    assert set(found) <= known, set(found) - known


def plain(path: str) -> str:
    """A path with every parameter alike."""
    return re.sub(r"\{[^}]*\}", "{}", path)
