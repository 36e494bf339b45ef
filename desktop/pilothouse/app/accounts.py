"""The accounts of this computer as providers: from the keyring, the environment, or the sandbox.

A token goes from its prompt to the platform and to the keyring, and nowhere else. Practice and
reality never meet: with the sandbox there are its two accounts and no other.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from pilothouse.credentials import (
    FlyBases,
    Keyring,
    Secret,
    environment_token,
    fly_bases,
    heroku_host,
)
from pilothouse.credentials.environment import TOKENS
from pilothouse.domain.errors import KeyringUnavailable, NotFound, PlatformError, UsageError
from pilothouse.domain.model import Account, Identity, Platform
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import Asker, Provider
from pilothouse.domain.records import Settings

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
PACE_PATH = "/.well-known/pilothouse-sandbox"
PACE_S = 2.0
Tokens = Callable[[], str]


class Connected(Provider, Protocol):
    """A provider with connections of its own."""

    def close(self) -> None:
        """Close them."""
        ...


class AccountBook:
    """`Providers` and `Accounts` of the engine; every method from any thread.

    Args:
        environ: where the platforms' own variables are looked for.
        settings: where accounts are listed; tokens never are.
        keyring: where tokens are kept.
        asker: asks a sandbox, where the addresses are this computer's, how fast its time goes.
        tune: how long things take with an account, by its scale (1 for a real one).
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        settings: Settings,
        keyring: Keyring,
        *,
        asker: Asker,
        tune: Callable[[float], Timing],
    ) -> None:
        self._environ, self._settings, self._keyring = environ, settings, keyring
        self._asker, self._tune = asker, tune
        self._scales: dict[str, float] = {}
        self._bases = fly_bases(environ)
        self._host = heroku_host(environ)
        self._lock = threading.Lock()
        self._memory: dict[str, tuple[Account, Secret]] = {}
        self._made: dict[str, Connected] = {}
        self._retired: list[Connected] = []
        for account, token in self._from_environment():
            self._memory[account.id] = (account, token)

    def close(self) -> None:
        """Close every connection; call it once nothing runs any more."""
        with self._lock:
            made, self._made = [*self._made.values(), *self._retired], {}
            self._retired = []
        for provider in made:
            provider.close()

    # -- Providers ---------------------------------------------------------------------------

    def all(self) -> tuple[Provider, ...]:
        """Every account's provider."""
        return tuple(self.of(account.id) for account in self.list())

    def of(self, account_id: str) -> Provider:
        """One account's provider; raises `NotFound`."""
        accounts = {account.id: account for account in self.list()}
        if account_id not in accounts:
            raise NotFound(
                "account", account_id, where="the accounts of this computer", exists=[*accounts]
            )
        with self._lock:
            made = self._made.get(account_id)
        if made is not None:
            return made
        account = accounts[account_id]
        made = self._connect(account, self._token_of(account))
        with self._lock:
            first = self._made.setdefault(account_id, made)
            if first is not made:
                self._retired.append(made)
            return first

    def timing(self, account: Account) -> Timing:
        """How long things take with this account: as at the platform, or as its sandbox says."""
        base = self._bases.api if account.platform is Platform.FLY else self._host
        return self._tune(self._scale(base))

    def _scale(self, base: str) -> float:
        """1 for a real platform; on this computer there can only be a sandbox, so ask it."""
        if urlsplit(base).hostname not in LOOPBACK:
            return 1.0
        with self._lock:
            known = self._scales.get(base)
        if known is None:
            try:
                answer = self._asker.ask(base + PACE_PATH, headers={}, timeout_s=PACE_S)
                known = float(json.loads(answer.body)["scale"])
            except (PlatformError, ValueError, KeyError):
                return 1.0
            with self._lock:
                self._scales[base] = known
        return known

    # -- Accounts ----------------------------------------------------------------------------

    def list(self) -> tuple[Account, ...]:
        """Those of the keyring, then those of this run.

        A token of the keyring is never sent to another host than the one that verified it.
        """
        kept = [a for a in self._settings.accounts() if a.api_host == self._api_host(a.platform)]
        with self._lock:
            memory = [account for account, _ in self._memory.values()]
        taken = {account.id for account in memory}
        return tuple([account for account in kept if account.id not in taken] + memory)

    def add(
        self, platform: Platform, token: str, *, label: str = "", keep: bool = True
    ) -> tuple[Account, Identity]:
        """Verify a token against its platform, then keep it."""
        secret = Secret(token)
        draft = self._account(platform, label or platform.value, "keyring" if keep else "memory")
        with closing(self._connect(draft, secret.reveal)) as provider:
            identity = provider.identity()
        account_id = self._free_id(platform, _as_id(label or identity.user) or platform.value)
        account = replace(draft, id=account_id, label=label or identity.user)
        if keep:
            self._keyring.set(account.id, secret)
            self._settings.put_account(account)
        with self._lock:
            self._memory.pop(account.id, None)
            if not keep:
                self._memory[account.id] = (account, secret)
        self._retire(account.id)
        return account, identity

    def remove(self, account_id: str) -> None:
        """Forget an account and its token; one of the environment is a `UsageError`."""
        account = self.of(account_id).account
        if account.source == "environment":
            names = " and ".join(TOKENS[account.platform])
            raise UsageError(f"Nothing was removed: the environment has the token. Unset {names}.")
        with self._lock:
            in_memory = self._memory.pop(account_id, None)
        if in_memory is None:
            self._keyring.delete(account.id)
            self._settings.remove_account(account.id)
        self._retire(account_id)

    def _retire(self, account_id: str) -> None:
        """Make the account's provider anew at its next use; what runs keeps the one it has."""
        with self._lock:
            made = self._made.pop(account_id, None)
            if made is not None:
                self._retired.append(made)

    def keyring_state(self) -> str:
        """One sentence about the keyring."""
        return self._keyring.state()

    # -- making ------------------------------------------------------------------------------

    def _from_environment(self) -> Sequence[tuple[Account, Secret]]:
        found = []
        for platform in Platform:
            token = environment_token(platform, self._environ)
            if token is not None:
                account = self._account(platform, f"{platform}-environment", "environment")
                found.append((account, token))
        return found

    def _account(self, platform: Platform, name: str, source: str) -> Account:
        label = "from the environment" if source == "environment" else name
        return Account(name, platform, label, self._api_host(platform), source)

    def _api_host(self, platform: Platform) -> str:
        base = self._bases.api if platform is Platform.FLY else self._host
        return urlsplit(base).hostname or base

    def _free_id(self, platform: Platform, named: str) -> str:
        """The same name on the same platform is replaced; any other that is taken gets a number."""
        others = {other.value for other in Platform if other is not platform}
        others |= {
            account.id
            for account in (*self._settings.accounts(), *self.list())
            if account.platform is not platform
            or account.source == "environment"
            or account.api_host != self._api_host(platform)
        }
        others |= {f"{each}-environment" for each in Platform}
        number, wanted = 1, named
        while wanted in others:
            number += 1
            wanted = f"{named}-{number}"
        return wanted

    def _token_of(self, account: Account) -> Tokens:
        known = self._memory.get(account.id)
        if known is not None:
            return known[1].reveal

        def from_keyring() -> str:
            secret = self._keyring.get(account.id)
            if secret is None:
                raise KeyringUnavailable(
                    f"The keyring has no token for {account.id} any more.",
                    f"Add it again: pilothouse accounts add {account.platform}.",
                )
            return secret.reveal()

        return from_keyring

    def _connect(self, account: Account, token: Tokens) -> Connected:
        timing = self.timing(account)
        return connect(account, token, bases=self._bases, host=self._host, timing=timing)


def _as_id(name: str) -> str:
    """What of a name can be typed before a colon."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def connect(
    account: Account, token: Tokens, *, bases: FlyBases, host: str, timing: Timing
) -> Connected:
    """One account's provider; nothing is sent yet."""
    if account.platform is Platform.FLY:
        from pilothouse.providers.fly import client
        from pilothouse.providers.fly.provider import FlyProvider

        at = client.FlyBases(bases.api, bases.flaps, bases.uiex, bases.registry)
        return FlyProvider(account, token, bases=at, timing=timing)
    from pilothouse.providers.heroku.provider import HerokuProvider

    return HerokuProvider(account, token, host=host, timing=timing)
