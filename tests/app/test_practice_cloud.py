"""The window's way to the sandbox, against a sandbox in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pilothouse.app.practice_cloud import PracticeControl
from pilothouse.domain.errors import Declined, NotSent
from pilothouse.domain.practice import EVER, FaultWish, Scope, Where
from pilothouse.sandbox import detached
from tests.sandbox_process import SandboxProcess
from tests.waiting import until

SCALE = 100.0
FLY_503 = FaultWish("503", Scope.CALL, Where("fly", "GET", "/machines$"), count=3, rate=1.0)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("practice") / "sandbox", scale=SCALE) as made:
        yield made


@pytest.fixture
def control(sandbox: SandboxProcess) -> Iterator[PracticeControl]:
    made = PracticeControl(lambda: detached.living(sandbox.directory))
    yield made
    made.take_away()
    made.close()


def test_it_says_what_the_sandbox_is(sandbox: SandboxProcess, control: PracticeControl) -> None:
    about = control.about()
    assert (about.pid, about.scale) == (sandbox.pid, SCALE)
    environment = dict(about.environment)
    assert environment == sandbox.environment()
    assert environment["FLY_API_TOKEN"] == sandbox.announcement.token
    assert sandbox.announcement.token not in repr(about)


def test_it_offers_what_the_sandbox_can_do(
    sandbox: SandboxProcess, control: PracticeControl
) -> None:
    kinds = control.kinds()
    assert {one.scope for one in kinds} == set(Scope)
    found = {(one.scope, one.name): one for one in kinds}
    refused = found[Scope.CALL, "503"]
    assert {"count", "rate"} <= set(refused.takes)
    assert refused.default("rate", 0.0) == 1.0
    assert found[Scope.CALL, "two-factor"].platforms == ("heroku",)
    assert found[Scope.OTHERS, "cordon"].platforms == ("fly",)
    apps = {one.id: one for one in control.apps()}
    assert {"fly:harbor-api", "heroku:billing"} <= apps.keys()
    machines = sandbox.control.instances("fly:harbor-api")
    assert set(apps["fly:harbor-api"].instances) == machines.keys()
    assert "web.1" in apps["heroku:billing"].instances


def test_a_fault_strikes_is_counted_and_taken_away(
    sandbox: SandboxProcess, control: PracticeControl
) -> None:
    control.put(FLY_503)
    control.put(replace(FLY_503, where=Where(), kind="429", count=EVER, rate=0.5))
    first, second = control.faults()
    assert (first.kind, first.scope, first.where) == ("503", Scope.CALL, FLY_503.where)
    assert (first.left, first.struck) == (3, 0)
    assert (second.left, second.rate) == (EVER, 0.5)
    control.take_away(second.id)
    path = "/v1/apps/harbor-api/machines"
    assert [sandbox.fly.get(path).status_code for _ in range(4)] == [503, 503, 503, 200]
    (over,) = control.faults()
    assert (over.left, over.struck) == (0, 3)
    control.take_away()
    assert control.faults() == ()


def test_calls_are_told_with_fault_status_and_time(
    sandbox: SandboxProcess, control: PracticeControl
) -> None:
    before = control.calls(2**40, 1).last
    control.put(replace(FLY_503, count=1))
    for _ in range(3):
        sandbox.fly.get("/v1/apps/harbor-api/machines", params={"region": "ams"})
    page = control.calls(before, 2)
    assert [one.number for one in page.calls] == [before + 1, before + 2]
    assert page.last == before + 3
    struck, good = page.calls
    assert (struck.method, struck.path) == ("GET", "/v1/apps/harbor-api/machines")
    assert (struck.platform, struck.query) == ("fly", "region=ams")
    assert (struck.status, struck.fault) == (503, "503")
    assert (good.status, good.fault) == (200, "")
    assert good.took_s is not None
    assert 0 < good.took_s < 10
    assert abs(datetime.now(UTC) - good.at) < timedelta(minutes=1)


def test_what_is_not_there_is_counted_the_latest_first(
    sandbox: SandboxProcess, control: PracticeControl
) -> None:
    for path in ("/v1/lighthouses", "/v1/tides", "/v1/lighthouses"):
        sandbox.fly.get(path)
    found = control.absent()
    assert [(one.method, one.path, one.count) for one in found[:2]] == [
        ("GET", "/v1/lighthouses", 2),
        ("GET", "/v1/tides", 1),
    ]


def test_somebody_else_acts_as_it_is_wished(
    sandbox: SandboxProcess, control: PracticeControl
) -> None:
    where = Where(app="fly:harbor-web")
    control.put(FaultWish("set-secrets", Scope.OTHERS, where, details=(("names", "A, B"),)))
    newest = sandbox.control.app("fly:harbor-web")["releases"][0]
    assert newest["description"] == "Set secrets: A, B"


def test_an_instance_falls_ill_and_is_healed(
    sandbox: SandboxProcess, control: PracticeControl
) -> None:
    app = "fly:harbor-web"
    instance = next(one for one in control.apps() if one.id == app).instances[0]
    where = Where(app=app, instance=instance)
    control.put(FaultWish("fails-checks", Scope.INSTANCE, where))

    def is_well() -> bool:
        return bool(sandbox.control.instances(app)[instance]["serving"])

    until(lambda: not is_well(), "the instance to be out of traffic")
    (fault,) = control.faults()
    assert (fault.scope, fault.where, fault.left) == (Scope.INSTANCE, where, EVER)
    control.take_away(fault.id)
    until(is_well, "the instance to be in traffic again")


def test_a_wish_that_cannot_be_changes_nothing_and_says_why(control: PracticeControl) -> None:
    with pytest.raises(Declined, match="not a pattern"):
        control.put(replace(FLY_503, where=Where(path="(")))
    with pytest.raises(Declined, match="seconds"):
        control.put(replace(FLY_503, seconds=3.0))
    with pytest.raises(Declined, match="no such fault"):
        control.take_away("4711")
    assert control.faults() == ()


def test_without_a_sandbox_it_says_what_to_do(tmp_path: Path) -> None:
    control = PracticeControl(lambda: detached.living(tmp_path))
    with pytest.raises(NotSent, match="pilothouse --sandbox"):
        control.about()
    control.close()


def test_a_sandbox_that_comes_again_elsewhere_is_found(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path / "one", scale=SCALE) as first:
        control = PracticeControl(lambda: detached.living(place[0]))
        place = [first.directory]
        assert control.about().pid == first.pid
    with pytest.raises(NotSent):
        control.faults()
    with SandboxProcess(tmp_path / "two", scale=SCALE) as second:
        place[0] = second.directory
        assert control.about().pid == second.pid
        control.close()
