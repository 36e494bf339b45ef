"""The practice registry: the reading half of the OCI distribution protocol under `/v2`.

It serves manifests by tag and digest, and the blobs they name; as at Fly.io no call lists tags.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pilothouse.sandbox.fly.images import MANIFEST_TYPE, Reference, blob, find, manifest
from pilothouse.sandbox.fly.state import FlyState


class RegistryRoutes:
    """Handlers of the registry; tokens are checked before they are reached."""

    def __init__(self, state: FlyState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """Return the registry's routes."""
        reading = ["GET", "HEAD"]
        return [
            Route("/v2/", self.version, methods=reading),
            Route("/v2/{name:path}/manifests/{reference}", self.manifest, methods=reading),
            Route("/v2/{name:path}/blobs/{digest}", self.blob, methods=reading),
        ]

    async def version(self, request: Request) -> Response:
        """Say that the protocol is spoken here."""
        return JSONResponse({}, headers={"docker-distribution-api-version": "registry/2.0"})

    async def manifest(self, request: Request) -> Response:
        """Serve a manifest by tag or digest."""
        name, wanted = request.path_params["name"], request.path_params["reference"]
        digest = wanted if wanted.startswith("sha256:") else ""
        tag = "" if digest else wanted
        image = find(self._state, Reference("127.0.0.1", name, tag, digest))
        if image is None:
            return _unknown("MANIFEST_UNKNOWN", "manifest unknown")
        headers = {"docker-content-digest": image.digest}
        return Response(manifest(image), media_type=MANIFEST_TYPE, headers=headers)

    async def blob(self, request: Request) -> Response:
        """Serve a blob."""
        name, digest = request.path_params["name"], request.path_params["digest"]
        content = blob(self._state, name, digest)
        if content is None:
            return _unknown("BLOB_UNKNOWN", "blob unknown to registry")
        headers = {"docker-content-digest": digest}
        return Response(content, media_type="application/octet-stream", headers=headers)


def _unknown(code: str, message: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message}]}, 404)
