"""The release history: one store behind the web REST and the GraphQL API.

Versions of an app rise by one and are never used twice. A row says what its author last wrote;
nothing here looks at machines.
"""

from __future__ import annotations

from pilothouse.sandbox.fly.errors import FlyError, app_not_found
from pilothouse.sandbox.fly.ids import opaque_id, rfc3339
from pilothouse.sandbox.fly.state import App, Config, FlyState, Release
from pilothouse.sandbox.pace import wall_s
from pilothouse.sandbox.state import Json

STRATEGIES = frozenset({"BLUEGREEN", "CANARY", "IMMEDIATE", "ROLLING", "ROLLING_ONE", "SIMPLE"})
STATUSES = frozenset({"running", "complete", "failed", "interrupted"})


def app_named(state: FlyState, name: str) -> App:
    """Return an app.

    Raises:
        FlyError: 404.
    """
    app = state.apps.get(name)
    if app is None:
        raise app_not_found(name)
    return app


def create(state: FlyState, wish: Json, author: str | None) -> tuple[App, Release]:
    """Append a pending release, as `POST /api/v1/releases` asks; a token's has no author.

    Raises:
        FlyError: 404 for an unknown app, 422 without an image or with an unknown strategy.
    """
    app = app_named(state, str(wish.get("app_name", "")))
    image, definition = wish.get("image"), wish.get("definition")
    strategy = str(wish.get("strategy") or "ROLLING").upper()
    if not isinstance(image, str) or not image.strip():
        raise FlyError(422, "image can't be blank")
    if strategy not in STRATEGIES:
        raise FlyError(422, f"strategy {strategy[:40]} is not included in the list")
    if not isinstance(definition, dict | None):
        raise FlyError(422, "definition must be an object")
    description = str(wish.get("description") or "Release")
    row = append(app, image, author, description, strategy=strategy, definition=definition)
    return app, row


def append(
    app: App,
    image_ref: str,
    user_id: str | None,
    description: str,
    *,
    strategy: str = "ROLLING",
    definition: Config | None = None,
) -> Release:
    """Append a pending release row."""
    now = wall_s()
    release = Release(
        id=opaque_id(),
        version=app.releases[-1].version + 1 if app.releases else 1,
        status="pending",
        description=description,
        reason="",
        image_ref=image_ref,
        strategy=strategy,
        user_id=user_id,
        created_at=now,
        updated_at=now,
        definition=definition or (app.releases[-1].definition if app.releases else {}),
    )
    app.releases.append(release)
    return release


def settle(release: Release, status: str, metadata: Config | None) -> None:
    """Write a release's status.

    Raises:
        FlyError: 422 for a word that is no status.
    """
    if status not in STATUSES:
        raise FlyError(422, f"status {status[:40]} is not included in the list")
    release.status = status
    release.updated_at = wall_s()
    if metadata is not None:
        release.metadata = metadata


def find(state: FlyState, identifier: str) -> tuple[App, Release]:
    """Return a release by its id.

    Raises:
        FlyError: 404.
    """
    for app in state.apps.values():
        for release in reversed(app.releases):
            if release.id == identifier:
                return app, release
    raise FlyError(404, "release not found")


def release_json(state: FlyState, release: Release) -> Json:
    """Write a release as the web REST API does: no description, the user as a plain string."""
    user = state.people.get(release.user_id or "")
    return {
        "id": release.id,
        "version": release.version,
        "stable": release.status == "complete",
        "in_progress": release.status in ("pending", "running"),
        "status": release.status,
        "strategy": release.strategy,
        "user": user.email if user else "",
        "created_at": rfc3339(release.created_at),
        "image_ref": release.image_ref,
        "metadata": release.metadata,
    }
