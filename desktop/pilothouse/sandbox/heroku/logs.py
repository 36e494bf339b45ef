"""The log of an app: the newest 1500 lines, read back or followed live.

Lines have the shapes of the platform's own: `app[api]`, `heroku[web.1]`, `heroku[router]`; one
longer than 10,000 bytes becomes several. A session's address is its secret: it must be opened
within five minutes and then lives an hour, both in platform time (log sessions endpoint).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from pilothouse.sandbox.pace import wall_s

HISTORY = 1500
UNOPENED_S = 300
"""Platform seconds in which a session must be opened."""
OPEN_S = 3600
"""Platform seconds that a session lives from then on."""
_LINE_BYTES = 10_000
_SURELY_SHORT = _LINE_BYTES // 4
"""So many letters are never too many bytes."""


@dataclass(slots=True)
class LogLine:
    """One line, never changed; `number` grows by one with each line of the app."""

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


@dataclass(slots=True)
class LogSession:
    """Somebody's right to read one app's log, until `ends_at`; opening it moves that on."""

    id: str
    app_id: str
    query: LogQuery
    created_at: datetime
    ends_at: datetime
    is_open: bool = False


def _utc_now() -> datetime:
    return datetime.fromtimestamp(wall_s(), UTC)


class LogBook:
    """The lines of one app. `now` answers the moment that a line is given."""

    def __init__(self, now: Callable[[], datetime] = _utc_now) -> None:
        self._lines: deque[LogLine] = deque(maxlen=HISTORY)
        self._written = 0
        self._now = now
        self._is_over = False
        self._readers: set[asyncio.Event] = set()

    def add(self, source: str, process: str, text: str) -> None:
        """Write a line with the present moment."""
        at = self._now()
        for piece in (text,) if len(text) <= _SURELY_SHORT else _pieces(text):
            self._written += 1
            self._lines.append(LogLine(self._written, at, source, process, piece))
        self._wake()

    def close(self) -> None:
        """End everybody's reading: the app is no more."""
        self._is_over = True
        self._wake()

    def _wake(self) -> None:
        for news in self._readers:
            news.set()

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

    async def follow(
        self, query: LogQuery, *, after: int | None = None, life_s: float | None = None
    ) -> AsyncGenerator[LogLine, None]:
        """Yield the newest lines and, with `tail`, every later one as it comes.

        Args:
            query: which lines, and whether later ones too.
            after: begin behind the line of this number instead of with the newest ones.
            life_s: end after this many real seconds; None never.
        """
        loop = asyncio.get_running_loop()
        ends_at = None if life_s is None else loop.time() + life_s
        seen = self._written if after is None else after
        if after is None:
            for line in self.newest(query):
                yield line
        elif not query.tail:
            for line in self._since(seen, query):
                yield line
        news = asyncio.Event()
        self._readers.add(news)
        try:
            while query.tail and not self._is_over:
                news.clear()
                fresh, seen = self._since(seen, query), self._written
                for line in fresh:
                    yield line
                if ends_at is not None and loop.time() >= ends_at:
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(ends_at):
                        await news.wait()
        finally:
            self._readers.discard(news)

    def _since(self, seen: int, query: LogQuery) -> list[LogLine]:
        return [line for line in self._lines if line.number > seen and query.wants(line)]


def _pieces(text: str) -> Iterator[str]:
    """Split a text into lines of at most 10,000 bytes, between characters."""
    raw = text.encode(errors="replace")
    while len(raw) > _LINE_BYTES:
        piece = raw[:_LINE_BYTES].decode(errors="ignore")
        yield piece
        raw = raw[len(piece.encode()) :]
    yield raw.decode()
