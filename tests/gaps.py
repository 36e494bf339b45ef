"""A gap in the machine is a reason to skip at a desk; in CI it is a test that never ran.

A skip is such a gap when its reason begins with "missing:". With CI=true it fails instead.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

GAP = "missing:"


def refuse_gap(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turns the skip for a gap into a failure, under CI; all other reports stay as they are."""
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("CI") != "true":
        return
    where = report.longrepr
    reason = where[2].removeprefix("Skipped: ") if isinstance(where, tuple) else str(where)
    if reason.startswith(GAP):
        report.outcome = "failed"
        report.longrepr = f"{reason} (CI must have it: nothing may go untested there)"
