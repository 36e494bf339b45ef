"""Where archives are put and fetched: sources for builds, and the archives of slugs.

An address is its own secret: whoever has it needs no token, and it does one thing only, put or
get. Behind the platform's addresses is an object store of another kind, so that refusals are XML
there and here (sources and slugs endpoints of the Platform API; the store's own reference).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response

from pilothouse.sandbox.heroku.blobs import Receipt, TooLargeError
from pilothouse.sandbox.heroku.build_state import Source
from pilothouse.sandbox.heroku.builds import SOURCE_PATH, new_key
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, only
from pilothouse.sandbox.heroku.state import Slug, new_id


async def create_source(api: Api, request: Request) -> Reply:
    """Make a place for one source archive; the old form of the endpoint names an app."""
    if "app" in request.path_params:
        api.app(request)
    only(await api.body(request))
    api.fleet.builds.drop_old_sources()
    source = Source(
        id=new_id(),
        put_key=new_key(),
        get_key=new_key(),
        created_at=api.world.pace.now(),
    )
    api.state.sources[source.id] = source
    api.world.changed()
    base = f"{api.view(request).base}{SOURCE_PATH}{source.id}"
    urls = {"get_url": f"{base}/{source.get_key}", "put_url": f"{base}/{source.put_key}"}
    return Reply({"source_blob": urls}, 201)


ENDPOINTS = (
    Endpoint("POST", "/sources", create_source, "write"),
    Endpoint("POST", "/apps/{app}/sources", create_source, "write"),
)


async def source_blob(api: Api, request: Request) -> Response:
    """Put or get the archive of a source."""
    source = api.state.sources.get(request.path_params["identity"])
    if source is None or source.is_over(api.world.pace.now()):
        return _denied("AccessDenied", "The address does not exist or has expired.")
    path = api.fleet.launcher.blobs.source(source.id)
    key = request.path_params["key"]
    if request.method == "PUT" and _opens(key, source.put_key):

        def keep(receipt: Receipt) -> None:
            source.size, source.sha256 = receipt.size, receipt.sha256

        return await _put(api, request, path, keep)
    if request.method in {"GET", "HEAD"} and _opens(key, source.get_key):
        return _get(path, present=source.sha256 is not None)
    return _denied("SignatureDoesNotMatch", "The address was not made for this method.")


async def slug_blob(api: Api, request: Request) -> Response:
    """Put or get the archive of a slug; one that has been released can only be fetched."""
    slug = api.state.slugs.get(request.path_params["identity"])
    if slug is None:
        return _denied("AccessDenied", "The address does not exist or has expired.")
    path, key = api.fleet.launcher.blobs.slug(slug.id), request.path_params["key"]
    if request.method in {"GET", "HEAD"} and _opens(key, slug.get_key):
        return _get(path, present=slug.stored is not None)
    is_open = slug.real and not _is_released(api, slug)
    if request.method != "PUT" or not is_open or not _opens(key, slug.put_key):
        return _denied("SignatureDoesNotMatch", "The address was not made for this method.")

    def keep(receipt: Receipt) -> None:
        slug.size, slug.stored = receipt.size, receipt.sha256

    return await _put(api, request, path, keep)


def _opens(given: str, key: str) -> bool:
    return bool(key) and secrets.compare_digest(given.encode(), key.encode())


def _is_released(api: Api, slug: Slug) -> bool:
    rows = (each for app in api.state.apps for each in app.releases)
    return any(each.slug_id == slug.id for each in rows)


async def _put(api: Api, request: Request, path: Path, keep: Callable[[Receipt], None]) -> Response:
    if "content-length" not in request.headers:
        return _refused(411, "MissingContentLength", "Say how long the archive is.")
    blobs = api.fleet.launcher.blobs
    try:
        receipt = await blobs.receive(request.stream(), path)
    except TooLargeError:
        return _refused(400, "EntityTooLarge", f"An archive ends at {blobs.most_bytes} bytes.")
    except ClientDisconnect:
        return Response(status_code=400)
    except OSError as wrong:
        return _refused(503, "ServiceUnavailable", f"Not written: {wrong.strerror}.")
    keep(receipt)
    api.world.changed()
    return Response(status_code=200, headers={"ETag": f'"{receipt.sha256[:32]}"'})


def _get(path: Path, *, present: bool) -> Response:
    if not present or not path.exists():
        return _refused(404, "NoSuchKey", "Nothing was put there.")
    return FileResponse(path, media_type="application/x-gzip")


def _denied(code: str, message: str) -> Response:
    return _refused(403, code, message)


def _refused(status: int, code: str, message: str) -> Response:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>\n"
    return Response(body, status, media_type="application/xml")
