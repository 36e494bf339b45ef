"""Dynos that take too much memory: warned of again and again, then killed."""

from __future__ import annotations

import re

from pilothouse.sandbox.heroku import memory
from pilothouse.sandbox.workload import Behaviour
from tests.sandbox.heroku.town import Town, in_town
from tests.waiting import until_async


def test_the_quota_is_the_sizes_and_twice_of_it_is_the_end() -> None:
    assert memory.quota_mb("Standard-1X") == 512
    assert memory.limit_mb("Performance-M") == 5120
    assert memory.complaint("Standard-2X", 1024) == []
    assert memory.complaint("Standard-1X", 768) == [
        "Process running mem=768M(150.0%)",
        "Error R14 (Memory quota exceeded)",
    ]


def test_a_dyno_that_leaks_is_warned_of_then_killed_and_started_again() -> None:
    async def scenario(one: Town) -> None:
        dyno = one.app("billing").dynos[0]
        processes = one.fleet.crew(one.app("billing")).processes
        process = processes.patient(dyno).process
        assert process is not None
        process.leak_mb_s = 2_000
        assert processes.sicken(dyno, Behaviour.LEAK)

        async def killed() -> str | None:
            text = await one.log("billing", {"lines": 1500, "dyno": dyno.name})
            return text if "State changed from crashed to starting" in text else None

        text = await until_async(killed, "the dyno's second life")
        assert text is not None
        said = [each.partition(": ")[2] for each in text.splitlines()]
        over = [each for each in said if each.startswith("Process running mem=")]
        shares = [float(each.partition("(")[2].rstrip("%)")) for each in over]
        assert shares == sorted(shares)
        assert (shares[0] > 100, shares[-1]) == (True, 200.0)
        assert "Error R14 (Memory quota exceeded)" in said
        killing = said.index("Error R15 (Memory quota vastly exceeded)")
        assert said[killing + 1 : killing + 4] == [
            "Stopping process with SIGKILL",
            "Process exited with status 137",
            "State changed from up to crashed",
        ]
        assert re.search(r"mem=1024M\(200\.0%\)", text)

    in_town(scenario, scale=400)
