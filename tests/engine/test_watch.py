"""Looking at the platforms: the cache is filled, and each account's trouble is its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pilothouse.domain.errors import AccountRefused, Lost
from pilothouse.domain.news import HistoryRead, Looked, News, Reach
from pilothouse.engine.watch import PAGE, Watch
from pilothouse.store.releases import ReleaseCache
from tests.engine.pretend import APP, Cloud, PretendProvider
from tests.engine.test_logbook import OTHER, Several
from tests.fakes import FakeClock


class Troubled(PretendProvider):
    """Another account, which cannot be read."""

    account = OTHER

    def __init__(self, error: Exception) -> None:
        super().__init__(Cloud())
        self._error = error

    def apps(self) -> Any:
        raise self._error


class Bench:
    def __init__(self, folder: Path, *more: PretendProvider) -> None:
        self.cloud = Cloud()
        self.provider = PretendProvider(self.cloud)
        self.cache = ReleaseCache.open(folder)
        self.told: list[News] = []
        self.asked = 0
        several: Any = Several(self.provider, *more)
        self.watch = Watch(several, self.cache, clock=FakeClock(), publish=self.told.append)

    def history(self, number: int) -> None:
        self.cloud.releases = {n: (f"image-{n}", "complete", "") for n in range(1, number + 1)}

    def looked(self) -> dict[str, Reach]:
        return {n.app_id or n.account: n.reach for n in self.told if isinstance(n, Looked)}

    def read(self) -> list[HistoryRead]:
        return [news for news in self.told if isinstance(news, HistoryRead)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.watch.close()
    bench.cache.close()


def test_a_look_fills_the_cache_and_says_so(bench: Bench) -> None:
    bench.watch.look_at_all()
    assert bench.cache.apps() == (APP,)
    live = bench.cache.live(APP.id)
    assert live is not None
    assert len(live.instances) == 2
    assert [r.version for r in bench.cache.releases(APP.id)] == [2, 1]
    assert bench.looked() == {"pretend": Reach.SEEN, APP.id: Reach.SEEN}
    assert bench.read() == [HistoryRead(APP.id, 2, complete=True)]


def test_a_silent_platform_is_told_and_the_cache_stays(bench: Bench) -> None:
    bench.watch.look_at_all()
    bench.cloud.silent = True
    bench.told.clear()
    bench.watch.look_at_all()
    assert bench.looked()[APP.id] is Reach.SILENT
    assert bench.cache.live(APP.id) is not None


@pytest.mark.parametrize(
    ("error", "reach"),
    [
        (AccountRefused("other", said="no", renew="Renew."), Reach.REFUSED),
        (Lost("no route"), Reach.SILENT),
    ],
)
def test_one_accounts_trouble_stops_no_other(
    tmp_path: Path, error: Exception, reach: Reach
) -> None:
    bench = Bench(tmp_path, Troubled(error))
    bench.watch.look_at_all()
    assert bench.looked() == {"pretend": Reach.SEEN, APP.id: Reach.SEEN, "other": reach}
    (trouble,) = [n for n in bench.told if isinstance(n, Looked) and n.account == "other"]
    assert trouble.reason == str(error)
    bench.cache.close()


def test_older_pages_come_one_at_a_time_until_the_first(bench: Bench) -> None:
    bench.history(PAGE * 3 - 10)
    bench.watch.look_at(bench.provider, APP)
    assert bench.read()[-1] == HistoryRead(APP.id, PAGE, complete=False)
    bench.watch.read_older(bench.provider, APP)
    assert bench.read()[-1] == HistoryRead(APP.id, PAGE * 2, complete=False)
    bench.watch.read_older(bench.provider, APP)
    assert bench.read()[-1] == HistoryRead(APP.id, PAGE * 3 - 10, complete=True)
    bench.watch.read_older(bench.provider, APP)
    assert bench.read()[-1] == HistoryRead(APP.id, PAGE * 3 - 10, complete=True)
    assert len(bench.cache.releases(APP.id, limit=1000)) == PAGE * 3 - 10


def test_closing_twice_or_without_a_start_is_fine(bench: Bench) -> None:
    bench.watch.start()
    bench.watch.close()
    bench.watch.close()
    assert not [t for t in threading.enumerate() if t.name == "pilothouse-watch"]
