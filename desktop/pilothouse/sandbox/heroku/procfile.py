"""The Procfile: which process types a source has, and the command of each.

Every line is `TYPE: COMMAND`; blank lines and those that begin with `#` do not count. The
platform passes over a line that it cannot read; here that is an error, since such a line is never
meant (the Procfile in the platform's documentation).
"""

from __future__ import annotations

import re

_LINE = re.compile(r"^(?P<type>[A-Za-z0-9_-]{1,128})\s*:\s*(?P<command>\S.*)$")


class ProcfileError(ValueError):
    """A Procfile that says nothing usable; the text says where and why."""


def parse(text: str) -> dict[str, str]:
    """The command of each process type, in the order of the file.

    Raises:
        ProcfileError: a line is not of the form, a type comes twice, or there is none at all.
    """
    found: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            raise ProcfileError(f"line {number} of the Procfile is not `TYPE: COMMAND`")
        if match["type"] in found:
            raise ProcfileError(f"line {number} of the Procfile declares {match['type']} again")
        found[match["type"]] = match["command"]
    if not found:
        raise ProcfileError("the Procfile declares no process type")
    return found
