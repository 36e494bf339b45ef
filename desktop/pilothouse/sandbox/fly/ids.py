"""Names and moments in the shapes that Fly.io gives them."""

from __future__ import annotations

import random
import secrets
import threading
from datetime import UTC, datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghijkmnopqrstuvwxyz"
_last_ms = threading.local()


def ulid(at_s: float, chance: random.Random | None = None) -> str:
    """Return a ULID of the moment `at_s`; later moments sort later."""
    tail = chance.getrandbits(80) if chance else secrets.randbits(80)
    number = (int(at_s * 1000) << 80) | tail
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def rising_ulid(at_s: float) -> str:
    """Return a ULID that also sorts after every one this process has made before."""
    last: int = getattr(_last_ms, "value", 0)
    _last_ms.value = max(int(at_s * 1000), last + 1)
    return ulid(_last_ms.value / 1000)


def machine_id(chance: random.Random | None = None) -> str:
    """Return the 14 hex characters of a machine."""
    bits = chance.getrandbits(56) if chance else secrets.randbits(56)
    return f"{bits:014x}"


def opaque_id(chance: random.Random | None = None) -> str:
    """Return twelve letters, as release ids have them."""
    source = chance or random.SystemRandom()
    return "".join(source.choice(_LETTERS) for _ in range(12))


def private_ip(identifier: str) -> str:
    """Return a machine's address in the private network, made from its id."""
    tail = identifier[-8:]
    return f"fdaa:2:9a1:a7b:1f:{identifier[:4]}:{tail[:4]}:{tail[4:]}"


def rfc3339(at_s: float) -> str:
    """Write a moment as the APIs do, in UTC to the second."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_ms(at_s: float) -> str:
    """Write a moment to the millisecond, so that clients can order what lies close."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def seconds(text: object, default: float) -> float:
    """Read a duration such as `15s`, `2m`, `500ms`, or a bare number of nanoseconds.

    Go writes durations as nanoseconds where they are not strings.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text) / 1e9
    if not isinstance(text, str) or not text:
        return default
    for unit, factor in (("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)):
        if text.endswith(unit):
            try:
                return float(text[: -len(unit)]) * factor
            except ValueError:
                return default
    return default
