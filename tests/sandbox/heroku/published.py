"""The platform's published schema, as a judge of what the practice Heroku answers.

The schema is found by the method and path of a call, never named by hand. It is not part of the
project; where it is not there, `SCHEMA.exists()` is False and nothing is judged.

Its `strictProperties` mean that an object has all the properties named and no others. Unknown
properties are faults everywhere else too, but for the few named in `MORE`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from jsonschema import Draft4Validator, FormatChecker

from pilothouse.sandbox.heroku.api import ENDPOINTS

SCHEMA = Path(__file__).parents[4] / "shared" / "reference" / "heroku-schema.json"
MISSING = "the platform's published schema is not on this machine"
Node = dict[str, Any]

MORE = {
    # Two moments that a second service of the platform adds to the same paths.
    "account": {"scheduled_suspension_time", "scheduled_deletion_time"},
    "team": {"scheduled_suspension_time", "scheduled_deletion_time"},
    # Told on wish (`Accept-Expansion`), as the command line asks for it.
    "add-on/plan": {"price"},
    # Asked for by app, a coupling also names its pipeline: the command line prints it.
    "pipeline-coupling/pipeline": {"name"},
}
LESS = {
    # An account that reads no tokens of other services is told nothing of theirs.
    "oauth-authorization/access_token": {"version"},
}
# The practice apps live on loopback, not under the platform's own domain.
ELSEWHERE = frozenset({"web_url"})
# Asked by the command line; no link of the schema names it.
UNLISTED = frozenset({("PUT", "/apps/{}/pre-authorizations")})
WHOLE = 12
"""Longer lists are judged by their first and last rows alone, to keep tests quick."""

formats = FormatChecker(formats=())


@formats.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or str(UUID(value)) == value


@formats.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z").tzinfo is not None


@formats.checks("uri", raises=ValueError)
def _is_address(value: object) -> bool:
    """The schema's own example of a URI is a bare host name, so that one passes too."""
    if not isinstance(value, str):
        return True
    host = urlsplit(value if "://" in value else f"//{value}").hostname
    return bool(host) and not re.search(r"\s", value)


@formats.checks("email")
def _is_email(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"[^@\s]+@[^@\s]+", value) is not None


@formats.checks("ipv4", raises=ValueError)
def _is_ipv4(value: object) -> bool:
    return not isinstance(value, str) or ip_address(value).version == 4


def plain(path: str) -> str:
    """A path with every parameter alike; the schema spells `~` as a fixed user."""
    return re.sub(r"\{[^}]*\}", "{}", path)


@cache
def published() -> Node:
    """The schema with its strictness spelt out for a Draft 4 validator."""
    root: Node = json.loads(SCHEMA.read_text("utf-8"))
    for name, resource in root["definitions"].items():
        _tighten(resource, name)
    return root


def _tighten(node: object, at: str) -> None:
    """Spell out in a schema, and in all its parts, what may and what must be there."""
    if isinstance(node, list):
        for each in node:
            _tighten(each, at)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("properties"), dict) and "patternProperties" not in node:
        _close(node, at)
    for name in ("items", "anyOf", "allOf", "oneOf"):
        _tighten(node.get(name), at)
    for name in ("properties", "definitions"):
        for key, each in node.get(name, {}).items():
            if key in ELSEWHERE:
                each.pop("pattern", None)
            _tighten(each, f"{at}/{key}")


def _close(node: Node, at: str) -> None:
    known = node["properties"]
    more, less = MORE.get(at, set()), LESS.get(at, set())
    node["required"] = node.get("required", [])
    if node.get("strictProperties") is True:
        node["required"] = sorted(set(known) - less)
    known.update({name: {} for name in more})
    node["additionalProperties"] = False


@cache
def links() -> dict[tuple[str, str], Node | None]:
    """What each call answers, by method and plain path; None where the schema does not say."""
    found: dict[tuple[str, str], Node | None] = {}
    for resource in published()["definitions"].values():
        for link in resource.get("links", []):
            place = link["method"].upper(), plain(link["href"])
            found[place] = found.get(place) or link.get("targetSchema")
    return found


@cache
def _judge(place: tuple[str, str]) -> Draft4Validator | None:
    target = links().get(place)
    if target is None:
        return None
    schema = {**target, "definitions": published()["definitions"]}
    return Draft4Validator(schema, format_checker=formats)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # Fixed paths before those with parameters, as the API itself looks for them.
    ordered = sorted({each.path for each in ENDPOINTS}, key=lambda path: path.count("{"))
    return tuple((re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path)), path) for path in ordered)


def place_of(method: str, path: str) -> tuple[str, str] | None:
    """The endpoint that a call goes to: its method and plain path; None when it is none."""
    for pattern, template in _patterns():
        if pattern.fullmatch(path):
            named = {(each.method, each.path) for each in ENDPOINTS}
            return (method, plain(template)) if (method, template) in named else None
    return None


def faults(method: str, path: str, status: int, body: object, *, whole: bool = True) -> list[str]:
    """What the schema finds wrong with an answer; `whole` judges every row of a long list."""
    if status >= 400:
        return list(_error_faults(body))
    place = place_of(method, path)
    judge = None if place is None or place in UNLISTED else _judge(place)
    if judge is None:
        return []
    seen = body
    if isinstance(body, list) and not whole and len(body) > WHOLE:
        seen = [*body[: WHOLE // 2], *body[-WHOLE // 2 :]]
    return [
        f"{method} {path} at {'/'.join(map(str, each.absolute_path))}: {each.message}"
        for each in judge.iter_errors(seen)
    ]


def _error_faults(body: object) -> Iterator[str]:
    """The form of every refusal: an id, a message, and of the rest only what clients know."""
    if not isinstance(body, dict):
        yield f"{body!r} is no error object"
        return
    for name in ("id", "message"):
        if not isinstance(body.get(name), str) or not body[name]:
            yield f"{name} is missing in {body!r}"
    if not re.fullmatch(r"[a-z_]+", str(body.get("id"))):
        yield f"{body.get('id')!r} is no id of an error"
    strange = set(body) - {"id", "message", "url", "resource", "app"}
    if strange:
        yield f"{sorted(strange)} have no place in an error"
