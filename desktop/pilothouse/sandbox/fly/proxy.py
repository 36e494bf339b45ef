"""What Fly's proxy adds to what passes through it, what it says by itself, and what it logs.

The headers are those of Fly.io's page on request headers; `fly-request-id` and `fly-machine-id` on
answers, and the codes of its refusals, are as its public proxy shows them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from pilothouse.sandbox.edge import Backend, Edge, Exchange, Manners, Outcome, Refuse
from pilothouse.sandbox.fly.ids import ulid
from pilothouse.sandbox.http1 import Headers
from pilothouse.sandbox.pace import wall_s

EDGE_REGION = "ams"
_APP_ADDRESS = "127.0.0.1"
_VIA = "1.1 fly.io"
# Ids that must rise are a millisecond apart; requests come faster, and need only differ.
_chance = random.Random("requests through Fly's proxy")
_TEXT = (("content-type", "text/plain"),)


def _refusal(status: int, code: str, why: str) -> Refuse:
    return Refuse(status, _TEXT, f"[{code}] {why}\n".encode(), code)


NO_CANDIDATE = _refusal(503, "PR04", "could not find a good candidate within 40 attempts")
NO_PIN = _refusal(503, "PR03", "could not reach the instance that was asked for")
BROKEN_OFF = _refusal(502, "PU02", "could not complete the HTTP request to the instance")


def _request_id() -> str:
    return f"{ulid(wall_s(), _chance)}-{EDGE_REGION}"


def forward(seen: Mapping[str, str], peer: str) -> Headers:
    """Return what the machine is told about a request; the client's own word on it is replaced."""
    port = seen.get("host", "").rpartition(":")[2]
    port = port if port.isdecimal() else "80"
    before = f"{seen['x-forwarded-for']}, " if "x-forwarded-for" in seen else ""
    via = f"{seen['via']}, " if "via" in seen else ""
    return [
        ("fly-client-ip", peer),
        ("fly-forwarded-port", port),
        ("fly-region", EDGE_REGION),
        ("fly-request-id", _request_id()),
        ("via", f"{via}{_VIA}"),
        ("x-forwarded-for", f"{before}{peer}, {_APP_ADDRESS}"),
        ("x-forwarded-port", seen.get("x-forwarded-port", port)),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-ssl", "off"),
    ]


def decorate(headers: Headers, backend: Backend | None, seen: Mapping[str, str]) -> None:
    """Add the proxy's headers; `fly-machine-id` names the machine that answered."""
    headers.append(("server", "Fly/5a1f9c2e (practice)"))
    headers.append(("via", _VIA))
    headers.append(("fly-request-id", seen.get("fly-request-id") or _request_id()))
    if backend is not None:
        headers.append(("fly-machine-id", backend.instance_id))


MANNERS = Manners(decorate, forward, no_answer=BROKEN_OFF, unreachable=BROKEN_OFF)


def in_flight(edges: Mapping[str, Edge], key: str, machine: str) -> int:
    """Return how many requests a machine is answering for the edge of an app, if that is open."""
    edge = edges.get(key)
    return edge.in_flight(machine) if edge else 0


def notice(complain: Callable[[str, str], None], exchange: Exchange) -> None:
    """Log what the proxy could not do; a request that was answered leaves no line.

    `complain` takes a machine's id, empty for none, and the line.
    """
    broken = exchange.outcome is Outcome.BROKEN
    refusal = _BY_CODE.get(BROKEN_OFF.code if broken else exchange.code)
    if refusal is not None:
        machine = exchange.backend.instance_id if exchange.backend is not None else ""
        asked = f'request.method="{exchange.method}"'
        number = exchange.headers.get("fly-request-id", "")
        why = refusal.body.decode().strip()
        complain(machine, f'{why} {asked} request.id="{number}"')


_BY_CODE = {each.code: each for each in (NO_CANDIDATE, NO_PIN, BROKEN_OFF)}
