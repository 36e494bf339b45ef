"""What is known without asking: from cache and journal, with how the last look went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pilothouse.domain.deployment import State
from pilothouse.domain.errors import AccountRefused, Lost, NotFound, PilothouseError
from pilothouse.domain.model import Account, App, AppState, Live, Platform
from pilothouse.domain.news import Looked, Reach
from pilothouse.domain.policy import Timing
from pilothouse.engine.logbook import STALE, Logbook
from pilothouse.store.journal import SqlJournal
from pilothouse.store.releases import ReleaseCache
from pilothouse.store.settings import JsonSettings
from tests.engine.conftest import Rig
from tests.engine.pretend import ACCOUNT, APP, Cloud, PretendProvider
from tests.fakes import FakeClock

OTHER = Account("other", Platform.FLY, "Other", "127.0.0.1", "memory")


class Second(PretendProvider):
    """Another account of the same platform, which knows other apps, or is in trouble."""

    account = OTHER

    def __init__(self, *names: str, error: PilothouseError | None = None) -> None:
        super().__init__(Cloud())
        self._names, self._error = names, error

    def find(self, name: str) -> App:
        if self._error is not None:
            raise self._error
        if name not in self._names:
            raise NotFound("app", name, where="other", exists=self._names)
        return replace(APP, id=f"127.0.0.1/fly/{name}", account="other", name=name)


class Several:
    """`domain.ports.Providers` over a few."""

    def __init__(self, *providers: PretendProvider) -> None:
        self._providers = {provider.account.id: provider for provider in providers}

    def all(self) -> tuple[PretendProvider, ...]:
        return tuple(self._providers.values())

    def of(self, account_id: str) -> PretendProvider:
        return self._providers[account_id]

    def timing(self, _account: Account) -> Timing:
        return Timing()


class Shelf:
    """A logbook over a real journal and cache, with a clock set by hand."""

    def __init__(self, folder: Path, *providers: PretendProvider) -> None:
        self.clock = FakeClock(datetime.now(UTC))
        self.cloud = Cloud()
        several: Any = Several(*(providers or (PretendProvider(self.cloud),)))
        self.provider = several.all()[0]
        self.journal = SqlJournal.open(f"sqlite:///{folder}/journal.db", self.clock)
        self.releases = ReleaseCache.open(folder)
        settings = JsonSettings(folder / "settings.json")
        self.logbook = Logbook(self.journal, self.releases, settings, several, self.clock)

    def seen(self, **parts: Any) -> None:
        """As a look that went well leaves it."""
        live: Live = replace(self.provider.live(APP), seen_at=self.clock.now(), **parts)
        self.releases.put_apps("pretend", [APP], self.clock.now())
        self.releases.put_live(live)
        self.looked(Reach.SEEN)

    def looked(self, reach: Reach, *, account: bool = False, reason: str = "") -> None:
        app_id = None if account else APP.id
        self.logbook.hear(Looked("pretend", app_id, reach, self.clock.now(), reason))

    def state(self) -> AppState:
        return self.logbook.app(APP.id).state

    def close(self) -> None:
        self.releases.close()
        self.journal.close()


@pytest.fixture
def shelf_of(tmp_path: Path) -> Iterator[Callable[..., Shelf]]:
    with ExitStack() as after:
        yield lambda *providers: after.enter_context(closing(Shelf(tmp_path, *providers)))


@pytest.fixture
def shelf(shelf_of: Callable[..., Shelf]) -> Shelf:
    return shelf_of()


# ------------------------------------------------------------------- how an app is


def test_nobody_looked_yet(shelf: Shelf) -> None:
    shelf.releases.put_apps("pretend", [APP], shelf.clock.now())
    view = shelf.logbook.app(APP.id)
    assert (view.state, view.live, view.seen_at) == (AppState.UNKNOWN, None, None)
    assert shelf.logbook.fleet() == (view,)


def test_seen_just_now(shelf: Shelf) -> None:
    shelf.seen()
    view = shelf.logbook.app(APP.id)
    assert view.state is AppState.SERVING
    assert (view.reach, view.locked_by, view.hold_reason) == (Reach.SEEN, None, None)


@pytest.mark.parametrize("told", [True, False])
def test_a_stale_green_is_never_shown(shelf: Shelf, *, told: bool) -> None:
    shelf.seen()
    shelf.clock.advance(STALE.total_seconds() - 1)
    assert shelf.state() is AppState.SERVING
    shelf.clock.advance(2)
    if told:
        shelf.looked(Reach.SILENT, reason="no route")
    assert shelf.state() is AppState.UNKNOWN
    assert shelf.logbook.app(APP.id).live is not None


def test_what_was_broken_when_it_was_last_seen_is_unknown_too(shelf: Shelf) -> None:
    shelf.seen(maintenance=True)
    assert shelf.state() is AppState.BROKEN
    shelf.clock.advance(STALE.total_seconds() + 1)
    assert shelf.state() is AppState.UNKNOWN


def test_an_account_in_trouble_is_told_for_each_of_its_apps(shelf: Shelf) -> None:
    shelf.seen()
    shelf.clock.advance(20)
    shelf.looked(Reach.REFUSED, account=True, reason="token expired")
    view = shelf.logbook.app(APP.id)
    assert (view.reach, view.reach_reason) == (Reach.REFUSED, "token expired")
    shelf.clock.advance(20)
    shelf.looked(Reach.SEEN, account=True)
    shelf.looked(Reach.SEEN)
    assert shelf.logbook.app(APP.id).reach is Reach.SEEN


def test_an_apps_own_trouble_outlives_its_accounts_good_look(shelf: Shelf) -> None:
    shelf.seen()
    shelf.looked(Reach.SILENT, reason="502")
    shelf.clock.advance(20)
    shelf.looked(Reach.SEEN, account=True)
    assert shelf.logbook.app(APP.id).reach is Reach.SILENT


def test_disagreement_is_unknown(shelf: Shelf) -> None:
    shelf.seen(disagreement="v3 is current, v2 runs.")
    assert shelf.state() is AppState.UNKNOWN


def test_states_of_deployments(rig: Rig) -> None:
    rig.service.look("fly:pier")
    during: list[AppState] = []
    rig.cloud.on_call = lambda _key: during.append(rig.service.logbook.app(APP.id).state)
    rig.deploy()
    assert set(during) == {AppState.DEPLOYING}
    rig.service.look("fly:pier")
    view = rig.service.logbook.app(APP.id)
    assert view.state is AppState.SERVING
    assert view.release is not None
    assert (view.release.version, view.release.verdict.value) == (3, "verified")
    assert view.last is not None
    assert view.last.progress.state is State.GOOD


def test_the_way_back_leads_where_a_rollback_would_go(rig: Rig) -> None:
    rig.deploy("new")
    rig.deploy("newer")
    rig.service.look("fly:pier")
    way_back = rig.service.logbook.app(APP.id).way_back
    assert way_back is not None
    assert rig.rollback().plan.to_version == way_back.version == 3


def test_an_app_nobody_knows(shelf: Shelf) -> None:
    with pytest.raises(NotFound, match="the cache"):
        shelf.logbook.app("127.0.0.1/fly/nowhere")


# ------------------------------------------------------------------- finding by name


def test_an_app_is_found_by_platform_or_account(
    shelf_of: Callable[..., Shelf],
) -> None:
    logbook = shelf_of(PretendProvider(Cloud()), Second("quay")).logbook
    assert logbook.find("fly:pier").account == "pretend"
    assert logbook.find("fly:quay").account == "other"
    assert logbook.find("other:quay").name == "quay"
    with pytest.raises(NotFound):
        logbook.find("other:pier")


def test_an_account_in_trouble_hides_no_app_of_another(
    shelf_of: Callable[..., Shelf],
) -> None:
    shelf = shelf_of(Second(error=Lost("no route")), PretendProvider(Cloud()))
    assert shelf.logbook.find("fly:pier").account == "pretend"


@pytest.mark.parametrize(
    "error", [Lost("no route"), AccountRefused("other", said="expired", renew="Renew it.")]
)
def test_an_app_is_not_called_missing_while_an_account_cannot_be_asked(
    shelf_of: Callable[..., Shelf], error: PilothouseError
) -> None:
    logbook = shelf_of(PretendProvider(Cloud()), Second(error=error)).logbook
    with pytest.raises(type(error)):
        logbook.find("fly:quay")


def test_a_missing_app_is_named_with_what_every_account_has(
    shelf_of: Callable[..., Shelf],
) -> None:
    logbook = shelf_of(PretendProvider(Cloud()), Second("quay")).logbook
    with pytest.raises(NotFound) as caught:
        logbook.find("fly:nowhere")
    assert {"pier", "quay"} <= set(caught.value.exists)


def test_who_is_found_once_is_known_then(shelf: Shelf) -> None:
    shelf.logbook.find("pretend:pier")
    assert [app.name for app in shelf.releases.apps()] == ["pier"]
    assert shelf.logbook.app(APP.id).account == ACCOUNT


# ------------------------------------------------------------------- the inbox


def test_seen_notices_are_kept_for_ninety_days(rig: Rig) -> None:
    rig.cloud.crashing.add("new")
    rig.deploy()
    (notice,) = rig.service.logbook.inbox()
    rig.journal.request(
        kind=_seen_kind(), app_id=APP.id, deployment_id=notice.deployment_id, by="ann"
    )
    later = FakeClock(datetime.now(UTC) + timedelta(days=89))
    logbook = Logbook(rig.journal, _none(), _none(), _none(), later)
    assert len(logbook.inbox()) == 1
    later.advance(2 * 24 * 3600)
    assert logbook.inbox() == ()


def _seen_kind() -> Any:
    from pilothouse.domain.records import RequestKind

    return RequestKind.SEEN


def _none() -> Any:
    return None
