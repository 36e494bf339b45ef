"""The published OpenAPI document of the Machines API as a judge of requests and answers.

The document is not part of the project; where it is not there, tests say so and skip. It calls
nothing required and nothing closed, so that `{}` would satisfy it everywhere. Here it is read more
strictly: an answer holds every published field but those that are known to be left out, and no
field that is not published but the few that the platform's own clients are known to read.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SCHEMA = Path(__file__).parents[4] / "shared" / "reference" / "fly-machines-openapi.json"
Json = dict[str, Any]
Call = tuple[str, str]

needs_document = pytest.mark.skipif(
    not SCHEMA.exists(), reason="the platform's published schema is not on this machine"
)

# Leases really come in an envelope (flyctl's source).
_ENVELOPED = re.compile(r"/lease$")
# What clients read beside the published fields (reference 3.2, 3.3, 3.5, 3.9).
_BESIDE = {
    "App": {"cname_target", "app_role"},
    "Machine": {"containers"},
    "IPAssignment": {"egress", "network"},
    "root.VerifiedToken": {"org_slug", "apps"},
}
# Fields that are not in every answer, by schema; every other one must be.
_OPTIONAL = {
    "Machine": {"nonce", "lease", "incomplete_config", "checks", "config", "events"},
    "MachineEvent": {"request"},
    "ErrorResponse": {"details", "status"},
    "AppSecret": {"value"},
    "AppSecretsUpdateResp": {"Version"},
    "SetAppSecretResponse": {"Version", "value"},
    "DeleteAppSecretResponse": {"Version"},
    "OrgMachinesResponse": {"error_regions", "next_cursor"},
    "OrgVolumesResponse": {"next_cursor"},
    "MachineOverviewConfig": {"guest", "metadata"},
    "Volume": {"blocks", "blocks_avail", "blocks_free", "block_size", "bytes_total", "bytes_used"},
    "OrgVolume": {"blocks", "blocks_avail", "blocks_free", "block_size"}
    | {"bytes_total", "bytes_used"},
    "IPAssignment": {"region", "service_name"},
    "main.regionRow": {"deprecated"},
    "flyio.Access": None,
    "CertificateEntry": {"expires_at"},
    "CertificateCheckResponse": {"rate_limited_until", "dns_provider", "validation_errors"},
    "CertificateDetail": {"rate_limited_until", "dns_provider", "validation_errors"},
    "CertificateSummary": {"dns_provider"},
    "DNSRecords": {"soa"},
}
# Null in Go is an empty map, or a configuration that the platform cannot read.
_NULLABLE = {"labels", "config", "force_instance_key", "error_regions"}


class Published:
    """Finds what is published about a call, and judges it."""

    def __init__(self) -> None:
        self.root: Json = json.loads(SCHEMA.read_text("utf-8"))
        self.driven: set[tuple[str, str, str]] = set()
        self.faults: list[str] = []
        self._answers = _Judge(self.root, answers=True)
        self._requests = _Judge(self.root, answers=False)
        templates = sorted(self.root["paths"], key=lambda path: path.count("{"))
        self._paths = [
            (re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", path) + "$"), path)
            for path in templates
        ]

    @property
    def calls(self) -> set[tuple[str, str, str]]:
        """Every published method, path and status."""
        return {
            (method.upper(), path, status)
            for path, calls in self.root["paths"].items()
            for method, call in calls.items()
            for status in call["responses"]
        }

    def template(self, path: str) -> str | None:
        """The published path that a request's path is one of."""
        return next((known for pattern, known in self._paths if pattern.match(path)), None)

    async def hear(self, answer: httpx.Response) -> None:
        """Judge an answer; for the event hooks of a client."""
        await answer.aread()
        self.judge(answer)

    def judge(self, answer: httpx.Response) -> None:
        """Note as a fault whatever of a call, its body and its answer is not as published."""
        method, path = answer.request.method, answer.request.url.path
        template = self.template(path)
        if template is None or method.lower() not in self.root["paths"][template]:
            return
        call, status = self.root["paths"][template][method.lower()], str(answer.status_code)
        where = f"{method} {template} {status}"
        if answer.is_success:
            self.sent(method, path, answer.request.content)
        published = call["responses"].get(status)
        if published is None:
            # Only errors are left out of the document, and they all have one form.
            self.faults += [] if answer.is_error else [f"{where}: not published"]
            published = _ERROR
        else:
            self.driven.add((method, template, status))
        value = answer.content
        if _ENVELOPED.search(path) and answer.is_success and _schema(published):
            value = json.dumps(answer.json()["data"]).encode()
        schema = _REALLY.get((method, template), _schema(published))
        self.faults += self._answers.faults(schema if answer.content else None, value, where)

    def sent(self, method: str, path: str, body: bytes) -> None:
        """Note as a fault whatever of a request's body is not as published."""
        template = self.template(path)
        call = self.root["paths"].get(template, {}).get(method.lower())
        if call is not None:
            where = f"{method} {template}"
            self.faults += self._requests.faults(_schema(call.get("requestBody")), body, where)


# The document names the answer of another call here (reference 1.2).
_TOKEN: Json = {"type": "object", "properties": {"token": {"type": "string"}}}
_REALLY = {
    ("POST", "/v1/apps/{app_name}/deploy_token"): _TOKEN
    | {"required": ["token"], "additionalProperties": False}
}
_ERROR = {
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}
}


def _schema(part: Json | None) -> Json | None:
    content = (part or {}).get("content", {}).get("application/json")
    return content["schema"] if content else None


class _Judge:
    """Validates against the document's schemas, made strict for answers or for requests."""

    def __init__(self, root: Json, *, answers: bool) -> None:
        schemas = {
            name: _strict(name, schema, answers=answers)
            for name, schema in root["components"]["schemas"].items()
        }
        document = {"components": {"schemas": schemas}}
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry = Registry().with_resource("urn:machines", resource)

    def faults(self, schema: Json | None, content: bytes, where: str) -> list[str]:
        if schema is None or not content:
            return []
        absolute = json.loads(
            json.dumps(schema).replace("#/components", "urn:machines#/components")
        )
        validator = Draft202012Validator(absolute, registry=self._registry)
        return [
            f"{where}: {error.json_path}: {error.message[:300]}"
            for error in validator.iter_errors(json.loads(content))
        ]


def _strict(name: str, schema: Json, *, answers: bool) -> Json:
    """Turn one OpenAPI 3.0 schema into JSON Schema, closed, and with its fields required."""
    turned: Json = _turned(schema)
    if "properties" not in turned:
        return turned
    beside: Json = {key: {} for key in _BESIDE.get(name, set())}
    turned["properties"] = turned["properties"] | beside
    turned["additionalProperties"] = False
    optional = _OPTIONAL.get(name, set())
    # A configuration is the client's own, and comes back as it was sent.
    if answers and not name.startswith("fly.") and optional is not None:
        turned["required"] = sorted(set(schema["properties"]) - optional)
    return turned


def _turned(schema: Any, at: str = "") -> Any:
    if isinstance(schema, list):
        return [_turned(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    turned = {
        key: {name: _turned(each, name) for name, each in value.items()}
        if key == "properties"
        else _turned(value)
        for key, value in schema.items()
        if key not in ("description", "example", "nullable")
        # Beside a reference the document calls everything an object, numbers too.
        and not (key == "type" and "allOf" in schema)
    }
    # "off" and "stop" are written as false and true (the field's description).
    if at == "autostop":
        return {"enum": [False, True, "off", "stop", "suspend"]}
    if schema.get("nullable") or at in _NULLABLE:
        return {"anyOf": [turned, {"type": "null"}]}
    return turned
