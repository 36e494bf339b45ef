"""Image references: taking them apart, and one exact spelling for each image.

An artifact is `registry.fly.io/REPOSITORY@sha256:…` wherever it lies in Fly.io's own registry,
by whichever host name that registry was reached.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

REGISTRY = "registry.fly.io"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# The grammar of names and tags is the one of the OCI distribution specification.
_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_HOST = r"[A-Za-z0-9.-]+(?::[0-9]+)?/"
_WRITTEN = re.compile(
    rf"(?=.)(?:(?:{_HOST})?{_PART}(?:/{_PART})*)?(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
    rf"(?:@{_DIGEST.pattern})?"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """An image reference; `tag` and `digest` may be empty."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether Fly.io's own registry is meant."""
        return self.registry == REGISTRY

    @property
    def selector(self) -> str:
        """What names the manifest within the repository."""
        return self.digest or self.tag or "latest"

    @property
    def words(self) -> str:
        """The reference as people write it."""
        name = f"{self.repository}:{self.tag}" if self.tag else self.repository
        if not self.tag and self.digest:
            name = f"{self.repository}@{self.digest.removeprefix('sha256:')[:12]}"
        return name if self.is_ours else f"{self.registry}/{name}"

    def exact(self, digest: str | None = None) -> str:
        """The image by digest: `self.digest`, or the one it was resolved to."""
        return f"{self.registry}/{self.repository}@{digest or self.digest}"


def parse(text: str, *, app: str, hosts: tuple[str, ...] = ()) -> Reference:
    """Take a reference apart; `hosts` are further names of Fly.io's registry.

    `:TAG` and `@DIGEST` alone mean the app's own repository; a name without a slash means one in
    Fly.io's registry, since that is where an app's images are.
    """
    name, _, digest = text.strip().partition("@")
    head, slash, rest = name.partition("/")
    is_host = bool(slash) and ("." in head or ":" in head or head == "localhost")
    if is_host:
        registry = REGISTRY if head in hosts else head
    else:
        registry, rest = (REGISTRY, name) if not slash else ("docker.io", name)
    repository, _, tag = rest.rpartition(":") if ":" in rest else (rest, "", "")
    return Reference(registry, repository or app, tag, digest)


def is_written_well(text: str) -> bool:
    """Whether a person's text can be a reference at all, so that a registry may be asked."""
    return _WRITTEN.fullmatch(text.strip()) is not None


def digest_of(text: str | None) -> str | None:
    """The digest that a reference carries, if it carries one."""
    found = _DIGEST.search(text or "")
    return found.group() if found else None
