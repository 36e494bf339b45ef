"""The sidebar's lines, made from what is known."""

from __future__ import annotations

from itertools import groupby

from pilothouse.domain.news import Reach
from pilothouse.engine.views import AppView
from pilothouse.ui import words
from pilothouse.ui.models.fleet_rows import share_done, steps_done
from pilothouse.ui.models.sidebar_model import Kind, Node
from pilothouse.ui.outlook import Outlook
from pilothouse.ui.shapes import Shape
from pilothouse.ui.sights import AccountSight
from pilothouse.ui.tokens import Tone
from pilothouse.ui.travels import Page
from pilothouse.ui.widgets.chips import letter_of, title_of
from pilothouse.ui.words import StateWord, translate


def nodes_of(outlook: Outlook, *, sandbox: bool = False) -> list[Node]:
    """Pages first (the sandbox's own where all is practice), then each account with its apps."""
    views = outlook.views
    running = sum(view.last is not None and not view.last.progress.state.is_ended for view in views)
    said = translate("Sidebar", "{count} running").format(count=running) if running else ""
    notices = outlook.open_notices
    open_ones = words.number(notices) if notices else ""
    fleet, inbox = translate("Sidebar", "Fleet"), translate("Sidebar", "Inbox")
    deployments = translate("Sidebar", "Deployments")
    pages = [
        Node(Kind.PAGE, Page.FLEET, fleet, "list", words.number(len(views))),
        Node(Kind.PAGE, Page.INBOX, inbox, "tray", open_ones, loud=notices > 0),
        Node(Kind.PAGE, Page.DEPLOYMENTS, deployments, "upline", said),
    ]
    if sandbox:
        title = translate("Sidebar", "Sandbox")
        pages.append(Node(Kind.PAGE, Page.SANDBOX, title, "flask", sandbox=True))
    ordered = sorted(views, key=_account_of)
    apps = {key: list(group) for key, group in groupby(ordered, key=_account_of)}
    return pages + [
        _account_node(sight, apps.get(sight.account.id, [])) for sight in outlook.sights
    ]


def _account_of(view: AppView) -> str:
    return view.account.id


def _account_node(sight: AccountSight, views: list[AppView]) -> Node:
    mark = None
    if sight.reach is not Reach.SEEN:
        mark = StateWord(Shape.BLIND, translate("Sidebar", "no answer"), Tone.UNK)
    account = sight.account
    return Node(
        Kind.ACCOUNT,
        f"account:{account.id}",
        title_of(account),
        letter_of(account),
        mark=mark,
        sandbox=account.is_sandbox,
        children=tuple(_app_node(view) for view in sorted(views, key=_name_of)),
    )


def _name_of(view: AppView) -> str:
    return view.app.name


def _app_node(view: AppView) -> Node:
    note, mark = "", None
    last = view.last
    if last is not None and not last.progress.state.is_ended:
        done, total = steps_done(last.progress)
        said = translate("Sidebar", "{step} of {total}")
        note = said.format(step=min(done + 1, total), total=total)
    if view.hold_reason is not None:
        mark = StateWord(Shape.HELD, translate("Sidebar", "held"), Tone.WARN)
    elif view.locked_by is not None and not note:
        mark = StateWord(Shape.LOCKED, translate("Sidebar", "locked"), Tone.IDLE)
    return Node(
        Kind.APP,
        view.app.id,
        view.app.name,
        note=note,
        state=words.app_state(view.state),
        progress=share_done(last),
        mark=mark,
        sandbox=view.account.is_sandbox,
    )
