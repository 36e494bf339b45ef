"""What tables look like in a terminal that has little room."""

from __future__ import annotations

import pytest

from pilothouse.cli.printer import Printer

HEADS = ("APP", "ACCOUNT", "STATE", "LIVE", "AGE", "BY", "WAY BACK", "HELD", "SEEN")
APPS = ("heroku:billing", "heroku:billing-staging", "fly:harbor-api", "fly:harbor-web")
REST = ("ann-berg-harbour", "serving", "v100", "11 min", "ann.berg@harbour.example", "v99", "held")


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_what_a_row_is_called_is_never_cut(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    printer = Printer(as_json=False)
    printer.is_terminal = True
    printer.table(HEADS, [(app, *REST, "3 s ago") for app in APPS])
    printed = capsys.readouterr().out
    for app in APPS:
        assert f"{app} " in printed
