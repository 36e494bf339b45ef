"""The practice registry: the writing half of the OCI distribution protocol under `/v2`.

Blobs arrive whole or in pieces, or are mounted from another repository; a manifest is taken when
everything it names is here. A repository is an app of the same name (Fly.io, "Fly registry").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from pilothouse.sandbox.fly.blobs import DIGEST, BlobStore, TooLargeError, Upload
from pilothouse.sandbox.fly.doorman import registry_error
from pilothouse.sandbox.fly.http import access_of
from pilothouse.sandbox.fly.pushed import LARGEST_MANIFEST, ManifestError, take

if TYPE_CHECKING:
    from starlette.requests import Request

    from pilothouse.sandbox.state import World

_CONTENT_RANGE = re.compile(r"(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:/\S*)?")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")


class _Refusal(Exception):
    """An answer that ends a handler."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.response = registry_error(status, code, message)


Handler = Callable[["PushRoutes", "Request"], Awaitable[Response]]


def _registry(handler: Handler) -> Callable[[PushRoutes, Request], Awaitable[Response]]:
    @wraps(handler)
    async def answer(self: PushRoutes, request: Request) -> Response:
        try:
            return await handler(self, request)
        except _Refusal as refusal:
            return refusal.response
        except TooLargeError:
            return registry_error(413, "SIZE_INVALID", "the blob is too large")
        except ManifestError as wrong:
            return registry_error(400, wrong.code, str(wrong))

    return answer


class PushRoutes:
    """Handlers that write; tokens and their scopes are checked before they are reached."""

    def __init__(self, world: World, store: BlobStore) -> None:
        self._world = world
        self._store = store

    def routes(self) -> list[Route]:
        """Return the writing routes of the registry."""
        uploads = "/v2/{name:path}/blobs/uploads"
        one, manifests = uploads + "/{id}", "/v2/{name:path}/manifests/{reference}"
        return [
            Route(uploads, self.begin, methods=["POST"]),
            Route(uploads + "/", self.begin, methods=["POST"]),
            Route(one, self.progress, methods=["GET"]),
            Route(one, self.extend, methods=["PATCH"]),
            Route(one, self.finish, methods=["PUT"]),
            Route(one, self.cancel, methods=["DELETE"]),
            Route(manifests, self.put_manifest, methods=["PUT"]),
            Route(manifests, self.refuse_deletion, methods=["DELETE"]),
            Route("/v2/{name:path}/blobs/{digest}", self.refuse_deletion, methods=["DELETE"]),
        ]

    def _name(self, request: Request) -> str:
        name: str = request.path_params["name"]
        # `path` matches slashes too, and with them what is no repository at all.
        if name not in self._world.fly.apps or not access_of(request).sees(name):
            raise _Refusal(404, "NAME_UNKNOWN", "repository name not known to registry")
        return name

    def _upload(self, request: Request) -> Upload:
        upload = self._store.upload(self._name(request), request.path_params["id"])
        if upload is None:
            raise _Refusal(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        return upload

    @_registry
    async def begin(self, request: Request) -> Response:
        """Begin an upload; or take a whole blob, or one of another repository, at once."""
        name, query = self._name(request), request.query_params
        digest, source = query.get("mount", ""), query.get("from", "")
        if digest and access_of(request).sees(source) and self._store.mount(source, name, digest):
            return _created(f"/v2/{name}/blobs/{digest}", digest)
        upload = self._store.begin(name)
        if "digest" not in query:
            return _accepted(upload)
        return await self._close(upload, request)

    @_registry
    async def progress(self, request: Request) -> Response:
        """Tell how much has arrived."""
        return _accepted(self._upload(request), 204)

    @_registry
    async def extend(self, request: Request) -> Response:
        """Take the next piece."""
        upload = self._upload(request)
        named = request.headers.get("content-range")
        found = _CONTENT_RANGE.fullmatch(named) if named else None
        if named and (found is None or int(found[1]) != upload.size):
            return registry_error(
                416, "RANGE_INVALID", "the piece does not follow the last one",
                {"location": _where(upload), "range": _range(upload)},
            )  # fmt: skip
        await upload.extend(_pieces(request))
        return _accepted(upload)

    @_registry
    async def finish(self, request: Request) -> Response:
        """Take the last piece, if any, and hold the whole against its digest."""
        return await self._close(self._upload(request), request)

    async def _close(self, upload: Upload, request: Request) -> Response:
        digest = request.query_params.get("digest", "")
        if not DIGEST.fullmatch(digest):
            raise _Refusal(400, "DIGEST_INVALID", "the digest is missing or malformed")
        await upload.extend(_pieces(request))
        if upload.digest != digest:
            self._store.give_up(upload)
            raise _Refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self._store.finish(upload)
        return _created(f"/v2/{upload.repository}/blobs/{digest}", digest)

    @_registry
    async def cancel(self, request: Request) -> Response:
        """Give an upload up."""
        self._store.give_up(self._upload(request))
        return Response(status_code=204)

    @_registry
    async def put_manifest(self, request: Request) -> Response:
        """Take a manifest under a tag or its digest."""
        name, reference = self._name(request), request.path_params["reference"]
        pieces = [piece async for piece in _pieces(request, LARGEST_MANIFEST)]
        body = b"".join(pieces)
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if ":" in reference and reference != digest:
            raise _Refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        tag = "" if ":" in reference else reference
        if tag and not _TAG.fullmatch(tag):
            raise _Refusal(400, "TAG_INVALID", "manifest tag is invalid")
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        take(self._world, self._store, name, tag, body, kind)
        return _created(f"/v2/{name}/manifests/{digest}", digest)

    @_registry
    async def refuse_deletion(self, request: Request) -> Response:
        """Refuse: what was pushed stays."""
        raise _Refusal(405, "UNSUPPORTED", "the operation is unsupported")


async def _pieces(request: Request, most: int | None = None) -> AsyncIterator[bytes]:
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if most is not None and size > most:
            raise _Refusal(413, "SIZE_INVALID", f"a manifest has {most} bytes at most")
        yield piece


def _where(upload: Upload) -> str:
    return f"/v2/{upload.repository}/blobs/uploads/{upload.id}"


def _range(upload: Upload) -> str:
    return f"0-{max(0, upload.size - 1)}"


def _accepted(upload: Upload, status: int = 202) -> Response:
    headers = {
        "location": _where(upload),
        "range": _range(upload),
        "docker-upload-uuid": upload.id,
        "oci-chunk-min-length": "1",
        "content-length": "0",
    }
    if status == 204:
        del headers["content-length"]
    return Response(status_code=status, headers=headers)


def _created(location: str, digest: str) -> Response:
    return Response(
        status_code=201, headers={"location": location, "docker-content-digest": digest}
    )
