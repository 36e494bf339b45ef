"""Who may ask the practice Heroku for what: tokens, scopes, the account's troubles, second factors.

The sandbox's own token may do everything. Further ones come from `POST /oauth/authorizations`,
with scopes and an end of their own. What each scope opens follows the platform's article on
scopes; the second factor follows its command line, which repeats a refused call with a code.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request

from pilothouse.sandbox.heroku import errors
from pilothouse.sandbox.heroku.state import Grant, HerokuApp, HerokuState

SCOPES = ("global", "identity", "read", "read-protected", "write", "write-protected")
_EVERYTHING = ("global",)
_OPENS = {
    "identity": frozenset(SCOPES),
    "read": frozenset(SCOPES) - {"identity"},
    "read-protected": frozenset({"global", "read-protected", "write-protected"}),
    "write": frozenset({"global", "write", "write-protected"}),
    "write-protected": frozenset({"global", "write-protected"}),
    "global": frozenset(_EVERYTHING),
}
_CHANGES = frozenset({"write", "write-protected"})
_ACCEPT = re.compile(r"application/vnd\.heroku\+json\s*;\s*version=3(\.[a-z-]+)?\b")
_CODE = re.compile(r"[0-9]{6}")
_WRONG_CODE = "000000"
_CODE_HEADER = "heroku-two-factor-code"
_TRUSTED_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request; `grant` is None for the sandbox's own token."""

    grant: Grant | None

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the token may be used for."""
        return _EVERYTHING if self.grant is None else tuple(self.grant.scope)

    def needs(self, scope: str) -> None:
        """Refuse with a 403 unless the token opens what needs this scope."""
        if not _OPENS[scope] & set(self.scopes):
            raise errors.forbidden(
                f"This token has the scope {' '.join(self.scopes)}; "
                f"the call needs one of: {accepted(scope)}."
            )


def accepted(scope: str) -> str:
    """The scopes that open what needs `scope`, as the platform lists them in a header."""
    return " ".join(each for each in SCOPES if each in _OPENS[scope])


def check_version(request: Request) -> None:
    """Refuse with a 406 unless the client asks for version 3, in whichever variant."""
    if _ACCEPT.search(request.headers.get("accept", "")) is None:
        raise errors.not_acceptable()


def caller(state: HerokuState, token: str, request: Request, now: datetime) -> Caller:
    """Whose token a request carries; refuses with a 401 when it is nobody's, or has ended.

    `token` is the sandbox's own.
    """
    given = _given(request.headers.get("authorization", "")).encode()
    if not given:
        raise errors.unauthorized()
    if secrets.compare_digest(given, token.encode()):
        return Caller(None)
    for grant in state.grants:
        over = grant.expires_at is not None and now >= grant.expires_at
        if not over and secrets.compare_digest(given, grant.token.encode()):
            return Caller(grant)
    raise errors.unauthorized()


def _given(header: str) -> str:
    """The bearer token, or the password of basic authentication."""
    scheme, _, value = header.partition(" ")
    given = value.strip()
    if scheme.lower() == "bearer":
        return given
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return ""


def check_standing(state: HerokuState, scope: str) -> None:
    """Refuse what an account in trouble may not do: suspended almost all, unpaid every change."""
    if scope == "identity":
        return
    if state.suspended_at is not None:
        raise errors.suspended()
    if state.delinquent_at is not None and scope in _CHANGES:
        raise errors.delinquent()


def check_second_factor(app: HerokuApp | None, scope: str, request: Request, now: datetime) -> None:
    """Refuse a change of an app that asks for a second factor, until one is given.

    Which calls the platform guards is not published; here it is every change of such an app.
    """
    if app is None or not app.two_factor or scope not in _CHANGES:
        return
    if app.trusted_until is None or now >= app.trusted_until:
        demand_code(app, request)


def demand_code(app: HerokuApp, request: Request) -> None:
    """Refuse with a 403 unless the request carries a right code.

    Right is every code of six digits but 000000, so that a wrong one can be tried too.
    """
    code = request.headers.get(_CODE_HEADER, "")
    if _CODE.fullmatch(code) is None or code == _WRONG_CODE:
        raise errors.two_factor(app.id, app.name)


def trust(app: HerokuApp, now: datetime) -> None:
    """Let changes of the app pass without a code for ten minutes.

    How long the platform does so is not published.
    """
    app.trusted_until = now + _TRUSTED_FOR
