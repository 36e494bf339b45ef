"""The rows of the inbox: headings and notices in order, each with its words: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pilothouse.domain.model import Account
from pilothouse.domain.news import Notice
from pilothouse.ui.shapes import Shape
from pilothouse.ui.widgets.chips import title_of
from pilothouse.ui.words import clock_time

SHAPES = {
    "good": Shape.VERIFIED,
    "failed_safe": Shape.FAILED_SAFE,
    "rolled_back": Shape.ROLLED_BACK,
    "held": Shape.HELD,
    "waiting": Shape.HELD,
    "unknown": Shape.UNKNOWN,
    "broken": Shape.BROKEN,
}


def shape_of(notice: Notice) -> Shape:
    """The shape of what a notice tells."""
    if "broken" in notice.title.lower():
        return Shape.BROKEN
    return SHAPES.get(notice.state, Shape.WARN)


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A heading (without a notice) or a notice."""

    title: str
    notice: Notice | None = None
    text: str = ""
    account: str = ""
    time: str = ""

    @property
    def spoken(self) -> str:
        """The row as a sentence."""
        if self.notice is None:
            return self.title
        state = "needs you" if self.notice.seen_at is None else "seen"
        return f"{self.title}, {self.text} {self.account}, {self.time}, {state}"


def with_headings(
    notices: Iterable[Notice], accounts: Mapping[str, Account]
) -> tuple[InboxRow, ...]:
    """Open ones under *Need you*, seen ones under *Earlier*; a heading without rows is left out."""
    listed = tuple(notices)
    rows: list[InboxRow] = []
    for heading, wanted in (("Need you", True), ("Earlier", False)):
        these = [one for one in listed if (one.seen_at is None) is wanted]
        if these:
            rows.append(InboxRow(heading))
            rows += [_row(one, accounts.get(one.app_id)) for one in these]
    return tuple(rows)


def _row(notice: Notice, account: Account | None) -> InboxRow:
    name = title_of(account) if account is not None else ""
    return InboxRow(notice.title, notice, notice.text, name, clock_time(notice.at))
