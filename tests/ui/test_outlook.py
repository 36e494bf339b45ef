"""What the window knows: how accounts are reached, and what it asks for when something ends."""

from __future__ import annotations

from datetime import timedelta

from pilothouse.domain.deployment import State
from pilothouse.domain.errors import Lost
from pilothouse.domain.news import Looked, Reach
from pilothouse.ui.sights import after, guess
from tests.ui import sample, sample_runs
from tests.ui.sample_runs import Teller
from tests.ui.stage import Stage


def test_trouble_counts_from_when_all_was_last_well() -> None:
    views = sample.fleet()
    well = guess(sample.HARBOR, views)
    assert (well.reach, well.at) == (Reach.SEEN, sample.NOW - timedelta(seconds=4))
    first = after(well, Looked("harbor", None, Reach.SILENT, sample.NOW, "No answer."))
    assert (first.reach, first.at, first.since) == (Reach.SILENT, well.at, well.at)
    later = sample.NOW + timedelta(minutes=2)
    second = after(first, Looked("harbor", None, Reach.SILENT, later, "No answer."))
    assert (second.at, second.since) == (well.at, well.at)
    again = after(second, Looked("harbor", None, Reach.SEEN, later))
    assert (again.reach, again.at, again.since) == (Reach.SEEN, later, later)


def test_before_any_news_an_account_stands_as_its_apps_do() -> None:
    silent = guess(sample.TEAM, sample.fleet())
    assert silent.reach is Reach.SILENT
    assert silent.since == sample.NOW - timedelta(minutes=3)
    assert guess(sample.LENA, ()).at is None


def test_a_look_that_ends_before_the_accounts_are_read_counts(stage: Stage) -> None:
    later = sample.NOW + timedelta(minutes=1)
    stage.service.tell(Looked("harbor", None, Reach.SEEN, later))
    stage.attach()
    (sight,) = [one for one in stage.outlook.sights if one.account.id == "harbor"]
    assert sight.at == later


def test_the_end_of_a_deployment_makes_it_look_at_the_app(stage: Stage) -> None:
    stage.attach()
    stage.service.failures["look"] = Lost("no answer")
    teller = Teller(sample_runs.deploy_plan(stage.view))
    teller.start()
    teller.end(State.GOOD, "v43 serves.")
    stage.follow(teller, 0)
    wanted = (stage.view.app.id, False)
    stage.qtbot.waitUntil(lambda: wanted in stage.service.called("look"))


def test_a_burst_of_news_is_one_question(stage: Stage) -> None:
    stage.attach()
    stage.service.calls.clear()
    seen: list[tuple[str, ...]] = []
    stage.outlook.changed.connect(seen.append)
    for _ in range(50):
        stage.service.tell(Looked("harbor", stage.view.app.id, Reach.SEEN, sample.NOW))
    stage.qtbot.waitUntil(lambda: len(seen) > 0)
    assert seen == [(stage.view.app.id,)]
