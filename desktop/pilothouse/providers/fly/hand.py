"""Sending a run's changes: within the time that the step's intent promised, or not at all.

The engine counts a step as absent once its intent's deadline has passed; so nothing of a step may
leave so late that its call could outlive that deadline.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from pilothouse.domain.change import Step
from pilothouse.domain.errors import NotSent
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import RunContext
from pilothouse.providers.fly.client import FlyClient
from pilothouse.providers.http import Call, Reply

CALLS_A_STEP = 2
MARKER = "pilothouse_marker"


@dataclass(frozen=True)
class Hand:
    """What every operation of one run works with."""

    client: FlyClient
    run: RunContext
    timing: Timing

    def marker(self, key: str) -> str:
        """The mark that a step leaves at the platform."""
        return f"{self.run.deployment_id}/{key}"

    def turn(self) -> Turn:
        """The time of one step, beginning now."""
        return Turn(self, time.monotonic() + CALLS_A_STEP * self.timing.call_s)

    def once(self, call: Call, deadline_s: float) -> Reply:
        """Send a change that belongs to no step, such as a lease's renewal."""
        return self.client.http.change(
            call, lease_left=self.run.lease_left_s, deadline_s=deadline_s
        )


@dataclass(frozen=True)
class Turn:
    """The time within which one step's changes must have left."""

    hand: Hand
    until_s: float

    def send(self, call: Call) -> Reply:
        """Send a change, once; raises `NotSent` when too little of the turn is left."""
        hand = self.hand
        if self.until_s - time.monotonic() < hand.timing.call_s:
            raise NotSent(f"{call.words} was not sent: preparing it took too long.")
        return hand.client.http.change(
            call,
            lease_left=hand.run.lease_left_s,
            deadline_s=hand.timing.call_s,
            wait=hand.run.wait,
        )


def machine_of(step: Step) -> tuple[str, str]:
    """The app and the machine that a step is about."""
    return str(step.args["app"]), str(step.args["machine"])
