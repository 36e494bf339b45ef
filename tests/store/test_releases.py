"""The cache gives back what was seen, page by page, and can always be begun anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilothouse.domain.model import (
    Instance,
    Live,
    Platform,
    Release,
    ReleaseKind,
    ReleaseStatus,
    ReleaseVerdict,
)
from pilothouse.domain.records import ReleaseStore
from pilothouse.store.releases import BATCH, ReleaseCache
from tests.store import samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = samples.HARBOR.id
AT = datetime(2025, 11, 22, 14, 2, 3, tzinfo=UTC)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ReleaseCache]:
    cache = ReleaseCache.open(tmp_path)
    yield cache
    cache.close()


def release(version: int, *, current: bool = False) -> Release:
    """A release as a platform lists it."""
    return Release(
        app_id=APP,
        version=version,
        id=f"r{version}",
        kind=ReleaseKind.CODE,
        status=ReleaseStatus.COMPLETE,
        current=current,
        artifact=f"sha256:{version}",
        description=f"Deploy {version} ⚓",
        author="Ann Berg",
        created_at=AT + timedelta(minutes=version),
        eligible=None,
        verdict=ReleaseVerdict.ROLLED_BACK,
        went_back_to=3,
    )


def live(seen_at: datetime) -> Live:
    """What the sample app runs."""
    instance = Instance("3f19", "ams", "app", "started", 42, "sha256:42", "01J", True, True)
    return Live(
        samples.HARBOR, release(42), (instance,), "/healthz", False, seen_at, "They differ."
    )


def test_it_is_a_release_store(cache: ReleaseCache) -> None:
    port: ReleaseStore = cache
    assert port.apps() == ()
    assert port.live(APP) is None
    assert port.releases(APP) == ()
    assert port.seen_at(APP) is None


def test_apps_of_an_account_are_replaced_those_of_others_stay(cache: ReleaseCache) -> None:
    web = samples.other_app("harbor-web")
    billing = replace(
        samples.other_app("billing"), account="lena", platform=Platform.HEROKU, stage="production"
    )
    cache.put_apps("sandbox-fly", [samples.HARBOR, web], AT)
    cache.put_apps("lena", [billing], AT)
    assert cache.apps() == (billing, samples.HARBOR, web)
    cache.put_apps("sandbox-fly", [web], AT)
    assert cache.apps() == (billing, web)


def test_an_app_that_two_accounts_see_is_listed_once(cache: ReleaseCache) -> None:
    cache.put_apps("one", [replace(samples.HARBOR, account="one")], AT)
    cache.put_apps("two", [replace(samples.HARBOR, account="two")], AT)
    assert [app.account for app in cache.apps()] == ["two"]


def test_the_latest_sight_of_an_app_is_kept(cache: ReleaseCache) -> None:
    later = live(AT + timedelta(seconds=1))
    cache.put_live(later)
    cache.put_live(live(AT))
    assert cache.live(APP) == later


def test_releases_come_newest_first_in_pages(cache: ReleaseCache) -> None:
    cache.put_releases(APP, [release(version) for version in range(1, 8)], AT)
    assert [one.version for one in cache.releases(APP, limit=3)] == [7, 6, 5]
    assert [one.version for one in cache.releases(APP, before=5, limit=3)] == [4, 3, 2]
    assert cache.releases(APP, before=2) == (release(1),)
    assert cache.releases("another") == ()
    assert cache.seen_at(APP) == AT


def test_only_one_release_is_current(cache: ReleaseCache) -> None:
    cache.put_releases(APP, [release(1), release(2, current=True)], AT)
    cache.put_releases(APP, [release(3, current=True)], AT)
    cache.put_releases(APP, [release(1)], AT)
    assert [one.version for one in cache.releases(APP) if one.current] == [3]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(1, 40), max_size=12), max_size=5))
def test_pages_together_are_the_whole_history(
    tmp_path_factory: pytest.TempPathFactory, pages: list[list[int]]
) -> None:
    cache = ReleaseCache.open(tmp_path_factory.mktemp("cache"))
    for page in pages:
        cache.put_releases(APP, [release(version) for version in page], AT)
    found: list[int] = []
    while part := cache.releases(APP, before=found[-1] if found else None, limit=7):
        found += [one.version for one in part]
    assert found == sorted({version for page in pages for version in page}, reverse=True)
    cache.close()


def test_a_long_history_fits(cache: ReleaseCache) -> None:
    many = [release(version) for version in range(1, 2 * BATCH + 7)]
    cache.put_releases(APP, many, AT)
    cache.put_releases(APP, many, AT)
    assert len(cache.releases(APP, limit=10 * BATCH)) == len(many)


def test_a_damaged_cache_is_moved_aside(tmp_path: Path) -> None:
    ReleaseCache.open(tmp_path).close()
    (place,) = tmp_path.glob("cache-v*.db")
    place.write_bytes(b"not a database at all" * 400)
    cache = ReleaseCache.open(tmp_path)
    cache.put_releases(APP, [release(1)], AT)
    cache.close()
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1
