"""A believable fleet for the window's tests: two Fly accounts' worth of apps, two of Heroku.

All moments hang on `NOW`, so that pictures are the same every day.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pilothouse.domain.model import (
    Account,
    App,
    AppState,
    Instance,
    Live,
    Platform,
    Release,
    ReleaseKind,
    ReleaseStatus,
    ReleaseVerdict,
)
from pilothouse.domain.news import Reach
from pilothouse.engine.views import AppView

NOW = datetime(2025, 11, 22, 13, 5, tzinfo=UTC)

HARBOR = Account("harbor", Platform.FLY, "harbor", "api.fly.io", "keyring")
TEAM = Account("harbor-team", Platform.HEROKU, "harbor-team", "api.heroku.com", "keyring")
LENA = Account("lena", Platform.HEROKU, "lena", "api.heroku.com", "keyring")
PRACTICE = Account("sandbox-fly", Platform.FLY, "sandbox", "127.0.0.1", "sandbox")
ACCOUNTS = (HARBOR, TEAM, LENA, PRACTICE)

PEOPLE = ("Ann Berg", "Jonas Weil", "Maria Okoye", "Lena Fischer", "CI: deploy.yml")


def app_of(account: Account, name: str) -> App:
    """An app of an account, with the id that the engine would give it."""
    return App(
        id=f"{account.api_host}/{account.platform}/{name}",
        account=account.id,
        platform=account.platform,
        name=name,
        addresses=(f"https://{name}.fly.dev",),
    )


def release_of(app: App, version: int, *, ago: timedelta, author: str, **more: object) -> Release:
    """A code release of an app."""
    made = Release(
        app_id=app.id,
        version=version,
        id=f"r{version}",
        kind=ReleaseKind.CODE,
        status=ReleaseStatus.COMPLETE,
        current=False,
        artifact=f"registry.fly.io/{app.name}@sha256:{version:04x}{'0' * 56}{version * 7:04x}",
        description=f"Release {version}",
        author=author,
        created_at=NOW - ago,
        eligible=True,
        verdict=ReleaseVerdict.VERIFIED,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def machines(release: Release, count: int = 2) -> tuple[Instance, ...]:
    """Healthy instances of one release in two regions."""
    return tuple(
        Instance(
            id=f"{at:02d}86e{release.version}",
            place=("ams", "fra")[at % 2],
            role="app",
            state="started",
            release=release.version,
            artifact=release.artifact,
            version=f"01{release.version}{at}",
            healthy=True,
            serving=True,
        )
        for at in range(count)
    )


def live_of(app: App, release: Release, *, count: int = 2, age_s: float = 4) -> Live:
    """What an app runs, as seen a few seconds ago."""
    return Live(
        app=app,
        release=release,
        instances=machines(release, count),
        probe_path="/healthz",
        maintenance=False,
        seen_at=NOW - timedelta(seconds=age_s),
    )


def view_of(account: Account, name: str, version: int, **more: object) -> AppView:
    """An app that simply serves, seen four seconds ago; `more` replaces fields."""
    app = app_of(account, name)
    author = PEOPLE[version % 4]
    release = release_of(app, version, ago=timedelta(hours=version), author=author, current=True)
    back = release_of(app, version - 1, ago=timedelta(hours=version + 30), author=author)
    live = live_of(app, release)
    made = AppView(
        app=app,
        account=account,
        state=AppState.SERVING,
        live=live,
        release=release,
        hold_reason=None,
        locked_by=None,
        last=None,
        way_back=back,
        seen_at=live.seen_at,
        history_seen_at=live.seen_at,
        reach=Reach.SEEN,
        reach_reason="",
        production=True,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def silent(view: AppView) -> AppView:
    """The same app, not answered for by its platform since three minutes."""
    seen = NOW - timedelta(minutes=3)
    return replace(
        view,
        state=AppState.UNKNOWN,
        reach=Reach.SILENT,
        reach_reason="Heroku does not answer.",
        seen_at=seen,
    )


def fleet() -> tuple[AppView, ...]:
    """Sixteen apps as a company of four might have them."""
    return (
        view_of(HARBOR, "harbor-api", 42),
        view_of(HARBOR, "harbor-cdn", 9, way_back=None),
        view_of(HARBOR, "harbor-docs", 71),
        view_of(HARBOR, "harbor-sockets", 33, production=False),
        view_of(HARBOR, "harbor-web", 119, state=AppState.PROVISIONAL),
        view_of(HARBOR, "harbor-worker", 57, state=AppState.DEPLOYING),
        view_of(HARBOR, "tide-maps", 14, hold_reason="v13 was rolled back by itself."),
        silent(view_of(TEAM, "harbor-mail", 204)),
        silent(view_of(TEAM, "harbor-admin", 89)),
        view_of(TEAM, "harbor-billing", 311),
        view_of(TEAM, "harbor-search", 76),
        view_of(LENA, "lena-notes", 18),
        view_of(LENA, "lena-recipes", 6, locked_by="Jonas Weil"),
        view_of(LENA, "lena-status", 23),
        view_of(PRACTICE, "sandbox-dyno", 5, state=AppState.BROKEN, way_back=None),
        view_of(PRACTICE, "sandbox-fly", 11),
    )


def _row(version: int, title: str, days: float, author: int, **more: object) -> Release:
    app = app_of(HARBOR, "harbor-api")
    who = PEOPLE[author]
    ago = timedelta(days=days)
    return release_of(app, version, ago=ago, author=who, description=title, **more)


def history() -> tuple[Release, ...]:
    """Thirteen releases of harbor-api with two that were gone back from, newest first."""
    config, scale = ReleaseKind.CONFIG, ReleaseKind.SCALE
    back, bad = ReleaseKind.ROLLBACK, ReleaseVerdict.ROLLED_BACK
    failed, unseen = ReleaseVerdict.FAILED_SAFE, ReleaseVerdict.NOT_WATCHED
    return (
        _row(42, "Cache tide tables per port", 0.13, 0, current=True),
        _row(41, "DB_POOL_SIZE changed, TIDE_CACHE_TTL added", 0.9, 2, kind=config),
        _row(40, "Port search: rank by distance", 1.1, 1),
        _row(39, "Rollback to v36", 2.1, 1, kind=back, went_back_to=36),
        _row(38, "Move sessions to Valkey", 2.12, 1, verdict=bad),
        _row(37, "fra: 1 to 2 machines", 2.2, 2, kind=scale),
        _row(36, "Retry the upstream tide feed", 3.0, 0),
        _row(35, "Add berth reservations table", 3.1, 3, verdict=failed,
             status=ReleaseStatus.FAILED),
        _row(34, "FEED_URL changed", 4.2, 2, kind=config),
        _row(33, "Rollback to v31", 6.0, 0, kind=back, went_back_to=31),
        _row(32, "Tide offsets from the new feed", 6.1, 0, verdict=bad),
        _row(31, "Compress responses", 8.2, 1),
        _row(30, "Bump Python to 3.13", 9.4, 4, verdict=unseen),
    )  # fmt: skip


def long_history(count: int) -> tuple[Release, ...]:
    """As many releases as wanted, newest first, every ninth gone back from."""
    app = app_of(HARBOR, "harbor-api")
    rolled = ReleaseVerdict.ROLLED_BACK
    return tuple(
        release_of(
            app,
            version,
            ago=timedelta(hours=count - version),
            author=PEOPLE[version % 4],
            current=version == count,
            description=f"Change {version} of the tide tables",
            kind=ReleaseKind.ROLLBACK if version % 9 == 0 else ReleaseKind.CODE,
            went_back_to=version - 2 if version % 9 == 0 and version > 2 else None,
            verdict=rolled if version % 9 == 8 else ReleaseVerdict.VERIFIED,
        )
        for version in range(count, 0, -1)
    )
