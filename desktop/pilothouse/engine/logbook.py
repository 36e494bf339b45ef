"""What is known without asking anybody: the cache and the journal, read together.

Blocking (disk), never slow (network) but for `find` of an app nobody has seen yet.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pilothouse.domain.deployment import ENDED, LIVE, NEED_A_PERSON, Event, State
from pilothouse.domain.errors import (
    AccountRefused,
    KeyringUnavailable,
    NotFound,
    PilothouseError,
    PlatformError,
    UsageError,
)
from pilothouse.domain.model import Account, App, AppState, Live, Release
from pilothouse.domain.news import Looked, News, Notice, Reach
from pilothouse.domain.notices import notice_for
from pilothouse.domain.policy import Policy, default_production
from pilothouse.domain.ports import Clock, Provider, Providers
from pilothouse.domain.records import DeploymentRecord, Journal, ReleaseStore, Settings
from pilothouse.engine.verdicts import choices_back, with_verdicts
from pilothouse.engine.views import AppView

EARLIER = timedelta(days=90)
RECENT = 60
STALE = timedelta(minutes=3)


class Logbook:
    """Reads; every method from any thread."""

    def __init__(
        self,
        journal: Journal,
        releases: ReleaseStore,
        settings: Settings,
        providers: Providers,
        clock: Clock,
    ) -> None:
        self._journal, self._releases = journal, releases
        self._settings, self._providers, self._clock = settings, providers, clock
        self._lock = threading.Lock()
        self._looks: dict[str, Looked] = {}

    def hear(self, news: News) -> None:
        """Remember how the last look at an app or account went."""
        if isinstance(news, Looked):
            with self._lock:
                self._looks[news.app_id or news.account] = news

    def fleet(self) -> tuple[AppView, ...]:
        """Every known app of every account that can be used now."""
        accounts = {p.account.id: p.account for p in self._providers.all()}
        apps = [app for app in self._releases.apps() if app.account in accounts]
        return tuple(self._view(app, accounts[app.account]) for app in apps)

    def app(self, app_id: str) -> AppView:
        """One app; raises `NotFound`."""
        app = self._cached(app_id)
        return self._view(app, self._providers.of(app.account).account)

    def history(
        self, app_id: str, *, before: int | None = None, limit: int = 200
    ) -> tuple[Release, ...]:
        """Newest first, with our own verdicts."""
        rows = self._releases.releases(app_id, before=before, limit=limit)
        return with_verdicts(rows, self._journal.deployments(app_id=app_id, limit=1000))

    def deployments(
        self, app_id: str | None = None, *, limit: int = 100
    ) -> tuple[DeploymentRecord, ...]:
        """Newest first."""
        return self._journal.deployments(app_id=app_id, limit=limit)

    def deployment(self, deployment_id: str) -> DeploymentRecord:
        """One deployment, by the beginning of its id; raises `NotFound`."""
        return self._journal.deployment(deployment_id)

    def events(self, deployment_id: str) -> tuple[Event, ...]:
        """All that was written of it, in order."""
        return self._journal.events(deployment_id)

    def inbox(self) -> tuple[Notice, ...]:
        """What needs a person, then what was seen in the last ninety days."""
        ended = self._journal.deployments(states=NEED_A_PERSON, limit=500)
        seen = self._journal.seen([record.id for record in ended])
        since = self._clock.now() - EARLIER
        notices = [self.notice(record, seen.get(record.id)) for record in ended]
        kept = [n for n in notices if n is not None and (n.seen_at is None or n.seen_at >= since)]
        kept.sort(key=lambda n: (n.seen_at is not None, -n.at.timestamp()))
        return tuple(kept)

    def notice(self, record: DeploymentRecord, seen_at: datetime | None) -> Notice | None:
        """What a deployment has to say, if anything."""
        at = record.progress.ended_at or record.created_at
        return notice_for(record, at=at, seen_at=seen_at)

    def find(self, ref: str) -> App:
        """The app that a person names; asks the platform when the cache does not know it."""
        who, _, name = ref.partition(":")
        if not name:
            raise UsageError(f"“{ref}” names no app: write fly:NAME, heroku:NAME or ACCOUNT:NAME.")
        providers = [p for p in self._providers.all() if who in {p.platform.value, p.account.id}]
        if not providers:
            known = [p.account.id for p in self._providers.all()]
            raise NotFound("account", who, where="the accounts of this computer", exists=known)
        chosen = {p.account.id for p in providers}
        for app in self._releases.apps():
            if app.name == name and app.account in chosen:
                return app
        return self._remember(_asked(providers, name))

    def _remember(self, found: App) -> App:
        """Put an app that was found by name beside those of its account."""
        known = [app for app in self._releases.apps() if app.account == found.account]
        if found not in known:
            others = [app for app in known if app.id != found.id]
            self._releases.put_apps(found.account, [*others, found], self._clock.now())
        return found

    def policy(self, app: App) -> Policy:
        """What the app's owner asks for, with defaults for the rest."""
        account = self._providers.of(app.account).account
        default = Policy(
            production=default_production(app.name, app.stage),
            timing=self._providers.timing(account),
        )
        return self._settings.policy(app, default)

    def _cached(self, app_id: str) -> App:
        apps: Mapping[str, App] = {app.id: app for app in self._releases.apps()}
        if app_id not in apps:
            raise NotFound("app", app_id, where="the cache", exists=[a.ref for a in apps.values()])
        return apps[app_id]

    def _view(self, app: App, account: Account) -> AppView:
        live, record = self._releases.live(app.id), self._journal.app(app.id)
        recent = self.history(app.id, limit=RECENT)
        last = next(iter(self._journal.deployments(app_id=app.id, limit=1)), None)
        look = self._last_look(app, account)
        serves = live.release.version if live and live.release else None
        release = next((r for r in recent if r.version == serves), live.release if live else None)
        return AppView(
            app=app,
            account=account,
            state=self._state(live, last),
            live=live,
            release=release,
            hold_reason=record.hold_reason,
            locked_by=record.owner if last is None or last.progress.state in ENDED else None,
            last=last,
            way_back=next(iter(choices_back(recent, serves)), None),
            seen_at=live.seen_at if live else None,
            history_seen_at=self._releases.seen_at(app.id),
            reach=look.reach if look else Reach.SEEN,
            reach_reason=look.reason if look else "",
            production=self.policy(app).production,
        )

    def _last_look(self, app: App, account: Account) -> Looked | None:
        """How the last look at an app went; an account in trouble speaks for all its apps."""
        with self._lock:
            own, whole = self._looks.get(app.id), self._looks.get(account.id)
        if own is None or whole is None:
            return own or whole
        return whole if whole.reach is not Reach.SEEN and whole.at >= own.at else own

    def _state(self, live: Live | None, last: DeploymentRecord | None) -> AppState:
        if live is None:
            return AppState.UNKNOWN
        if last is not None and last.progress.state in LIVE:
            return AppState.DEPLOYING
        if last is not None and last.progress.state is State.UNKNOWN:
            return AppState.UNKNOWN
        if self._clock.now() - live.seen_at > STALE:
            return AppState.UNKNOWN
        if live.state is not AppState.SERVING:
            return live.state
        provisional = (
            last is not None and last.progress.state is State.GOOD and last.progress.provisional
        )
        return AppState.PROVISIONAL if provisional else AppState.SERVING


def _asked(providers: Sequence[Provider], name: str) -> App:
    """The first account's app of that name; one in trouble is told only if no other has it."""
    trouble: PilothouseError | None = None
    exists: list[str] = []
    for provider in providers:
        try:
            return provider.find(name)
        except NotFound as error:
            if len(providers) == 1:
                raise
            exists += error.exists
        except (AccountRefused, KeyringUnavailable, PlatformError) as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble
    raise NotFound("app", name, where=f"{len(providers)} accounts", exists=exists)
