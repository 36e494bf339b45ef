"""Counting probes and judging them: whatever the order, whatever the bursts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilothouse.domain.evidence import (
    ENOUGH,
    TOO_MANY,
    Counts,
    Judgement,
    Probe,
    count,
    dead_for,
    judge,
    judge_at_end,
    upper_bound,
)

WORSE = [Judgement.BAD, Judgement.NOT_YET, Judgement.GOOD]


def probe(at_s: float, *, good: bool = True, lane: str = "a", counts: bool = True) -> Probe:
    return Probe(at_s, lane, lane, 200 if good else 500, 0.01, good, counts)


# Eighths of a second are exact, so that "a second apart" means just that.
moments = st.integers(0, 8 * 40).map(lambda eighths: eighths / 8)
probes = st.lists(
    st.builds(
        probe,
        moments,
        good=st.booleans(),
        lane=st.sampled_from(["a", "b", "public"]),
        counts=st.booleans(),
    ),
    max_size=24,
)


@given(probes, st.randoms(use_true_random=False))
def test_counts_do_not_depend_on_the_order_of_arrival(seen: list[Probe], chance: object) -> None:
    shuffled = list(seen)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert count(shuffled) == count(seen)


@given(probes)
def test_what_does_not_count_changes_nothing(seen: list[Probe]) -> None:
    assert count(seen) == count([one for one in seen if one.counts])


@given(probes)
def test_counts_add_up(seen: list[Probe]) -> None:
    counts = count(seen)
    counting = [one for one in seen if one.counts]
    assert counts.asked == len(counting)
    assert counts.lost == sum(not one.good for one in counting)
    lanes = {one.lane for one in counting if not one.good}
    assert len(lanes) <= counts.bursts <= counts.lost
    assert 0 <= counts.clean_run <= counts.asked - counts.lost


@given(probes)
def test_bursts_begin_a_second_apart_in_one_lane(seen: list[Probe]) -> None:
    bursts = 0
    for lane in {one.lane for one in seen}:
        began = -10.0
        for at_s in sorted(p.at_s for p in seen if p.lane == lane and p.counts and not p.good):
            if at_s - began >= 1.0:
                bursts, began = bursts + 1, at_s
    assert count(seen).bursts == bursts


@given(probes, st.data())
def test_one_more_loss_never_makes_the_judgement_better(
    seen: list[Probe], data: st.DataObject
) -> None:
    counting = [replace(one, counts=True) for one in seen] or [probe(0)]
    chosen = data.draw(st.integers(0, len(counting) - 1))
    lost = list(counting)
    lost[chosen] = replace(lost[chosen], good=False)
    for ask in (judge, judge_at_end):
        before, after = ask(count(counting)), ask(count(lost))
        assert WORSE.index(after) <= WORSE.index(before)


def test_a_hiccup_is_one_loss_however_many_requests_it_hit() -> None:
    hiccup = [probe(5 + n / 100, good=False) for n in range(90)]
    counts = count([probe(n / 10) for n in range(ENOUGH)] + hiccup)
    assert counts.lost == 90
    assert counts.bursts == 1
    assert judge(counts) is Judgement.NOT_YET
    assert judge_at_end(counts) is Judgement.GOOD


def test_a_side_that_keeps_failing_makes_a_burst_a_second() -> None:
    half = [probe(n / 50, good=n % 2 == 0) for n in range(50 * 4)]
    assert count(half).bursts >= TOO_MANY
    assert judge(count(half)) is Judgement.BAD


@pytest.mark.parametrize(
    ("counts", "now", "at_end"),
    [
        (Counts(), Judgement.NO_DATA, Judgement.NO_DATA),
        (Counts(asked=ENOUGH - 1), Judgement.NOT_YET, Judgement.NOT_YET),
        (Counts(asked=ENOUGH), Judgement.GOOD, Judgement.GOOD),
        (Counts(asked=ENOUGH, lost=2, bursts=2), Judgement.NOT_YET, Judgement.GOOD),
        (Counts(asked=20, lost=1, bursts=1), Judgement.NOT_YET, Judgement.NOT_YET),
        (Counts(asked=5, lost=3, bursts=3), Judgement.BAD, Judgement.BAD),
        (Counts(asked=9000, lost=3, bursts=3), Judgement.BAD, Judgement.BAD),
    ],
)
def test_judgements(counts: Counts, now: Judgement, at_end: Judgement) -> None:
    assert judge(counts) is now
    assert judge_at_end(counts) is at_end


def test_a_side_is_dead_since_its_last_good_answer() -> None:
    assert dead_for([]) == 0
    assert dead_for([probe(1)]) == 0
    assert dead_for([probe(1), probe(3, good=False)]) == pytest.approx(2.0)
    assert dead_for([probe(1, good=False), probe(3, good=False)]) == pytest.approx(2.01)
    assert dead_for([probe(1), probe(3, good=False), probe(4)]) == 0


def test_a_dead_network_is_no_dead_side() -> None:
    assert dead_for([probe(1), *[probe(n, good=False, counts=False) for n in range(2, 9)]]) == 0


def test_an_old_answer_that_comes_late_does_not_make_a_side_dead() -> None:
    late = replace(probe(0, good=False), latency_s=10.0)
    assert dead_for([probe(0.5), probe(9.9), late]) < 0.2


@given(st.integers(1, 100_000), st.data())
def test_the_bound_lies_above_the_share_and_below_one(asked: int, data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, asked))
    bound = upper_bound(Counts(asked=asked, lost=lost))
    assert lost / asked <= bound <= 1.0


@given(st.integers(2, 5_000), st.data())
def test_the_bound_grows_with_losses_and_shrinks_with_questions(
    asked: int, data: st.DataObject
) -> None:
    lost = data.draw(st.integers(1, asked - 1))
    bound = upper_bound(Counts(asked=asked, lost=lost))
    assert upper_bound(Counts(asked=asked, lost=lost + 1)) >= bound
    assert upper_bound(Counts(asked=asked + 1, lost=lost)) <= bound
    assert upper_bound(Counts(asked=asked, lost=0)) <= bound


def test_the_bound_knows_the_rule_of_three() -> None:
    assert upper_bound(Counts()) == 1.0
    assert upper_bound(Counts(asked=300)) == pytest.approx(0.00994, abs=1e-4)
