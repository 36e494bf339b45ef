"""Everything that can go wrong, as one tree; each leaf carries its data as fields.

    PilothouseError                 a sentence: what did not happen, why, what to do; an exit code
    ├── UsageError                  the request itself is wrong; nothing was changed            2
    │   └── NotFound                an app, image, release, account or deployment is not there  2
    ├── Blocked                     one guard or more says no                                   3
    ├── AccountRefused              a platform does not take a token                            3
    ├── KeyringUnavailable          no usable keyring                                           3
    ├── LeaseHeld                   somebody else may act on the app, and we may not            3
    ├── Fenced                      we held the lease and lost it: nothing more may be sent    12
    ├── JournalError                                                                           12
    │   ├── JournalUnavailable      it cannot be read or written just now
    │   └── JournalNewer            a newer program wrote it; it was left untouched             2
    ├── Undecided                   nothing that was seen decides; a person must            13
    ├── Interrupted                 a person asked to stop while something was waiting         12
    └── PlatformError               a platform's answer, or the lack of one                    12
        ├── NotSent                 nothing reached the platform: safe to do again
        │   └── RateLimited         it said "too many"; `retry_after_s` from now
        ├── Lost                    sent, and no answer that tells: the outcome is unknown
        ├── Declined                it answered no (4xx); nothing was changed
        │   ├── Missing             404
        │   └── Conflict            409, 412, 423: somebody else was there
        └── Failed                  the platform did it, and it did not work

`Declined` and `NotSent` may be believed; `Lost` never is: it is observed first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from pilothouse.domain.guard import Verdict


SHOWN = 8
"""How many of the things that exist an error names."""


class PilothouseError(Exception):
    """A failure that a person can act on."""

    exit_code = 1


class UsageError(PilothouseError):
    """The request is wrong as it stands; nothing was changed."""

    exit_code = 2


class NotFound(UsageError):
    """Something named is not there.

    Args:
        what: the kind of thing, as in "app" or "image".
        name: the name as the person gave it.
        where: where it was looked for.
        exists: what there is instead, most useful first.
    """

    def __init__(self, what: str, name: str, *, where: str, exists: Sequence[str] = ()) -> None:
        self.what, self.name, self.where = what, name, where
        self.exists = tuple(exists)
        shown = ", ".join(self.exists[:SHOWN]) or "nothing"
        more = f" and {len(self.exists) - SHOWN} more" if len(self.exists) > SHOWN else ""
        super().__init__(f"No {what} “{name}” was found in {where}. There is: {shown}{more}.")


class Blocked(PilothouseError):
    """Guards stop the change; nothing was changed."""

    exit_code = 3

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        self.verdicts = tuple(verdicts)
        super().__init__(" ".join(verdict.sentence for verdict in self.verdicts))


class AccountRefused(PilothouseError):
    """The platform does not take the token of an account."""

    exit_code = 3

    def __init__(self, account: str, *, said: str, renew: str) -> None:
        self.account, self.said, self.renew = account, said, renew
        super().__init__(f"The account {account} was refused: the platform said “{said}”. {renew}")


class KeyringUnavailable(PilothouseError):
    """No keyring can be used; `reason` and `remedy` are sentences."""

    exit_code = 3

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(f"{reason} {remedy}")


class LeaseHeld(PilothouseError):
    """Another process acts on the app, so this one may not."""

    exit_code = 3

    def __init__(
        self, app: str, *, owner: str, since: datetime | None, deployment: str | None
    ) -> None:
        self.app, self.owner, self.since, self.deployment = app, owner, since, deployment
        when = f" since {since:%H:%M:%S} UTC" if since else ""
        which = f" (deployment {deployment})" if deployment else ""
        super().__init__(
            f"Nothing was started: {owner} acts on {app}{when}{which}. "
            "Watch it, stop it, or wait until it ends."
        )


class Fenced(PilothouseError):
    """We are no longer the one who may act; nothing more was sent."""

    exit_code = 12


class JournalError(PilothouseError):
    """The journal cannot be used."""

    exit_code = 12


class JournalUnavailable(JournalError):
    """The journal cannot be read or written just now (disk full, database away)."""


class JournalNewer(JournalError):
    """A newer program wrote the journal; it was copied and left untouched."""

    exit_code = 2


class Undecided(PilothouseError):
    """Nothing that was seen speaks for going on or for going back; a person must decide."""

    exit_code = 13


class Interrupted(PilothouseError):
    """A wait was cut short because a person asked to stop."""

    exit_code = 12


class PlatformError(PilothouseError):
    """What a platform answered, or that it did not.

    `request_id` is the platform's own id of the call, for its support people.
    """

    exit_code = 12

    def __init__(self, message: str, *, status: int | None = None, request_id: str = "") -> None:
        self.status, self.request_id = status, request_id
        super().__init__(message)


class NotSent(PlatformError):
    """Nothing reached the platform: it is safe to do it again."""


class RateLimited(NotSent):
    """The platform turned the call away unheard."""

    def __init__(self, message: str, *, retry_after_s: float, request_id: str = "") -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message, status=429, request_id=request_id)


class Lost(PlatformError):
    """The call was sent and its outcome is not known."""


class Declined(PlatformError):
    """The platform answered no; nothing was changed."""


class Missing(Declined):
    """The thing asked for is not there."""


class Conflict(Declined):
    """Somebody else changed, or holds, what was to be changed."""


class Failed(PlatformError):
    """The platform did as it was told, and the result does not work.

    `nothing_changed` says whether the app still runs just what it ran before.
    """

    def __init__(self, message: str, *, nothing_changed: bool = False) -> None:
        self.nothing_changed = nothing_changed
        super().__init__(message)
