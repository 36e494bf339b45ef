"""A plan that was stored is the plan that was confirmed, to the last digit."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from pilothouse.domain.change import FORMAT, Plan
from pilothouse.domain.errors import JournalNewer
from pilothouse.store.plans import plan_from_text, plan_to_text
from tests.store import samples


@settings(max_examples=150, deadline=None)
@given(samples.plans)
def test_a_plan_read_back_is_equal_and_so_is_its_hash(plan: Plan) -> None:
    back = plan_from_text(plan_to_text(plan))
    assert back == plan
    assert back.hash == plan.hash
    assert back.made_at.utcoffset() == plan.made_at.utcoffset()


def test_whole_seconds_stay_whole() -> None:
    plan = samples.plan()
    back = plan_from_text(plan_to_text(plan))
    assert isinstance(back.steps[0].expected_s, int)
    assert back.hash == plan.hash


def test_a_newer_format_is_refused() -> None:
    raw = json.loads(plan_to_text(samples.plan()))
    raw["format"] = FORMAT + 1
    with pytest.raises(JournalNewer, match=f"format {FORMAT + 1}"):
        plan_from_text(json.dumps(raw))


def test_a_field_that_we_do_not_know_is_refused_by_name() -> None:
    raw = json.loads(plan_to_text(samples.plan()))
    raw["steps"][0]["needs"] = []
    with pytest.raises(JournalNewer, match="Step has needs"):
        plan_from_text(json.dumps(raw))


def test_a_missing_field_without_a_default_is_refused() -> None:
    raw = json.loads(plan_to_text(samples.plan()))
    del raw["fingerprint"]
    with pytest.raises(JournalNewer, match="no fingerprint"):
        plan_from_text(json.dumps(raw))


@pytest.mark.parametrize(
    ("name", "value"),
    [("from_version", "42"), ("verdicts", {}), ("change", []), ("snapshot", None)],
)
def test_a_value_of_another_kind_is_refused(name: str, value: object) -> None:
    raw = json.loads(plan_to_text(samples.plan()))
    raw[name] = value
    with pytest.raises(JournalNewer, match="cannot be understood"):
        plan_from_text(json.dumps(raw))
