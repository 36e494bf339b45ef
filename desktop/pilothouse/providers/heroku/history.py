"""Heroku's release rows read as releases: kinds, states, who went back to what.

Pure. The platform says what a release did only by its description, a text for people (texts as
its Dev Center and its command line show them); a text that is not known falls back to the slug:
another one than the release before means new code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from pilothouse.domain.model import Release, ReleaseKind, ReleaseStatus
from pilothouse.providers.heroku import schema

PAGE_MAX = 1000
"""The largest page the platform gives (Platform API reference, ranges)."""

LINE_MAX = 200

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ROLLBACK = re.compile(r"^Rollback to v(\d+)\b")
_CODE = re.compile(r"^(Deploy|Deployed|Promote|Retry of v\d+:)\b|^Retry of v\d+:")
_CONFIG = re.compile(r"^(Set|Remove|Unset) .*config vars?$|^(Attach|Detach|Update) |^@ref:")
_SCALE = re.compile(r"^(Scale|Scaled|Resize) ")
_OTHER = re.compile(r"^(Initial release|Enable Logplex|Enabled? )")

_KINDS = (
    (_ROLLBACK, ReleaseKind.ROLLBACK),
    (_CODE, ReleaseKind.CODE),
    (_CONFIG, ReleaseKind.CONFIG),
    (_SCALE, ReleaseKind.SCALE),
    (_OTHER, ReleaseKind.OTHER),
)
_STATUSES = {
    None: ReleaseStatus.COMPLETE,
    "succeeded": ReleaseStatus.COMPLETE,
    "pending": ReleaseStatus.PENDING,
    "failed": ReleaseStatus.FAILED,
    "expired": ReleaseStatus.EXPIRED,
}


def newest_first(limit: int) -> str:
    """The `Range` that asks for the newest releases, newest first."""
    return f"version ..; order=desc, max={max(1, min(limit, PAGE_MAX))}"


def rollback_text(version: int) -> str:
    """The description of a rollback, in the platform's own words."""
    return f"Rollback to v{version}"


def marked(text: str, marker: str) -> str:
    """A description by which our own release can be found again."""
    return f"{text} · {marker}"


def carries(release: schema.Release, marker: str) -> bool:
    """Whether a release was made by the step of that marker."""
    return release.text.endswith(f" · {marker}")


def target_of(text: str) -> int | None:
    """The version that a rollback went back to; only its description tells."""
    found = _ROLLBACK.match(text)
    return int(found.group(1)) if found else None


def kind_by_text(text: str) -> ReleaseKind | None:
    """What a release changed, by its description; None for a text that is not known."""
    return next((kind for pattern, kind in _KINDS if pattern.match(text)), None)


def kind_of(release: schema.Release, before: schema.Release | None) -> ReleaseKind:
    """What a release changed, by its text, else by its slug against the release before it."""
    kind = kind_by_text(release.text)
    if kind is not None:
        return kind
    is_new = before is not None and before.slug_id != release.slug_id
    return ReleaseKind.CODE if is_new else ReleaseKind.OTHER


def releases_of(
    app_id: str, rows: Sequence[schema.Release], *, older: schema.Release | None = None
) -> tuple[Release, ...]:
    """Rows of an app's history, newest first, as releases; `older` is the one after the last."""
    before: tuple[schema.Release | None, ...] = (*rows[1:], older)
    return tuple(release_of(app_id, *pair) for pair in zip(rows, before, strict=False))


def release_of(app_id: str, row: schema.Release, before: schema.Release | None) -> Release:
    """One row as a release; `before` is the row one version older, if it is known."""
    image = row.oci_image.id if row.oci_image is not None else None
    return Release(
        app_id=app_id,
        version=row.version,
        id=row.id,
        kind=kind_of(row, before),
        status=_STATUSES.get(row.status, ReleaseStatus.UNKNOWN),
        current=row.current,
        artifact=row.slug_id or image,
        description=row.text,
        author=row.author,
        created_at=row.created_at,
        eligible=row.eligible_for_rollback,
        went_back_to=target_of(row.text),
    )


def told(release: schema.Release) -> str:
    """A release as a person names it: number, who, when and what."""
    who = release.author or "somebody"
    text = f" (“{release.text}”)" if release.text else ""
    return f"v{release.version} by {who} at {release.created_at:%H:%M:%S} UTC{text}"


def last_line(output: bytes) -> str:
    """The last line of a command's output that says anything, without terminal colours."""
    text = _COLOURS.sub("", output.decode("utf-8", "replace"))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    return last if len(last) <= LINE_MAX else last[:LINE_MAX] + "…"


def in_path(name: str) -> str:
    """A name that a person typed, as one part of an address."""
    return quote(name, safe="")
