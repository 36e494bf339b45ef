"""Refusals of the Machines API, with the texts that its clients decide by."""

from __future__ import annotations


class FlyError(Exception):
    """A refusal: its HTTP status, its text, and the API's own status word where it has one."""

    def __init__(self, status: int, error: str, word: str | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.word = word

    def body(self) -> dict[str, str]:
        """Return the JSON body that the API answers with."""
        return {"error": self.error, **({"status": self.word} if self.word else {})}


def app_not_found(name: str) -> FlyError:
    """Refuse an app that does not exist."""
    return FlyError(404, f"not_found: app {name} not found")


def machine_not_found() -> FlyError:
    """Refuse a machine that does not exist or is destroyed."""
    return FlyError(404, "not_found: machine not found", "unknown")


def being_replaced() -> FlyError:
    """Refuse an update of a machine in the middle of another."""
    return FlyError(409, "aborted: machine is replacing: concurrent update in progress", "unknown")


def invalid(text: str) -> FlyError:
    """Refuse a malformed request."""
    return FlyError(400, f"invalid_argument: {text}")
