"""Fly.io's release history in the domain's words.

A row of the history is not proof of what runs: whoever deployed wrote its status. The current
release is the newest complete one; whether the machines agree is for `live` to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pilothouse.domain.model import Release, ReleaseKind, ReleasePage, ReleaseStatus
from pilothouse.providers.fly.images import digest_of
from pilothouse.providers.fly.schema import ReleaseEdges, ReleaseNode

_BACK_TO = re.compile(r"^Rollback to v(\d+)", re.IGNORECASE)
_STATUS = {
    "complete": ReleaseStatus.COMPLETE,
    "succeeded": ReleaseStatus.COMPLETE,
    "pending": ReleaseStatus.PENDING,
    "running": ReleaseStatus.PENDING,
    "failed": ReleaseStatus.FAILED,
    "interrupted": ReleaseStatus.INTERRUPTED,
}


def page(
    app_id: str,
    edges: ReleaseEdges,
    *,
    spell: Callable[[str | None], str | None],
    cursor: str | None,
    limit: int,
) -> ReleasePage:
    """A page of at most `limit` releases.

    One release more than that should have been asked for, so that the last one shown can be told
    from the one before it. Our cursor is the platform's, and whether the current one was met.
    """
    met = cursor is not None and cursor.startswith("met:")
    nodes = [edge.node for edge in edges.edges]
    found: list[Release] = []
    for number, node in enumerate(nodes[:limit]):
        older = nodes[number + 1] if number + 1 < len(nodes) else None
        status = status_of(node)
        current = not met and status is ReleaseStatus.COMPLETE
        met = met or current
        back_to = _BACK_TO.match(_description(node))
        found.append(
            Release(
                app_id=app_id,
                version=node.version,
                id=node.id,
                kind=_kind(node, older),
                status=status,
                current=current,
                artifact=spell(node.image_ref),
                description=_description(node),
                author=author_of(node),
                created_at=node.created_at,
                went_back_to=int(back_to.group(1)) if back_to else None,
            )
        )
    more = len(nodes) > limit or edges.page_info.has_next_page
    last = edges.edges[len(found) - 1].cursor if found and more else ""
    return ReleasePage(tuple(found), f"{'met' if met else 'not'}:{last}" if last else None)


def platform_cursor(cursor: str | None) -> str | None:
    """The platform's own part of a cursor of ours."""
    return cursor.partition(":")[2] if cursor else None


def status_of(node: ReleaseNode) -> ReleaseStatus:
    """How far a release came; words that are not known stay unknown."""
    return _STATUS.get(node.status.lower(), ReleaseStatus.UNKNOWN)


def author_of(node: ReleaseNode) -> str:
    """Who made a release."""
    return (node.user and (node.user.name or node.user.email)) or "a token"


def _description(node: ReleaseNode) -> str:
    return node.description or node.reason or ""


def _kind(node: ReleaseNode, older: ReleaseNode | None) -> ReleaseKind:
    text = f"{node.description or ''} {node.reason or ''}".lower()
    if _BACK_TO.match(_description(node)):
        return ReleaseKind.ROLLBACK
    if "secret" in text or "config" in text or "environment" in text:
        return ReleaseKind.CONFIG
    if text.startswith("scale") or "vm size" in text:
        return ReleaseKind.SCALE
    same = older is not None and _image(node) == _image(older)
    return ReleaseKind.OTHER if same else ReleaseKind.CODE


def _image(node: ReleaseNode) -> str | None:
    return digest_of(node.image_ref) or node.image_ref
