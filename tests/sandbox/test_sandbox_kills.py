"""A sandbox that is killed in the middle of changes: what it answered is there when it is back."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.sandbox_process import SandboxProcess
from tests.waiting import until

APP = "harbor-api"
MACHINES = f"/v1/apps/{APP}/machines"
ROUNDS = 12
SEED = 20_261_123
NOTE = "PRACTICE_NOTE"


@dataclass
class Told:
    """What a client was told: the last answer to each kind of change, and what hung in the air.

    `noted` is the machine that gets the notes.
    """

    answered: dict[str, str] = field(default_factory=dict)
    in_the_air: dict[str, str] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    vanishing: set[str] = field(default_factory=set)
    count: int = 0
    noted: str = ""

    def send(self, what: str, value: str, call: Callable[[], httpx.Response]) -> httpx.Response:
        """Make one change; one that is not answered stays in the air."""
        self.in_the_air[what] = value
        answer = call()
        assert answer.status_code < 300, answer.text
        del self.in_the_air[what]
        self.answered[what] = value
        self.count += 1
        return answer

    def may_be(self, what: str, found: str | None) -> bool:
        """Whether what is found now can follow from what was told."""
        return found in (self.answered.get(what), self.in_the_air.get(what))


def change_heroku(sandbox: SandboxProcess, told: Told, number: int) -> None:
    value = str(number)
    body = {NOTE: value}
    told.send("config", value, lambda: sandbox.heroku.patch("/apps/billing/config-vars", json=body))
    on = {"maintenance": number % 2 == 0}
    told.send("maintenance", str(on), lambda: sandbox.heroku.patch("/apps/billing", json=on))


def change_fly(sandbox: SandboxProcess, told: Told, number: int) -> None:
    value = str(number)
    path = sandbox.machine_path(APP, told.noted, f"/metadata/{NOTE}")
    told.send("metadata", value, lambda: sandbox.fly.post(path, json={"value": value}))
    wish = {"config": {"image": f"registry.fly.io/{APP}:next"}, "skip_launch": True}
    made = told.send("machine", value, lambda: sandbox.fly.post(MACHINES, json=wish))
    told.made.add(made.json()["id"])
    if number % 3 == 0:
        victim = min(told.made - told.gone)
        told.vanishing = {victim}
        told.send(
            "end", victim, lambda: sandbox.fly.delete(f"{MACHINES}/{victim}", params={"force": 1})
        )
        told.gone.add(victim)


def keep_changing(
    sandbox: SandboxProcess, told: Told, change: Callable[[SandboxProcess, Told, int], None]
) -> None:
    """Change one thing after the other until nobody answers."""
    number = int(max(told.answered.get("config", "0"), told.answered.get("machine", "0"), key=int))
    told.in_the_air.clear()
    try:
        while True:
            number += 1
            change(sandbox, told, number)
    except httpx.TransportError:
        return


def test_what_was_answered_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    heroku, fly = Told(), Told()
    with SandboxProcess(tmp_path, scale=100) as sandbox, ThreadPoolExecutor(2) as pool:
        sandbox.control.act(f"fly:{APP}", "limits", on=False)
        fly.noted = sandbox.machines(APP)[0]["id"]
        for _ in range(ROUNDS):
            changes = (
                pool.submit(keep_changing, sandbox, heroku, change_heroku),
                pool.submit(keep_changing, sandbox, fly, change_fly),
            )
            until_more(chance.randint(3, 40), heroku, fly)
            sandbox.kill_process()
            for each in changes:
                each.result(20)
            sandbox.restart()
            assert sandbox.announcement.notice == ""
            look_at_heroku(sandbox, heroku)
            look_at_fly(sandbox, fly)


def until_more(changes: int, *told: Told) -> None:
    before = sum(each.count for each in told)
    until(lambda: sum(each.count for each in told) >= before + changes, "some changes")


def look_at_heroku(sandbox: SandboxProcess, told: Told) -> None:
    found = sandbox.heroku.get("/apps/billing/config-vars").json().get(NOTE)
    assert told.may_be("config", found)
    maintenance = {"maintenance": sandbox.heroku.get("/apps/billing").json()["maintenance"]}
    assert told.may_be("maintenance", str(maintenance)) or "maintenance" not in told.answered
    ordered = {"Range": "version ..; max=1000"}
    rows = sandbox.heroku.get("/apps/billing/releases", headers=ordered).json()
    versions = [row["version"] for row in rows]
    assert versions == sorted(set(versions))
    current = [row["version"] for row in rows if row["current"]]
    assert current == [max(row["version"] for row in rows if row["status"] == "succeeded")]
    told.answered["config"] = found or "0"


def look_at_fly(sandbox: SandboxProcess, told: Told) -> None:
    machines = {each["id"]: each for each in sandbox.machines(APP)}
    found = machines[told.noted]["config"].get("metadata", {}).get(NOTE)
    assert told.may_be("metadata", found)
    assert not told.gone & set(machines)
    lost = told.made - told.gone - set(machines)
    assert lost <= told.vanishing
    told.gone |= lost
    told.answered["machine"] = max(told.answered.get("machine", "0"), found or "0", key=int)


def test_a_cut_state_is_kept_aside_and_the_person_is_told(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path) as sandbox:
        first = sandbox.announcement
        state = tmp_path / "state.json"
        sandbox.kill()
        whole = state.read_bytes()
        for number, content in enumerate((whole[: len(whole) // 2], b"\x00garbled", b""), 1):
            state.write_bytes(content)
            said = sandbox.start()
            kept = tmp_path / ("state.unreadable" if number == 1 else f"state.unreadable-{number}")
            assert kept.read_bytes() == content
            assert str(kept) in said.notice
            assert said.notice in said.text()
            assert said.notice in sandbox.errors()
            assert said.token != first.token
            assert sandbox.machines(APP)
            sandbox.kill()
        state.write_bytes(whole)
        assert sandbox.start().token == first.token
