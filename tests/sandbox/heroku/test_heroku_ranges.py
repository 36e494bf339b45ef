"""Paging by `Range`: every spelling of real clients, nothing lost and nothing twice."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pilothouse.sandbox.heroku.ranges import Fields, Page, RangeError, Span, paginate, parse


@dataclass(frozen=True)
class Thing:
    id: str
    version: int


FIELDS: Fields = {"id": lambda each: each.id, "version": lambda each: each.version}
THINGS = [Thing(f"id-{number:02}", number) for number in range(1, 53)]


def versions(page: Page) -> list[int]:
    return [each.version for each in page.items]


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("version ..; max=15, order=desc", Span("version", limit=15, descending=True)),
        ("version ..; order=desc,max=1", Span("version", limit=1, descending=True)),
        ("id ..; max=1000;", Span("id", limit=1000)),
        ("version ..; order=desc", Span("version", descending=True)),
        ("version ]38..; max=15, order=desc", Span("version", "38", "", True, 15, True)),
        ("version 3..7", Span("version", "3", "7")),
        ("version [3..7]; order=asc", Span("version", "3", "7")),
        ("id ..", Span("id")),
        (" ", Span("id")),
        (None, Span("id")),
        ("id ..; max=5000", Span("id", limit=1000)),
    ],
)
def test_the_spellings_of_real_clients_are_understood(header: str | None, span: Span) -> None:
    assert parse(header, FIELDS) == span


@pytest.mark.parametrize(
    "header",
    [
        "size ..",
        "version",
        "version ..; max=0",
        "version ..; max=x",
        "version ..; order=up",
        "0-9",
        f"version ..; max={'9' * 5000}",
    ],
)
def test_what_is_no_range_is_refused(header: str) -> None:
    with pytest.raises(RangeError):
        parse(header, FIELDS)


def test_a_bound_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(RangeError):
        paginate(THINGS, "version abc..", FIELDS)
    with pytest.raises(RangeError):
        paginate(THINGS, f"version {'9' * 5000}..", FIELDS)


def test_a_page_with_more_behind_it_is_partial_and_says_where_to_go_on() -> None:
    page = paginate(THINGS, "version ..; max=15, order=desc", FIELDS)
    assert page.status == 206
    assert versions(page) == list(range(52, 37, -1))
    assert page.headers == {
        "Accept-Ranges": "id, version",
        "Content-Range": "version 52..38; max=15",
        "Next-Range": "version ]38..; max=15, order=desc",
    }


def test_the_last_page_is_whole_and_names_no_next() -> None:
    page = paginate(THINGS, "version ]38..; max=200, order=desc", FIELDS)
    assert page.status == 200
    assert versions(page) == list(range(37, 0, -1))
    assert "Next-Range" not in page.headers


def test_a_page_that_just_fits_names_no_next() -> None:
    assert "Next-Range" not in paginate(THINGS, "version ..; max=52", FIELDS).headers


def test_an_empty_list_is_whole() -> None:
    page = paginate([], "version ..; order=desc, max=10", FIELDS)
    assert (page.items, page.status) == ((), 200)


def test_both_bounds_hold() -> None:
    assert versions(paginate(THINGS, "version 3..5", FIELDS)) == [3, 4, 5]
    assert versions(paginate(THINGS, "version ]5..3; order=desc", FIELDS)) == [4, 3]


@given(
    count=some.integers(0, 60),
    limit=some.integers(1, 70),
    order=some.sampled_from(["asc", "desc"]),
    field=some.sampled_from(["id", "version"]),
)
def test_following_next_range_meets_everything_once(
    count: int, limit: int, order: str, field: str
) -> None:
    things = THINGS[:count]
    header: str | None = f"{field} ..; max={limit}, order={order}"
    seen: list[int] = []
    while header is not None:
        page = paginate(things, header, FIELDS)
        seen += versions(page)
        header = page.headers.get("Next-Range")
        assert (page.status == 206) == (header is not None)
    expected = [each.version for each in things]
    assert seen == (expected if order == "asc" else expected[::-1])
