"""Guard rows: order, counts, what is missing first, what a row offers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.ui.sheets.checks import Act, Standing, counts, first_stop, row_of, rows

FREEZE = Verdict(Family.CALENDAR, Ruling.BLOCK, "Freeze until Monday.", can_override=True)
SILENT = Verdict(Family.APP, Ruling.UNKNOWN, "Fly.io does not answer.")
TIGHT = Verdict(Family.PLATFORM, Ruling.WARN, "A small incident is open.")
FINE = Verdict(Family.BASE, Ruling.PASS, "Still on v42.")


def given_(*verdicts: Verdict) -> dict[Family, Verdict]:
    return {verdict.family: verdict for verdict in verdicts}


def test_the_pressing_rows_come_first_and_checking_ones_before_those_that_pass() -> None:
    shown = rows(given_(FINE, TIGHT, SILENT, FREEZE), asked=(Family.BASE, Family.COMMAND))
    families = [row.family for row in shown]
    assert families == [
        Family.CALENDAR,
        Family.APP,
        Family.PLATFORM,
        Family.COMMAND,
        Family.BASE,
    ]
    assert shown[3].standing is Standing.CHECKING


@given(st.permutations([FREEZE, SILENT, TIGHT, FINE]))
def test_the_order_of_the_answers_does_not_matter(verdicts: list[Verdict]) -> None:
    assert rows(given_(*verdicts)) == rows(given_(FREEZE, SILENT, TIGHT, FINE))


def test_the_name_is_the_sheets_own_business() -> None:
    assert rows({}, asked=(Family.NAME,)) == ()
    assert rows(given_(Verdict(Family.NAME, Ruling.BLOCK, "Not typed."))) == ()


def test_a_block_that_may_be_overridden_offers_it_and_an_unknown_one_can_be_asked_again() -> None:
    assert row_of(FREEZE).act is Act.OVERRIDE
    assert row_of(SILENT).act is Act.ASK_AGAIN
    assert row_of(FINE).act is None


def test_an_overridden_block_shows_its_reason_and_stops_nothing() -> None:
    row = row_of(Verdict(Family.CALENDAR, Ruling.BLOCK, "Freeze.", overridden="Agreed by all"))
    assert row.standing is Standing.FINE
    assert "overridden" in row.reason
    assert "Agreed by all" in row.reason
    assert not row.stops
    assert row.spoken.startswith("Calendar overridden")


def test_the_first_missing_thing_is_the_first_block() -> None:
    assert first_stop(rows(given_(FINE, SILENT, FREEZE))).startswith("Calendar blocks")
    assert "App is not known" in first_stop(rows(given_(FINE, SILENT)))
    assert first_stop(rows(given_(FINE), asked=(Family.APP, Family.COMMAND))) == (
        "Waiting for App and 1 more."
    )
    assert first_stop(rows(given_(FINE, TIGHT))) == ""


def test_counts_say_how_many_stand_how() -> None:
    words = [one.words for one in counts(rows(given_(FINE, TIGHT, FREEZE), asked=(Family.APP,)))]
    assert words == ["1 passes", "1 is checking", "1 warns", "1 blocks"]


def test_a_row_reads_as_one_sentence() -> None:
    assert row_of(FREEZE).spoken == (
        "Calendar blocks: Freeze until Monday. Button Override Calendar"
    )
