"""One sandbox and one home for each journey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.pilot import Pilot
from tests.sandbox_process import SandboxProcess

SCALE = 60.0


@pytest.fixture
def pilot(tmp_path: Path) -> Iterator[Pilot]:
    home = tmp_path / "home"
    with SandboxProcess(home / "sandbox", scale=SCALE) as sandbox:
        yield Pilot(home, sandbox)
