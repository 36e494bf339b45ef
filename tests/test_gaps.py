"""With CI=true a test that something is missing for fails; every other skip stays a skip."""

from __future__ import annotations

import pytest

from tests.gaps import refuse_gap


def skipped(reason: str) -> pytest.CollectReport:
    return pytest.CollectReport(
        nodeid="tests/test_x.py",
        outcome="skipped",
        longrepr=("tests/test_x.py", 1, f"Skipped: {reason}"),
        result=None,
    )


@pytest.mark.parametrize(
    ("ci", "reason", "outcome"),
    [
        ("true", "missing: xvfb", "failed"),
        ("true", "needs Windows", "skipped"),
        ("", "missing: xvfb", "skipped"),
    ],
)
def test_a_gap_fails_in_ci_only(
    monkeypatch: pytest.MonkeyPatch, ci: str, reason: str, outcome: str
) -> None:
    monkeypatch.setenv("CI", ci)
    report = skipped(reason)
    refuse_gap(report)
    assert report.outcome == outcome
    assert reason in str(report.longrepr)
