"""One account's calls over HTTP: reads are repeated, changes are sent once.

What must stay true: a change leaves at most once, and only while our right to act outlasts the
call's deadline; whatever happens after its first byte without an answer that tells is `Lost`.
Only 4xx answers are believed. A credential is asked for at each call, never kept, never printed
and never sent on to another address (no redirect is followed).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from pilothouse.domain.errors import AccountRefused, Fenced, Lost, NotSent
from pilothouse.domain.model import Json
from pilothouse.domain.ports import Answer
from pilothouse.providers.answers import BODY_LIMIT, Call, Refused, Reply, TooMuch, judge

if TYPE_CHECKING:
    import httpcore

    from pilothouse.providers.sockets import Attempt, Pool, RawAnswer

__all__ = ["Call", "Http", "HttpAsker", "Limits", "Reply", "Wait"]

Wait = Callable[[float], None]

FIRST_DELAY_S, LONGEST_DELAY_S = 0.1, 2.0
PROBE_LIMIT = 64 * 1024
USER_AGENT = "Pilothouse"
_chance = secrets.SystemRandom()


class Limits(Protocol):
    """Keeps calls within a platform's rate limits."""

    def reserve(self, action: str) -> float:
        """Take a place for one call; returns the seconds to wait before it may leave."""
        ...


class _Connections:
    """A pool made at the first call: loading TLS is too slow for a program's start."""

    def __init__(self, *, keep: bool) -> None:
        self._keep, self._lock = keep, threading.Lock()
        self._pool: Pool | None = None

    def open(self) -> Pool:
        from pilothouse.providers.sockets import Pool

        with self._lock:
            if self._pool is None:
                self._pool = Pool(keep=self._keep)
            return self._pool

    def close(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()


class Http:
    """The calls of one account.

    Args:
        account: the account's name, as errors give it.
        authorization: makes the `Authorization` header's value; asked anew at each call.
        renew: a sentence that says how to renew the credential.
        headers: sent with every call.
        limits: the platform's rate limits, kept before they are hit.
    """

    def __init__(
        self,
        account: str,
        authorization: Callable[[], str],
        *,
        renew: str = "",
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._account, self._authorization, self._renew = account, authorization, renew
        self._headers = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            **(headers or {}),
        }
        self._limits = limits
        self._kept, self._fresh = _Connections(keep=True), _Connections(keep=False)

    def __repr__(self) -> str:
        return f"Http({self._account!r})"

    def close(self) -> None:
        """Close idle connections; a later call opens new ones."""
        self._kept.close()
        self._fresh.close()

    def read(self, call: Call, *, deadline_s: float, wait: Wait = time.sleep) -> Reply:
        """Ask until an answer comes or the deadline passes; the call may reach them many times.

        Raises:
            PlatformError: the last trouble, once the deadline passed; a `Declined` at once.
            AccountRefused: the platform does not take the credential.
        """
        until_s, delay_s = time.monotonic() + deadline_s, FIRST_DELAY_S
        while True:
            self._keep_limits(call, wait)
            left_s = until_s - time.monotonic()
            try:
                # Half of what is left, so that a connection that hangs leaves time for another.
                return self._once(self._kept, call, _attempt(max(left_s / 2, min(left_s, 1.0))))
            except TooMuch:
                raise
            except (NotSent, Lost) as error:
                after_s = getattr(error, "retry_after_s", 0.0)
                pause_s = max(after_s, delay_s * _chance.uniform(0.5, 1.5))
                if time.monotonic() + pause_s >= until_s:
                    raise
                wait(pause_s)
                delay_s = min(delay_s * 2, LONGEST_DELAY_S)

    def change(
        self,
        call: Call,
        *,
        lease_left: Callable[[], float],
        deadline_s: float,
        wait: Wait = time.sleep,
    ) -> Reply:
        """Send once, on a connection of its own, if `lease_left()` still exceeds `deadline_s`.

        Raises:
            Fenced: our right to act ends too soon; nothing was sent.
            NotSent: nothing reached the platform (`RateLimited`: it refused to hear).
            Lost: sent, and the outcome is not known.
            Declined: it answered no; `Missing` 404, `Conflict` 409, 412 and 423.
            AccountRefused: the platform does not take the credential.
        """

        def still_ours() -> None:
            if lease_left() <= deadline_s:
                raise Fenced(
                    f"{call.words} was not sent: our right to act on the app ends, or has ended, "
                    "before the call could. Run `pilothouse recover` to go on."
                )

        self._keep_limits(call, wait)
        still_ours()
        return self._once(self._fresh, call, _attempt(deadline_s, still_ours), close=True)

    def _keep_limits(self, call: Call, wait: Wait) -> None:
        delay_s = self._limits.reserve(call.action) if self._limits and call.action else 0.0
        if delay_s > 0:
            wait(delay_s)

    def _once(
        self, pool: _Connections, call: Call, attempt: Attempt, *, close: bool = False
    ) -> Reply:
        secret = (call.authorization or self._authorization)()
        if not secret.isascii() or not secret.isprintable():
            raise AccountRefused(
                self._account, said="the token holds characters no token has", renew=self._renew
            )
        headers = {**self._headers, **call.headers, "Authorization": secret}
        if close:
            headers["Connection"] = "close"
        answer = _exchange(pool, _request(call, headers), call, attempt)
        try:
            return judge(call, answer, secret)
        except Refused as error:
            raise AccountRefused(self._account, said=error.said, renew=self._renew) from None


def _attempt(seconds: float, before_first_byte: Callable[[], None] | None = None) -> Attempt:
    from pilothouse.providers.sockets import Attempt

    until_s = time.monotonic() + seconds
    return Attempt(until_s, before_first_byte) if before_first_byte else Attempt(until_s)


def _request(call: Call, headers: Mapping[str, str]) -> httpcore.Request:
    import httpcore
    import msgspec

    content = b""
    if call.json is not None:
        content = msgspec.json.encode(call.json)
        headers = {**headers, "Content-Type": "application/json"}
    parts = urlsplit(call.url)
    sent = {"Host": parts.netloc, **headers}
    if content or call.method not in {"GET", "HEAD", "DELETE"}:
        sent["Content-Length"] = str(len(content))
    return httpcore.Request(call.method, call.url, headers=list(sent.items()), content=content)


def _exchange(
    pool: _Connections,
    request: httpcore.Request,
    call: Call,
    attempt: Attempt,
    limit: int = BODY_LIMIT,
) -> RawAnswer:
    """Send and receive; `NotSent` or `Lost` by whether a byte may have left."""
    import httpcore

    troubles: tuple[type[Exception], ...] = (
        httpcore.NetworkError,
        httpcore.TimeoutException,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
        OSError,
    )
    try:
        return pool.open().send(request, attempt, limit)
    except troubles as error:
        why = _why(error)
        if attempt.sent:
            raise Lost(f"{call.words} was sent, and no answer came: {why}.") from None
        raise NotSent(f"{call.words} was not sent: {why}.") from None


def _why(error: Exception) -> str:
    import httpcore

    if isinstance(error, httpcore.LocalProtocolError):
        return "the request is malformed"  # the library's text may quote a header
    if isinstance(error, httpcore.TimeoutException):
        return "the time was up"
    return str(error).rstrip(".") or type(error).__name__


class HttpAsker:
    """Asks addresses as a user would: no credential, a new connection each time."""

    def __init__(self) -> None:
        self._connections = _Connections(keep=False)

    def ask(self, url: str, *, headers: dict[str, str], timeout_s: float) -> Answer:
        """One GET, all within `timeout_s`; a body beyond 64 KiB is cut off.

        Raises:
            PlatformError: no answer came; the message says why.
        """
        call = Call("GET", url)
        sent = {"User-Agent": USER_AGENT, "Accept": "*/*", "Connection": "close", **headers}
        began_s = time.monotonic()
        answer = _exchange(
            self._connections, _request(call, sent), call, _attempt(timeout_s), PROBE_LIMIT
        )
        got: dict[str, Json] = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in answer.headers
        }
        latency_s = time.monotonic() - began_s
        return Answer(answer.status, got, answer.body[:PROBE_LIMIT], latency_s)

    def close(self) -> None:
        """Close what is open."""
        self._connections.close()
