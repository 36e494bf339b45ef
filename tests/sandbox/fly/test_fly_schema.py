"""The shapes of the practice Machines API's answers, held against the published OpenAPI file.

The file is not part of the project; where it is not there, these tests say so and skip.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox_process import SandboxProcess

SCHEMA = Path(__file__).parents[4] / "shared" / "reference" / "fly-machines-openapi.json"
APP = "harbor-web"
Json = dict[str, Any]
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}
# Leases really come in an envelope, and apps with an address and a role (flyctl's source).
ENVELOPED = re.compile(r"/lease$")
MORE_THAN_WRITTEN = {"cname_target", "app_role", "version", "app_name", "force_instance_key"}

pytestmark = pytest.mark.skipif(
    not SCHEMA.exists(), reason="the platform's published schema is not on this machine"
)


class OpenApi:
    """Just enough of OpenAPI 3 to check an answer."""

    def __init__(self) -> None:
        self.root: Json = json.loads(SCHEMA.read_text("utf-8"))
        self.paths = [
            (re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", path) + "$"), calls)
            for path, calls in self.root["paths"].items()
        ]

    def check(self, answer: httpx.Response) -> None:
        """Fail unless the call, its status and every field of the answer are as published."""
        path, method = answer.request.url.path, answer.request.method.lower()
        calls = [calls[method] for known, calls in self.paths if known.match(path)]
        assert calls, f"{method} {path} is not published"
        expected = calls[0]["responses"].get(str(answer.status_code))
        assert expected is not None, f"{method} {path} answered {answer.status_code}"
        content = expected.get("content", {}).get("application/json")
        if content is not None:
            value = answer.json()
            if ENVELOPED.search(path):
                value = value["data"]
            assert list(self.faults(value, content["schema"], path)) == []

    def faults(self, value: object, schema: Json, at: str) -> Iterator[str]:
        """Name every place where a value is not what its schema says."""
        while "$ref" in schema:
            schema = self.root["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if value is None:
            return
        kind = schema.get("type")
        if kind is None:
            return
        if at.endswith(".autostop") and isinstance(value, bool):
            return  # written as false, true or "suspend" (fly-go's source)
        if not isinstance(value, TYPES[kind]) or (kind == "integer" and value is True):
            yield f"{at} is no {kind}: {value!r}"
        elif "enum" in schema and value not in schema["enum"]:
            yield f"{at} is none of {schema['enum']}: {value!r}"
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.faults(item, schema.get("items", {}), f"{at}[{index}]")
        elif isinstance(value, dict) and "properties" in schema:
            yield from self._fields(value, schema, at)

    def _fields(self, value: Json, schema: Json, at: str) -> Iterator[str]:
        for name, item in value.items():
            if name in schema["properties"]:
                yield from self.faults(item, schema["properties"][name], f"{at}.{name}")
            elif name not in MORE_THAN_WRITTEN:
                yield f"{at}.{name} is not published"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("schema")) as running:
        running.control.act(f"fly:{APP}", "limits", on=False)
        yield running


def test_what_is_read_has_the_published_shape(sandbox: SandboxProcess) -> None:
    api, app = OpenApi(), f"/v1/apps/{APP}"
    machine = f"{app}/machines/{sandbox.machines(APP)[0]['id']}"
    for path in (
        "/v1/apps?org_slug=harbour-works",
        app,
        f"{app}/machines?include_leases=true",
        f"{app}/machines?summary=true",
        machine,
        f"{machine}/events",
        f"{machine}/versions",
        f"{machine}/metadata",
        f"{machine}/metadata/fly_process_group",
        f"{machine}/ps",
        f"{machine}/wait?state=started",
        f"{app}/secrets",
        f"{app}/volumes",
        f"{app}/ip_assignments",
        "/v1/orgs/harbour-works/machines",
        "/v1/platform/regions",
        "/v1/tokens/current",
    ):
        answer = sandbox.fly.get(path)
        assert answer.status_code == 200, path
        api.check(answer)


def test_what_is_written_answers_in_the_published_shape(sandbox: SandboxProcess) -> None:
    api, app = OpenApi(), f"/v1/apps/{APP}"
    config = sandbox.machines(APP)[0]["config"]
    wish = {"config": config, "lease_ttl": 60, "skip_launch": True}
    made = sandbox.fly.post(f"{app}/machines", json=wish)
    api.check(made)
    machine = f"{app}/machines/{made.json()['id']}"
    mine = {"fly-machine-lease-nonce": made.json()["nonce"]}
    api.check(sandbox.fly.get(f"{machine}/wait?state=stopped"))
    api.check(sandbox.fly.post(f"{machine}/lease", json={"ttl": 30}, headers=mine))
    api.check(sandbox.fly.get(f"{machine}/lease"))
    api.check(sandbox.fly.post(machine, json={"config": config}))
    update = {"config": config, "current_version": made.json()["version"]}
    updated = sandbox.fly.post(machine, json=update, headers=mine)
    api.check(updated)
    api.check(sandbox.fly.post(machine, json=update, headers=mine))
    version = updated.json()["version"]
    api.check(sandbox.fly.get(f"{machine}/wait?state=started&version={version}"))
    for verb in ("cordon", "uncordon", "restart", "suspend", "start", "stop"):
        answer = sandbox.fly.post(f"{machine}/{verb}", headers=mine)
        assert answer.status_code == 200, answer.text
        api.check(answer)
        sandbox.fly.get(f"{machine}/wait?state=settled&timeout=5")
    api.check(sandbox.fly.patch(f"{machine}/metadata", json={"metadata": {"a": "b"}}))
    api.check(sandbox.fly.put(f"{machine}/metadata", json={"metadata": {}, "machine_version": "x"}))
    api.check(sandbox.fly.delete(f"{machine}/lease", headers=mine))
    api.check(sandbox.fly.delete(f"{machine}?force=true"))
    api.check(sandbox.fly.post(f"{app}/secrets", json={"values": {"A": "b"}}))
    api.check(sandbox.fly.post(f"{app}/secrets/B", json={"value": "c"}))
    api.check(sandbox.fly.delete(f"{app}/secrets/B"))
    api.check(sandbox.fly.post("/v1/apps", json={"name": "other", "org_slug": "harbour-works"}))
    api.check(sandbox.fly.post("/v1/apps", json={"name": "other", "org_slug": "harbour-works"}))
    api.check(sandbox.fly.delete("/v1/apps/other"))
