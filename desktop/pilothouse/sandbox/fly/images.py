"""Image references, and the images that the practice registry really has.

A digest is the SHA-256 of the manifest that the registry serves for it, so that a client which
verifies what it downloads is content. An image is found by tag or digest, under any of the
registry's host names; what is expired is not found.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from pilothouse.sandbox.fly.ids import rfc3339
from pilothouse.sandbox.fly.state import FlyState, Image, ImageRef

REGISTRY = "registry.fly.io"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Reference:
    """The parts of an image reference; `tag` and `digest` may be empty."""

    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def ours(self) -> bool:
        """Whether the practice registry is meant, by whichever of its names."""
        return self.registry == REGISTRY or self.registry.split(":")[0] in _LOOPBACK


def parse(text: str) -> Reference:
    """Take an image reference apart; without a host it means the public hub."""
    name, _, digest = text.strip().partition("@")
    host, slash, rest = name.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, rest = "docker.io", name
    repository, _, tag = rest.partition(":")
    return Reference(host, repository, tag or ("" if digest else "latest"), digest)


def find(state: FlyState, reference: Reference) -> Image | None:
    """Return the image that a reference names, unless it is foreign, unknown or expired."""
    if not reference.ours:
        return None
    for image in reversed(state.images):
        if image.repository != reference.repository or image.expired:
            continue
        if image.digest == reference.digest if reference.digest else image.tag == reference.tag:
            return image
    return None


def find_digest(state: FlyState, repository: str, digest: str) -> Image | None:
    """Return the image of a repository that has a digest, unless it is expired."""
    return find(state, Reference(REGISTRY, repository, "", digest))


def pull(state: FlyState, text: str) -> tuple[ImageRef, Image | None]:
    """Return how a machine shows the image `text`, and the image if it can be pulled."""
    reference = parse(text)
    image = find(state, reference)
    tag = reference.tag or (image.tag if image and not reference.digest else "")
    digest = image.digest if image else reference.digest
    labels = labels_of(image) if image else None
    return ImageRef(REGISTRY, reference.repository, tag, digest, labels), image


def labels_of(image: Image) -> dict[str, str]:
    """Return an image's labels; the revision is the commit it was built from."""
    if image.labels is not None:
        return image.labels
    return {
        "org.opencontainers.image.revision": image.revision,
        "org.opencontainers.image.title": image.repository,
    }


def config_blob(image: Image) -> bytes:
    """Return the image configuration, which carries the labels."""
    return _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": rfc3339(image.created_at),
            "config": {"Labels": labels_of(image), "Cmd": ["/app/serve"], "Env": []},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer_blob(image))]},
        }
    )


def layer_blob(image: Image) -> bytes:
    """Return the bytes of the image's only layer."""
    return f"{image.repository} {image.tag} {image.behaviour} {image.revision}\n".encode()


def manifest(image: Image) -> bytes:
    """Return the manifest whose SHA-256 is the image's digest."""
    if image.manifest:
        return image.manifest.encode()
    return _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _descriptor(_CONFIG_TYPE, config_blob(image)),
            "layers": [_descriptor(_LAYER_TYPE, layer_blob(image))],
        }
    )


def made(repository: str, tag: str, behaviour: str, revision: str, created_at: float) -> Image:
    """Return a new image with the digest that its content has."""
    image = Image(repository, tag, "", behaviour, revision, created_at)
    image.digest = _digest(manifest(image))
    return image


def blob(state: FlyState, repository: str, digest: str) -> bytes | None:
    """Return a configuration or layer of any image of `repository` by its digest."""
    for image in state.images:
        if image.repository == repository and not image.expired and not image.manifest:
            for content in (config_blob(image), layer_blob(image)):
                if _digest(content) == digest:
                    return content
    return None


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
