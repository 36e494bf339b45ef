"""What an app's owner asks for, and how long things may take.

Every length of time is a setting, so that practice and tests can be quick without another code
path. Seconds throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Timing:
    """Lengths of time in seconds, real ones: `for_scale` has already divided what it may.

    `call_s` is a mutating call's deadline; `grace_s` is how long after it a call may still land.
    """

    lease_s: float = 15.0
    renew_s: float = 4.0
    machine_lease_s: int = 13
    call_s: float = 8.0
    grace_s: float = 3.0
    read_s: float = 10.0
    look_s: float = 0.5
    poll_s: float = 1.0
    propagation_s: float = 10.0
    healthy_s: float = 300.0
    released_s: float = 3660.0
    booted_s: float = 300.0
    blind_s: float = 600.0
    bake_min_s: float = 30.0
    bake_max_s: float = 600.0
    probe_gap_s: float = 0.5
    probe_timeout_s: float = 10.0
    dead_s: float = 2.0

    @staticmethod
    def for_scale(scale: float) -> Timing:
        """Timing for a practice cloud whose own time runs `scale` times faster."""
        base = Timing()
        return replace(
            base,
            call_s=4.0,
            grace_s=1.0,
            poll_s=0.1,
            propagation_s=base.propagation_s / scale,
            healthy_s=max(15.0, base.healthy_s / scale),
            released_s=60.0,
            booted_s=max(20.0, base.booted_s / scale),
            blind_s=60.0,
            bake_min_s=2.0,
            bake_max_s=30.0,
            probe_gap_s=0.1,
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """What must hold for one app.

    Args:
        production: deploys ask for the app's name to be typed.
        command: the owner's own check, run by the shell of the person's computer; empty: none.
        command_limit_s: how long it may run.
        max_unavailable: share (below 1) or number (1 and above) of instances that a rolling
            deploy may take out of traffic at a time.
        go_back: whether a failed deploy goes back by itself.
        probe_path: path asked from outside; empty: the app's own http check, else `/`.
    """

    production: bool = True
    command: str = ""
    command_limit_s: float = 900.0
    max_unavailable: float = 0.33
    go_back: bool = True
    probe_path: str = ""
    timing: Timing = Timing()


def default_production(name: str, stage: str | None) -> bool:
    """Whether an app counts as production until its owner says otherwise."""
    if stage is not None:
        return stage == "production"
    words = name.lower().replace("_", "-").split("-")
    return not {"staging", "review", "dev", "development", "test", "sandbox"} & set(words)
