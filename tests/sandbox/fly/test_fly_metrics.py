"""The practice Fly.io's Prometheus: the series that watch a deploy, and queries in form."""

from __future__ import annotations

import math
import random
from contextlib import suppress

import pytest

from pilothouse.sandbox.fly import promql
from tests.sandbox.fly.quay import APP, Quay, Row, at_quay
from tests.waiting import until_async

QUERY = "/prometheus/harbour-works/api/v1/query"
RANGE = "/prometheus/harbour-works/api/v1/query_range"
SHARE = (
    f'sum(rate(fly_edge_http_responses_count{{app="{APP}",status=~"5.."}}[2m])) / '
    f'sum(rate(fly_edge_http_responses_count{{app="{APP}"}}[2m]))'
)


async def ask(one: Quay, query: str, path: str = QUERY, **more: str | float) -> Row:
    wish: dict[str, str | float] = {"query": query}
    answer = await one.api.get(path, params=wish | more)
    assert answer.status_code == 200, answer.text
    shown: Row = answer.json()
    assert shown["status"] == "success"
    found: Row = shown["data"]
    return found


async def value(one: Quay, query: str) -> float | None:
    rows = (await ask(one, query))["result"]
    assert len(rows) < 2, rows
    return float(rows[0]["value"][1]) if rows else None


def test_the_edge_and_the_machines_are_counted_by_status() -> None:
    async def scenario(one: Quay) -> None:
        assert (await ask(one, SHARE))["result"] == [], "no traffic tells nothing"
        for path in ("/", "/", "/", "/nothing-here"):
            await one.visit(path)

        async def scraped() -> bool:
            return await value(one, f'sum(fly_edge_http_responses_count{{app="{APP}"}})') == 4.0

        await until_async(scraped, "four answers scraped")
        assert await value(one, SHARE) is None, "no 5xx was ever counted"
        good = f'sum(increase(fly_edge_http_responses_count{{app="{APP}",status="200"}}[5m]))'
        assert await value(one, good) == 3.0
        by = await ask(one, "sum by (instance) (fly_app_http_responses_count)")
        ids = {row["id"] for row in await one.machines()}
        assert {row["metric"]["instance"] for row in by["result"]} <= ids
        assert math.fsum(float(row["value"][1]) for row in by["result"]) == 4.0
        slow = 'sum(fly_app_http_response_time_seconds_bucket{le="+Inf"})'
        assert await value(one, slow) == 4.0

    at_quay(scenario)


def test_the_error_share_of_a_failing_app_is_seen() -> None:
    async def scenario(one: Quay) -> None:
        for row in await one.machines():
            await one.act("stop", instance=row["id"])
            await one.order(row, "cordon")
            await one.until_state(row, "stopped")
        for _ in range(3):
            assert (await one.visit()).status_code == 503

        async def all_failed() -> bool:
            return await value(one, SHARE) == 1.0

        await until_async(all_failed, "the error share")
        assert (await ask(one, f'fly_instance_up{{app="{APP}"}}'))["result"] == []

    at_quay(scenario)


def test_gauges_and_ranges_come_in_the_standard_envelope() -> None:
    async def scenario(one: Quay) -> None:
        up = await ask(one, f'fly_instance_up{{app="{APP}"}}')
        assert up["resultType"] == "vector"
        assert [row["value"][1] for row in up["result"]] == ["1", "1"]
        assert up["result"][0]["metric"].keys() == {"__name__", "app", "instance", "region"}
        assert await value(one, "count(fly_instance_up)") == 6.0
        now = one.world.pace.now().timestamp()
        when = {"start": now - 30, "end": now, "step": 15}
        matrix = await ask(one, "count(fly_instance_up)", RANGE, **when)
        assert matrix["resultType"] == "matrix"
        assert [sample[1] for sample in matrix["result"][0]["values"]] == ["6", "6", "6"]
        posted = await one.api.post(QUERY, data={"query": "1 / 0", "time": "1755681480"})
        assert posted.json()["data"] == {"resultType": "scalar", "result": [1755681480.0, "+Inf"]}
        assert (await ask(one, "no_such_series"))["result"] == []

    at_quay(scenario)


REFUSED = (
    "",
    "sum(",
    "rate(a)",
    "rate(a[5m]) rate",
    "histogram_quantile(0.9, a)",
    'a{b=~"("}',
    'a{b=~"(x+x+)+y"}',
    "a[5m]",
    "rate(a[0s])",
    "rate(a[soon])",
    "sum(1)",
    '{a="b"}',
    "a @ 5",
    "(" * 50 + "1" + ")" * 50,
    "1" + "+1" * 500,
)


def test_what_is_not_understood_is_bad_data() -> None:
    async def scenario(one: Quay) -> None:
        for query in REFUSED:
            answer = await one.api.get(QUERY, params={"query": query})
            assert answer.status_code == 400, query
            shown = answer.json()
            assert (shown["status"], shown["errorType"]) == ("error", "bad_data"), query
            assert shown["error"], query
        wishes: tuple[Row, ...] = (
            {"start": "2", "end": "1", "step": "1"},
            {"start": "0", "end": "1e9", "step": "1"},
            {"start": "0", "end": "1", "step": "0"},
            {"start": "0", "end": "soon", "step": "1"},
        )
        for wish in wishes:
            answer = await one.api.get(RANGE, params={"query": "1"} | wish)
            assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data"), wish
        foreign = await one.api.get("/prometheus/others/api/v1/query", params={"query": "1"})
        assert (foreign.status_code, foreign.json()["status"]) == (404, "error")

    at_quay(scenario)


class Made:
    """Series made up for one test of the language alone."""

    def at(self, name: str, moment: float) -> promql.Vector:
        rows = (("a", "x", 1.0), ("b", "x", 2.0), ("b", "y", 4.0))
        return [({"__name__": name, "l": left, "m": m}, number) for left, m, number in rows]

    def growth(self, name: str, moment: float, seconds: float) -> promql.Vector:
        return [(labels, number * seconds) for labels, number in self.at(name, moment)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("1 + 2 * 3 - 4 / 2", 5.0),
        ("(1 + 2) * 3", 9.0),
        ("sum(s)", [7.0]),
        ("avg(s)", [7 / 3]),
        ("max by (m) (s)", [2.0, 4.0]),
        ("min(s) by (m)", [1.0, 4.0]),
        ("count(s{l='b'})", [2.0]),
        ("sum(rate(s[1m]))", [7.0]),
        ("sum(increase(s[1m]))", [420.0]),
        ('s{l!="a",m=~"x|z"} * 10', [20.0]),
        ('s{l!~"a"} / s', [1.0, 1.0]),
        ("sum by (l) (s) / sum by (l) (s)", [1.0, 1.0]),
        ("sum(s) / sum(s{l='none'})", []),
        ("0 * sum(s) / (sum(s) - 7)", [math.nan]),
    ],
)
def test_the_language_means_what_prometheus_means(query: str, expected: object) -> None:
    expression, _ = promql.read(query)
    found = expression(Made(), 0.0)
    numbers = found if isinstance(found, float) else [number for _, number in found]
    assert repr(numbers) == repr(expected)


def test_no_query_makes_it_stumble() -> None:
    chance = random.Random("queries")
    parts = ["sum", "rate", "by", "(", ")", "{", "}", "a", '="x"', "[2m]", "1", "/", "+", ",", "-"]
    read = 0
    for _ in range(3_000):
        query = " ".join(chance.choices(parts, k=chance.randint(1, 12)))
        with suppress(promql.QueryError):
            expression, _ = promql.read(query)
            read += 1
            expression(Made(), 0.0)
    assert read > 50
