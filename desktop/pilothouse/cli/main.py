"""The command line's frame: options, commands, and every error as a sentence and a code."""

from __future__ import annotations

from collections.abc import Sequence

import click

import pilothouse
from pilothouse.cli import accounts, changes, logs, reading, records
from pilothouse.cli.tools import Call, Tools
from pilothouse.domain.errors import Blocked, PilothouseError, UsageError

DEFECT = "This is a defect of Pilothouse, not yours"
CHANGING = {"deploy", "rollback", "recover"}


class Defect(PilothouseError):
    """Something that nobody foresaw; whatever ran on runs on in the journal."""


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
    logs.prepare(tools.log_file)
    call = Call(tools, sandbox=False)
    # Read here too: a line that click does not understand may not have come that far.
    call.json = "--json" in arguments
    try:
        code = cli.main(list(arguments), "pilothouse", standalone_mode=False, obj=call)
    except click.exceptions.Abort:
        return _fail(call, arguments, UsageError("Nothing was done."))
    except click.ClickException as error:
        return _fail(call, arguments, UsageError(_words(error)))
    except PilothouseError as error:
        return _fail(call, arguments, error)
    except Exception as error:  # noqa: BLE001 - a sentence to the person, the rest to the log
        logs.note(error)
        where = f" Its traces are in {tools.log_file}." if tools.log_file else ""
        return _fail(call, arguments, Defect(f"{DEFECT} ({type(error).__name__}).{where}"))
    return code if isinstance(code, int) else 0


def _words(error: click.ClickException) -> str:
    """What click says, with the way to more of it."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    more = f" Try: {context.command_path} --help" if context is not None else ""
    return f"{error.format_message()}{more}"


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
