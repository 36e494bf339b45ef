"""The commands on what was done: deployments, show, stop, pause, resume, recover, holds, inbox."""

from __future__ import annotations

import click

from pilothouse.cli.following import Follower, closing, ended, see_it_end, stopping_on_signals
from pilothouse.cli.printer import age, stamp
from pilothouse.cli.tools import Call, json_option, pass_call
from pilothouse.domain.deployment import LIVE, State, StepStatus
from pilothouse.domain.errors import LeaseHeld, UsageError
from pilothouse.domain.model import Json
from pilothouse.domain.records import DeploymentRecord, RequestKind
from pilothouse.engine.service import Service

MARKS = {
    StepStatus.DONE: "✓",
    StepStatus.FAILED: "×",
    StepStatus.REFUSED: "×",
    StepStatus.UNKNOWN: "?",
    StepStatus.INTENDED: ">",
    StepStatus.PENDING: " ",
}


def _row(record: DeploymentRecord) -> dict[str, Json]:
    progress = record.progress
    return {
        "deployment": record.id,
        "app": progress.plan.app.ref,
        "kind": progress.plan.change.kind.value,
        "title": progress.plan.title,
        "state": progress.state.value,
        "reason": progress.reason,
        "serving": progress.serving,
        "from": progress.plan.from_version,
        "to": progress.plan.to_version,
        "by": record.created_by,
        "created_at": stamp(record.created_at),
        "ended_at": stamp(progress.ended_at),
    }


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=25, show_default=True)
@json_option
@pass_call
def deployments(call: Call, limit: int) -> None:
    """What was deployed and rolled back from here, newest first."""
    printer = call.printer()
    with call.service() as service:
        records = service.logbook.deployments(limit=limit)
    printer.data({"deployments": [_row(record) for record in records]})
    printer.table(
        ["ID", "WHAT", "STATE", "BY", "AGE"],
        [
            [
                record.id,
                record.progress.plan.title,
                record.progress.state.value,
                record.created_by,
                age(record.created_at),
            ]
            for record in records
        ],
    )


@click.command()
@click.argument("deployment")
@json_option
@pass_call
def show(call: Call, deployment: str) -> int:
    """One deployment: its steps, what came of it, and what serves."""
    printer = call.printer()
    with call.service() as service:
        record = service.logbook.deployment(deployment)
    progress = record.progress
    steps: list[Json] = [
        {
            "key": step.key,
            "title": step.title,
            "status": progress.of(step.key).status.value,
            "attempts": progress.of(step.key).attempts,
            "reason": progress.of(step.key).reason,
        }
        for step in progress.all_steps
    ]
    printer.data({**_row(record), "exit": progress.exit_code, "steps": steps})
    printer.line(f"{record.id}  {progress.plan.title}: {progress.state.value}")
    for step in progress.all_steps:
        state = progress.of(step.key)
        printer.line(f"  {MARKS[state.status]} {step.title}  {state.reason}".rstrip())
    printer.line(closing(progress), style=progress.state.value)
    return progress.exit_code


def _wish(kind: RequestKind, done: str, help_text: str) -> click.Command:
    @click.command(kind.value, help=help_text)
    @click.argument("deployment")
    @json_option
    @pass_call
    def command(call: Call, deployment: str) -> int:
        printer = call.printer()
        with call.service() as service:
            record = service.logbook.deployment(deployment)
            if record.progress.state not in LIVE:
                printer.line(f"{record.id} has ended already: {record.progress.state.value}.")
                return ended(printer, record.id, record.progress)
            service.ask(kind, record.id)
            if kind is RequestKind.STOP:
                return see_it_end(service, printer, record.id)
        printer.data({"deployment": record.id, "asked": kind.value})
        printer.line(f"{record.id}: {done}")
        return 0

    return command


stop = _wish(RequestKind.STOP, "stopping and going back.", "Stop a deployment and go back.")
pause = _wish(RequestKind.PAUSE, "pauses after this step.", "Pause after the step under way.")
resume = _wish(RequestKind.RESUME, "goes on.", "Let a paused deployment go on.")


@click.command()
@json_option
@pass_call
def recover(call: Call) -> int:
    """Take up whatever was left open, and finish it or go back."""
    with call.service() as service:
        return _recover(call, service, None)


@click.command()
@click.argument("deployment")
@json_option
@pass_call
def takeover(call: Call, deployment: str) -> int:
    """Take up one deployment whose owner is gone."""
    with call.service() as service:
        record = service.logbook.deployment(deployment)
        if record.progress.state not in LIVE | {State.UNKNOWN}:
            call.printer().line(f"{record.id} has ended already.")
            return ended(call.printer(), record.id, record.progress)
        return _recover(call, service, record.id)


def _recover(call: Call, service: Service, only: str | None) -> int:
    printer = call.printer()
    follower = Follower(service, printer)
    service.subscribe(follower.hear)
    with stopping_on_signals(service, printer) as stopping:
        started = service.recover(only=only)
        for deployment_id in started:
            stopping.begun(deployment_id)
            follower.follow(deployment_id)
        progresses = [service.wait(deployment_id) for deployment_id in started]
    others = _held_by_others(service, started)
    for error in others:
        printer.error(f"{error.owner} carries {error.deployment} on already; it was left alone.")
    if not started:
        said = "Nothing was left open." if others else "Nothing was open."
        return ended(printer, None, None, said=said)
    worst = sorted(zip(progresses, started, strict=True), key=lambda pair: pair[0].exit_code)
    return [ended(printer, deployment_id, progress) for progress, deployment_id in worst][-1]


def _held_by_others(service: Service, started: tuple[str, ...]) -> tuple[LeaseHeld, ...]:
    """Live deployments that another living process runs."""
    here = {account.id for account in service.accounts.list()}
    return tuple(
        LeaseHeld(
            record.progress.plan.app.ref,
            owner=record.progress.owner,
            since=record.progress.started_at,
            deployment=record.id,
        )
        for record in service.logbook.deployments()
        if record.progress.state in LIVE - {State.PLANNED}
        and record.id not in started
        and record.progress.plan.app.account in here
    )


@click.command()
@click.argument("app")
@click.option("--reason", required=True, help="Why nothing may be deployed for now.")
@json_option
@pass_call
def hold(call: Call, app: str, reason: str) -> None:
    """Hold APP: no deploys until a person releases it."""
    if not reason.strip():
        raise UsageError("Nothing was held: a hold needs a reason that others can read.")
    with call.service() as service:
        service.ask(RequestKind.HOLD, app, reason)
    call.printer().data({"app": app, "held": True, "reason": reason})
    call.printer().line(f"{app} is held: {reason}", style="held")


@click.command("release-hold")
@click.argument("app")
@click.option("--reason", default="", help="Why it may be deployed again.")
@json_option
@pass_call
def release_hold(call: Call, app: str, reason: str) -> None:
    """Release the hold on APP; fine when it was not held."""
    with call.service() as service:
        service.ask(RequestKind.RELEASE_HOLD, app, reason)
    call.printer().data({"app": app, "held": False})
    call.printer().line(f"{app} is no longer held.")


@click.command()
@click.option("--seen", metavar="DEPLOYMENT", help="Mark the notice of a deployment as seen.")
@json_option
@pass_call
def inbox(call: Call, seen: str | None) -> None:
    """What needs you, until it is marked as seen."""
    printer = call.printer()
    with call.service() as service:
        if seen:
            service.ask(RequestKind.SEEN, seen)
        notices = service.logbook.inbox()
    rows: list[Json] = [
        {
            "deployment": notice.deployment_id,
            "app": notice.app_name,
            "state": notice.state,
            "title": notice.title,
            "text": notice.text,
            "failed": notice.failed,
            "serves": notice.serves,
            "done": notice.done,
            "choices": notice.choices,
            "at": stamp(notice.at),
            "seen_at": stamp(notice.seen_at),
        }
        for notice in notices
    ]
    printer.data({"notices": rows})
    needing = [notice for notice in notices if notice.seen_at is None]
    if not needing:
        printer.line("Nothing needs you.")
    for notice in needing:
        printer.line(
            f"{notice.title}  ({notice.deployment_id}, {age(notice.at)} ago)", style="bold"
        )
        for answer in (notice.failed, notice.serves, notice.done, notice.choices):
            printer.line(f"  {answer}")
