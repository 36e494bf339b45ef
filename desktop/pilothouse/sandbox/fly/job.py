"""Machines that run one command and end, such as a release command.

The sandbox runs no command of anybody; it understands a handful of them, alone or in a `sh -c`:
`exit N`, `true`, `false`, `sleep S` (real seconds, for it is the app that sleeps) and `echo TEXT`.
Every other command of a job succeeds, unless its image is one that crashes.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from pilothouse.sandbox.fly.state import Config
from pilothouse.sandbox.workload import Behaviour

JOB_S = 2.0
_JOB_GROUPS = frozenset({"fly_app_release_command", "fly_app_test_machine_command"})
_SHELLS = frozenset({"sh", "bash", "dash", "ash"})
_KNOWN = frozenset({"exit", "true", "false", "sleep", "echo", ":"})
_LONGEST_SLEEP_S = 3600.0


@dataclass(frozen=True, slots=True)
class Course:
    """What a command does: how many real seconds it sleeps, what it says, how it ends."""

    sleep_s: float = 0.0
    said: tuple[str, ...] = ()
    code: int = 0


def is_job(config: Config) -> bool:
    """Whether a configuration describes a command that ends by itself."""
    metadata = config.get("metadata") or {}
    env = config.get("env") or {}
    return (
        metadata.get("fly_process_group") in _JOB_GROUPS
        or str(env.get("RELEASE_COMMAND", "")) == "1"
        or bool(config.get("schedule"))
        or (bool(command_of(config)) and _steps(command_of(config), strict=True) is not None)
    )


def command_of(config: Config) -> list[str]:
    """Return the words of the command that a configuration has the machine run."""
    init = config.get("init") or {}
    words = init.get("exec") or [*(init.get("entrypoint") or []), *(init.get("cmd") or [])]
    return [str(word) for word in words]


def course(words: list[str], behaviour: Behaviour) -> Course:
    """Return what a command does on an image."""
    if behaviour is Behaviour.CRASH:
        return Course(code=1, said=("the app crashed on purpose",))
    sleep_s, code = 0.0, 0
    said: list[str] = []
    for joint, step in _steps(words, strict=False) or []:
        if (joint == "&&" and code != 0) or (joint == "||" and code == 0):
            continue
        name, rest = step[0].rsplit("/", 1)[-1], step[1:]
        if name == "exit":
            return Course(sleep_s, tuple(said), _code(rest, code))
        if name == "sleep":
            sleep_s += _length_s(rest)
        elif name == "echo":
            said.append(" ".join(rest))
        code = 1 if name == "false" else 0
    return Course(min(sleep_s, _LONGEST_SLEEP_S), tuple(said), code)


def _steps(words: list[str], *, strict: bool) -> list[tuple[str, list[str]]] | None:
    """Return the commands with what joins each to the one before.

    None when `strict` and one of them is not among those that are understood.
    """
    if not words:
        return []
    shell = words[0].rsplit("/", 1)[-1] in _SHELLS and len(words) > 2 and words[1] == "-c"
    steps: list[tuple[str, list[str]]] = []
    if not shell:
        steps.append((";", words))
    else:
        joint = ";"
        for part in re.split(r"(&&|\|\||;|\n)", words[2]):
            if part in ("&&", "||", ";", "\n"):
                joint = ";" if part == "\n" else part
            elif part.strip():
                steps.append((joint, _split(part)))
    known = all(step[0].rsplit("/", 1)[-1] in _KNOWN for _, step in steps)
    endless = any(step[:2] in (["sleep", "inf"], ["sleep", "infinity"]) for _, step in steps)
    return None if strict and (endless or not known) else steps


def _split(part: str) -> list[str]:
    try:
        return shlex.split(part) or [":"]
    except ValueError:
        return part.split()


def _code(rest: list[str], last: int) -> int:
    return int(rest[0]) % 256 if rest and re.fullmatch(r"\d{1,9}", rest[0]) else last


def _length_s(rest: list[str]) -> float:
    return float(rest[0]) if rest and re.fullmatch(r"\d{1,6}(\.\d{1,3})?", rest[0]) else 0.0
