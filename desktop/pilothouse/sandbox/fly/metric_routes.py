"""Fly.io's Prometheus: the query calls of its HTTP API, one organisation below `/prometheus`.

Answers and errors come in the envelope of Prometheus itself ("HTTP API"). A series that nobody
counts finds nothing, which means unknown and not healthy.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pilothouse.sandbox.fly import apps, promql
from pilothouse.sandbox.fly.http import access_of
from pilothouse.sandbox.fly.metrics import COUNTED, SCRAPE_S, STALE_S, gauges

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from pilothouse.sandbox.fly.keys import Access
    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.fly.metrics import Counter
    from pilothouse.sandbox.state import Json

_MOST_POINTS = 11_000
_MOST_WORK = 60_000
_FARTHEST = 1e11
_MOST_BODY_BYTES = 64 * 1024
Wish = dict[str, str]


class _Series:
    """The series that one token may see, as a query reads them."""

    def __init__(self, fleet: FlyFleet, access: Access) -> None:
        self._fleet = fleet
        self._access = access
        self._now = fleet.world.pace.now().timestamp()

    def at(self, name: str, moment: float) -> promql.Vector:
        """Return the series of a name with their values at a moment."""
        counted = [
            ({"__name__": name} | labels, value)
            for labels, counter in self._counters(name)
            if (value := counter.value(moment)) is not None
        ]
        if abs(moment - self._now) > STALE_S:
            return counted
        found = gauges(self._fleet, name)
        seen = [(labels, value) for labels, value in found if self._access.sees(labels["app"])]
        return counted + [({"__name__": name} | labels, value) for labels, value in seen]

    def growth(self, name: str, moment: float, seconds: float) -> promql.Vector:
        """Return by how much each series of a name grew in the seconds before a moment.

        A range that holds no two scrapes tells nothing.
        """
        if seconds < 2 * self._fleet.world.pace.seconds(SCRAPE_S):
            return []
        grown = []
        for labels, counter in self._counters(name):
            now, before = counter.value(moment), counter.value(moment - seconds)
            if now is not None:
                grown.append((labels, now - (before or 0.0)))
        return grown

    def _counters(self, name: str) -> list[tuple[promql.Labels, Counter]]:
        if name not in COUNTED:
            return []
        found = self._fleet.metrics.counters(name)
        return [(labels, each) for labels, each in found if self._access.sees(labels["app"])]


class MetricRoutes:
    """Handlers of queries; every one takes GET and a form by POST."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet

    def routes(self) -> list[Route]:
        """Return the routes of this API."""
        calls = {"query": self.query, "query_range": self.query_range}
        return [
            Route(f"/prometheus/{{slug}}/api/v1/{name}", self._asked(call), methods=["GET", "POST"])
            for name, call in calls.items()
        ]

    def _asked(
        self, call: Callable[[_Series, Wish], Json]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if not apps.is_own(self._fleet.world.fly, request.path_params["slug"]):
                return _error(404, "not_found", "organization not found")
            series = _Series(self._fleet, access_of(request))
            try:
                wish = await _wish(request)
                return JSONResponse({"status": "success", "data": call(series, wish)})
            except promql.QueryError as wrong:
                return _error(400, "bad_data", str(wrong))

        return answer

    def query(self, series: _Series, wish: Wish) -> Json:
        """Answer a query at one moment."""
        expression, _ = promql.read(wish.get("query", ""))
        moment = self._moment(wish, "time")
        value = expression(series, moment)
        if isinstance(value, float):
            return {"resultType": "scalar", "result": _sample(moment, value)}
        rows = [{"metric": labels, "value": _sample(moment, number)} for labels, number in value]
        return {"resultType": "vector", "result": rows}

    def query_range(self, series: _Series, wish: Wish) -> Json:
        """Answer a query at moments that follow each other in steps."""
        expression, size = promql.read(wish.get("query", ""))
        start, end = self._moment(wish, "start"), self._moment(wish, "end")
        step = _step(wish.get("step", ""))
        if end < start:
            raise promql.QueryError("end timestamp must not be before start time")
        points = int((end - start) / step) + 1
        if points > _MOST_POINTS or points * size > _MOST_WORK:
            words = "exceeded maximum resolution; try decreasing the query resolution (?step=XX)"
            raise promql.QueryError(words)
        rows: dict[tuple[tuple[str, str], ...], Json] = {}
        for index in range(points):
            moment = start + index * step
            value = expression(series, moment)
            for labels, number in [({}, value)] if isinstance(value, float) else value:
                row = rows.setdefault(tuple(labels.items()), {"metric": labels, "values": []})
                row["values"].append(_sample(moment, number))
        return {"resultType": "matrix", "result": list(rows.values())}

    def _moment(self, wish: Wish, name: str) -> float:
        text = wish.get(name)
        if not text and name == "time":
            return self._fleet.world.pace.now().timestamp()
        try:
            moment = float(text or "")
        except ValueError:
            moment = _rfc3339(text or "")
        if not abs(moment) < _FARTHEST:
            raise promql.QueryError(f'invalid parameter "{name}": cannot parse {text!r}')
        return moment


def _rfc3339(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return math.nan
    return moment.timestamp() if moment.tzinfo else math.nan


def _step(text: str) -> float:
    try:
        step = float(text)
    except ValueError:
        step = promql.seconds(text)
    if not 0 < step < _FARTHEST:
        raise promql.QueryError("zero or negative query resolution step widths are not accepted")
    return step


async def _wish(request: Request) -> Wish:
    """Return the parameters of the query and of a form."""
    body = await request.body() if request.method == "POST" else b""
    if len(body) > _MOST_BODY_BYTES:
        raise promql.QueryError("the form is too large")
    try:
        form = dict(parse_qsl(body.decode(), max_num_fields=100))
    except ValueError:
        raise promql.QueryError("the form cannot be read") from None
    return dict(request.query_params) | form


def _sample(moment: float, value: float) -> list[float | str]:
    if math.isnan(value):
        text = "NaN"
    elif math.isinf(value):
        text = "+Inf" if value > 0 else "-Inf"
    else:
        text = repr(value).removesuffix(".0")
    return [round(moment, 3), text]


def _error(status: int, kind: str, words: str) -> Response:
    body = {"status": "error", "errorType": kind, "error": words}
    return JSONResponse(body, status)
