"""Connections whose total time is bounded, and which know when a first byte leaves.

An HTTP library's read timeout starts anew with every byte, so a server that drips never times
out. Here every connect, handshake, read and write of an attempt is cut to what is left of the
attempt's one deadline. An attempt runs in one thread from start to end; that thread carries it.
Nothing is kept between calls but idle connections: no cookie, no redirect, no `.netrc`.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    import ssl

KEPT_ALIVE = 20
KEPT_ALIVE_S = 30.0


def _nothing() -> None:
    return None


@dataclass(slots=True)
class Attempt:
    """One try at one call.

    Args:
        until_s: the deadline, in seconds of `time.monotonic`.
        before_first_byte: called once, just before anything of the request leaves; raises to
            prevent that.
        sent: whether a byte of the request may have left.
    """

    until_s: float
    before_first_byte: Callable[[], None] = _nothing
    sent: bool = False

    def left(self, error: type[httpcore.TimeoutException]) -> float:
        """Seconds left; raises `error` when there are none."""
        left = self.until_s - time.monotonic()
        if left <= 0:
            raise error("the deadline passed")
        return left

    def leave(self) -> None:
        """Mark that bytes leave, after asking whether they may."""
        if not self.sent:
            self.before_first_byte()
            self.sent = True


class _Current(threading.local):
    attempt: Attempt = Attempt(float("inf"))


class _Stream(httpcore.NetworkStream):
    """A connection whose every operation ends at the current attempt's deadline."""

    def __init__(self, inner: httpcore.NetworkStream, current: _Current) -> None:
        self._inner, self._current = inner, current

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._current.attempt.left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        attempt = self._current.attempt
        left = attempt.left(httpcore.WriteTimeout)
        attempt.leave()
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._current.attempt.left(httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._current)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the library's own signature
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Opens connections that know the attempt of their thread."""

    def __init__(self, current: _Current) -> None:
        self._plain, self._current = httpcore.SyncBackend(), current

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._current.attempt.left(httpcore.ConnectTimeout)
        stream = self._plain.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self._current)


@functools.lru_cache(maxsize=1)
def trust() -> ssl.SSLContext:
    """The system's own trust, loaded once; certificates are always verified."""
    import ssl

    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Pool:
    """Connections to any host; `keep` says whether idle ones are used again."""

    def __init__(self, *, keep: bool) -> None:
        self._current = _Current()
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust(),
            max_connections=None,
            max_keepalive_connections=KEPT_ALIVE if keep else 0,
            keepalive_expiry=KEPT_ALIVE_S,
            network_backend=_Backend(self._current),
        )

    def send(self, request: httpcore.Request, attempt: Attempt, limit: int) -> RawAnswer:
        """One request and all of its answer, at most `limit` bytes of the body (and one more)."""
        self._current.attempt = attempt
        response = self._pool.handle_request(request)
        try:
            body = bytearray()
            for chunk in response.iter_stream():
                body += chunk
                attempt.left(httpcore.ReadTimeout)
                if len(body) > limit:
                    break
        finally:
            response.close()
        return RawAnswer(response.status, tuple(response.headers), bytes(body[: limit + 1]))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came off the wire, still encoded."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
