"""What a machine's own signs say, and when a new version counts as healthy."""

from __future__ import annotations

import msgspec
import pytest

from pilothouse.domain.errors import Failed
from pilothouse.domain.policy import Timing
from pilothouse.providers.fly import health
from pilothouse.providers.fly.schema import Check, ExitEvent, Machine, MachineEvent
from pilothouse.providers.fly.waits import Judge
from tests.providers.fly.samples import check, config, exited, machine, start, update


def judge(version: str = "01NEW", *, since_ms: int = 1000, probation_s: float = 0.0) -> Judge:
    return Judge(version, since_ms, Timing(propagation_s=probation_s))


def test_a_machine_is_well_when_it_runs_and_every_check_passed_since_its_start() -> None:
    assert judge().is_well(machine())


@pytest.mark.parametrize(
    "one",
    [
        machine(checks=[]),
        machine(checks=None),
        machine(checks=[check("critical")]),
        machine(checks=[check("warning")]),
        machine(checks=[check(at_ms=1500)]),
        machine(state="starting"),
        machine(state="replacing", events=[update(1000)]),
    ],
    ids=["no result", "none", "critical", "warning", "stale", "starting", "replacing"],
)
def test_a_machine_is_not_well_yet(one: Machine) -> None:
    assert not judge().is_well(one)


def test_a_version_that_the_platform_took_back_fails_at_once() -> None:
    with pytest.raises(Failed, match="in place of 01NEW"):
        judge().is_well(machine(instance_id="01OLD"))


def test_an_exit_that_nobody_asked_for_fails_at_once() -> None:
    crashed = machine(state="started", events=[start(5000), exited(4000, 137), start(2000)])
    with pytest.raises(Failed, match="exited with 137"):
        judge().is_well(crashed)


def test_an_exit_of_the_version_before_does_not_count() -> None:
    one = machine(events=[start(2000), exited(1500, 0, requested=True), update(1000), exited(900)])
    assert judge().is_well(one)


def test_where_the_update_is_not_listed_any_more_its_moment_decides() -> None:
    assert judge(since_ms=1000).is_well(machine(events=[start(2000), exited(900)]))
    with pytest.raises(Failed):
        judge(since_ms=1000).is_well(machine(events=[start(2000), exited(1100)]))


def test_a_stop_by_the_proxy_after_a_good_start_is_neutral() -> None:
    asleep = [exited(4000, 0, requested=True), start(2000), update(1000)]
    assert judge().is_well(machine(state="stopped", events=asleep))


@pytest.mark.parametrize("state", ["stopped", "failed", "launch_failed", "destroyed"])
def test_a_machine_that_is_down_has_failed(state: str) -> None:
    with pytest.raises(Failed, match=state):
        judge().is_well(machine(state=state, events=[update(1000)]))


def test_without_checks_a_machine_must_live_through_its_probation() -> None:
    bare = machine(config=config(service=False), checks=[])
    assert judge(probation_s=0.0).is_well(bare)
    assert not judge(probation_s=60.0).is_well(bare)


def test_one_that_never_left_its_old_version_only_has_to_be_as_it_was() -> None:
    long_ago = machine(instance_id="01OLD", events=[start(9000), exited(8000)])
    assert judge("01OLD").untouched(long_ago)
    assert not judge("01OLD").untouched(machine(instance_id="01OLD", checks=[check("critical")]))
    with pytest.raises(Failed, match="stopped on its old version"):
        judge("01OLD").untouched(machine(instance_id="01OLD", state="stopped"))


def test_lives_count_the_crashes_survived_since_the_update() -> None:
    looping = [start(9000), exited(8000), start(7000), exited(6000), start(5000), update(1000)]
    assert health.lives(machine(events=[*looping, exited(500), start(400)])) == 3
    assert health.lives(machine(events=[start(2000), update(1000), exited(900)])) == 1
    woken = [start(9000), exited(8000, 0, requested=True), start(2000), update(1000)]
    assert health.lives(machine(events=woken)) == 1


def test_an_exit_in_the_older_envelope_is_understood() -> None:
    text = b"""{"type": "exit", "timestamp": 5,
        "request": {"MonitorEvent": {"exit_event": {"exit_code": 9, "oom_killed": true}}}}"""
    event = msgspec.json.decode(text, type=MachineEvent)
    assert event.exit == ExitEvent(exit_code=9, oom_killed=True)


def test_checks_for_old_clients_are_dropped() -> None:
    one = machine(checks=[check()])
    assert health.healthy(one) is True
    compat = Check("bg_deployments_compat_00", "critical")
    assert health.healthy(machine(checks=[check(), compat])) is True


@pytest.mark.parametrize(
    ("one", "serves"),
    [
        (machine(), True),
        (machine(cordoned=True), False),
        (machine(state="stopped"), False),
        (machine(checks=[check("critical")]), False),
        (machine(checks=[]), False),
        (machine(config=config(service=False), checks=[]), True),
        (machine(host_status="unreachable"), False),
    ],
)
def test_who_may_be_sent_requests(one: Machine, serves: bool) -> None:
    assert health.serves(one) is serves
