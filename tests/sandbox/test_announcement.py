"""What a sandbox tells first: addresses, the pace of time, and how to point tools at it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pilothouse.sandbox.announcement import Announcement, AppAddress, decode, quietening
from pilothouse.sandbox.pace import Pace

FLY, HEROKU, CONTROL = (f"http://127.0.0.1:{port}" for port in (5001, 5002, 5003))


def announcement(*, scale: float = 20.0, notice: str = "", folder: str = "/srv/it") -> Announcement:
    return Announcement(
        pid=1,
        scale=scale,
        token="fo1_t",
        control=CONTROL,
        fly={"FLY_API_BASE_URL": FLY, "FLY_REGISTRY_HOST": "127.0.0.1:5001"},
        heroku={"HEROKU_HOST": HEROKU},
        github={"GITHUB_API_URL": f"{CONTROL}/github"},
        apps=[AppAddress("fly:harbor-api", FLY)],
        tools=quietening(Path(folder), HEROKU, CONTROL),
        notice=notice,
    )


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        (20.0, "time runs 20 times faster"),
        (2.5, "time runs 2.5 times faster"),
        (1.0, "time runs as fast as on the platforms"),
        (0.5, "time runs 2 times slower"),
    ],
)
def test_the_first_line_says_how_fast_time_runs(scale: float, said: str) -> None:
    assert said in announcement(scale=scale).text().splitlines()[0]


@pytest.mark.skipif(os.name == "nt", reason="it is pasted into PowerShell there")
def test_the_text_is_ready_to_paste_into_a_shell() -> None:
    said = announcement(folder="/srv/jo's folder")
    lines = [line.strip() for line in said.text().splitlines() if "export " in line]
    pasted = [shlex.split(line)[1].partition("=") for line in lines]
    assert {name: value for name, _, value in pasted} == said.environment()


def test_the_tools_talk_to_nobody_but_the_sandbox() -> None:
    environment = announcement().environment()
    expected = {
        "DISABLE_TELEMETRY": "true",
        "FLY_API_TOKEN": "fo1_t",
        "FLY_CONFIG_DIR": str(Path("/srv/it").resolve() / "flyctl"),
        "FLY_NO_INCIDENTS_CHECK": "1",
        "FLY_NO_UPDATE_CHECK": "1",
        "FLY_SEND_METRICS": "0",
        "FLY_SYNTHETICS_AGENT": "0",
        "FLY_TRACE_COLLECTOR_URL": "127.0.0.1",
        "HEROKU_API_KEY": "fo1_t",
        "HEROKU_DISABLE_AUTOUPDATE": "true",
        "HEROKU_PARTICLEBOARD_URL": HEROKU,
        "HEROKU_SKIP_NEW_VERSION_CHECK": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    assert expected.items() <= environment.items()
    addresses = [value for value in environment.values() if "://" in value]
    assert {urlsplit(each).hostname for each in addresses} == {"127.0.0.1"}


def test_a_line_of_an_earlier_program_can_still_be_read() -> None:
    line = announcement().line()
    older = line[: line.index(',"tools"')] + "}"
    assert decode(older).tools == {}
    assert decode(line) == announcement()


def test_what_a_person_should_know_stands_in_the_text() -> None:
    assert "Something was lost." in announcement(notice="Something was lost.").text(5000)
    assert "Port 5000 is taken" in announcement().text(5000)


@pytest.mark.parametrize("scale", [0, -1, 1000.5, float("nan"), float("inf")])
def test_a_scale_out_of_bounds_is_refused_with_what_it_means(scale: float) -> None:
    with pytest.raises(ValueError, match=r"above 0 and at most 1000.*1 is their own speed"):
        Pace(scale)
