"""Room on the platform's hosts, which there always is until somebody says otherwise.

A region without room either says so at once or fails while it prepares a version, after which the
platform takes the update back; both are reported by clients (reference 3.1, 3.4). A host that is
being drained takes no deploys at all.
"""

from __future__ import annotations

from typing import Any

NO_ROOM = "could not reserve resource for machine: insufficient memory available to fulfill request"
DISABLED = "deploys to this host are temporarily disabled"
MANNERS = frozenset({"refuse", "revert", "drain"})
"""How a region is without room: `state.FlyState.full` holds one of these."""


def grows(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a configuration needs more of its host than the one before."""
    old, new = before.get("guest") or {}, after.get("guest") or {}
    return any((new.get(key) or 0) > (old.get(key) or 0) for key in ("memory_mb", "cpus"))
