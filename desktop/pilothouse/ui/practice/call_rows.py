"""A received call as a prepared line; made on another thread, painted as it is."""

from __future__ import annotations

from dataclasses import dataclass

from pilothouse.domain.practice import ReceivedCall
from pilothouse.ui import words
from pilothouse.ui.run.spans import milliseconds, of_day
from pilothouse.ui.words import translate

LETTERS = {"fly": "F", "heroku": "H"}
NAMES = {"fly": "Fly.io", "heroku": "Heroku"}
LONG_S = 1.0
NONE = "–"


@dataclass(frozen=True, slots=True)
class CallRow:
    """One line; `spoken` is the whole of it in words, `line` the same to copy."""

    number: int
    count: str
    time: str
    platform: str
    method: str
    path: str
    target: str
    status: int | None
    shown_status: str
    fault: str
    took: str
    spoken: str
    line: str
    search: str

    @property
    def letter(self) -> str:
        """The letter that stands for the platform."""
        return LETTERS.get(self.platform, "S")

    @property
    def is_open(self) -> bool:
        """Whether an answer may still come."""
        return self.status is None and not self.took


def platform_word(platform: str) -> str:
    """The platform's own name; names are not translated."""
    return NAMES.get(platform, platform)


def row_of(call: ReceivedCall) -> CallRow:
    """Prepare the line of one call."""
    target = f"{call.path}?{call.query}" if call.query else call.path
    status = NONE if call.status is None else str(call.status)
    took = _took(call.took_s)
    time, platform = of_day(call.at), platform_word(call.platform)
    answered = translate("Practice", "answered {status}").format(status=status)
    if call.status is None:
        answered = translate("Practice", "not answered")
    struck = translate("Practice", "struck by {fault}").format(fault=call.fault)
    parts = [
        translate("Practice", "Call {number}").format(number=words.number(call.number)),
        time,
        f"{platform} {call.method} {target}",
        answered,
        struck if call.fault else "",
        took,
    ]
    line = [str(call.number), time, platform, call.method, target, status, call.fault, took]
    return CallRow(
        number=call.number,
        count=words.number(call.number),
        time=time,
        platform=call.platform,
        method=call.method,
        path=call.path,
        target=target,
        status=call.status,
        shown_status=status,
        fault=call.fault,
        took=took,
        spoken=", ".join(part for part in parts if part),
        line="  ".join(part for part in line if part),
        search=f"{platform} {call.method} {target} {status} {call.fault}".casefold(),
    )


def _took(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return milliseconds(seconds) if seconds < LONG_S else words.duration(seconds)
