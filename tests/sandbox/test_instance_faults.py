"""What can go wrong with instances by order, on both platforms, and how it heals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox_process import SandboxProcess
from tests.waiting import until

FLY = "fly:harbor-api"
HEROKU = "heroku:billing"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("ill"), scale=200) as sandbox:
        sandbox.control.act(FLY, "limits", on=False)
        yield sandbox


@pytest.fixture(params=[FLY, HEROKU])
def app(request: pytest.FixtureRequest, running: SandboxProcess) -> Iterator[str]:
    name: str = request.param
    until(lambda: serving(running, name), f"{name} whole", 20)
    yield name
    running.control.clear_faults()
    until(lambda: serving(running, name), f"{name} whole again", 20)


def web(sandbox: SandboxProcess, app: str) -> dict[str, dict[str, Any]]:
    group = {FLY: "app", HEROKU: "web"}[app]
    everyone = sandbox.control.instances(app)
    return {id_: each for id_, each in everyone.items() if each["group"] == group}


def serving(sandbox: SandboxProcess, app: str) -> bool:
    return all(each["serving"] for each in web(sandbox, app).values())


def statuses(sandbox: SandboxProcess, app: str, number: int) -> Counter[int]:
    with httpx.Client(trust_env=False, timeout=20) as client:
        return Counter(client.get(sandbox.url(app)).status_code for _ in range(number))


def entry(sandbox: SandboxProcess, number: int) -> dict[str, Any]:
    return next(each for each in sandbox.control.faults() if each["id"] == number)


def test_errors_come_at_their_rate_and_go_with_the_fault(running: SandboxProcess, app: str) -> None:
    number = running.control.fault("errors", app=app, rate=0.5)
    found = statuses(running, app, 40)
    assert found[200] + found[500] == 40
    assert 18 <= found[500] <= 22
    assert entry(running, number)["left"] == -1
    running.control.clear_faults(number)
    assert statuses(running, app, 40) == {200: 40}


def test_answers_are_late_by_the_seconds_named(running: SandboxProcess, app: str) -> None:
    running.control.fault("slow-answers", app=app, seconds=0.3)
    with httpx.Client(trust_env=False, timeout=20) as client:
        assert client.get(running.url(app)).elapsed.total_seconds() > 0.29


def test_one_instance_is_killed_and_comes_back(running: SandboxProcess, app: str) -> None:
    word = "restarts" if app == FLY else "crashes"
    before = {id_: each[word] for id_, each in web(running, app).items()}
    victim = next(iter(web(running, app).values()))
    number = running.control.fault("kill", app=app, instance=victim["name"])
    assert (entry(running, number)["struck"], entry(running, number)["left"]) == (1, 0)
    after = {id_: each[word] for id_, each in web(running, app).items()}
    assert after == before | {victim["id"]: victim[word] + 1}


def test_as_many_are_struck_as_the_count_says(running: SandboxProcess, app: str) -> None:
    number = running.control.fault("crash", app=app, count=-1)
    struck = entry(running, number)["struck"]
    assert struck >= len(web(running, app)) >= 2
    assert not any(each["serving"] for each in web(running, app).values())


def test_the_next_boots_crash_and_the_one_after_does_not(running: SandboxProcess, app: str) -> None:
    number = running.control.fault("crash-at-boot", app=app, count=1)
    running.control.fault("kill", app=app, count=1)
    until(lambda: entry(running, number)["left"] == 0, "the boot that crashes", 20)
    until(lambda: serving(running, app), "the boot that does not", 20)
    assert entry(running, number)["struck"] == 1


def test_a_group_that_is_named_is_ill_alone(running: SandboxProcess, app: str) -> None:
    group = {FLY: "app", HEROKU: "web"}[app]
    running.control.fault("errors", app=app, group=group, rate=1)
    assert statuses(running, app, 5) == {500: 5}


def test_failing_checks_take_machines_out_of_traffic(running: SandboxProcess) -> None:
    until(lambda: serving(running, FLY), "all machines", 20)
    victim = next(iter(web(running, FLY)))
    running.control.fault("fails-checks", app=FLY, instance=victim)
    until(lambda: not web(running, FLY)[victim]["serving"], "the failing check", 20)
    running.control.clear_faults()
    until(lambda: serving(running, FLY), "the passing check", 20)


def test_leaks_and_crash_loops_end_instances_until_they_are_taken_away(
    running: SandboxProcess,
) -> None:
    until(lambda: serving(running, FLY), "all machines", 20)
    before = {id_: each["restarts"] for id_, each in web(running, FLY).items()}
    leaking, looping, *others = before
    running.control.fault("leak", app=FLY, instance=leaking)
    running.control.fault("crash-loop", app=FLY, instance=looping)

    def restarts(id_: str) -> int:
        now: int = web(running, FLY)[id_]["restarts"]
        return now - int(before[id_])

    until(lambda: restarts(looping) >= 2, "two crashes", 20)
    until(lambda: restarts(leaking) >= 1, "the end of the leak", 20)
    running.control.clear_faults()
    until(lambda: serving(running, FLY), "all machines", 20)
    assert [restarts(id_) for id_ in others] == [0] * len(others)


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ({"app": "fly:nowhere"}, "no app fly:nowhere"),
        ({"app": FLY, "instance": "nobody"}, "no instance nobody"),
        ({"app": HEROKU, "group": "nothing"}, "no instance in a group nothing"),
    ],
)
def test_what_is_not_there_cannot_be_struck(
    running: SandboxProcess, match: dict[str, Any], said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        running.control.fault("errors", **match)
    assert running.control.faults() == []
