"""The account's request budget: looking leaves enough for changes, and the platform is believed."""

from __future__ import annotations

from pilothouse.providers.heroku.budget import CAPACITY, KEPT_FOR_CHANGES, LOOK, RUN, Budget


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_full_budget_makes_nobody_wait() -> None:
    budget = Budget(Seconds())
    assert budget.reserve(LOOK) == 0
    assert budget.left == CAPACITY - 1


def test_looking_waits_rather_than_spend_the_last_calls() -> None:
    budget = Budget(Seconds())
    budget.learn({"ratelimit-remaining": str(int(KEPT_FOR_CHANGES))})
    assert budget.reserve(LOOK) > 0
    assert budget.reserve(RUN) == 0


def test_what_others_spent_is_learned_and_comes_back_with_time() -> None:
    clock = Seconds()
    budget = Budget(clock)
    budget.learn({"ratelimit-remaining": "100"})
    assert budget.left == 100
    clock.at = 60.0
    assert budget.left == 175


def test_a_header_that_says_nothing_changes_nothing() -> None:
    budget = Budget(Seconds())
    for headers in ({}, {"ratelimit-remaining": "many"}, {"ratelimit-remaining": ""}):
        budget.learn(headers)
    assert budget.left == CAPACITY
