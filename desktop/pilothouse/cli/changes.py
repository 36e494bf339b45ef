"""The commands that change production: plan, deploy, rollback."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any, TypedDict, Unpack

import click

from pilothouse.cli.following import Follower, ended, see_it_end, stopping_on_signals
from pilothouse.cli.printer import Printer
from pilothouse.cli.tools import Call, json_option, pass_call
from pilothouse.domain.change import VERIFY, Change, ChangeKind, Plan
from pilothouse.domain.deployment import LIVE
from pilothouse.domain.errors import Blocked, UsageError
from pilothouse.domain.guard import Family, Ruling
from pilothouse.domain.model import Json
from pilothouse.domain.records import RequestKind
from pilothouse.engine.service import Service
from pilothouse.engine.views import Consent

SHORTEST_REASON = 10
MARKS = {Ruling.PASS: "✓", Ruling.WARN: "!", Ruling.BLOCK: "×", Ruling.UNKNOWN: "?"}


class What(TypedDict):
    """The options that say what to deploy, and how."""

    image: str | None
    slug_of: str | None
    strategy: str
    overrides: tuple[str, ...]


def _what(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--image", metavar="REF", help="Fly: an image, by tag or digest."),
        click.option("--slug-of", metavar="[APP:]vN", help="Heroku: the slug of a release."),
        click.option(
            "--strategy", type=click.Choice(["rolling"]), default="rolling", show_default=True
        ),
        click.option(
            "--override",
            "overrides",
            multiple=True,
            metavar="FAMILY=REASON",
            help="Overrule a guard that blocks, with a written reason.",
        ),
    ):
        command = option(command)
    return command


def _change(app: str, given: What) -> Change:
    image, slug_of = given["image"], given["slug_of"]
    if (image is None) == (slug_of is None):
        raise UsageError("Say what to deploy, one of: --image REF, --slug-of [APP:]vN.")
    return Change(
        ChangeKind.DEPLOY,
        app,
        image=image,
        slug_of=_slug_of(slug_of) if slug_of else None,
        overrides=tuple(_override(text) for text in given["overrides"]),
    )


def _slug_of(text: str) -> tuple[str | None, int]:
    found = re.fullmatch(r"(?:(?P<app>.+):)?v?(?P<version>\d+)", text)
    if found is None:
        raise UsageError(f"“{text}” is no release: write vN, or APP:vN.")
    return found["app"], int(found["version"])


def _override(text: str) -> tuple[str, str]:
    family, _, reason = text.partition("=")
    families = [one.value for one in Family]
    if family not in families:
        raise UsageError(f"“{family}” is no family of guards. There is: {', '.join(families)}.")
    if len(reason.strip()) < SHORTEST_REASON:
        raise UsageError(f"Overriding {family} needs a reason of {SHORTEST_REASON} letters.")
    return family, reason.strip()


@click.command()
@click.argument("app")
@_what
@json_option
@pass_call
def plan(call: Call, /, app: str, **given: Unpack[What]) -> int:
    """What a deploy of WHAT to APP would do, and whether it may."""
    printer = call.printer()
    with call.service() as service:
        made = service.plan(_change(app, given))
    show_plan(printer, made)
    return 3 if made.stopping else 0


@click.command()
@click.argument("app")
@_what
@click.option("--yes", is_flag=True, help="Every confirmation, the typed name included.")
@json_option
@pass_call
def deploy(call: Call, /, app: str, *, yes: bool, **given: Unpack[What]) -> int:
    """Deploy WHAT to APP, guarded: proven, or taken back."""
    _needs_terminal(yes)
    change = _change(app, given)
    with call.service() as service:
        return _run(call, service, change, yes=yes)


@click.command()
@click.argument("app")
@click.argument("version", required=False)
@click.option("--yes", is_flag=True, help="Every confirmation.")
@json_option
@pass_call
def rollback(call: Call, app: str, version: str | None, *, yes: bool) -> int:
    """Go back to VERSION, or to the last release proven good. Holds APP afterwards."""
    _needs_terminal(yes)
    to_version = _slug_of(version)[1] if version else None
    with call.service() as service:
        found = service.logbook.find(app)
        running = [
            record
            for record in service.logbook.deployments(found.id, limit=1)
            if record.progress.state in LIVE
        ]
        if running and running[0].progress.plan.change.kind is ChangeKind.DEPLOY:
            return _stop_instead(call, service, running[0].id)
        change = Change(ChangeKind.ROLLBACK, app, to_version=to_version)
        return _run(call, service, change, yes=yes)


def _stop_instead(call: Call, service: Service, deployment_id: str) -> int:
    printer = call.printer()
    printer.line(f"Deployment {deployment_id} is under way: stopping it and going back.")
    service.ask(RequestKind.STOP, deployment_id)
    return see_it_end(service, printer, deployment_id)


def _needs_terminal(yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise UsageError("Nothing was done: without a terminal nobody can confirm. Add --yes.")


def _run(call: Call, service: Service, change: Change, *, yes: bool) -> int:
    printer = call.printer()
    made = service.plan(change)
    show_plan(printer, made)
    if made.stopping:
        raise Blocked(made.stopping)
    consent = _consent(call, service, made, yes=yes)
    follower = Follower(service, printer)
    unsubscribe = service.subscribe(follower.hear)
    with stopping_on_signals(service, printer) as stopping:
        deployment_id = service.submit(made, consent)
        stopping.begun(deployment_id)
        follower.follow(deployment_id)
        progress = service.wait(deployment_id)
    unsubscribe()
    return ended(printer, deployment_id, progress)


def _consent(call: Call, service: Service, made: Plan, *, yes: bool) -> Consent:
    by = call.tools.actor
    if yes:
        return Consent(by, yes=True)
    if made.change.kind is ChangeKind.DEPLOY and service.policy(made.app).production:
        typed = click.prompt(f"This is production. Type {made.app.name} to confirm", err=True)
        return Consent(by, typed_name=typed.strip())
    click.confirm(f"{made.title}?", abort=True, err=True)
    return Consent(by)


def show_plan(printer: Printer, made: Plan) -> None:
    """Print a plan: what, verdicts, steps, way back."""
    printer.data(_plan_row(made))
    printer.line(f"{made.title}: {made.target.ref}")
    _show_verdicts(printer, made)
    for warning in made.warnings:
        printer.line(f"  ! {warning}", style="warn")
    number = 0
    group = ""
    for step in made.steps:
        if step.group != group:
            group, number = step.group, number + 1
            what = step.title if step.op == VERIFY else group
            printer.line(f"  {number:2}. {what}")
    printer.line(f"  {made.way_back.sentence}")
    printer.line(f"  Plan {made.hash[:8]}, about {made.expected_s:.0f} s.")


def _show_verdicts(printer: Printer, made: Plan) -> None:
    for verdict in made.verdicts:
        mark = "o" if verdict.overridden else MARKS[verdict.ruling]
        text = verdict.sentence if verdict.stops else verdict.reason
        if verdict.overridden:
            text += f" Overridden: {verdict.overridden}"
        printer.line(f"  {mark} {verdict.family.value:<10} {text}", style=verdict.ruling.value)


def _plan_row(made: Plan) -> dict[str, Json]:
    return {
        "event": "planned",
        "app": made.app.ref,
        "hash": made.hash,
        "from": made.from_version,
        "to": made.to_version,
        "artifact": made.target.ref,
        "verdicts": [
            {
                "family": v.family.value,
                "verdict": v.ruling.value,
                "reason": v.reason,
                "remedy": v.remedy,
                "overridden": v.overridden,
                "stops": v.stops,
            }
            for v in made.verdicts
        ],
        "steps": [
            {"key": s.key, "op": s.op, "title": s.title, "stage": s.stage, "lane": s.lane}
            for s in made.steps
        ],
        "way_back": {
            "version": made.way_back.version,
            "ready": made.way_back.ready,
            "sentence": made.way_back.sentence,
        },
        "warnings": list(made.warnings),
        "expected_s": round(made.expected_s, 1),
        "blocked": bool(made.stopping),
    }
