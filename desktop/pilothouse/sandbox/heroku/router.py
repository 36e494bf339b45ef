"""Where the practice Heroku's router sends a request, and the pages it answers with by itself.

The router holds a request while a dyno is on its way up, for 75 platform seconds at most; it
never sends one to a dyno that was told to stop. No header names the dyno that answered (router
error codes and HTTP routing in the platform's documentation).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pilothouse.sandbox.edge import Backend, Refuse, Route, Wait
from pilothouse.sandbox.heroku.state import Dyno, HerokuApp
from pilothouse.sandbox.http1 import Headers
from pilothouse.sandbox.pace import Pace

HELD_S = 75
"""Platform seconds that a request waits for a dyno to come up."""

DESCRIPTIONS = {
    "H10": "App crashed",
    "H13": "Connection closed without response",
    "H14": "No web processes running",
    "H20": "App boot timeout",
    "H80": "Maintenance mode",
    "H81": "Blank app",
}
_CODE = "x-sandbox-router-code"
_TITLES = {"H80": "Offline for maintenance", "H81": "There is nothing here yet"}


def error_page(code: str) -> Refuse:
    """The router's own answer for one of its codes."""
    title = _TITLES.get(code, "Application error")
    body = (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{title}</body></html>\n"
    )
    headers = (
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-cache, no-store"),
        (_CODE, code),
    )
    return Refuse(502 if code == "H81" else 503, headers, body.encode())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A web dyno of the serving set; `port` is None while it does not listen.

    The boot of a `real` one takes the seconds it takes, whatever the pace.
    """

    dyno: Dyno
    port: int | None
    real: bool = False


class Router:
    """Decides for one app. `candidates` answers the set that serves now, `log` takes a line."""

    def __init__(
        self,
        app: HerokuApp,
        pace: Pace,
        candidates: Callable[[], Sequence[Candidate]],
        log: Callable[[str], None],
    ) -> None:
        self._app = app
        self._pace = pace
        self._candidates = candidates
        self._log = log
        self._chance = random.Random(app.id)

    def route(self, _headers: Mapping[str, str]) -> Route:
        """Say what happens to a request right now."""
        if self._app.maintenance:
            return error_page("H80")
        release = self._app.current_release()
        if release is None or release.slug_id is None:
            return error_page("H81")
        web = self._candidates()
        listening = [Backend(each.dyno.id, each.port) for each in web if each.port is not None]
        if listening:
            return self._chance.choice(listening)
        if not web:
            return error_page("H14")
        booting = [each for each in web if each.dyno.state == "starting"]
        if booting:
            real = any(each.real for each in booting)
            return Wait(HELD_S if real else self._pace.seconds(HELD_S), error_page("H20"))
        return error_page("H10")

    def decorate(self, headers: Headers, backend: Backend | None, _seen: Mapping[str, str]) -> None:
        """Add what the router adds to every answer, and note its own errors in the log."""
        for name, code in [each for each in headers if each[0] == _CODE]:
            headers.remove((name, code))
            self._log(
                f'at=error code={code} desc="{DESCRIPTIONS[code]}" dyno= connect= service= '
                f"status={502 if code == 'H81' else 503} bytes= protocol=http"
            )
        headers.append(("server", "Heroku"))
        if backend is not None:
            headers.append(("via", "1.1 heroku-router"))
