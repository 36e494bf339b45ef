"""Whether a machine comes up again after its process ended by itself.

Fly.io, "Machine restart policy": `no` never, `always` without end, `on-failure` (the default)
after an exit code other than 0 and up to `max_retries` times, 10 where nothing is said. The count
begins anew once a process has run for five minutes.
"""

from __future__ import annotations

from pilothouse.sandbox.fly.state import Machine
from pilothouse.sandbox.pace import Pace, wall_s

_DEFAULT_RETRIES = 10
_SETTLED_S = 300.0
_LEAST_SETTLED_S = 10.0


def may_restart(machine: Machine, code: int) -> bool:
    """Whether the platform starts the process again after an exit with `code`."""
    rule = machine.config.get("restart") or {}
    policy = rule.get("policy") or "on-failure"
    if policy in ("no", "always"):
        return bool(policy == "always")
    most = int(rule.get("max_retries") or _DEFAULT_RETRIES)
    return code != 0 and machine.restart_count < most


def settled(machine: Machine, pace: Pace) -> bool:
    """Whether the process had run long enough for earlier restarts to be forgotten."""
    # How long an app lives is its own business and not scaled, so neither is the least of it.
    enough_s = max(pace.seconds(_SETTLED_S), _LEAST_SETTLED_S)
    return bool(machine.started_at) and wall_s() - machine.started_at > enough_s
