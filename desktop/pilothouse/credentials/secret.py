"""A token that never prints."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Wraps a token so that no log, error, event or crash report shows it by accident.

    Only `reveal` gives it away; it cannot be pickled or turned into JSON.
    """

    __slots__ = ("_token",)

    def __init__(self, token: str) -> None:
        self._token = token.strip()

    def reveal(self) -> str:
        """The token itself; call it only where it is sent or kept."""
        return self._token

    def __bool__(self) -> bool:
        return bool(self._token)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._token.encode(), other._token.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._token))

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> str:
        return "…"

    def __format__(self, spec: str) -> str:
        return "…"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")
