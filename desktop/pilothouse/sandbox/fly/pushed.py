"""What a pushed manifest says: whether all it names is here, and how the image behaves.

The sandbox runs nobody's code. A pushed image behaves as its label `pilothouse.sandbox.behaviour`
says, and as a good one without it; the other labels are kept as they are.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from pilothouse.sandbox.fly.images import (
    MANIFEST_TYPE,
    REGISTRY,
    Reference,
    blob,
    find,
    find_digest,
)
from pilothouse.sandbox.fly.state import Image
from pilothouse.sandbox.workload import Behaviour

if TYPE_CHECKING:
    from pilothouse.sandbox.fly.blobs import BlobStore
    from pilothouse.sandbox.state import Json, World

BEHAVIOUR_LABEL = "pilothouse.sandbox.behaviour"
REVISION_LABEL = "org.opencontainers.image.revision"
LARGEST_MANIFEST = 256 * 1024
_LARGEST_CONFIG = 1024 * 1024
_INDEXES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
_MANIFESTS = frozenset({MANIFEST_TYPE, "application/vnd.docker.distribution.manifest.v2+json"})
_PRACTICE = "linux"


class ManifestError(Exception):
    """A manifest that cannot be taken; `code` is one of the registry's."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class Descriptor(msgspec.Struct):
    """What a manifest names (OCI image specification, "Descriptors")."""

    digest: str
    size: int
    mediaType: str = ""
    platform: dict[str, Any] | None = None


class Manifest(msgspec.Struct):
    """A manifest, or an index of manifests."""

    mediaType: str = ""
    config: Descriptor | None = None
    layers: list[Descriptor] = msgspec.field(default_factory=list)
    manifests: list[Descriptor] | None = None


def take(
    world: World, store: BlobStore, repository: str, tag: str, body: bytes, kind: str
) -> Image:
    """Keep a manifest as an image, under a tag or none.

    Raises:
        ManifestError: it is none, or names what is not here.
    """
    try:
        manifest = msgspec.json.decode(body, type=Manifest)
        written = body.decode()
    except (msgspec.MsgspecError, ValueError, RecursionError) as wrong:
        raise ManifestError("MANIFEST_INVALID", f"the manifest is invalid: {wrong}") from None
    kind = manifest.mediaType or kind
    if kind in _INDEXES and manifest.manifests is not None:
        image = _of_index(world, repository, manifest.manifests)
    elif kind in _MANIFESTS and manifest.config is not None:
        image = _of_config(world, store, repository, manifest)
    else:
        raise ManifestError("MANIFEST_INVALID", f"the manifest's kind {kind[:80]!r} is unknown")
    image.tag = tag
    image.digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    image.manifest, image.media_type = written, kind
    image.created_at = world.pace.now().timestamp()
    known = find(world.fly, Reference(REGISTRY, repository, tag, "" if tag else image.digest))
    if known is None or known.digest != image.digest:
        world.fly.images.append(image)
        world.changed()
    return image


def _of_index(world: World, repository: str, entries: list[Descriptor]) -> Image:
    """Return the image of an index: it behaves as the one of its manifests that runs here."""
    found = []
    for entry in entries:
        image = find_digest(world.fly, repository, entry.digest)
        if image is None:
            raise ManifestError("MANIFEST_BLOB_UNKNOWN", f"{entry.digest[:80]} is unknown")
        found.append((entry, image))
    if not found:
        raise ManifestError("MANIFEST_INVALID", "the index names no manifest")
    running = [
        image for entry, image in found if (entry.platform or {}).get("os", _PRACTICE) == _PRACTICE
    ]
    chosen = (running or [found[0][1]])[0]
    return msgspec.structs.replace(chosen)


def _of_config(world: World, store: BlobStore, repository: str, manifest: Manifest) -> Image:
    for entry in (*manifest.layers, *([manifest.config] if manifest.config else ())):
        _check(world, store, repository, entry)
    labels = _labels(world, store, repository, manifest.config)
    behaviour = labels.get(BEHAVIOUR_LABEL, Behaviour.NEXT)
    if behaviour not in set(Behaviour):
        words = f"{BEHAVIOUR_LABEL} must be one of {', '.join(Behaviour)}, not {behaviour[:40]!r}"
        raise ManifestError("MANIFEST_INVALID", words)
    return Image(
        repository=repository,
        tag="",
        digest="",
        behaviour=behaviour,
        revision=labels.get(REVISION_LABEL, ""),
        created_at=0.0,
        labels=labels,
        size_bytes=sum(entry.size for entry in manifest.layers),
    )


def _check(world: World, store: BlobStore, repository: str, entry: Descriptor) -> None:
    path = store.find(repository, entry.digest)
    content = blob(world.fly, repository, entry.digest) if path is None else None
    if path is None and content is None:
        raise ManifestError("MANIFEST_BLOB_UNKNOWN", f"blob {entry.digest[:80]} is unknown")
    size = path.stat().st_size if path else len(content or b"")
    if size != entry.size:
        words = f"blob {entry.digest} has {size} bytes, not {entry.size}"
        raise ManifestError("MANIFEST_INVALID", words)


def _labels(
    world: World, store: BlobStore, repository: str, config: Descriptor | None
) -> dict[str, str]:
    """Return the labels of an image configuration; one that is no JSON has none."""
    if config is None or config.size > _LARGEST_CONFIG:
        return {}
    path = store.find(repository, config.digest)
    content = path.read_bytes() if path else blob(world.fly, repository, config.digest)
    try:
        value: Json = msgspec.json.decode(content or b"{}", type=dict[str, Any])
        inner = value.get("config") or value.get("container_config") or {}
        labels = inner.get("Labels") or {}
        return {str(name): str(text) for name, text in labels.items()}
    except (msgspec.MsgspecError, ValueError, AttributeError, RecursionError):
        return {}
