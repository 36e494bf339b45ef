"""The commands that only look: apps, releases, status."""

from __future__ import annotations

from collections.abc import Sequence

import click

from pilothouse.cli.printer import Printer, age, stamp
from pilothouse.cli.tools import Call, json_option, pass_call
from pilothouse.domain.errors import AccountRefused, PlatformError
from pilothouse.domain.model import App, Json, Live, Release
from pilothouse.domain.news import Looked, News, Reach
from pilothouse.engine.service import Service
from pilothouse.engine.views import AppView


@click.command()
@json_option
@pass_call
def apps(call: Call) -> int:
    """Every app of every account: what it runs and how it is."""
    printer = call.printer()
    silent: dict[str, Looked] = {}

    def hear(news: News) -> None:
        if isinstance(news, Looked) and news.app_id is None and news.reach is not Reach.SEEN:
            silent[news.account] = news

    with call.service() as service:
        service.subscribe(hear)
        service.look()
        fleet = service.logbook.fleet()
    _show_fleet(printer, fleet)
    for account, news in silent.items():
        printer.error(f"{account}: {news.reason}")
    for view in fleet:
        if view.reach is not Reach.SEEN and view.account.id not in silent:
            printer.error(f"{view.app.ref}: {view.reach_reason}")
    if fleet or not silent:
        return 0
    refused = any(news.reach is Reach.REFUSED for news in silent.values())
    return AccountRefused.exit_code if refused else PlatformError.exit_code


def _show_fleet(printer: Printer, fleet: Sequence[AppView]) -> None:
    rows: list[Json] = [_app_row(view) for view in fleet]
    printer.data({"apps": rows})
    if not fleet:
        printer.line("No apps yet. Connect an account (pilothouse accounts add), or try --sandbox.")
        return
    printer.table(
        ["APP", "ACCOUNT", "STATE", "LIVE", "AGE", "BY", "WAY BACK", "HELD", "SEEN"],
        [
            [
                view.app.ref,
                view.account.id,
                view.state.value,
                f"v{view.release.version}" if view.release else "-",
                age(view.release.created_at) if view.release else "-",
                view.release.author if view.release else "-",
                f"v{view.way_back.version}" if view.way_back else "-",
                "held" if view.hold_reason else "-",
                f"{age(view.seen_at)} ago" if view.seen_at else "never",
            ]
            for view in fleet
        ],
    )


def _app_row(view: AppView) -> Json:
    return {
        "app": view.app.ref,
        "account": view.account.id,
        "platform": view.app.platform.value,
        "state": view.state.value,
        "held": view.hold_reason is not None,
        "release": view.release.version if view.release else None,
        "way_back": view.way_back.version if view.way_back else None,
        "production": view.production,
        "addresses": list(view.app.addresses),
        "seen_at": stamp(view.seen_at),
    }


@click.command()
@click.argument("app")
@click.option("--limit", type=click.IntRange(1, 100_000), default=25, show_default=True)
@json_option
@pass_call
def releases(call: Call, app: str, limit: int) -> None:
    """The release history of APP, newest first."""
    printer = call.printer()
    with call.service() as service:
        found = service.logbook.find(app)
        _look(call, service, found)
        rows = _enough(call, service, found, limit)
        seen_at = service.logbook.app(found.id).history_seen_at
    printer.data({"app": found.ref, "releases": [_release_row(row) for row in rows]})
    printer.table(
        ["RELEASE", "KIND", "STATUS", "VERDICT", "WHAT", "BY", "AGE"],
        [
            [
                f"v{row.version}{' *' if row.current else ''}",
                row.kind.value,
                row.status.value,
                row.verdict.value,
                _short(row.description),
                row.author,
                age(row.created_at),
            ]
            for row in rows
        ],
    )
    printer.line(f"* serves now. Seen {age(seen_at)} ago." if seen_at else "Never seen.")


def _enough(call: Call, service: Service, app: App, limit: int) -> tuple[Release, ...]:
    """Read older pages until there are as many as were asked for, or no more."""
    while True:
        rows = service.logbook.history(app.id, limit=limit)
        if len(rows) >= limit:
            return rows
        try:
            service.look(app.id, older=True)
        except PlatformError as error:
            call.printer().error(f"{error} Older releases could not be read.")
            return rows
        if len(service.logbook.history(app.id, limit=limit)) == len(rows):
            return rows


def _release_row(row: Release) -> Json:
    return {
        "version": row.version,
        "kind": row.kind.value,
        "status": row.status.value,
        "verdict": row.verdict.value,
        "current": row.current,
        "artifact": row.artifact,
        "description": row.description,
        "author": row.author,
        "created_at": stamp(row.created_at),
    }


def _short(text: str, width: int = 48) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _look(call: Call, service: Service, app: App) -> None:
    """Look now; when the platform does not answer, say so: what is known is shown then."""
    try:
        service.look(app.id)
    except PlatformError as error:
        seen_at = service.logbook.app(app.id).seen_at
        if seen_at is None:
            raise
        call.printer().error(f"{error} This is what was known {age(seen_at)} ago.")


@click.command()
@click.argument("app")
@json_option
@pass_call
def status(call: Call, app: str) -> None:
    """What is live on APP, and how that is known."""
    printer = call.printer()
    trouble = ""
    with call.service() as service:
        found = service.logbook.find(app)
        try:
            service.look(found.id)
        except PlatformError as error:
            trouble = str(error)
        view = service.logbook.app(found.id)
    if view.live is None:
        raise PlatformError(f"Nothing is known of {found.ref}: {trouble}")
    printer.data(_status_row(view, view.live, trouble))
    _say_status(printer, view, view.live, trouble)


def _state(view: AppView, trouble: str) -> str:
    """A stale green is never shown."""
    return "unknown" if trouble else view.state.value


def _status_row(view: AppView, live: Live, trouble: str) -> dict[str, Json]:
    instances: list[Json] = [
        {
            "id": one.id,
            "place": one.place,
            "state": one.state,
            "release": one.release,
            "artifact": one.artifact,
            "healthy": one.healthy,
            "serving": one.serving,
        }
        for one in live.instances
    ]
    return {
        "app": view.app.ref,
        "state": _state(view, trouble),
        "held": view.hold_reason is not None,
        "hold_reason": view.hold_reason,
        "release": live.release.version if live.release else None,
        "artifact": _artifact(live),
        "instances": instances,
        "seen_at": stamp(view.seen_at),
    }


def _artifact(live: Live) -> str | None:
    return next((one.artifact for one in live.serving), None)


def _say_status(printer: Printer, view: AppView, live: Live, trouble: str) -> None:
    state, seen = _state(view, trouble), age(view.seen_at)
    version = f"v{live.release.version}" if live.release else "nothing"
    printer.line(f"{view.app.ref} is {state}: {version} is live.", style=state)
    running = f"{len(live.serving)} of {len(live.instances)} instances serve"
    printer.line(f"{running}, {_artifact(live)}.")
    printer.line(live.disagreement or f"Known {seen} ago: platform and instances agree.")
    if view.hold_reason:
        printer.line(f"Held: {view.hold_reason}", style="held")
    if trouble:
        printer.error(f"{trouble} This is what was known {seen} ago.")
