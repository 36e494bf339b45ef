"""The sandbox's two accounts; its token comes from its first line and is kept nowhere."""

from __future__ import annotations

from collections.abc import Callable

from pilothouse.app.accounts import Connected, connect
from pilothouse.credentials import Secret, fly_bases
from pilothouse.domain.errors import NotFound, UsageError
from pilothouse.domain.model import Account, Identity, Platform
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import Provider
from pilothouse.sandbox.announcement import Announcement

HOST = "127.0.0.1"


class PracticeBook:
    """`Providers` and `Accounts` while practising; nothing can be added or removed."""

    def __init__(self, sandbox: Announcement, *, tune: Callable[[float], Timing]) -> None:
        self._timing = tune(sandbox.scale)
        token = Secret(sandbox.token)
        bases = fly_bases(sandbox.environment())
        self._providers: dict[str, Connected] = {}
        for platform in Platform:
            account = Account(f"sandbox-{platform}", platform, "Sandbox", HOST, "sandbox")
            self._providers[account.id] = connect(
                account,
                token.reveal,
                bases=bases,
                host=sandbox.heroku["HEROKU_HOST"],
                timing=self._timing,
            )

    def close(self) -> None:
        """Close both accounts' connections; call it once nothing runs any more."""
        for provider in self._providers.values():
            provider.close()

    def all(self) -> tuple[Provider, ...]:
        """Both providers."""
        return tuple(self._providers.values())

    def of(self, account_id: str) -> Provider:
        """One of them; raises `NotFound`."""
        if account_id not in self._providers:
            raise NotFound("account", account_id, where="the sandbox", exists=[*self._providers])
        return self._providers[account_id]

    def timing(self, account: Account) -> Timing:
        """The sandbox's own pace."""
        return self._timing

    def list(self) -> tuple[Account, ...]:
        """Both accounts."""
        return tuple(provider.account for provider in self._providers.values())

    def add(
        self, platform: Platform, token: str, *, label: str = "", keep: bool = True
    ) -> tuple[Account, Identity]:
        """Refused: a real token has no business here."""
        raise UsageError("Nothing was added: practice has its own accounts. Leave --sandbox out.")

    def remove(self, account_id: str) -> None:
        """Refused."""
        raise UsageError("Nothing was removed: the sandbox’s accounts belong to it.")

    def keyring_state(self) -> str:
        """The sandbox needs none."""
        return "The sandbox needs no keyring; its token is never kept."
