"""Calls that must change nothing: some whoever makes them, some without the lease's key.

Each is a method, a path and a JSON body; `{app}` and `{id}` stand for an app and its machine.
"""

from __future__ import annotations

from typing import Any

CHANGES: list[tuple[str, str, Any]] = [
    ("POST", "/cordon", None),
    ("POST", "/stop", None),
    ("POST", "/lease", {"ttl": 30}),
    ("DELETE", "/lease", None),
    ("DELETE", "?force=true", None),
    ("POST", "", {"config": {"image": "registry.fly.io/harbor-api:next"}}),
]
BAD_FLY: list[tuple[str, str, Any]] = [
    ("POST", "/v1/apps/nowhere/machines", {"config": {"image": "x"}}),
    ("POST", "/v1/apps/{app}/machines", {}),
    ("POST", "/v1/apps/{app}/machines", {"config": {"image": 7}}),
    ("POST", "/v1/apps/{app}/machines/{id}", {}),
    ("POST", "/v1/apps/{app}/machines/{id}", {"config": []}),
    ("POST", "/v1/apps/{app}/machines/{id}", {"config": {"image": "x"}, "current_version": "old"}),
    ("POST", "/v1/apps/{app}/machines/{id}/lease", {"ttl": -1}),
    ("POST", "/v1/apps/{app}/machines/{id}/lease", {"ttl": "soon"}),
    ("POST", "/v1/apps/{app}/machines/{id}/stop", {"signal": "SIGNONSENSE"}),
    ("POST", "/v1/apps/{app}/machines/00000000000000/cordon", None),
    ("GET", "/v1/apps/{app}/machines/{id}/wait?timeout=999", None),
    ("DELETE", "/v1/apps/{app}/machines/00000000000000", None),
    ("POST", "/api/v1/releases", {"app_name": "harbor-api"}),
    ("POST", "/api/v1/releases", {"app_name": "nowhere", "image": "x"}),
    ("PATCH", "/api/v1/releases/nonsense", {"status": "complete"}),
]
BAD_HEROKU: list[tuple[str, str, Any]] = [
    ("POST", "/apps/{app}/releases", {}),
    ("POST", "/apps/{app}/releases", {"slug": "01234567-89ab-cdef-0123-456789abcdef"}),
    ("POST", "/apps/{app}/releases", {"release": "v99999"}),
    ("POST", "/apps/nowhere/releases", {"slug": "x"}),
    ("PATCH", "/apps/{app}/formation", {"updates": [{"type": "web", "quantity": -1}]}),
    ("PATCH", "/apps/{app}/formation", {"updates": "all"}),
    ("PATCH", "/apps/{app}/config-vars", ["no", "table"]),
    ("PATCH", "/apps/{app}/features/nonsense", {"enabled": True}),
    ("PATCH", "/apps/{app}", {"maintenance": "perhaps"}),
    ("POST", "/pipeline-promotions", {"pipeline": {"id": "x"}}),
    ("PUT", "/apps/{app}/releases", {}),
    ("GET", "/apps/{app}/releases/v99999", None),
]
