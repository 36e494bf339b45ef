"""The machine sizes of the practice Fly.io (Fly.io, "Machine sizing")."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """A machine size with the least memory it has; `kind` is `shared` or `dedicated`."""

    name: str
    kind: str
    cpus: int
    memory_mb: int


SIZES = (
    Size("shared-cpu-1x", "shared", 1, 256),
    Size("shared-cpu-2x", "shared", 2, 512),
    Size("shared-cpu-4x", "shared", 4, 1024),
    Size("shared-cpu-8x", "shared", 8, 2048),
    Size("performance-1x", "dedicated", 1, 2048),
    Size("performance-2x", "dedicated", 2, 4096),
)
