"""The tree of errors: every leaf has a sentence, its data as fields, and an exit code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pilothouse.domain import errors
from pilothouse.domain.errors import (
    AccountRefused,
    Blocked,
    Failed,
    Interrupted,
    JournalNewer,
    JournalUnavailable,
    KeyringUnavailable,
    LeaseHeld,
    Lost,
    NotFound,
    PilothouseError,
    RateLimited,
    Undecided,
    UsageError,
)
from pilothouse.domain.guard import Family, Ruling, Verdict


def every_error() -> set[type[PilothouseError]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return {kind for kind in kinds if issubclass(kind, PilothouseError)}


def test_the_module_draws_every_error() -> None:
    drawn = errors.__doc__ or ""
    assert [kind.__name__ for kind in every_error() if kind.__name__ not in drawn] == []


def test_exit_codes_are_those_of_the_command_line() -> None:
    assert {kind.exit_code for kind in every_error()} == {1, 2, 3, 12, 13}
    assert UsageError.exit_code == NotFound.exit_code == JournalNewer.exit_code == 2
    assert Blocked.exit_code == AccountRefused.exit_code == LeaseHeld.exit_code == 3
    assert KeyringUnavailable.exit_code == 3
    assert JournalUnavailable.exit_code == Lost.exit_code == Interrupted.exit_code == 12
    assert Undecided.exit_code == 13


def test_what_is_not_there_is_named_with_where_and_what_there_is() -> None:
    error = NotFound("app", "pier", where="fly", exists=["quay", "dock"])
    assert str(error) == "No app “pier” was found in fly. There is: quay, dock."
    assert "nothing" in str(NotFound("app", "pier", where="fly"))


def test_a_long_list_is_cut_and_counted() -> None:
    error = NotFound("release", "v99", where="x", exists=[f"v{n}" for n in range(12)])
    assert str(error).endswith("v7 and 4 more.")
    assert len(error.exists) == 12


def test_blocks_say_all_their_reasons() -> None:
    one = Verdict(Family.APP, Ruling.BLOCK, "It is held.", "Release it.")
    two = Verdict(Family.BASE, Ruling.BLOCK, "It moved.")
    assert str(Blocked([one, two])) == "It is held. Release it. It moved."


@pytest.mark.parametrize("since", [None, datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)])
def test_a_held_lease_says_who_since_when_and_for_what(since: datetime | None) -> None:
    error = LeaseHeld("pier", owner="ann", since=since, deployment="8f21ab04")
    assert "ann acts on pier" in str(error)
    assert "8f21ab04" in str(error)
    assert ("since 05:06:07 UTC" in str(error)) is (since is not None)


def test_fields_survive() -> None:
    limited = RateLimited("slow down", retry_after_s=7.5, request_id="r1")
    assert (limited.retry_after_s, limited.status, limited.request_id) == (7.5, 429, "r1")
    assert Failed("x", nothing_changed=True).nothing_changed
    refused = AccountRefused("fly-1", said="no", renew="Add it again.")
    assert "fly-1" in str(refused)
    assert str(refused).endswith("Add it again.")
