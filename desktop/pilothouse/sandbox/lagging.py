"""What reads were answered the last time: a reader that lags behind answers that again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from starlette.types import Message, Send

from pilothouse.sandbox.journal import Received

_ANSWERS_KEPT = 512
_ANSWER_BYTES = 256 * 1024
_ALL_BYTES = 8 * 1024 * 1024
_WHOLE = (200, 206)

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, as ASGI has it."""

    status: int
    headers: Headers
    body: bytes


class Memory:
    """The latest answer to each of the latest reads of one platform, in bounded memory."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, ...], Answer] = OrderedDict()
        self._bytes = 0

    def recall(self, request: Received) -> Answer | None:
        """Return what this very request was answered the last time."""
        return self._answers.get(_key(request))

    def watched(self, request: Received, send: Send) -> Send:
        """Return a `send` that remembers the answer to a read once it is whole."""
        if not _is_read(request):
            return send
        kept = _Collected()

        async def watch(message: Message) -> None:
            answer = kept.take(message)
            if answer is not None:
                self._keep(_key(request), answer)
            await send(message)

        return watch

    def _keep(self, key: tuple[str, ...], answer: Answer) -> None:
        known = self._answers.pop(key, None)
        self._bytes += len(answer.body) - (0 if known is None else len(known.body))
        self._answers[key] = answer
        while len(self._answers) > _ANSWERS_KEPT or self._bytes > _ALL_BYTES:
            self._bytes -= len(self._answers.popitem(last=False)[1].body)


class _Collected:
    """Puts an answer together from its messages, unless it is too long or no success."""

    def __init__(self) -> None:
        self._start: Message | None = None
        self._body = bytearray()

    def take(self, message: Message) -> Answer | None:
        if message["type"] == "http.response.start":
            self._start = message if message["status"] in _WHOLE else None
            return None
        if self._start is None:
            return None
        self._body += message.get("body", b"")
        if len(self._body) > _ANSWER_BYTES:
            self._start = None
            self._body.clear()
        elif not message.get("more_body"):
            headers = tuple(self._start.get("headers", ()))
            return Answer(self._start["status"], headers, bytes(self._body))
        return None


def is_change(request: Received) -> bool:
    """Whether a request asks for a change; GraphQL posts its queries too."""
    if request.path == "/graphql":
        return "mutation" in request.body_text()
    return request.method not in ("GET", "HEAD", "OPTIONS") and request.path != "/filters/apps"


def _is_read(request: Received) -> bool:
    return request.method in ("GET", "POST") and not is_change(request)


def _key(request: Received) -> tuple[str, ...]:
    asked = request.headers.get("range", ""), request.headers.get("accept", "")
    body = request.body_text() if request.method == "POST" else ""
    return (request.method, request.path, request.query, body, *asked)
