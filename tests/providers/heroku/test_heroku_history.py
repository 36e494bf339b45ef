"""What release rows say: kinds by their texts, who went back to what, states."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilothouse.domain.model import ReleaseKind, ReleaseStatus
from pilothouse.providers.heroku import schema
from pilothouse.providers.heroku.history import (
    carries,
    kind_of,
    last_line,
    marked,
    newest_first,
    releases_of,
    rollback_text,
    target_of,
)

AT = datetime(2026, 11, 2, 9, 12, 44, tzinfo=UTC)


def row(text: str, *, version: int = 52, slug: str | None = "s1") -> schema.Release:
    slug_ref = schema.Ref(slug) if slug is not None else None
    return schema.Release("r", version, AT, status="succeeded", description=text, slug=slug_ref)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Deploy 9c1d4e2f", ReleaseKind.CODE),
        ("Deployed web (9c1d4e2f)", ReleaseKind.CODE),
        ("Promote shop-staging v12 9c1d4e2f", ReleaseKind.CODE),
        ("Retry of v40: Deploy 9c1d4e2f", ReleaseKind.CODE),
        ("Rollback to v46", ReleaseKind.ROLLBACK),
        ("Rollback to v46 · 5f3a9c01/back/restore", ReleaseKind.ROLLBACK),
        ("Set A, B config vars", ReleaseKind.CONFIG),
        ("Remove A config vars", ReleaseKind.CONFIG),
        ("Set A and remove B config vars", ReleaseKind.CONFIG),
        ("Attach DATABASE (@ref:postgresql-round-10101)", ReleaseKind.CONFIG),
        ("@ref:postgresql-round-1 completed provisioning, setting URL.", ReleaseKind.CONFIG),
        ("Initial release", ReleaseKind.OTHER),
        ("Enable Logplex", ReleaseKind.OTHER),
        ("", ReleaseKind.OTHER),
    ],
)
def test_a_text_tells_what_a_release_did(text: str, kind: ReleaseKind) -> None:
    assert kind_of(row(text), row("Deploy 1", version=51)) is kind


def test_an_unknown_text_with_another_slug_is_new_code() -> None:
    assert kind_of(row("hello", slug="s2"), row("before")) is ReleaseKind.CODE
    assert kind_of(row("hello"), None) is ReleaseKind.OTHER


@given(st.integers(min_value=1, max_value=10**6), st.text(min_size=1))
def test_a_rollback_tells_its_target_with_and_without_a_marker(version: int, marker: str) -> None:
    assert target_of(rollback_text(version)) == version
    assert target_of(marked(rollback_text(version), marker)) == version
    assert carries(row(marked(rollback_text(version), marker)), marker)


def test_a_marker_of_another_step_is_not_ours() -> None:
    found = row(marked("Deploy x", "5f3a9c01/back/restore"))
    assert not carries(found, "5f3a9c01/restore")
    assert not carries(found, "store")


def test_a_row_without_status_is_an_old_and_complete_one() -> None:
    raw = b'{"id": "r", "version": 3, "created_at": "2019-01-01T00:00:00Z", "status": null}'
    (release,) = releases_of("app", [msgspec.json.decode(raw, type=schema.Release)])
    assert release.status is ReleaseStatus.COMPLETE
    assert release.eligible is None
    assert release.author == ""


def test_a_status_nobody_knows_is_unknown() -> None:
    (release,) = releases_of("app", [msgspec.structs.replace(row("Deploy 1"), status="new")])
    assert release.status is ReleaseStatus.UNKNOWN


def test_an_image_is_an_artifact_where_there_is_no_slug() -> None:
    fir = msgspec.structs.replace(row("Deploy 1", slug=None), oci_image=schema.Ref("image"))
    assert releases_of("app", [fir])[0].artifact == "image"


@pytest.mark.parametrize(("asked", "sent"), [(50, 50), (0, 1), (5000, 1000)])
def test_a_page_is_never_larger_than_the_platform_gives(asked: int, sent: int) -> None:
    assert newest_first(asked) == f"version ..; order=desc, max={sent}"


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (b"", ""),
        (b"one\n\x1b[31mtwo  three\x1b[0m\r\n \n", "two three"),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
        (b"x" * 300, "x" * 200 + "…"),
    ],
)
def test_the_last_line_of_a_command_is_quoted_readably(output: bytes, line: str) -> None:
    assert last_line(output) == line
