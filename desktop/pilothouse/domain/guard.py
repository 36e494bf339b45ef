"""Guards' verdicts: may this change go on, and why.

A verdict always has a reason. *Unknown* is not *pass*: where knowing is needed it blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """The families of guards; the value is what `--override FAMILY=REASON` takes."""

    CREDENTIAL = "credential"
    BASE = "base"
    APP = "app"
    WAY_BACK = "way-back"
    CALENDAR = "calendar"
    PLATFORM = "platform"
    COMMAND = "command"
    APPROVAL = "approval"
    NAME = "name"


class Ruling(StrEnum):
    """What a guard says."""

    BLOCK = "block"
    UNKNOWN = "unknown"
    WARN = "warn"
    PASS = "pass"


UNKNOWN_BLOCKS = frozenset({Family.CREDENTIAL, Family.APP, Family.WAY_BACK, Family.NAME})


@dataclass(frozen=True, slots=True)
class Verdict:
    """One guard's word.

    Args:
        reason: one sentence, what was found.
        remedy: one sentence, what to do about it; empty when nothing is needed.
        can_override: whether a written reason may overrule a block.
        overridden: that reason, once given.
        detail: longer text to show on request, such as a command's output.
    """

    family: Family
    ruling: Ruling
    reason: str
    remedy: str = ""
    can_override: bool = False
    overridden: str = ""
    detail: str = ""

    @property
    def stops(self) -> bool:
        """Whether the change may not go on because of this."""
        if self.overridden:
            return False
        if self.ruling is Ruling.UNKNOWN:
            return self.family in UNKNOWN_BLOCKS
        return self.ruling is Ruling.BLOCK

    @property
    def sentence(self) -> str:
        """Reason and remedy as a person reads them."""
        return f"{self.reason} {self.remedy}".strip()


def worst_first(verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """The verdicts in the order in which a person needs them."""
    order = list(Ruling)
    return tuple(sorted(verdicts, key=lambda verdict: order.index(verdict.ruling)))
