"""The fleet's sentences: who needs a person and why, what cannot be seen, why nothing is here."""

from __future__ import annotations

from html import escape

from pilothouse.domain.news import Reach
from pilothouse.ui import words
from pilothouse.ui.models.fleet_rows import FleetRow
from pilothouse.ui.outlook import Outlook
from pilothouse.ui.sights import AccountSight
from pilothouse.ui.widgets.chips import title_of
from pilothouse.ui.widgets.labels import link
from pilothouse.ui.words import translate

NAMED = 3
SMALL = ("", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def need_sentence(rows: list[FleetRow], outlook: Outlook) -> str:
    """Who needs a person, with links, or that all serve; rich text."""
    if not rows:
        return ""
    needing = sorted((row for row in rows if row.needs_you), key=lambda row: row.need)
    if not needing:
        return escape(_all_serve(rows, outlook))
    reasons = [f"{link(row.app_id, row.name)} {escape(row.reason)}" for row in needing[:NAMED]]
    count = SMALL[len(needing)] if len(needing) < len(SMALL) else words.number(len(needing))
    verb = translate("Fleet", "needs you") if len(needing) == 1 else translate("Fleet", "need you")
    more = ", …" if len(needing) > NAMED else "."
    return f"{escape(count)} {escape(verb)}: " + ", ".join(reasons) + more


def _all_serve(rows: list[FleetRow], outlook: Outlook) -> str:
    seen = [view.seen_at for view in outlook.views if view.seen_at is not None]
    age = outlook.age_s(min(seen, default=None))
    busy = sum(row.need in {3, 4} for row in rows)
    if busy:
        said = translate("Fleet", "{serving} of {count} apps serve, {busy} in progress.")
        whole = said.format(serving=len(rows) - busy, count=len(rows), busy=busy)
    elif len(rows) == 1:
        whole = translate("Fleet", "The one app serves.")
    else:
        whole = translate("Fleet", "All {count} apps serve.").format(count=len(rows))
    if age is None:
        return whole
    return whole + " " + translate("Fleet", "Last look {ago}.").format(ago=words.ago(age))


def blind(outlook: Outlook) -> str:
    """The strip when no account answers at all."""
    since = min((one.since for one in outlook.sights if one.since), default=None)
    when = words.clock_time(since) if since else translate("Fleet", "the start")
    return translate(
        "Fleet",
        "Blind since {when}. No platform answers. Nothing is changed until we can see again.",
    ).format(when=when)


def refused(sight: AccountSight) -> str:
    """The strip when a platform does not take an account's token."""
    when = words.clock_time(sight.at) if sight.at else translate("Fleet", "never")
    said = translate(
        "Fleet", "{account} refuses the token. Its apps show what was known at {when}."
    )
    return said.format(account=title_of(sight.account), when=when)


def without_apps(outlook: Outlook) -> str:
    """Why the fleet is empty."""
    if not outlook.loaded:
        return translate("Fleet", "Reading what is known…")
    if not outlook.sights:
        return translate("Fleet", "No apps yet. Connect an account, or try the sandbox.")
    names = ", ".join(title_of(one.account) for one in outlook.sights)
    failed = next((one for one in outlook.sights if one.reach is not Reach.SEEN), None)
    if failed is not None:
        return failed.reason or translate("Fleet", "{names} does not answer.").format(names=names)
    return translate("Fleet", "Reading the apps of {names}.").format(names=names)
