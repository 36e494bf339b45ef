"""The computer's clock keeps the port's promises."""

from __future__ import annotations

import re
import sys
from datetime import timedelta

import pytest

from pilothouse.domain.ports import Clock
from pilothouse.store.clock import SystemClock


def test_moments_are_utc_and_seconds_grow() -> None:
    clock: Clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.steady() <= clock.steady()
    (boot, first), (again, second) = clock.boot(), clock.boot()
    assert boot == again != ""
    assert 0 < first <= second


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other names for it")
def test_linux_names_its_boots() -> None:
    assert re.fullmatch(r"[0-9a-f-]{36}", SystemClock().boot()[0])
