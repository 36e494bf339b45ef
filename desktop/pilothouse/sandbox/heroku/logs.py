"""The log of an app: the newest 1500 lines, read back or followed live.

Lines have the shapes of the platform's own: `app[api]`, `heroku[web.1]`, `heroku[router]`. A
session's address is its secret; it ends an hour after it was opened (log sessions endpoint).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pilothouse.sandbox.pace import wall_s

HISTORY = 1500
SESSION_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; `number` grows by one with each line of the app."""

    number: int
    at: datetime
    source: str
    process: str
    text: str

    def __str__(self) -> str:
        stamp = self.at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
        return f"{stamp} {self.source}[{self.process}]: {self.text}"


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What a session wants to see: how many old lines, whether new ones too, and whose."""

    lines: int = 100
    tail: bool = False
    source: str | None = None
    process: str | None = None

    def wants(self, line: LogLine) -> bool:
        """Whether the line is one of those asked for; `web` stands for all `web.N`."""
        if self.source is not None and line.source != self.source:
            return False
        return self.process is None or self.process in {line.process, line.process.split(".")[0]}


@dataclass(frozen=True, slots=True)
class LogSession:
    """Somebody's right to read one app's log."""

    id: str
    app_id: str
    query: LogQuery
    created_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether the address no longer works."""
        return now - self.created_at > SESSION_LIFE


class LogBook:
    """The lines of one app."""

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque(maxlen=HISTORY)
        self._written = 0
        self._news = asyncio.Event()

    def add(self, source: str, process: str, text: str) -> None:
        """Write a line with the present moment."""
        self._written += 1
        self._lines.append(
            LogLine(self._written, datetime.fromtimestamp(wall_s(), UTC), source, process, text)
        )
        self._news.set()
        self._news = asyncio.Event()

    def api(self, text: str) -> None:
        """Write what the platform's API did."""
        self.add("app", "api", text)

    def dyno(self, name: str, text: str) -> None:
        """Write what the dyno manager did."""
        self.add("heroku", name, text)

    def router(self, text: str) -> None:
        """Write what the router saw."""
        self.add("heroku", "router", text)

    def newest(self, query: LogQuery) -> list[LogLine]:
        """The newest lines that the query wants, oldest first."""
        wanted = [line for line in self._lines if query.wants(line)]
        return wanted[-query.lines :] if query.lines > 0 else []

    async def follow(self, query: LogQuery) -> AsyncGenerator[LogLine, None]:
        """Yield the newest lines and, with `tail`, every later one as it comes."""
        seen = self._written
        for line in self.newest(query):
            yield line
        while query.tail:
            news = self._news
            fresh = [line for line in self._lines if line.number > seen]
            seen = self._written
            for line in fresh:
                if query.wants(line):
                    yield line
            if seen == self._written:
                await news.wait()
