"""Which keyrings can be trusted, and what they are called.

Named one by one: the keyring library would otherwise take whatever is installed, and may keep a
token in plain text, or nowhere, without a word. Nothing here is imported before it is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Protocol

from pilothouse.domain.errors import KeyringUnavailable

SECRET_SERVICE = "keyring.backends.SecretService.Keyring"  # noqa: S105
TRUSTED = {
    SECRET_SERVICE: "The Secret Service",
    "keyring.backends.libsecret.Keyring": "The Secret Service",
    "keyring.backends.kwallet.DBusKeyring": "KDE Wallet",
    "keyring.backends.kwallet.DBusKeyringKWallet4": "KDE Wallet",
    "keyring.backends.macOS.Keyring": "The macOS keychain",
    "keyring.backends.Windows.WinVaultKeyring": "The Windows Credential Manager",
}
DAEMONS = {
    "gnome-keyring-d": "GNOME Keyring",
    "kwalletd5": "KDE Wallet",
    "kwalletd6": "KDE Wallet",
    "ksecretd": "KDE Wallet",
    "keepassxc": "KeePassXC",
}
"""Who answers as the Secret Service, by the process's name (15 letters, as Linux cuts it)."""

NONE_FOUND = "No keyring was found."
LOCKED = "The keyring is locked."
INSTALL = {
    "linux": "Install gnome-keyring or KDE Wallet and sign in to the desktop again.",
    "darwin": "Look after the keychain in the system’s settings.",
    "win32": "Look after the Credential Manager in the system’s settings.",
}
IN_MEMORY = "A token is kept until you quit, and nowhere on disk."


class Backend(Protocol):
    """What we use of the keyring library's backends."""

    def get_password(self, service: str, username: str) -> str | None:
        """The password, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Forget a password."""
        ...


def what_to_install() -> str:
    """A sentence about how this system gets a keyring."""
    return INSTALL.get(sys.platform, "Install a keyring that the keyring library can use.")


def trusted_backend() -> Backend:
    """The keyring of this desktop.

    Raises:
        KeyringUnavailable: there is none, or only one that is not safe.
    """
    import keyring

    chosen = keyring.get_keyring()
    for backend in _links(chosen):
        if _name_of(backend) in TRUSTED:
            return backend
    name = _name_of(chosen)
    if name == "keyring.backends.fail.Keyring":
        raise KeyringUnavailable(NONE_FOUND, what_to_install())
    raise KeyringUnavailable(
        f"{NONE_FOUND} There is only {name}, which does not keep secrets safe.", what_to_install()
    )


def is_locked(backend: Backend) -> bool | None:
    """Whether the keyring would ask before it opens; None: it does not tell. Asks nobody."""
    if _name_of(backend) != SECRET_SERVICE:
        return None
    import secretstorage
    from secretstorage.exceptions import ItemNotFoundException

    with closing(secretstorage.dbus_init()) as connection:
        # By its alias: asking for the default one would make it, and ask a person to.
        with suppress(ItemNotFoundException):
            alias = "/org/freedesktop/secrets/aliases/default"
            return bool(secretstorage.Collection(connection, alias).is_locked())
        return True


def shown_name(backend: Backend) -> str:
    """What people call this keyring."""
    name = _name_of(backend)
    if name == SECRET_SERVICE:
        return DAEMONS.get(_daemon(), TRUSTED[name])
    return TRUSTED.get(name, "The keyring")


def _links(chosen: object) -> Iterator[Backend]:
    """The backend itself, or those that a chain of them would ask, best first."""
    chained = getattr(chosen, "backends", None)
    if _name_of(chosen) == "keyring.backends.chainer.ChainerBackend" and chained is not None:
        yield from chained
    else:
        yield chosen  # type: ignore[misc]


def _name_of(backend: object) -> str:
    kind = type(backend)
    return f"{kind.__module__}.{kind.__qualname__}"


def _daemon() -> str:
    """The name of the process that answers as the Secret Service; empty: not known."""
    from jeepney import DBusErrorResponse  # type: ignore[import-untyped]
    from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]
    from jeepney.io.blocking import Proxy, open_dbus_connection  # type: ignore[import-untyped]

    try:
        with open_dbus_connection("SESSION") as connection:
            bus = Proxy(message_bus, connection, timeout=1.0)
            (pid,) = bus.GetConnectionUnixProcessID("org.freedesktop.secrets")
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except (OSError, KeyError, DBusErrorResponse):
        return ""
