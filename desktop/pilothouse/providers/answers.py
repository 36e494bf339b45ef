"""A call and its answer: what an HTTP status and a body mean, before any platform's own words.

What must stay true: only 4xx answers are believed, as `Declined`; a success whose body cannot be
read is `Lost`. No text that leaves here holds the credential the call was made with.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from pilothouse.domain.errors import Conflict, Declined, Lost, Missing, PlatformError, RateLimited

if TYPE_CHECKING:
    from pilothouse.providers.sockets import RawAnswer

T = TypeVar("T")

BODY_LIMIT = 8 * 1024 * 1024
SAID_LIMIT = 400
RETRY_AFTER_S = 1.0
REQUEST_IDS = ("fly-request-id", "request-id", "x-request-id")
DECLINED: dict[int, type[Declined]] = {
    404: Missing,
    410: Missing,
    409: Conflict,
    412: Conflict,
    423: Conflict,
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Args:
        json: the body, encoded as JSON; None sends none.
        headers: further headers, such as a lease's nonce; not printed.
        action: what the platform's rate limit counts, as in `update 3f19`; empty: not limited.
        authorization: in place of the account's own, where a surface wants another form.
        expects_json: whether a success with a body that is not JSON is no answer at all.
    """

    method: str
    url: str
    json: object = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    action: str = ""
    authorization: Callable[[], str] | None = field(default=None, repr=False)
    expects_json: bool = True

    @property
    def words(self) -> str:
        """The call as errors name it: no query, which may be long."""
        parts = urlsplit(self.url)
        return f"{self.method} {parts.netloc}{parts.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """A success. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    words: str = ""

    @property
    def request_id(self) -> str:
        """The platform's own id of the call, for its support people."""
        return _request_id(self.headers)

    def decode(self, kind: type[T]) -> T:
        """The body as `kind`; raises `Lost` when it is something else."""
        try:
            return msgspec.json.decode(self.body, type=kind, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Lost(
                f"{self.words} was answered, but not in a form that can be read: {error}.",
                status=self.status,
                request_id=self.request_id,
            ) from None


class TooMuch(Lost):
    """More than the cap came; asking again brings the same."""


class Refused(PlatformError):
    """401: the caller knows the account's name and how to renew its credential."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said, status=401)


def judge(call: Call, answer: RawAnswer, secret: str) -> Reply:
    """The reply, if it is a success that can be read; otherwise the error that it is.

    `secret` is the `Authorization` header's value; it is struck out of whatever is quoted.
    """
    headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in answer.headers}
    reply = Reply(answer.status, headers, _plain(call, answer, headers), call.words)
    status, request_id = answer.status, reply.request_id
    if status < 300 or status == 304:
        if call.expects_json and reply.body:
            reply.decode(msgspec.Raw)
        return reply
    said = words_of(reply.body).replace(secret.rpartition(" ")[2] or secret, "•••")
    shown = f"{call.words} was answered with {status}" + (f": {said}" if said else ".")
    if status == 401:
        raise Refused(said or "401")
    if status == 429:
        after_s = _seconds(headers.get("retry-after"))
        raise RateLimited(shown, retry_after_s=after_s, request_id=request_id)
    # 408 comes from proxies in front of a platform as well, whatever became of the call.
    if status >= 500 or status < 400 or status == 408:
        raise Lost(shown, status=status, request_id=request_id)
    raise DECLINED.get(status, Declined)(said or shown, status=status, request_id=request_id)


def _plain(call: Call, answer: RawAnswer, headers: Mapping[str, str]) -> bytes:
    body = answer.body
    if headers.get("content-encoding", "identity").lower() == "gzip" and body:
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, BODY_LIMIT + 1)
        except zlib.error:
            raise Lost(f"{call.words} was answered with a damaged body.") from None
    if len(body) > BODY_LIMIT:
        raise TooMuch(f"{call.words} was answered with more than {BODY_LIMIT >> 20} MiB.")
    return body


def words_of(body: bytes) -> str:
    """What a platform's error body says, in its own words; empty when it says nothing."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "" if body.lstrip()[:1] == b"<" else _short(body.decode("utf-8", "replace"))
    if isinstance(said, dict):
        first = said.get("errors")
        if isinstance(first, list) and first and isinstance(first[0], dict):
            said = {**first[0], **said}
        for key in ("message", "error", "detail"):
            if isinstance(said.get(key), str) and said[key]:
                return _short(said[key])
    return _short(said) if isinstance(said, str) else ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SAID_LIMIT else text[:SAID_LIMIT] + "…"


def _request_id(headers: Mapping[str, str]) -> str:
    return next((headers[name] for name in REQUEST_IDS if headers.get(name)), "")


def _seconds(value: str | None) -> float:
    try:
        return max(0.0, float(value)) if value is not None else RETRY_AFTER_S
    except ValueError:
        return RETRY_AFTER_S
