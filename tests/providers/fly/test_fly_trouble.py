"""Lost answers, colleagues, thieves and refusals at the sandbox's Fly.io: each step's own rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pilothouse.domain.errors import (
    Conflict,
    Failed,
    Fenced,
    Interrupted,
    Lost,
    NotSent,
    RateLimited,
)
from pilothouse.domain.ports import Sight
from tests.providers.fly.walk import APP, KEY, Walk, deploy, walking
from tests.sandbox_process import SandboxProcess
from tests.waiting import until


def ready(walk: Walk) -> str:
    """Record, and take the first machine out of traffic; returns the machine."""
    walk.go("record", f"cordon/{walk.first}")
    return walk.first


def settled(walk: Walk, machine: str) -> None:
    until(lambda: walk.machine(machine)["state"] == "started", "the machine to come up")


def calls(walk: Walk, method: str, path: str) -> int:
    """How often the platform was asked to do that."""
    seen = walk.sandbox.control.requests()
    return sum(1 for one in seen if one["method"] == method and one["path"].endswith(path))


# ------------------------------------------------------------------ lost answers


@pytest.mark.parametrize("kind", ["lost", "malformed"])
def test_an_update_whose_answer_was_lost_is_found_by_its_marker(
    sandbox: SandboxProcess, kind: str
) -> None:
    with walking(sandbox, deploy("next")) as walk:
        one = ready(walk)
        step = walk.steps[f"update/{one}"]
        assert walk.operations.observe(step).sight is Sight.ABSENT
        sandbox.control.fault(kind, method="POST", path=f"/machines/{one}$")
        with pytest.raises(Lost):
            walk.operations.apply(step)
        seen = walk.operations.observe(step)
        assert seen.sight is Sight.LANDED
        assert seen.data is not None
        walk.run.data[step.key] = seen.data
        walk.go(f"healthy/{one}")
        assert calls(walk, "POST", f"/machines/{one}") == 1


@pytest.mark.parametrize("kind", ["refuse", "500", "503"])
def test_an_update_that_never_landed_is_absent(sandbox: SandboxProcess, kind: str) -> None:
    with walking(sandbox, deploy("next")) as walk:
        one = ready(walk)
        step = walk.steps[f"update/{one}"]
        sandbox.control.fault(kind, method="POST", path=f"/machines/{one}$")
        with pytest.raises(Lost):
            walk.operations.apply(step)
        assert walk.operations.observe(step).sight is Sight.ABSENT
        walk.go(step.key)
        assert walk.operations.observe(step).sight is Sight.LANDED


@pytest.mark.parametrize("verb", ["cordon", "uncordon"])
def test_a_cordon_whose_answer_was_lost_is_seen(sandbox: SandboxProcess, verb: str) -> None:
    with walking(sandbox, deploy("next")) as walk:
        one = walk.first
        if verb == "uncordon":
            walk.go(f"cordon/{one}")
        step = walk.steps[f"{verb}/{one}"]
        assert walk.operations.observe(step).sight is Sight.ABSENT
        sandbox.control.fault("lost", method="POST", path=f"/{verb}$")
        with pytest.raises(Lost):
            walk.operations.apply(step)
        assert walk.operations.observe(step).sight is Sight.LANDED


def test_a_record_whose_answer_was_lost_is_adopted(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        step = walk.steps["record"]
        assert walk.operations.observe(step).sight is Sight.ABSENT
        sandbox.control.fault("lost", method="POST", path="/api/v1/releases")
        with pytest.raises(Lost):
            walk.operations.apply(step)
        seen = walk.operations.observe(step)
        assert (seen.sight, seen.data and seen.data["release"]) == (Sight.LANDED, 97)


def test_a_status_whose_answer_was_lost_is_seen(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        walk.go("record")
        step = walk.steps["settle-running"]
        assert walk.operations.observe(step).sight is Sight.ABSENT
        sandbox.control.fault("lost", method="PATCH", path="/api/v1/releases/")
        with pytest.raises(Lost):
            walk.operations.apply(step)
        assert walk.operations.observe(step).sight is Sight.LANDED


def test_a_restore_whose_answer_was_lost_is_seen(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        one = ready(walk)
        walk.go(f"update/{one}", f"healthy/{one}")
        restore = walk.back(f"update/{one}")[1]
        assert walk.operations.observe(restore).sight is Sight.ABSENT
        sandbox.control.fault("lost", method="POST", path=f"/machines/{one}$")
        with pytest.raises(Lost):
            walk.operations.apply(restore)
        assert walk.operations.observe(restore).sight is Sight.LANDED
        walk.apply(restore)
        assert calls(walk, "POST", f"/machines/{one}") == 2


def test_too_many_requests_are_not_sent_and_say_when(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        one = ready(walk)
        sandbox.control.fault("429", method="POST", path=f"/machines/{one}$")
        with pytest.raises(RateLimited):
            walk.operations.apply(walk.steps[f"update/{one}"])


# ------------------------------------------------------------------ the history refuses


def test_a_refused_record_goes_over_graphql_then_by_metadata_alone(
    sandbox: SandboxProcess,
) -> None:
    sandbox.control.act(KEY, "limits", on=False)
    with walking(sandbox, deploy("next")) as walk:
        record = walk.steps["record"]
        refused = replace(record, args={**record.args, "app": "no-such-app"})
        assert walk.operations.apply(refused)["release"] == 97  # GraphQL goes by the app's id
        nowhere = replace(refused, args={**refused.args, "app_id": "no-such-app"})
        assert walk.operations.apply(nowhere) == {"id": None, "release": None}
        assert "metadata alone" in walk.run.notes[-1]


def test_a_record_that_keeps_being_lost_is_tried_the_other_way(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        sandbox.control.fault("503", method="POST", path="/api/v1/releases", count=9)
        step = walk.steps["record"]
        with pytest.raises(Lost):
            walk.operations.apply(step)
        assert walk.operations.apply(step)["release"] == 97


def test_without_a_record_the_machines_alone_tell(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        walk.run.data["record"] = {"id": None, "release": None}
        walk.go("settle-running", f"update/{walk.first}")
        assert walk.run.data["settle-running"] == {"settled": False}
        metadata = walk.machine(walk.first)["metadata"]
        assert metadata["fly_release_version"] == "97"
        assert "fly_release_id" not in metadata


# ------------------------------------------------------------------ others


def test_a_colleagues_change_is_never_overwritten(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("slow")) as walk:
        one = ready(walk)
        sandbox.control.act(KEY, "foreign-deploy", image=f"registry.fly.io/{APP}:next")
        settled(walk, one)
        step = walk.steps[f"update/{one}"]
        with pytest.raises(Conflict, match="current_version"):
            walk.operations.apply(step)
        assert walk.operations.observe(step).sight is Sight.AMBIGUOUS
        restore = walk.back(step.key)[1]
        with pytest.raises(Conflict, match="somebody else changed it"):
            walk.operations.apply(restore)


def test_somebody_elses_lease_stops_the_change_and_is_named(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        sandbox.control.act(KEY, "steal-lease", instance=walk.first, description="fly deploy")
        with pytest.raises(Conflict, match=r"jonas\.weil@harbour\.example holds machine"):
            walk.operations.apply(walk.steps[f"cordon/{walk.first}"])
        assert not walk.machine(walk.first)["cordoned"]


def test_a_stolen_lease_is_noticed_at_the_next_change(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        one = ready(walk)
        sandbox.control.act(KEY, "steal-lease", instance=one)
        with pytest.raises(Conflict, match="lease currently held by jonas"):
            walk.operations.apply(walk.steps[f"update/{one}"])
        with pytest.raises(Conflict, match="holds machine"):
            walk.operations.apply(walk.steps[f"update/{one}"])


def test_a_lease_that_an_earlier_hand_left_is_taken_over(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        one = ready(walk)
        before = walk.machine(one)["lease"]
        assert before["description"] == f"{walk.run.deployment_id}/1"
        heir = walk.next_hand(fence=2)
        heir.apply(walk.steps[f"update/{one}"])
        after = walk.machine(one)["lease"]
        assert after["description"] == f"{walk.run.deployment_id}/2"
        assert after["nonce"] != before["nonce"]
        walk.run.fence = 1
        with pytest.raises((Fenced, Conflict)):
            walk.operations.apply(walk.steps[f"cordon/{one}"])
        with pytest.raises(Fenced, match="A newer run"):
            walk.operations.apply(walk.steps[f"cordon/{one}"])
        heir.close()
        assert walk.machine(one)["lease"] is None


def test_leases_are_renewed_and_follow_the_wave(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        updates = [one for one in walk.steps.values() if one.op == "fly.update"]
        first = [one.lane for one in updates if one.stage == 1]
        second = next(one.lane for one in updates if one.stage == 2)
        for machine in first:
            walk.go(f"cordon/{machine}")
        ends = [walk.machine(machine)["lease"]["expires_at"] for machine in first]
        walk.operations.renew()
        renewed = [walk.machine(machine)["lease"]["expires_at"] for machine in first]
        assert all(now > was for was, now in zip(ends, renewed, strict=True))
        walk.go(f"cordon/{second}")
        held = {key for key, one in sandbox.control.instances(KEY).items() if one["lease"]}
        assert held == {second}
    assert not any(one["lease"] for one in sandbox.control.instances(KEY).values())


def test_nothing_is_sent_once_the_right_to_act_is_ending(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        walk.run.lease_s = 1.0
        with pytest.raises(Fenced):
            walk.operations.apply(walk.steps["record"])
        with pytest.raises(Fenced):
            walk.operations.apply(walk.steps[f"cordon/{walk.first}"])
        assert calls(walk, "POST", "/lease") == 0
        assert calls(walk, "POST", "/releases") == 0


def test_a_lease_that_cannot_be_had_means_that_nothing_was_changed(
    sandbox: SandboxProcess,
) -> None:
    with walking(sandbox, deploy("next")) as walk:
        sandbox.control.fault("503", method="POST", path="/lease$", count=9)
        with pytest.raises(NotSent, match="lease could not be had"):
            walk.operations.apply(walk.steps[f"cordon/{walk.first}"])
        assert calls(walk, "POST", "/cordon") == 0


def test_a_wait_ends_when_a_person_asks_to_stop(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("unhealthy")) as walk:
        one = ready(walk)
        walk.go(f"update/{one}")
        walk.run.stopped = True
        with pytest.raises(Interrupted):
            walk.operations.apply(walk.steps[f"healthy/{one}"])
        with pytest.raises(Interrupted):
            walk.operations.apply(walk.steps[f"drain/{one}"])


def test_the_way_back_waits_until_a_machine_has_come_to_rest(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        one = ready(walk)
        walk.go(f"update/{one}")
        assert walk.machine(one)["state"] == "replacing"
        walk.do(walk.back(f"update/{one}"))
        assert walk.machine(one)["release"] == "96"


def test_a_call_of_the_way_forward_that_arrives_late_is_refused_on_the_way_back(
    sandbox: SandboxProcess,
) -> None:
    with walking(sandbox, deploy("next")) as walk:
        one = ready(walk)
        late: dict[str, Any] = {"fly-machine-lease-nonce": walk.machine(one)["lease"]["nonce"]}
        walk.do(walk.back(f"update/{one}")[:2])
        assert walk.run.data[f"back/restore/{one}"]["untouched"] is True
        step: Any = walk.steps[f"update/{one}"]
        body = {"config": step.args["config"], "current_version": step.args["version"]}
        answer = sandbox.fly.post(sandbox.machine_path(APP, one), json=body, headers=late)
        assert answer.status_code == 409
        hide = sandbox.machine_path(APP, one, "/cordon")
        assert sandbox.fly.post(hide, headers=late).status_code == 409
        walk.do(walk.back(f"cordon/{one}"))
        assert not walk.machine(one)["cordoned"]


def test_a_version_that_its_first_requests_bring_down_is_seen(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        one = ready(walk)
        walk.go(f"update/{one}", f"healthy/{one}", f"uncordon/{one}")
        sandbox.control.act(KEY, "crash", instance=one)
        with pytest.raises(Failed, match="exited with 1"):
            walk.go(f"propagated/{one}")


def test_a_wait_is_looked_for_in_vain(sandbox: SandboxProcess) -> None:
    with walking(sandbox, deploy("next")) as walk:
        waits = walk.steps[f"drain/{walk.first}"]
        assert walk.operations.observe(waits).sight is Sight.ABSENT
