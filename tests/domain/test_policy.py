"""Lengths of time, and which apps count as production."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilothouse.domain.policy import Timing, default_production


@pytest.mark.parametrize(
    ("name", "stage", "production"),
    [
        ("harbor-api", None, True),
        ("harbor-staging", None, False),
        ("Harbor_Test", None, False),
        ("latest-news", None, True),
        ("harbor-staging", "production", True),
        ("harbor-api", "staging", False),
        ("harbor-api", "review", False),
    ],
)
def test_production_unless_stage_or_name_say_otherwise(
    name: str, stage: str | None, production: bool
) -> None:
    assert default_production(name, stage) is production


@given(st.floats(1, 10_000))
def test_practice_keeps_every_length_positive_and_in_order(scale: float) -> None:
    timing = Timing.for_scale(scale)
    assert all(getattr(timing, field.name) > 0 for field in fields(timing))
    assert timing.bake_min_s < timing.bake_max_s <= 30
    assert timing.renew_s * 2 < timing.lease_s
    assert timing.call_s < timing.lease_s


def test_what_a_client_names_is_not_scaled() -> None:
    assert Timing.for_scale(50).machine_lease_s == Timing().machine_lease_s
    assert Timing.for_scale(50).lease_s == Timing().lease_s


def test_the_real_bake_is_between_half_a_minute_and_ten() -> None:
    assert (Timing().bake_min_s, Timing().bake_max_s) == (30, 600)
    assert 1 / Timing().probe_gap_s == 2
