"""How long Heroku takes for what it does by itself, at the account's own pace.

The lengths are the platform's (Dev Center: dyno startup, preboot, release phase). A practice
cloud runs faster; how much is read from the one length in `Timing` that only its scale changes.
"""

from __future__ import annotations

from pilothouse.domain.policy import Timing

BOOT_LIMIT_S = 60.0
"""A web dyno that has not bound its port by then has crashed (R10)."""
PREBOOT_S = 180.0
"""With preboot the traffic moves this long after the release, three minutes by default."""
BOOT_S = 8.0
"""What a usual boot takes; only for predictions."""
RELEASE_COMMAND_S = 20.0
"""What a usual release command takes; only for predictions."""


def scale_of(timing: Timing) -> float:
    """How many times faster than the real one this account's platform runs."""
    return max(1.0, Timing().propagation_s / max(timing.propagation_s, 1e-6))


def boot_limit_s(timing: Timing) -> float:
    """Seconds after which a dyno that still starts is in trouble."""
    return BOOT_LIMIT_S / scale_of(timing)


def preboot_s(timing: Timing) -> float:
    """Seconds for which the old dynos go on serving under preboot, with some to spare."""
    return 1.1 * (PREBOOT_S + BOOT_S) / scale_of(timing)


def boot_s(timing: Timing) -> float:
    """Predicted seconds until new dynos are up."""
    return BOOT_S / scale_of(timing)


def release_command_s(timing: Timing) -> float:
    """Predicted seconds of a release command."""
    return RELEASE_COMMAND_S / scale_of(timing)
