"""Everything that can be made to go wrong, each with what it takes, for whoever offers it.

The status codes and forms are those that the platforms' references name; what other people do is
read from the platforms' own acts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus

import msgspec

CALL, INSTANCE, WORLD, OTHERS = "call", "instance", "world", "others"
STATUSES = (400, 401, 402, 403, 404, 408, 409, 410, 412, 416, 422, 429, 500, 502, 503, 504)
AFTERWARDS = (500, 502, 503, 504)
BOTH = ("fly", "heroku")
_ANY_CALL = ("count", "rate", "seed")


class Kind(msgspec.Struct, frozen=True):
    """One thing that can go wrong; `defaults` hold where a wish says nothing."""

    kind: str
    scope: str
    title: str
    takes: tuple[str, ...] = ()
    platforms: tuple[str, ...] = BOTH
    defaults: dict[str, float] = {}


def _call(kind: str, title: str, **seconds: float) -> Kind:
    return Kind(kind, CALL, title, (*_ANY_CALL, *seconds), defaults={"rate": 1.0, **seconds})


def _status(code: int) -> Kind:
    return _call(str(code), f"Answer {code} {HTTPStatus(code).phrase}; the call changes nothing")


def _after(code: int) -> Kind:
    return _call(f"after-{code}", f"Do the work, then answer {code} {HTTPStatus(code).phrase}")


_CALLS = (
    _call("refuse", "Close the connection before anything is done"),
    _call("reset", "Reset the connection (RST) before anything is done"),
    _call("lost", "Do the work and lose the answer"),
    _call("cut", "Do the work and break the answer off half way"),
    _call("malformed", "Do the work and answer broken JSON"),
    _call("slow", "Answer late", seconds=1.0),
    _call("hang", "Never answer", seconds=600.0),
    _call("drip", "Do the work and answer byte by byte", seconds=60.0),
    _call("empty", "Answer 408 with nothing in it"),
    _call("html", "Answer 502 with a proxy's web page"),
    _call("stale", "Answer a read with what it was told the last time"),
    _call("missing-fields", "Leave optional fields of the answer out, or null"),
    msgspec.structs.replace(
        _call("two-factor", "Ask for a second factor (403)"), platforms=("heroku",)
    ),
    *map(_status, STATUSES),
    *map(_after, AFTERWARDS),
)
_INSTANCES = (
    Kind("crash-at-boot", INSTANCE, "Crash at the next boots", ("count",)),
    Kind("crash", INSTANCE, "Exit with code 1 now", ("count",)),
    Kind("kill", INSTANCE, "Be killed now (exit 137)", ("count",)),
    Kind("crash-loop", INSTANCE, "Crash again and again"),
    Kind("fails-checks", INSTANCE, "Fail the health checks"),
    Kind("errors", INSTANCE, "Answer some requests with 500", ("rate",), defaults={"rate": 0.05}),
    Kind(
        "slow-answers",
        INSTANCE,
        "Answer every request late",
        ("seconds",),
        defaults={"seconds": 0.8},
    ),
    Kind("leak", INSTANCE, "Use more and more memory, until it is killed"),
)
_WORLD = (
    Kind("clock", WORLD, "Move the platforms' clock", ("seconds",), defaults={"seconds": 3600.0}),
    Kind("disk", WORLD, "Let the disk fail: every change is refused", ("seconds",)),
    Kind("network", WORLD, "Refuse connections", ("seconds", "edges"), defaults={"seconds": 10.0}),
)
KINDS: Mapping[str, Kind] = {each.kind: each for each in (*_CALLS, *_INSTANCES, *_WORLD)}

_TITLES = {
    "cordon": "Take an instance out of traffic",
    "crash": "Let an instance exit with code 1",
    "delinquent": "Let the account owe the platform money",
    "expire": "Delete an artifact that was released earlier",
    "foreign-deploy": "Let a colleague deploy",
    "foreign-release": "Let a colleague record a release",
    "host": "Say that an instance's host is unreachable",
    "kill": "Kill an instance",
    "limits": "Set the account's limit of requests",
    "platform-error": "Let the platform's router fail",
    "scale": "Let a colleague change the number of instances",
    "set-secrets": "Let a colleague change a secret",
    "sicken": "Let an instance behave otherwise",
    "steal-lease": "Let a colleague take an instance's lease",
    "stop": "Let the platform stop an idle instance",
    "suspend": "Let the platform suspend the account",
    "token": "Make a token of a smaller scope",
    "two-factor": "Ask for a second factor at each change",
    "uncordon": "Put an instance back into traffic",
}
_TAKES = {
    ("fly", "expire"): ("image",),
    ("fly", "foreign-deploy"): ("image",),
    ("fly", "foreign-release"): ("image",),
    ("fly", "host"): ("instance", "status"),
    ("fly", "limits"): ("on",),
    ("fly", "scale"): ("count",),
    ("fly", "set-secrets"): ("names",),
    ("fly", "sicken"): ("instance", "behaviour"),
    ("fly", "steal-lease"): ("instance", "ttl"),
    ("heroku", "delinquent"): ("on",),
    ("heroku", "expire"): ("release",),
    ("heroku", "foreign-deploy"): ("artifact", "description"),
    ("heroku", "limits"): ("remaining",),
    ("heroku", "platform-error"): ("on",),
    ("heroku", "scale"): ("group", "count"),
    ("heroku", "set-secrets"): ("name", "value"),
    ("heroku", "sicken"): ("instance", "behaviour"),
    ("heroku", "suspend"): ("on",),
    ("heroku", "token"): ("scope", "expires_in"),
    ("heroku", "two-factor"): ("on",),
}
_ON_INSTANCES = frozenset({"cordon", "crash", "kill", "stop", "uncordon"})


def others(platform: str, verbs: Iterable[str]) -> list[Kind]:
    """Return what other people can do on a platform, one kind a verb of its acts."""
    kinds = []
    for verb in verbs:
        takes = _TAKES.get((platform, verb), ("instance",) if verb in _ON_INSTANCES else ())
        title = _TITLES.get(verb, verb.replace("-", " ").capitalize())
        kinds.append(Kind(verb, OTHERS, title, takes, (platform,)))
    return kinds
