"""The hand on Heroku during one run: each step's operation, by name.

Nothing fences others off here, for the platform has no lock: what protects is the look just
before each call, and the version that must come back from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pilothouse.domain.change import Step
from pilothouse.domain.model import JsonMap
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import Observation, RunContext, Sight
from pilothouse.providers.heroku import strategies
from pilothouse.providers.heroku.client import HerokuClient
from pilothouse.providers.heroku.posts import Posts
from pilothouse.providers.heroku.waits import Waits


class HerokuOperations:
    """The `Operations` of one run."""

    def __init__(self, client: HerokuClient, run: RunContext, timing: Timing) -> None:
        client = client.for_run(run.wait)
        self._run, self._timing = run, timing
        self._posts = Posts(client, run, timing)
        waits = Waits(client, run, timing)
        self._operations: dict[str, Callable[[Step], JsonMap]] = {
            strategies.OP_RELEASE: self._posts.apply,
            strategies.OP_ROLLBACK: self._posts.apply,
            strategies.OP_RESTORE: self._posts.apply,
            strategies.OP_SETTLED: waits.settled,
            strategies.OP_RELEASED: waits.released,
            strategies.OP_BOOTED: waits.booted,
        }

    def observe(self, step: Step) -> Observation:
        """Did it land? A wait leaves nothing behind that could have."""
        if step.op in strategies.CHANGING:
            return self._posts.observe(step)
        return Observation(Sight.ABSENT, "A wait is done again.")

    def apply(self, step: Step) -> JsonMap:
        """Do it, once."""
        return self._operations[step.op](step)

    def inverse(self, step: Step) -> Sequence[Step]:
        """The baseline's slug again, unless the release command failed and no dyno changed."""
        failed_phase = bool(self._run.data_of(strategies.RELEASED).get("nothing_changed"))
        return strategies.inverse_of(step, self._timing, failed_phase=failed_phase)

    def renew(self) -> None:
        """Nothing to renew: the platform has no lock."""

    def close(self) -> None:
        """Nothing to give back."""
