"""Verdicts: when one stops a change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilothouse.domain.guard import UNKNOWN_BLOCKS, Family, Ruling, Verdict, worst_first

verdicts = st.builds(Verdict, st.sampled_from(Family), st.sampled_from(Ruling), st.text())


@given(verdicts)
def test_a_written_reason_ends_every_block(verdict: Verdict) -> None:
    given_reason = Verdict(verdict.family, verdict.ruling, verdict.reason, overridden="because")
    assert not given_reason.stops


@pytest.mark.parametrize("family", list(Family))
def test_unknown_stops_where_knowing_is_needed(family: Family) -> None:
    assert Verdict(family, Ruling.UNKNOWN, "?").stops is (family in UNKNOWN_BLOCKS)
    assert Verdict(family, Ruling.BLOCK, "!").stops
    assert not Verdict(family, Ruling.WARN, "!").stops
    assert not Verdict(family, Ruling.PASS, ".").stops


def test_knowing_is_needed_for_token_app_and_way_back() -> None:
    assert {Family.CREDENTIAL, Family.APP, Family.WAY_BACK} <= UNKNOWN_BLOCKS
    assert Family.CALENDAR not in UNKNOWN_BLOCKS
    assert Family.PLATFORM not in UNKNOWN_BLOCKS


@given(st.lists(verdicts, max_size=8).map(tuple))
def test_the_worst_comes_first_and_nothing_is_lost(given_verdicts: tuple[Verdict, ...]) -> None:
    ordered = worst_first(given_verdicts)
    assert sorted(map(repr, ordered)) == sorted(map(repr, given_verdicts))
    ranks = [list(Ruling).index(verdict.ruling) for verdict in ordered]
    assert ranks == sorted(ranks)


def test_a_sentence_is_reason_and_remedy() -> None:
    assert Verdict(Family.APP, Ruling.BLOCK, "It is held.", "Release it.").sentence == (
        "It is held. Release it."
    )
    assert Verdict(Family.APP, Ruling.PASS, "Fine.").sentence == "Fine."
