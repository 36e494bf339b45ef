"""Random walks over both platforms, with faults, other people and restarts: the laws hold.

`LAW_WALKS=2000 pytest --timeout=0 tests/sandbox/test_laws.py` walks so many ways, others every
time, and shortens one that breaks a law; without it the ways are always the same.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from pilothouse.sandbox import state
from tests.sandbox.fly.fly_walk import FlyWalk
from tests.sandbox.heroku.heroku_walk import HerokuWalk

FAULTS = ["429", "409", "500", "503", "after-500", "after-503", "html", "empty", "malformed"]


class PracticeCloud(FlyWalk, HerokuWalk):
    """Clients, other people and bad luck, all at once and in any order."""

    @rule(kind=st.sampled_from(FAULTS), platform=st.sampled_from(["fly", "heroku"]))
    def let_a_call_fail(self, kind: str, platform: str) -> None:
        self.both.fault(kind=kind, match={"platform": platform})

    @rule(turns=st.integers(1, 5))
    def wait_a_little(self, turns: int) -> None:
        self.go_on(turns)

    @rule()
    def start_anew(self) -> None:
        """End the sandbox and open it again: it has forgotten nothing."""
        self.run(self.both.stop())
        saved = state.load(self.directory)
        assert saved == self.both.world.saved
        self.open()
        self.ledger.budget = (0.0, 0.0)


_walks = int(os.environ.get("LAW_WALKS", "0"))
TestLaws = PracticeCloud.TestCase
TestLaws.settings = settings(
    max_examples=_walks or 30,
    stateful_step_count=30,
    derandomize=not _walks,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate, Phase.shrink] if _walks else [Phase.generate],
)
