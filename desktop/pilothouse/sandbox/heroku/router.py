"""Where the practice Heroku's router sends a request, and what it writes about each.

The router holds a request while a dyno is on its way up, for 75 platform seconds at most; it
never sends one to a dyno that was told to stop. Of every request it writes one line into the
app's log. No header names the dyno that answered (router error codes and HTTP routing in the
platform's documentation).
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pilothouse.sandbox.edge import Backend, Manners, Route, Wait
from pilothouse.sandbox.exchange import Exchange, Outcome
from pilothouse.sandbox.heroku.router_pages import DESCRIPTIONS, error_page
from pilothouse.sandbox.heroku.state import Dyno, HerokuApp
from pilothouse.sandbox.http1 import Headers
from pilothouse.sandbox.pace import Pace, wall_s

HELD_S = 75
"""Platform seconds that a request waits for a dyno to come up."""
IDLE_S = 55
"""Real seconds, since they limit what an app does: between two pieces of an answer."""

_VIA = "1.1 heroku-router"
_REQUEST_ID = re.compile(r"[A-Za-z0-9+/=-]{20,200}")
_NAMES_KEPT = 256
_CODES = {Outcome.BROKEN: "H18", Outcome.ABANDONED: "H27"}
_SOCKETS = {"H18": "sock=backend ", "H27": "sock=client "}
_CLIENT_LEFT = 499
_ids = random.Random(uuid.uuid4().int)


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
        self._names: dict[str, str] = {}

    def manners(self) -> Manners:
        """How the router treats what passes through it."""
        return Manners(
            decorate=_decorate,
            forward=_forwarded,
            no_answer=error_page("H13"),
            unreachable=error_page("H21"),
            too_slow=error_page("H12"),
            first_byte_s=self._app.first_byte_s,
            idle_s=IDLE_S,
        )

    def route(self, _headers: Mapping[str, str]) -> Route:
        """Say what happens to a request right now."""
        if self._app.platform_error:
            return error_page("H99")
        if self._app.maintenance:
            return error_page("H80")
        release = self._app.current_release()
        if release is None or release.slug_id is None:
            return error_page("H81")
        web = self._candidates()
        listening = [each for each in web if each.port is not None]
        if listening:
            return self._chosen(self._chance.choice(listening))
        if not web:
            return error_page("H14")
        booting = [each for each in web if each.dyno.state == "starting"]
        if booting:
            real = any(each.real for each in booting)
            return Wait(HELD_S if real else self._pace.seconds(HELD_S), error_page("H20"))
        return error_page("H10")

    def notice(self, exchange: Exchange) -> None:
        """Write the line about a request that has ended."""
        code = exchange.code or _CODES.get(exchange.outcome, "")
        seen, backend = exchange.headers, exchange.backend
        path = exchange.target.replace('"', "%22")
        begin = f'at=error code={code} desc="{DESCRIPTIONS[code]}" ' if code else "at=info "
        left = exchange.outcome is Outcome.ABANDONED
        service_s = exchange.service_s if backend is not None else None
        self._log(
            f'{begin}method={exchange.method} path="{path}" host={seen.get("host", "")} '
            f'request_id={seen.get("x-request-id", "")} fwd="{seen.get("x-forwarded-for", "")}" '
            f"{_SOCKETS.get(code, '')}"
            f"dyno={'' if backend is None else self._names.get(backend.instance_id, '')} "
            f"connect={_milliseconds(exchange.connect_s)} service={_milliseconds(service_s)} "
            f"status={_CLIENT_LEFT if left else 503 if code == 'H18' else exchange.status} "
            f"bytes={'' if code and backend is None else exchange.bytes} protocol=http tls=false"
        )

    def _chosen(self, candidate: Candidate) -> Backend:
        """Remember what the dyno is called: by the end of a request it may be listed no more."""
        dyno = candidate.dyno
        if dyno.id not in self._names:
            self._names[dyno.id] = dyno.name
            if len(self._names) > _NAMES_KEPT:
                del self._names[next(iter(self._names))]
        return Backend(dyno.id, candidate.port or 0)


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{round(seconds * 1000)}ms"


def _decorate(headers: Headers, backend: Backend | None, _seen: Mapping[str, str]) -> None:
    """Add what the router adds to every answer."""
    if all(name.lower() != "server" for name, _ in headers):
        headers.append(("server", "Heroku"))
    if backend is not None:
        headers.append(("via", _VIA))


def _request_id() -> str:
    """A UUID; unlike a good one it costs no call of the system, and nobody's secret hangs on it."""
    text = f"{_ids.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _forwarded(seen: Mapping[str, str], peer: str) -> Headers:
    """What the router tells the dyno about a request; a good request id of the client's stays."""
    given = seen.get("x-request-id", "")
    before, path = seen.get("x-forwarded-for"), seen.get("via")
    _, _, port = seen.get("host", "").rpartition(":")
    return [
        ("x-request-id", given if given and _REQUEST_ID.fullmatch(given) else _request_id()),
        ("x-forwarded-for", f"{before}, {peer}" if before else peer),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", port if port.isdigit() else "80"),
        ("x-request-start", str(int(wall_s() * 1000))),
        ("via", f"{path}, {_VIA}" if path else _VIA),
    ]
