"""The steps of a walk that lead over the practice Fly.io."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import rule

from pilothouse.sandbox.fly.state import Machine
from tests.sandbox.bad_calls import BAD_FLY, CHANGES
from tests.sandbox.laws import in_force
from tests.sandbox.walk import Walk
from tests.waiting import until_async

NONCE = "fly-machine-lease-nonce"
TAGS = ["next", "crash", "unhealthy", "err5", "slow", "no-such-tag"]
places = st.integers(0, 11)
fly_apps = st.sampled_from(["harbor-api", "harbor-web"])


class FlyWalk(Walk):
    """Clients of Fly.io, other people and bad luck there."""

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

    @rule(app=fly_apps, place=places, bad=st.sampled_from(BAD_FLY))
    def ask_fly_badly(self, app: str, place: int, bad: tuple[str, str, Any]) -> None:
        machine = self.machine(app, place)
        method, path, body = bad
        where = path.format(app=app, id=machine.id if machine else "none")
        answer = self.ask(self.both.fly, method, where, body)
        assert answer.status_code >= 400 or self.fault_struck

    @rule(app=fly_apps, times=st.integers(1, 8))
    def visit_fly(self, app: str, times: int) -> None:
        self.visit(f"fly:{app}", times, self.ledger.hidden(self.both, app))

    @rule(app=fly_apps, place=places)
    def nobody_reaches_who_is_cordoned(self, app: str, place: int) -> None:
        machine = self.machine(app, place)
        if machine and self.change(app, machine, ("POST", "/cordon", None), key=True) < 400:
            self.ledger.look(self.both)
            self.go_on(3)
            self.visit(f"fly:{app}", 8, self.ledger.hidden(self.both, app))

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


async def _all(tasks: list[asyncio.Task[httpx.Response]]) -> list[httpx.Response]:
    return list(await asyncio.gather(*tasks))
