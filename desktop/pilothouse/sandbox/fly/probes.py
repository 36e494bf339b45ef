"""One HTTP question of a health check, and what its answer means."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pilothouse.sandbox.http1 import encode, read_answer
from pilothouse.sandbox.line import connect


@dataclass(frozen=True, slots=True)
class Question:
    """What a check asks; an `encrypted` one finds no TLS here, since instances speak none."""

    method: str = "GET"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    encrypted: bool = False


async def ask(port: int, question: Question, *, timeout_s: float) -> int | str:
    """Ask a loopback server; return its status, or why there is none."""
    if question.encrypted:
        return "tls: first record does not look like a TLS handshake"
    try:
        async with asyncio.timeout(timeout_s):
            return await _status(port, question)
    except TimeoutError:
        return "context deadline exceeded"
    except (OSError, ValueError) as failure:
        return str(failure) or "connection reset by peer"


def verdict(answer: int | str) -> tuple[str, str]:
    """Return the status and the output of a check.

    2xx passes and redirects fail (reference 3.6). Too many requests only warns, as in Consul,
    whose check results Fly.io's look like; that is an inference.
    """
    if isinstance(answer, str):
        return "critical", answer
    if answer == 429:
        return "warning", str(answer)
    return ("passing" if 200 <= answer < 300 else "critical"), str(answer)


async def _status(port: int, question: Question) -> int:
    line = await connect(port)
    try:
        headers = [("host", f"127.0.0.1:{port}"), ("connection", "close")]
        headers += [(name, value) for name, value in question.headers if name]
        start = f"{question.method} {question.path} HTTP/1.1"
        line.write(encode(start, headers))
        head = await read_answer(line)
    finally:
        line.close()
    if head is None:
        raise ConnectionError("EOF")
    return head.status
