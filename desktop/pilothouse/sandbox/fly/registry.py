"""The practice registry: the reading half of the OCI distribution protocol under `/v2`.

It serves manifests by tag and digest, and the blobs they name; as at Fly.io no call lists tags.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from pilothouse.sandbox.fly.doorman import registry_error
from pilothouse.sandbox.fly.images import MANIFEST_TYPE, Reference, blob, find, manifest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from pilothouse.sandbox.fly.blobs import BlobStore
    from pilothouse.sandbox.state import World

_PIECE_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


class RegistryRoutes:
    """Handlers that read; tokens are checked before they are reached."""

    def __init__(self, world: World, store: BlobStore) -> None:
        self._world = world
        self._state = world.fly
        self._store = store

    def routes(self) -> list[Route]:
        """Return the reading routes of the registry."""
        reading = ["GET", "HEAD"]
        return [
            Route("/v2/", self.version, methods=reading),
            Route("/v2/_catalog", self.no_list, methods=reading),
            Route("/v2/{name:path}/tags/list", self.no_list, methods=reading),
            Route("/v2/{name:path}/referrers/{digest}", self.referrers, methods=reading),
            Route("/v2/{name:path}/manifests/{reference}", self.manifest, methods=reading),
            Route("/v2/{name:path}/blobs/{digest}", self.blob, methods=reading),
        ]

    async def version(self, request: Request) -> Response:
        """Say that the protocol is spoken here."""
        return JSONResponse({}, headers={"docker-distribution-api-version": "registry/2.0"})

    async def no_list(self, request: Request) -> Response:
        """Refuse: images are only to be had by name."""
        self._world.absent(request.method, request.url.path)
        return registry_error(404, "UNSUPPORTED", "the operation is unsupported")

    async def referrers(self, request: Request) -> Response:
        """List what refers to a manifest: nothing here does."""
        kind = "application/vnd.oci.image.index.v1+json"
        return JSONResponse(
            {"schemaVersion": 2, "mediaType": kind, "manifests": []}, media_type=kind
        )

    async def manifest(self, request: Request) -> Response:
        """Serve a manifest by tag or digest."""
        name, wanted = request.path_params["name"], request.path_params["reference"]
        digest = wanted if wanted.startswith("sha256:") else ""
        tag = "" if digest else wanted
        image = find(self._state, Reference("127.0.0.1", name, tag, digest))
        if image is None:
            return registry_error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        headers = {"docker-content-digest": image.digest, "etag": f'"{image.digest}"'}
        kind = image.media_type or MANIFEST_TYPE
        return Response(manifest(image), media_type=kind, headers=headers)

    async def blob(self, request: Request) -> Response:
        """Serve a blob, or the part of it that a range asks for."""
        name, digest = request.path_params["name"], request.path_params["digest"]
        made_up = blob(self._state, name, digest)
        stored = self._store.find(name, digest)
        if made_up is None and stored is None:
            return registry_error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        size = stored.stat().st_size if stored else len(made_up or b"")
        first, last, partial = _range(request.headers.get("range"), size)
        headers = {
            "docker-content-digest": digest,
            "etag": f'"{digest}"',
            "accept-ranges": "bytes",
            "content-type": "application/octet-stream",
        }
        if partial and first >= size:
            headers = {"content-range": f"bytes */{size}"}
            return registry_error(416, "RANGE_INVALID", "the range is beyond the blob", headers)
        headers["content-length"] = str(last - first + 1)
        if partial:
            headers["content-range"] = f"bytes {first}-{last}/{size}"
        status = 206 if partial else 200
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers)
        if stored is None:
            return Response((made_up or b"")[first : last + 1], status, headers=headers)
        return StreamingResponse(_pieces(stored, first, last), status, headers=headers)


def _range(header: str | None, size: int) -> tuple[int, int, bool]:
    """Return first byte, last byte, and whether it is a part; what is no range is the whole."""
    found = _RANGE.fullmatch(header or "")
    if found is None:
        return 0, size - 1, False
    first, last = int(found[1]), int(found[2] or size - 1)
    if last < first < size:
        return 0, size - 1, False
    return first, min(last, size - 1), True


async def _pieces(path: Path, first: int, last: int) -> AsyncIterator[bytes]:
    left = last - first + 1
    with path.open("rb") as file:
        file.seek(first)
        while left > 0 and (piece := file.read(min(_PIECE_BYTES, left))):
            left -= len(piece)
            yield piece
