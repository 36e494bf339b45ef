"""Deploys, rollbacks and ways back at the sandbox's Fly.io, under traffic."""

from __future__ import annotations

import pytest

from pilothouse.domain.change import Change, ChangeKind
from pilothouse.domain.errors import Failed
from pilothouse.domain.model import ReleaseKind, ReleaseStatus
from tests.providers.fly.walk import APP, KEY, Walk, deploy, walking
from tests.sandbox_process import SandboxProcess
from tests.waiting import until


def statuses(walk: Walk) -> list[int]:
    return [one["status"] for one in walk.sandbox.control.requests()]


def test_a_deploy_and_its_way_back_lose_no_request(sandbox: SandboxProcess) -> None:
    before = sandbox.machines(APP)
    with walking(sandbox, deploy("next")) as walk, sandbox.steady_traffic(KEY) as traffic:
        walk.go()
        live = walk.provider.live(walk.app)
        assert live.disagreement is None
        assert {one.artifact for one in live.serving} == {walk.facts.target.ref}
        assert live.release is not None
        assert live.release.version == 97
        assert live.release.status is ReleaseStatus.COMPLETE

        walk.do(walk.back())
        live = walk.provider.live(walk.app)
        assert live.disagreement is None
        assert {one.release for one in live.serving} == {96}
        newest = walk.provider.releases(walk.app, limit=2).releases
        assert [str(one.status) for one in newest] == ["failed", "complete"]
    assert traffic.lost == []
    assert set(traffic.releases) == {96, 97}
    for was, now in zip(before, sandbox.machines(APP), strict=True):
        marker = now["config"]["metadata"].pop("pilothouse_marker")
        assert marker == f"{walk.run.deployment_id}/back/restore/{now['id']}"
        assert now["config"] == was["config"]
    assert not {429, 409} & set(statuses(walk))
    assert all(one["lease"] is None for one in sandbox.control.instances(KEY).values())


def test_a_rollback_by_hand_brings_each_machines_own_configuration(
    sandbox: SandboxProcess,
) -> None:
    with walking(sandbox, deploy("next")) as planned:
        history = planned.provider.releases(planned.app, limit=12).releases
    code = [one for one in history if one.kind is ReleaseKind.CODE]
    target = [one for one in code if one.status is ReleaseStatus.COMPLETE][2]
    machine = sandbox.machines(APP)[0]["id"]
    path = sandbox.machine_path(APP, machine, "/metadata/team")
    assert sandbox.fly.post(path, json={"value": "quay"}).status_code == 204
    change = Change(ChangeKind.ROLLBACK, KEY, to_version=target.version)
    with walking(sandbox, change, back_to=target) as walk:
        assert walk.facts.warnings == ()
        walk.go()
        live = walk.provider.live(walk.app)
        assert live.disagreement is None
        assert {one.artifact for one in live.serving} == {target.artifact}
        newest = walk.provider.releases(walk.app, limit=1).releases[0]
        assert (newest.kind, newest.went_back_to) == (ReleaseKind.ROLLBACK, target.version)
        assert newest.status is ReleaseStatus.COMPLETE
    assert walk.machine(machine)["metadata"]["team"] == "quay"


@pytest.mark.parametrize(
    ("tag", "said"),
    [("crash", "exited with 1"), ("unhealthy", "critical")],
)
def test_a_bad_image_is_seen_on_the_first_machines_and_taken_back(
    sandbox: SandboxProcess, tag: str, said: str
) -> None:
    with walking(sandbox, deploy(tag)) as walk, sandbox.steady_traffic(KEY) as traffic:
        walk.go("record")
        one = walk.first
        walk.go(f"cordon/{one}", f"drain/{one}", f"update/{one}")
        with pytest.raises(Failed, match=said):
            walk.go(f"healthy/{one}")
        begun = [f"{verb}/{one}" for verb in ("cordon", "drain", "update", "healthy")]
        walk.do(walk.back("record", *begun))
        live = walk.provider.live(walk.app)
        assert len(live.serving) == 4
        assert live.disagreement is None
    assert traffic.lost == []


def test_an_image_that_vanishes_before_it_is_pulled_is_taken_back_by_the_platform(
    sandbox: SandboxProcess,
) -> None:
    with walking(sandbox, deploy("next")) as walk:
        sandbox.control.act(KEY, "expire", image=f"registry.fly.io/{APP}:next")
        one = walk.first
        walk.go("record", f"cordon/{one}", f"update/{one}")
        with pytest.raises(Failed, match="The platform put version"):
            walk.go(f"healthy/{one}")
        walk.do(walk.back(f"cordon/{one}", f"update/{one}"))
        assert walk.run.data[f"back/restore/{one}"]["untouched"] is True
        assert len(walk.provider.live(walk.app).serving) == 4


def test_sleeping_machines_get_the_image_without_being_woken(sandbox: SandboxProcess) -> None:
    asleep = sandbox.machines(APP)[0]["id"]
    sandbox.control.act(KEY, "stop", instance=asleep)

    def state() -> str:
        return str(sandbox.control.instances(KEY)[asleep]["state"])

    until(lambda: state() == "stopped", "the machine to sleep")
    with walking(sandbox, deploy("next")) as walk:
        assert walk.facts.warnings == (f"Asleep, and updated without being woken: {asleep[:4]}.",)
        assert walk.steps[f"update/{asleep}"].args["launch"] is False
        walk.go()
        until(lambda: walk.machine(asleep)["release"] == "97", "the update of the sleeping one")
        until(lambda: state() == "stopped", "the machine to rest")
        assert walk.provider.live(walk.app).disagreement is None
        walk.do(walk.back(f"update/{asleep}"))
        until(lambda: walk.machine(asleep)["release"] == "96", "the old configuration")


def test_a_single_machine_is_replaced_in_place_and_requests_wait(sandbox: SandboxProcess) -> None:
    sandbox.control.act(KEY, "scale", count=1)
    until(lambda: len(sandbox.machines(APP)) == 1, "one machine to be left")
    with walking(sandbox, deploy("next")) as walk, sandbox.steady_traffic(KEY) as traffic:
        assert "one machine in traffic" in walk.facts.risk
        walk.go()
        assert walk.run.data[f"healthy/{walk.first}"] == {"serving": [walk.first]}
        until(lambda: traffic.releases[97], "answers of the new release")
        assert walk.provider.live(walk.app).disagreement is None
    assert traffic.lost == []
