"""The hash chain over a deployment's events.

Each event's hash covers all its fields and the hash before it; the first one follows from the
stored plan and the hash that a person confirmed. Whoever changes, drops or inserts a line breaks
every link after it; the deployment's own row keeps the last one, so that a cut-off end shows too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class Link:
    """One event as it is stored, before it is understood."""

    deployment_id: str
    seq: int
    event_id: str
    fence: int
    at: str
    actor: str
    kind: str
    step: str | None
    data: str

    def hash_after(self, before: str) -> str:
        """This link's hash, following the hash before it."""
        return _sha256(before, *(getattr(self, name) for name in self.__slots__))


def first_hash(plan_text: str, plan_hash: str) -> str:
    """What the first event follows: the plan as stored, and its hash as confirmed."""
    return _sha256(plan_text, plan_hash)


def broken_at(links: Iterable[tuple[Link, str, str]], first: str, last_seq: int, last: str) -> str:
    """Where the chain breaks, as a sentence; empty if it is whole.

    Args:
        links: each event with the stored hash before it and its own stored hash, in order.
        first: what the first event follows.
        last_seq: the number of the last event, by the deployment's own row.
        last: the hash of the last event, by the deployment's own row.
    """
    before, seq = first, 0
    for link, said_before, said in links:
        if link.seq != seq + 1:
            return f"Event {seq + 1} is missing: event {link.seq} follows event {seq}."
        if said_before != before:
            return f"Event {link.seq} does not follow from what stands before it."
        if link.hash_after(before) != said:
            return f"Event {link.seq} is not what was written."
        before, seq = said, link.seq
    if seq != last_seq:
        return f"The events end with {seq}, but {last_seq} were written."
    if before != last:
        return "The last event is not the one that was written last."
    return ""


def _sha256(*parts: str | int | None) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
