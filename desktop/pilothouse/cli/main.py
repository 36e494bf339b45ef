"""The command line's frame: options, commands, and every error as a sentence and a code."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import click

import pilothouse
from pilothouse.cli import accounts, changes, reading, records
from pilothouse.cli.printer import Printer
from pilothouse.cli.tools import Call, Tools
from pilothouse.domain.errors import Blocked, PilothouseError

ABORTED = 2
DEFECT = 1
CHANGING = {"deploy", "rollback", "recover"}


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--sandbox", is_flag=True, help="Practise: nothing here is real.")
@click.version_option(pilothouse.__version__, prog_name="pilothouse")
@click.pass_context
def cli(context: click.Context, *, sandbox: bool) -> int:
    """See what is live, deploy with guards, go back. Without a command: the window."""
    call = context.find_object(Call)
    if call is None:
        raise click.UsageError("Start it as “pilothouse”.")
    call.sandbox = sandbox
    if context.invoked_subcommand is None:
        return call.tools.open_window(sandbox)
    return 0


for command in (
    reading.apps,
    reading.releases,
    reading.status,
    changes.plan,
    changes.deploy,
    changes.rollback,
    records.deployments,
    records.show,
    records.stop,
    records.pause,
    records.resume,
    records.recover,
    records.takeover,
    records.hold,
    records.release_hold,
    records.inbox,
    accounts.accounts,
    accounts.policy,
    accounts.doctor,
    accounts.sandbox,
):
    cli.add_command(command)


def run(arguments: Sequence[str], tools: Tools) -> int:
    """Run one command line; returns its exit code."""
    _be_quiet()
    call = Call(tools, sandbox=False)
    try:
        code = cli.main(list(arguments), "pilothouse", standalone_mode=False, obj=call)
    except click.exceptions.Abort:
        Printer(as_json=False).error("Nothing was done.")
        return ABORTED
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except PilothouseError as error:
        return _fail(call, arguments, error)
    return code if isinstance(code, int) else 0


def _fail(call: Call, arguments: Sequence[str], error: PilothouseError) -> int:
    printer = call.printer()
    printer.error(str(error))
    outcome = "blocked" if isinstance(error, Blocked) else "refused"
    if CHANGING & set(arguments):
        printer.data(
            {
                "event": "ended",
                "deployment": None,
                "outcome": outcome,
                "exit": error.exit_code,
                "reason": str(error),
            }
        )
    else:
        printer.data({"error": str(error), "exit": error.exit_code})
    return error.exit_code


def _be_quiet() -> None:
    """Warnings of the program's own log to standard error, nothing of its libraries."""
    logging.basicConfig(level=logging.WARNING, format="pilothouse: %(message)s", stream=sys.stderr)
    for name in ("httpx", "httpcore", "keyring"):
        logging.getLogger(name).setLevel(logging.ERROR)
