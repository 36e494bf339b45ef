"""How the looks at an account go, and since when they have gone so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pilothouse.domain.model import Account
from pilothouse.domain.news import Looked, Reach
from pilothouse.engine.views import AppView


@dataclass(frozen=True, slots=True)
class AccountSight:
    """The last look: `at` is when the account was last seen, `since` when this began."""

    account: Account
    reach: Reach
    reason: str
    at: datetime | None
    since: datetime | None


def guess(account: Account, views: Iterable[AppView]) -> AccountSight:
    """How an account stands by what its apps say, as long as no news came."""
    mine = [view for view in views if view.account.id == account.id]
    newest = max((view.seen_at for view in mine if view.seen_at is not None), default=None)
    bad = [view for view in mine if view.reach is not Reach.SEEN]
    if not bad:
        return AccountSight(account, Reach.SEEN, "", newest, newest)
    since = min((view.seen_at for view in bad if view.seen_at), default=None)
    return AccountSight(account, bad[0].reach, bad[0].reach_reason, newest, since)


def after(was: AccountSight, news: Looked) -> AccountSight:
    """How an account stands after one more look; trouble counts from when all was last well."""
    if news.reach is Reach.SEEN:
        return AccountSight(was.account, Reach.SEEN, news.reason, news.at, news.at)
    since = was.since if was.reach is news.reach else was.at or news.at
    return AccountSight(was.account, news.reach, news.reason, was.at, since)
