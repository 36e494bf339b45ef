"""Settings of all property tests: how long one example takes says nothing on a busy machine."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def without_haste() -> None:
    """Judge properties by what they find, never by the clock."""
    settings.register_profile(
        "without haste", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("without haste")
