"""Who is told, by which way, once, and when it is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from pilothouse.domain.news import JournalTrouble, Notice, Notified, Urgency
from pilothouse.notifications.router import Router
from tests.fakes import START, RecordingNotifier
from tests.notifications.test_freedesktop import NOTICE
from tests.waiting import until

Make = Callable[..., Router]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Router] = []

    def router(*notifiers: RecordingNotifier, wanted: bool = True) -> Router:
        made.append(Router(notifiers, wanted=lambda: wanted))
        return made[-1]

    yield router
    for one in made:
        one.close()


def tell(router: Router, *notices: Notice) -> None:
    for notice in notices:
        router.hear(Notified(notice))


def test_the_first_way_that_works_shows_it(make: Make) -> None:
    broken, desktop, tray = RecordingNotifier(works=False), RecordingNotifier(), RecordingNotifier()
    router = make(broken, desktop, tray)
    tell(router, NOTICE)
    router.close()
    assert (broken.history, desktop.history, tray.history) == ([], [NOTICE], [])


def test_when_the_first_way_comes_back_the_second_is_cleared(make: Make) -> None:
    desktop, tray = RecordingNotifier(works=False), RecordingNotifier()
    router = make(desktop, tray)
    tell(router, NOTICE)
    until(lambda: tray.shown, "a notice in the tray")
    desktop.works = True
    worse = replace(NOTICE, state="held")
    tell(router, worse)
    router.close()
    assert (desktop.shown, tray.shown) == ({NOTICE.deployment_id: worse}, {})


def test_what_was_seen_is_withdrawn(make: Make) -> None:
    desktop = RecordingNotifier()
    router = make(desktop)
    other = replace(NOTICE, deployment_id="other")
    tell(router, NOTICE, other, replace(NOTICE, seen_at=START))
    router.close()
    assert desktop.shown == {"other": other}


def test_success_is_quiet_and_takes_bad_news_back(make: Make) -> None:
    desktop = RecordingNotifier()
    router = make(desktop)
    unknown = replace(NOTICE, state="unknown", urgency=Urgency.NORMAL)
    tell(router, unknown, replace(NOTICE, state="good", urgency=Urgency.SILENT))
    router.close()
    assert (desktop.history, desktop.shown) == ([unknown], {})


def test_a_person_who_wants_none_gets_none(make: Make) -> None:
    desktop = RecordingNotifier()
    router = make(desktop, wanted=False)
    tell(router, NOTICE)
    router.close()
    assert desktop.history == []


def test_other_news_is_not_for_people_who_do_not_look(make: Make) -> None:
    desktop = RecordingNotifier()
    router = make(desktop)
    router.hear(JournalTrouble(NOTICE.deployment_id, "The disk is full."))
    router.close()
    assert desktop.history == []
    assert desktop.is_closed


class Fragile(RecordingNotifier):
    """Fails wholly at its first notice."""

    def show(self, notice: Notice) -> bool:
        if not self.history:
            self.history.append(notice)
            raise RuntimeError("no screen")
        return super().show(notice)


def test_one_that_fails_does_not_silence_the_next(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    fragile = Fragile()
    router = make(fragile)
    tell(router, NOTICE, NOTICE)
    router.close()
    assert fragile.shown == {NOTICE.deployment_id: NOTICE}
    assert "could not be shown" in caplog.text
