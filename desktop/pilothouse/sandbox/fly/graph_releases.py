"""Releases and images as the GraphQL executor walks them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pilothouse.sandbox.fly import images
from pilothouse.sandbox.fly.graph import user_value
from pilothouse.sandbox.fly.ids import rfc3339
from pilothouse.sandbox.fly.state import Config, FlyState, Image, Release
from pilothouse.sandbox.state import Json

_SIZE_BYTES = 48_211_904


def image_value(state: FlyState, text: str) -> Json | None:
    """Write the image that a reference names; None when it is gone."""
    image = images.find(state, images.parse(text))
    return _image_value(image) if image else None


def _image_value(image: Image) -> Json:
    size = image.size_bytes or _SIZE_BYTES
    name = f"{images.REGISTRY}/{image.repository}"
    config = json.loads(images.config_blob(image)) if not image.manifest else {}
    return {
        "absoluteRef": f"{name}@{image.digest}",
        "compressedSize": min(size, 2**31 - 1),
        "compressedSizeFull": str(size),
        "config": config,
        "configDigest": hashlib.sha256(image.digest.encode()).hexdigest(),
        "createdAt": rfc3339(image.created_at),
        "digest": image.digest,
        "id": f"img_{image.digest[7:19]}",
        "label": image.tag,
        "labels": images.labels_of(image),
        "manifest": json.loads(images.manifest(image)),
        "ref": f"{name}:{image.tag}" if image.tag else f"{name}@{image.digest}",
        "registry": images.REGISTRY,
        "repository": image.repository,
        "tag": image.tag,
    }


def image_version_value(image: Image) -> Json:
    """Write an image as image details have it."""
    return {
        "registry": images.REGISTRY,
        "repository": image.repository,
        "tag": image.tag,
        "version": "",
        "digest": image.digest,
    }


def release_value(state: FlyState, release: Release) -> Json:
    """Write a release; the same value serves both of its GraphQL types."""
    return {
        "id": release.id,
        "version": release.version,
        "status": release.status,
        "stable": release.status == "complete",
        "inProgress": release.status in ("pending", "running"),
        "description": release.description,
        "reason": release.reason,
        "user": lambda _info: user_value(state, release.user_id),
        "createdAt": rfc3339(release.created_at),
        "updatedAt": rfc3339(release.updated_at),
        "imageRef": release.image_ref,
        "image": lambda _info: image_value(state, release.image_ref),
        "deploymentStrategy": release.strategy,
        "revertedTo": None,
        "evaluationId": "",
        "config": lambda _info: config_value(release.definition),
        "configDefinition": release.definition,
        "metadata": release.metadata,
    }


def config_value(definition: Config) -> Json:
    """Write an app configuration with the services that it describes."""
    return {
        "definition": definition,
        "errors": [],
        "services": lambda _info: services(definition),
        "valid": True,
    }


def services(definition: Config) -> list[Json]:
    """Write the services of an app configuration, in either of the forms that fly.toml has."""
    found: list[Json] = []
    http = definition.get("http_service")
    if isinstance(http, dict):
        ports = [{"port": 80, "handlers": ["HTTP"]}, {"port": 443, "handlers": ["TLS", "HTTP"]}]
        found.append(_service("TCP", http.get("internal_port"), ports))
    listed = definition.get("services")
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict):
            ports = [_port(port) for port in entry.get("ports") or () if isinstance(port, dict)]
            protocol = str(entry.get("protocol", "tcp")).upper()
            found.append(_service(protocol, entry.get("internal_port"), ports))
    return found


def _service(protocol: str, port: Any, ports: list[Json]) -> Json:  # noqa: ANN401
    inner = port if isinstance(port, int) else 8080
    return {"description": "", "internalPort": inner, "ports": ports, "protocol": protocol}


def _port(port: Json) -> Json:
    number = port.get("port")
    handlers = [str(handler).upper() for handler in port.get("handlers") or ()]
    return {"port": number if isinstance(number, int) else 0, "handlers": handlers}
