"""What Fly.io remembers beside apps and machines: tokens, sign-ins, addresses, certificates.

Moments are Unix seconds. A token is kept as its SHA-256 alone; its text is shown once, to whoever
made it.
"""

from __future__ import annotations

from typing import Any

import msgspec

Json = dict[str, Any]


class Token(msgspec.Struct):
    """A token beside the sandbox's own.

    `apps` names the apps it may see (none named: every app); a `read_only` one changes nothing.
    """

    id: str
    name: str
    profile: str
    sha256: str
    user_id: str
    created_at: float
    expires_at: float
    apps: list[str] = msgspec.field(default_factory=list)
    read_only: bool = False


class CliSession(msgspec.Struct):
    """A sign-in under way: a command line waits until a person has approved it.

    With a `challenge` (S256, RFC 7636) the token is handed out for code and verifier, once;
    without one to whoever asks for the session. `token` is empty until then.
    """

    id: str
    name: str
    created_at: float
    metadata: Json
    challenge: str = ""
    state: str = ""
    redirect_port: int = 0
    code: str = ""
    approved: bool = False
    token: str = ""


class Address(msgspec.Struct):
    """An IP address assigned to an app; `type` is `v4`, `v6`, `shared_v4` or `private_v6`."""

    id: str
    ip: str
    type: str
    region: str
    service_name: str
    created_at: float


class Certificate(msgspec.Struct):
    """A host name for which an app has asked a certificate; nobody here ever issues it."""

    hostname: str
    created_at: float
    updated_at: float
