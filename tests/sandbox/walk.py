"""Somebody who walks at random over the practice cloud and holds its laws after every step."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx
from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.sandbox.both import Both, differences
from tests.sandbox.laws import Ledger, counts_add_up
from tests.waiting import until_async

T = TypeVar("T")


class Walk(RuleBasedStateMachine):
    """The cloud that is walked over, and how it is asked and visited."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="ph-laws-"))
        self._runner = asyncio.Runner()
        self.ledger = Ledger()
        self.fault_struck = False
        self.open()

    def open(self) -> None:
        async def opened() -> Both:
            both = Both(self.directory)
            await both.start()
            return both

        self.both = self.run(opened())

    def teardown(self) -> None:
        self.run(self.at_rest())
        for edge in self.both.world.edges.values():
            counts_add_up(edge, at_rest=True)
        self.run(self.both.stop())
        self._runner.close()
        shutil.rmtree(self.directory)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    async def at_rest(self) -> None:
        async def look() -> bool:
            counted = [edge.counters for edge in self.both.world.edges.values()]
            open_ones = (
                each.requests
                - (each.answered + each.refused + each.lost + each.broken + each.abandoned)
                for each in counted
            )
            return not any(open_ones)

        await until_async(look, "every request to have an end")

    def ask(
        self, client: httpx.AsyncClient, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        """Make one call, and hold its answer against what it did."""
        calm = self.both.calm()
        before = self.both.picture() if calm else b""
        answer = self.run(client.request(method, path, json=body, headers=headers))
        fault = list(self.both.world.requests)[-1].fault
        self.fault_struck = fault is not None
        note(f"{method} {path} {body} {headers} -> {answer.status_code} fault={fault}")
        if client is self.both.heroku and not fault:
            self.ledger.note_budget(answer)
        assert answer.status_code < 500 or fault, f"{answer.status_code} {answer.text}"
        if 400 <= answer.status_code < 500 and calm:
            found = differences(json.loads(before), json.loads(self.both.picture()))
            # What a health check finds meanwhile is not the call's doing.
            changed = [each for each in found if ".checks" not in each]
            assert not changed, f"{answer.status_code}, and yet: {changed}"
        return answer

    def visit(self, key: str, times: int, hidden: set[str]) -> None:
        """Ask an app: each visitor gets one answer, and nobody reaches who is cordoned."""
        edge = self.both.edge(key)
        before = (edge.counters.requests, edge.counters.answered)
        seen = {each: edge.counters.by_instance[each] for each in hidden}
        answers = self.run(self.both.visit(key, times=times))
        self.run(self.at_rest())
        own = sum("instance" in each.text and each.status_code == 200 for each in answers)
        assert edge.counters.requests - before[0] == times == len(answers)
        assert own <= edge.counters.answered - before[1] <= times
        counts_add_up(edge, at_rest=True)
        assert {each: edge.counters.by_instance[each] for each in hidden} == seen

    def go_on(self, turns: int) -> None:
        left = iter(range(turns))

        async def look() -> bool:
            return next(left, None) is None

        self.run(until_async(look, "time to pass"))

    @invariant()
    def the_laws_hold(self) -> None:
        self.ledger.look(self.both)
