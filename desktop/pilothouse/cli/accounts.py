"""The commands on this computer: accounts, policy, doctor, sandbox."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pilothouse.cli.printer import stamp
from pilothouse.cli.tools import Call, json_option, pass_call
from pilothouse.domain.errors import KeyringUnavailable, UsageError
from pilothouse.domain.model import Account, Identity, Json, Platform
from pilothouse.domain.ports import Accounts


@click.group()
def accounts() -> None:
    """Accounts and their tokens, which live in the keyring only."""


@accounts.command("list")
@json_option
@pass_call
def list_accounts(call: Call) -> None:
    """Every account that can be used."""
    printer = call.printer()
    with call.service() as service:
        known = service.accounts.list()
        keyring = service.accounts.keyring_state()
    rows: list[Json] = [
        {"id": a.id, "platform": a.platform.value, "label": a.label, "source": a.source}
        for a in known
    ]
    printer.data({"accounts": rows, "keyring": keyring})
    printer.table(
        ["ACCOUNT", "PLATFORM", "WHO", "TOKEN"],
        [[a.id, a.platform.value, a.label, a.source] for a in known],
    )
    printer.line(keyring)


@accounts.command("add")
@click.argument("platform", type=click.Choice([p.value for p in Platform]))
@click.option("--label", default="", help="What to call it.")
@json_option
@pass_call
def add_account(call: Call, platform: str, label: str) -> None:
    """Add an account of PLATFORM; the token is read from a prompt or from standard input."""
    printer = call.printer()
    token = _token(platform)
    with call.service() as service:
        account, identity = _add(service.accounts, Platform(platform), token, label)
    printer.data(
        {
            "account": account.id,
            "platform": account.platform.value,
            "user": identity.user,
            "scopes": list(identity.scopes),
            "expires_at": stamp(identity.expires_at),
            "kept": account.source,
        }
    )
    where = "in the keyring" if account.source == "keyring" else "in memory, for this run only"
    printer.line(f"{account.id}: acts as {identity.user}; the token is kept {where}.")


def _token(platform: str) -> str:
    if sys.stdin.isatty():
        token = click.prompt(f"Token for {platform}", hide_input=True, err=True)
    else:
        token = sys.stdin.readline()
    if not token.strip():
        raise UsageError("No token was given: type it at the prompt, or pipe it in.")
    return str(token).strip()


def _add(book: Accounts, platform: Platform, token: str, label: str) -> tuple[Account, Identity]:
    try:
        return book.add(platform, token, label=label)
    except KeyringUnavailable as error:
        if not sys.stdin.isatty():
            raise
        click.echo(str(error), err=True)
        click.confirm("Keep it in memory for this run only?", abort=True, err=True)
        return book.add(platform, token, label=label, keep=False)


@accounts.command("remove")
@click.argument("account")
@json_option
@pass_call
def remove_account(call: Call, account: str) -> None:
    """Forget ACCOUNT and its token."""
    with call.service() as service:
        service.accounts.remove(account)
    call.printer().data({"removed": account})
    call.printer().line(f"{account} and its token are gone from this computer.")


@click.command()
@click.argument("app")
@click.option("--production/--no-production", default=None, help="Ask for the name at a deploy?")
@click.option("--command", help="Your own check, such as the test suite; empty for none.")
@json_option
@pass_call
def policy(call: Call, app: str, *, production: bool | None, command: str | None) -> None:
    """What the owner of APP asks for; shows it, or changes what is given."""
    printer = call.printer()
    with call.service() as service:
        found = service.logbook.find(app)
        if production is not None or command is not None:
            service.set_policy(found, production=production, command=command)
        now = service.policy(found)
    printer.data({"app": found.ref, "production": now.production, "command": now.command})
    printer.line(f"{found.ref}: production {'yes' if now.production else 'no'}")
    printer.line(f"  command: {now.command or 'none'}")


@click.command()
@json_option
@pass_call
def doctor(call: Call) -> None:
    """What works on this computer, and what is missing."""
    printer = call.printer()
    rows = call.tools.doctor(call.sandbox)
    found: list[Json] = [{"what": what, "fine": fine, "says": says} for what, fine, says in rows]
    printer.data({"doctor": found})
    for what, fine, says in rows:
        printer.line(f"{'✓' if fine else '!'} {what:<14} {says}", style="pass" if fine else "warn")


def _scale(_context: click.Context, _option: click.Parameter, scale: float) -> float:
    from pilothouse.sandbox.pace import check_scale

    try:
        check_scale(scale)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong)) from wrong
    return scale


@click.group(invoke_without_command=True)
@click.option("--port", type=click.IntRange(1, 65535), help="The first port to try.")
@click.option(
    "--state", "state", type=click.Path(file_okay=False), help="Where it keeps its state."
)
@click.option(
    "--scale",
    type=float,
    default=20.0,
    show_default=True,
    callback=_scale,
    help="How many of the platforms' seconds pass in a real one, above 0 and at most 1000. It "
    "counts for what they do by themselves (boots, checks, builds); 1 is their own speed. What a "
    "client names, such as a lease's length or a wait's timeout, keeps its seconds.",
)
@click.option("--idle", type=float, help="End this many seconds after the last client.")
@json_option
@click.pass_context
def sandbox(
    context: click.Context, port: int | None, state: str | None, scale: float, idle: float | None
) -> int:
    """A practice cloud on this computer, in the foreground; nothing in it is real."""
    if context.invoked_subcommand is not None:
        return 0
    from pilothouse.sandbox.server import main_sandbox

    call = context.find_object(Call)
    if call is None:
        raise UsageError("The sandbox needs a home.")
    folder = Path(state) if state else call.tools.sandbox_folder
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return main_sandbox(port, folder, scale, as_json=call.json, idle_s=idle)


@sandbox.command("stop")
@json_option
@pass_call
def stop_sandbox(call: Call) -> None:
    """End a sandbox that runs in the background."""
    from pilothouse.sandbox import detached

    stopped = detached.stop(call.tools.sandbox_folder)
    call.printer().data({"stopped": stopped})
    call.printer().line("The sandbox has ended." if stopped else "No sandbox was running.")
