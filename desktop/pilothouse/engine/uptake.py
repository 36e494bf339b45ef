"""Taking deployments up: the same for a new one, after a crash, and after somebody else died.

The lease comes first, and the state is read again under it: what ended meanwhile is not begun
again, and a lease that no run came to use is given back.
"""

from __future__ import annotations

from pilothouse.domain.deployment import LIVE, State
from pilothouse.domain.ports import Listener, Provider
from pilothouse.domain.records import DeploymentRecord, Lease
from pilothouse.engine.lanes import Lanes
from pilothouse.engine.prober import Prober
from pilothouse.engine.runner import Gear, Runner
from pilothouse.engine.tenure import Tenure
from pilothouse.engine.world import World

OPEN = LIVE | {State.UNKNOWN}


class Uptake:
    """Starts runs; every method from any thread."""

    def __init__(self, world: World, lanes: Lanes, publish: Listener) -> None:
        self._world, self._lanes, self._publish = world, lanes, publish

    def start(self, deployment_id: str) -> bool:
        """Take a deployment up; False when it ended before the lease was ours."""
        journal = self._world.journal
        record = journal.deployment(deployment_id)
        provider = self._world.providers.of(record.progress.plan.app.account)
        lease = journal.acquire(record.app_id, record.id)
        try:
            record = journal.deployment(record.id)
            is_open = record.progress.state in OPEN
            if is_open:
                runner = self._runner(record, provider, lease)
                self._lanes.start(record.id, runner.context, runner.run)
        except BaseException:
            journal.release(lease)
            raise
        if not is_open:
            journal.release(lease)
        return is_open

    def _runner(self, record: DeploymentRecord, provider: Provider, lease: Lease) -> Runner:
        world, plan = self._world, record.progress.plan
        tenure = Tenure(world.journal, lease, world.clock, plan.policy.timing)
        prober = Prober(
            record.id,
            plan,
            asker=world.asker,
            provider=provider,
            clock=world.clock,
            publish=self._publish,
        )
        gear = Gear(world.journal, provider, prober, world.clock, self._publish, world.trip)
        return Runner(record, tenure, gear)

    def is_over_or_left(self, record: DeploymentRecord) -> bool:
        """Whether nothing more comes of a deployment by itself."""
        if record.progress.state.is_ended:
            return True
        return self._world.journal.app(record.app_id).owner is None

    def is_outdated(self, record: DeploymentRecord) -> bool:
        """Whether an unknown ending was followed by another deployment, which knows better."""
        if record.progress.state is not State.UNKNOWN:
            return False
        newest = self._world.journal.deployments(app_id=record.app_id, limit=1)
        return bool(newest) and newest[0].id != record.id
