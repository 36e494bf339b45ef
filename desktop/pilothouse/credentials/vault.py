"""The system's keyring, with a deadline for every call.

A keyring may open a dialog and wait for a person without limit, so each call runs on a thread of
its own and is given up after a time; while an abandoned one still waits, no other is begun. What
was kept is read back before it is believed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from pilothouse.credentials import backends
from pilothouse.credentials.backends import IN_MEMORY, LOCKED, NONE_FOUND, Backend
from pilothouse.credentials.secret import Secret
from pilothouse.domain.errors import KeyringUnavailable

SERVICE = "Pilothouse"
DEADLINE_S = 60.0
"""Long enough to type a password into an unlock dialog."""

LOOK_S = 10.0
"""For looking without opening, which asks nobody."""

T = TypeVar("T")


class Keyring:
    """Tokens by account id; every method from any thread, never from the window's own.

    All raise `KeyringUnavailable` with what is wrong and what to do about it.

    Args:
        choose: finds the keyring, at each call anew, for a daemon may come and go.
        deadline_s: how long a call may take, dialogs included.
    """

    def __init__(
        self,
        choose: Callable[[], Backend] = backends.trusted_backend,
        *,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._choose, self._deadline_s = choose, deadline_s
        self._turn = threading.Lock()

    def get(self, account_id: str) -> Secret | None:
        """The token of an account; None when the keyring has none."""

        def read() -> Secret | None:
            token = self._choose().get_password(SERVICE, account_id)
            return None if token is None else Secret(token)

        return self._within(self._deadline_s, read)

    def set(self, account_id: str, token: Secret) -> None:
        """Keep a token, and read it back."""

        def keep() -> Secret | None:
            backend = self._choose()
            backend.set_password(SERVICE, account_id, token.reveal())
            kept = backend.get_password(SERVICE, account_id)
            return None if kept is None else Secret(kept)

        if self._within(self._deadline_s, keep) != token:
            raise KeyringUnavailable(
                "The keyring took the token and did not give it back.",
                "Nothing was kept. Look after the keyring, then add the account again.",
            )

    def delete(self, account_id: str) -> None:
        """Forget a token; nothing happens if there is none."""

        def forget() -> None:
            backend = self._choose()
            if backend.get_password(SERVICE, account_id) is not None:
                backend.delete_password(SERVICE, account_id)

        self._within(self._deadline_s, forget)

    def state(self) -> str:
        """A sentence: whether there is a keyring, and what to install if there is none."""
        try:
            return self._within(LOOK_S, self._describe)
        except KeyringUnavailable as error:
            if error.reason.startswith(NONE_FOUND):
                return f"{error.reason} {IN_MEMORY} {error.remedy}"
            return f"{error} {IN_MEMORY}"

    def _describe(self) -> str:
        backend = self._choose()
        locked = backends.is_locked(backend)
        if locked:
            return f"{LOCKED} It will ask you when a token is kept."
        unlocked = "" if locked is None else " and unlocked"
        return f"{backends.shown_name(backend)} is here{unlocked}."

    def _within(self, limit_s: float, work: Callable[[], T]) -> T:
        if not self._turn.acquire(timeout=limit_s):
            raise _no_answer()
        call = _Call(work, self._turn)
        thread = threading.Thread(target=call.run, name="pilothouse-keyring", daemon=True)
        thread.start()
        thread.join(limit_s)
        if thread.is_alive():
            raise _no_answer()
        if call.error is not None:
            # Not chained: the frames below it hold the token.
            raise _in_words(call.error) from None
        result: T = call.result
        return result


class _Call:
    """One piece of work on a thread of its own; gives the turn back when it is really over."""

    def __init__(self, work: Callable[[], Any], turn: threading.Lock) -> None:
        self._work, self._turn = work, turn
        self.result: Any = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.result = self._work()
        except Exception as error:  # noqa: BLE001 - backends are other people's code
            self.error = error.with_traceback(None)
        finally:
            self._turn.release()


def _no_answer() -> KeyringUnavailable:
    return KeyringUnavailable(
        "The keyring does not answer; it may be showing a dialog.",
        "Answer its dialog, then try again.",
    )


def _in_words(error: Exception) -> KeyringUnavailable:
    from keyring.errors import InitError, KeyringLocked, NoKeyringError

    if isinstance(error, KeyringUnavailable):
        return error
    if isinstance(error, NoKeyringError):
        return KeyringUnavailable(NONE_FOUND, backends.what_to_install())
    if isinstance(error, KeyringLocked):
        return KeyringUnavailable(LOCKED, "Unlock it, then try again.")
    if isinstance(error, InitError):
        return KeyringUnavailable(
            "The keyring could not be opened: there may be none yet, and nobody to make one.",
            "Sign in to the desktop, or make a default keyring, then try again.",
        )
    if isinstance(error, OSError):
        return KeyringUnavailable(
            f"The keyring cannot be reached ({error.strerror or type(error).__name__}).",
            "Sign in to the desktop again, then try again.",
        )
    return KeyringUnavailable(
        f"The keyring failed ({type(error).__name__}).", "Look after the keyring, then try again."
    )
