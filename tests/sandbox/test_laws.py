"""Random walks over both platforms, with faults, other people and restarts: the laws hold.

`PILOTHOUSE_LAWS=2000 pytest tests/sandbox/test_laws.py` walks so many ways, and other ones every
time, and shortens one that breaks a law; without it the ways are always the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pilothouse.sandbox import state
from pilothouse.sandbox.fly.state import Machine
from pilothouse.sandbox.heroku.state import HerokuApp
from tests.sandbox.bad_calls import BAD_FLY, BAD_HEROKU, CHANGES
from tests.sandbox.both import Both, differences
from tests.sandbox.laws import Ledger, counts_add_up, in_force
from tests.waiting import until_async

T = TypeVar("T")
NONCE = "fly-machine-lease-nonce"
FAULTS = ["429", "409", "500", "503", "after-500", "after-503", "html", "empty", "malformed"]
TAGS = ["next", "crash", "unhealthy", "err5", "slow", "no-such-tag"]
SUBJECTS = ["next", "crash", "unhealthy", "err5", "slow"]
places = st.integers(0, 11)
fly_apps = st.sampled_from(["harbor-api", "harbor-web"])
heroku_apps = st.sampled_from(["billing", "billing-staging"])


class PracticeCloud(RuleBasedStateMachine):
    """Clients, other people and bad luck, all at once and in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._directory = Path(tempfile.mkdtemp(prefix="ph-laws-"))
        self._runner = asyncio.Runner()
        self.ledger = Ledger()
        self.fault_struck = False
        self._open()

    def _open(self) -> None:
        async def opened() -> Both:
            both = Both(self._directory)
            await both.start()
            return both

        self.both = self.run(opened())

    def teardown(self) -> None:
        self.run(self._at_rest())
        for edge in self.both.world.edges.values():
            counts_add_up(edge, at_rest=True)
        self.run(self.both.stop())
        self._runner.close()
        shutil.rmtree(self._directory)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    async def _at_rest(self) -> None:
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

    def machine(self, app: str, place: int) -> Machine | None:
        there = self.both.machines(app)
        return there[place % len(there)] if there else None

    def change(self, app: str, machine: Machine, call: tuple[str, str, Any], *, key: bool) -> int:
        """Change a machine with the lease's key or without: only the key opens a lease."""
        method, path, body = call
        holder = in_force(machine)
        before = (machine.instance_id, machine.cordoned, machine.lease)
        headers = {NONCE: holder} if key and holder else {}
        where = f"/v1/apps/{app}/machines/{machine.id}{path}"
        status = self.ask(self.both.fly, method, where, body, **headers).status_code
        if holder and not key:
            assert status >= 400 or self.fault_struck
            assert (machine.instance_id, machine.cordoned, machine.lease) == before
        return status

    # ------------------------------------------------------------------ Fly.io

    @rule(app=fly_apps, place=places, tag=st.sampled_from(TAGS), key=st.booleans())
    def update(self, app: str, place: int, tag: str, key: bool) -> None:
        if machine := self.machine(app, place):
            body = {"config": self.both.config(machine, tag)}
            self.change(app, machine, ("POST", "", body), key=key)

    @rule(
        app=fly_apps,
        place=places,
        verb=st.sampled_from(["stop", "start", "suspend", "cordon", "uncordon", "restart"]),
        key=st.booleans(),
    )
    def order(self, app: str, place: int, verb: str, key: bool) -> None:
        if machine := self.machine(app, place):
            self.change(app, machine, ("POST", f"/{verb}", None), key=key)

    @rule(app=fly_apps, tag=st.sampled_from(TAGS))
    def create(self, app: str, tag: str) -> None:
        machine = self.machine(app, 0)
        if machine and len(self.both.machines(app)) < 6:
            body = {"config": self.both.config(machine, tag), "region": machine.region}
            self.ask(self.both.fly, "POST", f"/v1/apps/{app}/machines", body)

    @rule(app=fly_apps, place=places, key=st.booleans())
    def destroy(self, app: str, place: int, key: bool) -> None:
        machine = self.machine(app, place)
        if machine and len(self.both.machines(app)) > 2:
            self.change(app, machine, ("DELETE", "?force=true", None), key=key)

    @rule(app=fly_apps, place=places, ttl=st.sampled_from([1, 13, 600]), key=st.booleans())
    def lease(self, app: str, place: int, ttl: int, key: bool) -> None:
        if machine := self.machine(app, place):
            body = {"ttl": ttl, "description": "a walk"}
            self.change(app, machine, ("POST", "/lease", body), key=key)
            self.ledger.note_lease(machine)

    @rule(app=fly_apps, place=places, key=st.booleans())
    def release_lease(self, app: str, place: int, key: bool) -> None:
        if machine := self.machine(app, place):
            self.change(app, machine, ("DELETE", "/lease", None), key=key)
            self.ledger.note_lease(machine)

    @rule(app=fly_apps, place=places, call=st.sampled_from(CHANGES))
    def only_the_holder_changes(self, app: str, place: int, call: tuple[str, str, Any]) -> None:
        if machine := self.machine(app, place):
            self.change(app, machine, ("POST", "/lease", {"ttl": 600}), key=True)
            self.ledger.note_lease(machine)
            self.change(app, machine, call, key=False)
            self.ledger.note_lease(machine)

    @rule(app=fly_apps, tag=st.sampled_from(TAGS))
    def record_release(self, app: str, tag: str) -> None:
        body = {"app_name": app, "image": f"registry.fly.io/{app}:{tag}", "strategy": "ROLLING"}
        self.ask(self.both.fly, "POST", "/api/v1/releases", body)

    @rule(app=fly_apps, back=st.integers(1, 4), word=st.sampled_from(["complete", "failed", "no"]))
    def settle_release(self, app: str, back: int, word: str) -> None:
        release = self.both.world.fly.apps[app].releases[-back]
        path = f"/api/v1/releases/{release.id}"
        self.ask(self.both.fly, "PATCH", path, {"status": word})

    @rule(app=fly_apps)
    def current_is_the_newest_everywhere(self, app: str) -> None:
        answer = self.ask(self.both.fly, "GET", f"/api/v1/apps/{app}/releases/current")
        if answer.status_code == 200 and not self.fault_struck:
            assert answer.json()["version"] == self.both.world.fly.apps[app].releases[-1].version

    @rule(
        app=fly_apps,
        place=places,
        do=st.sampled_from(["kill", "crash", "sicken", "steal-lease", "cordon", "uncordon"]),
    )
    def bad_luck_at_fly(self, app: str, place: int, do: str) -> None:
        if machine := self.machine(app, place):
            self.run(self.both.act(f"fly:{app}", do, instance=machine.id))
            self.ledger.note_lease(machine)

    # ------------------------------------------------------------------ Heroku

    def heroku_app(self, name: str) -> HerokuApp:
        found = self.both.world.heroku.find_app(name)
        assert found is not None
        return found

    @rule(app=heroku_apps, subject=st.sampled_from(SUBJECTS))
    def release_slug(self, app: str, subject: str) -> None:
        slugs = self.both.world.heroku.slugs.values()
        slug = next(each for each in slugs if each.commit_description == f"sandbox: {subject}")
        self.ask(self.both.heroku, "POST", f"/apps/{app}/releases", {"slug": slug.id})

    @rule(app=heroku_apps, back=st.integers(1, 12))
    def roll_back(self, app: str, back: int) -> None:
        version = self.heroku_app(app).releases[-back].version
        self.ask(self.both.heroku, "POST", f"/apps/{app}/releases", {"release": f"v{version}"})

    @rule(app=heroku_apps, value=st.sampled_from(["a", "b", None]))
    def set_config(self, app: str, value: str | None) -> None:
        self.ask(self.both.heroku, "PATCH", f"/apps/{app}/config-vars", {"WALK": value})

    @rule(app=heroku_apps, count=st.integers(0, 4))
    def scale(self, app: str, count: int) -> None:
        body = {"updates": [{"type": "web", "quantity": count, "size": "standard-1X"}]}
        self.ask(self.both.heroku, "PATCH", f"/apps/{app}/formation", body)

    @rule(app=heroku_apps, on=st.booleans(), what=st.sampled_from(["preboot", "maintenance"]))
    def switch(self, app: str, on: bool, what: str) -> None:
        if what == "preboot":
            self.ask(self.both.heroku, "PATCH", f"/apps/{app}/features/preboot", {"enabled": on})
        else:
            self.ask(self.both.heroku, "PATCH", f"/apps/{app}", {"maintenance": on})

    @rule(app=heroku_apps)
    def restart_dynos(self, app: str) -> None:
        self.ask(self.both.heroku, "DELETE", f"/apps/{app}/dynos")

    @rule()
    def promote(self) -> None:
        world = self.both.world.heroku
        source, target = self.heroku_app("billing-staging"), self.heroku_app("billing")
        body = {
            "pipeline": {"id": world.pipelines[0].id},
            "source": {"app": {"id": source.id}},
            "targets": [{"app": {"id": target.id}}],
        }
        self.ask(self.both.heroku, "POST", "/pipeline-promotions", body)

    @rule(app=heroku_apps, do=st.sampled_from(["foreign-deploy", "set-secrets", "kill"]))
    def others_at_heroku(self, app: str, do: str) -> None:
        more: dict[str, Any] = {"name": "THEIRS", "value": "1"} if do == "set-secrets" else {}
        dynos = self.heroku_app(app).dynos
        if do == "kill" and dynos:
            more["instance"] = dynos[0].id
        if do != "kill" or dynos:
            self.run(self.both.act(f"heroku:{app}", do, **more))

    # ------------------------------------------------------------------ what must not work

    @rule(app=fly_apps, place=places, bad=st.sampled_from(BAD_FLY))
    def ask_fly_badly(self, app: str, place: int, bad: tuple[str, str, Any]) -> None:
        machine = self.machine(app, place)
        method, path, body = bad
        where = path.format(app=app, id=machine.id if machine else "none")
        answer = self.ask(self.both.fly, method, where, body)
        assert answer.status_code >= 400 or self.fault_struck

    @rule(app=heroku_apps, bad=st.sampled_from(BAD_HEROKU))
    def ask_heroku_badly(self, app: str, bad: tuple[str, str, Any]) -> None:
        method, path, body = bad
        answer = self.ask(self.both.heroku, method, path.format(app=app), body)
        assert answer.status_code >= 400 or self.fault_struck

    @rule(kind=st.sampled_from(FAULTS), platform=st.sampled_from(["fly", "heroku"]))
    def let_a_call_fail(self, kind: str, platform: str) -> None:
        self.both.fault(kind=kind, match={"platform": platform})

    # ------------------------------------------------------------------ traffic

    @rule(app=fly_apps, times=st.integers(1, 8))
    def visit_fly(self, app: str, times: int) -> None:
        self.visit(f"fly:{app}", times, self.ledger.hidden(self.both, app))

    @rule(app=heroku_apps, times=st.integers(1, 8))
    def visit_heroku(self, app: str, times: int) -> None:
        self.visit(f"heroku:{app}", times, set())

    @rule(app=fly_apps, place=places)
    def nobody_reaches_who_is_cordoned(self, app: str, place: int) -> None:
        machine = self.machine(app, place)
        if machine and self.change(app, machine, ("POST", "/cordon", None), key=True) < 400:
            self.ledger.look(self.both)
            self.go_on(3)
            self.visit(f"fly:{app}", 8, self.ledger.hidden(self.both, app))

    def visit(self, key: str, times: int, hidden: set[str]) -> None:
        """Ask an app: each visitor gets one answer, and nobody reaches who is cordoned."""
        edge = self.both.edge(key)
        before = (edge.counters.requests, edge.counters.answered)
        seen = {each: edge.counters.by_instance[each] for each in hidden}
        answers = self.run(self.both.visit(key, times=times))
        self.run(self._at_rest())
        own = sum("instance" in each.text and each.status_code == 200 for each in answers)
        assert edge.counters.requests - before[0] == times == len(answers)
        assert own <= edge.counters.answered - before[1] <= times
        counts_add_up(edge, at_rest=True)
        assert {each: edge.counters.by_instance[each] for each in hidden} == seen

    @rule(app=fly_apps, place=places)
    def drain(self, app: str, place: int) -> None:
        """What a machine is answering is answered, when it is cordoned and then stopped."""
        machine = self.machine(app, place)
        edge = self.both.edge(f"fly:{app}")
        ready = machine is not None and machine.state == "started" and not machine.cordoned
        if machine and ready and self.both.calm():
            pinned = {"fly-force-instance-id": machine.id}
            before = edge.counters.broken + edge.counters.lost

            async def slowly() -> list[asyncio.Task[httpx.Response]]:
                url = f"{edge.url}/slow?s=0.1"
                asked = [
                    asyncio.create_task(self.both.web.get(url, headers=pinned)) for _ in range(4)
                ]

                async def under_way() -> bool:
                    return edge.in_flight(machine.id) == 4

                await until_async(under_way, f"4 requests at {machine.id}")
                return asked

            asked = self.run(slowly())
            self.change(app, machine, ("POST", "/cordon", None), key=True)
            self.change(app, machine, ("POST", "/stop", None), key=True)
            answers = self.run(_all(asked))
            assert [each.status_code for each in answers] == [200] * 4
            assert edge.counters.broken + edge.counters.lost == before

    # ------------------------------------------------------------------ time

    @rule(turns=st.integers(1, 5))
    def wait_a_little(self, turns: int) -> None:
        self.go_on(turns)

    def go_on(self, turns: int) -> None:
        left = iter(range(turns))

        async def look() -> bool:
            return next(left, None) is None

        self.run(until_async(look, "time to pass"))

    @rule()
    def start_anew(self) -> None:
        """End the sandbox and open it again: it has forgotten nothing."""
        self.run(self.both.stop())
        saved = state.load(self._directory)
        assert saved == self.both.world.saved
        self._open()
        self.ledger.budget = (0.0, 0.0)

    @invariant()
    def the_laws_hold(self) -> None:
        self.ledger.look(self.both)


async def _all(tasks: list[asyncio.Task[httpx.Response]]) -> list[httpx.Response]:
    return list(await asyncio.gather(*tasks))


_walks = int(os.environ.get("PILOTHOUSE_LAWS", "0"))
TestLaws = PracticeCloud.TestCase
TestLaws.settings = settings(
    max_examples=_walks or 30,
    stateful_step_count=30,
    derandomize=not _walks,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate, Phase.shrink] if _walks else [Phase.generate],
)
