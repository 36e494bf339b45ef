"""What planning reads from the sandbox's Fly.io: targets, ways back, others at work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pilothouse.domain.change import Change, ChangeKind, Facts
from pilothouse.domain.errors import NotFound, UsageError
from pilothouse.domain.model import App, Release, ReleaseStatus
from pilothouse.providers.fly.provider import FlyProvider
from tests.providers.fly.walk import APP, KEY, deploy, provider_of, walking
from tests.sandbox_process import SandboxProcess
from tests.waiting import until

DEPLOY = deploy("next")


@pytest.fixture
def provider(sandbox: SandboxProcess) -> Iterator[FlyProvider]:
    sandbox.control.act(KEY, "limits", on=False)
    one = provider_of(sandbox)
    yield one
    one.close()


@pytest.fixture
def app(provider: FlyProvider) -> App:
    return provider.find(APP)


def facts(provider: FlyProvider, app: App, change: Change = DEPLOY) -> Facts:
    return provider.facts(app, change, back_to=None)


def back(provider: FlyProvider, app: App, version: int) -> Facts:
    target = next(r for r in history(provider, app) if r.version == version)
    change = Change(ChangeKind.ROLLBACK, KEY, to_version=version)
    return provider.facts(app, change, back_to=target)


def history(provider: FlyProvider, app: App) -> tuple[Release, ...]:
    return provider.releases(app, limit=200).releases


def snapshot(found: Facts) -> Any:
    return found.snapshot


@pytest.mark.parametrize("image", [":next", "harbor-api:next", "registry.fly.io/harbor-api:next"])
def test_an_image_is_taken_by_digest_whatever_it_is_called(
    provider: FlyProvider, app: App, image: str
) -> None:
    target = facts(provider, app, replace(DEPLOY, image=image)).target
    assert target.ref.startswith("registry.fly.io/harbor-api@sha256:")
    assert target.label == "harbor-api:next"
    again = replace(DEPLOY, image=target.ref)
    assert facts(provider, app, again).target.ref == target.ref


def test_another_apps_image_can_be_taken(provider: FlyProvider, app: App) -> None:
    target = facts(provider, app, replace(DEPLOY, image="harbor-web:next")).target
    assert target.label == "harbor-web:next"


def test_an_unknown_image_names_the_registry_and_what_there_is(
    provider: FlyProvider, app: App
) -> None:
    with pytest.raises(NotFound) as caught:
        facts(provider, app, replace(DEPLOY, image=":nope"))
    assert caught.value.where == "registry.fly.io"
    assert caught.value.exists[0].startswith("harbor-api:deployment-")
    with pytest.raises(NotFound):
        facts(provider, app, replace(DEPLOY, image="ghcr.io/quay/api:2"))
    with pytest.raises(UsageError, match="--image"):
        facts(provider, app, replace(DEPLOY, image=None, slug_of=(None, 1)))


@pytest.mark.parametrize(
    "image",
    ["", " ", ":", ":ä", ":a b", ":a\r\nb", ":../../x?y#z", "http://x", "@@", "@sha256:123", "A:b"],
)
def test_what_is_no_image_reference_is_asked_of_nobody(
    provider: FlyProvider, app: App, sandbox: SandboxProcess, image: str
) -> None:
    asked = len(_asked_of_registry(sandbox))
    with pytest.raises(UsageError, match="image") as caught:
        facts(provider, app, replace(DEPLOY, image=image))
    assert not isinstance(caught.value, NotFound)
    assert len(_asked_of_registry(sandbox)) == asked


def _asked_of_registry(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    return [one for one in sandbox.control.requests() if one["path"].startswith("/v2/")]


def test_the_snapshot_has_each_machine_whole(
    provider: FlyProvider, app: App, sandbox: SandboxProcess
) -> None:
    machines = {one["id"]: one for one in sandbox.machines(APP)}
    taken = snapshot(facts(provider, app))["machines"]
    assert taken.keys() == machines.keys()
    for key, one in taken.items():
        assert one["config"] == machines[key]["config"]
        assert one["version"] == machines[key]["instance_id"]
        assert one["check_path"] == "/healthz"


def test_the_fingerprint_changes_with_whatever_a_plan_was_made_from(
    provider: FlyProvider, app: App, sandbox: SandboxProcess
) -> None:
    machine = sandbox.machines(APP)[0]["id"]
    seen = [facts(provider, app).fingerprint]
    sandbox.control.act(KEY, "cordon", instance=machine)
    seen.append(facts(provider, app).fingerprint)
    sandbox.control.act(KEY, "set-secrets")
    seen.append(facts(provider, app).fingerprint)
    sandbox.control.act(KEY, "foreign-deploy")
    seen.append(facts(provider, app).fingerprint)
    assert len(set(seen)) == len(seen)


def test_a_colleagues_release_under_way_is_named(
    provider: FlyProvider, app: App, sandbox: SandboxProcess
) -> None:
    sandbox.control.act(KEY, "foreign-release", status="running")
    busy = facts(provider, app).busy
    assert busy is not None
    assert busy.startswith("Jonas Weil has been releasing v97 since ")


def test_a_machine_that_somebody_holds_is_named(
    provider: FlyProvider, app: App, sandbox: SandboxProcess
) -> None:
    machine = sandbox.machines(APP)[0]["id"]
    sandbox.control.act(KEY, "steal-lease", instance=machine)
    busy = facts(provider, app).busy
    assert busy is not None
    assert busy.startswith(f"jonas.weil@harbour.example holds machine {machine[:4]} until ")


def test_a_release_that_a_dead_run_of_ours_left_open_is_not_waited_for(
    provider: FlyProvider, app: App, sandbox: SandboxProcess
) -> None:
    with walking(sandbox, DEPLOY) as walk:
        walk.go("record", "settle-running", f"update/{walk.first}")
        busy = facts(provider, app).busy
        assert busy is not None
        assert busy.startswith("ann.berg@harbour.example holds machine")
        assert f"for deployment {walk.run.deployment_id} until" in busy
    assert facts(provider, app).busy is None


def test_an_image_that_is_gone_leaves_no_way_back(
    provider: FlyProvider, app: App, sandbox: SandboxProcess
) -> None:
    live = provider.live(app).serving[0].artifact
    sandbox.control.act(KEY, "expire", image=live)
    way = facts(provider, app).way_back
    assert (way.ready, way.version) == (False, 96)
    assert way.artifact is not None
    assert way.artifact.present is False
    assert "gone from the registry" in way.sentence


def test_a_registry_that_does_not_tell_leaves_the_way_back_unknown(
    provider: FlyProvider, app: App, sandbox: SandboxProcess
) -> None:
    sandbox.control.fault("503", method="HEAD", count=100)
    live = provider.live(app).serving[0].artifact
    sandbox.control.act(KEY, "expire", image=live)
    way = facts(provider, app).way_back
    assert way.artifact is not None
    assert way.artifact.present is None
    assert not way.ready


def test_a_release_whose_image_is_gone_cannot_be_gone_back_to(
    provider: FlyProvider, app: App
) -> None:
    found = back(provider, app, 2)
    assert found.target.present is False
    assert found.target.label == "v2"
    assert found.target_version == 2


def test_machines_remember_their_own_configuration_of_a_release(
    provider: FlyProvider, app: App
) -> None:
    complete = [r for r in history(provider, app) if r.status is ReleaseStatus.COMPLETE]
    code = [r for r in complete if r.kind == "code"]
    found = back(provider, app, code[3].version)
    assert found.warnings == ()
    targets = snapshot(found)["targets"]
    assert len(targets) == 4
    for config in targets.values():
        assert config["metadata"]["fly_release_version"] == str(code[3].version)


def test_a_machine_too_young_to_remember_takes_its_siblings(
    provider: FlyProvider, app: App, sandbox: SandboxProcess
) -> None:
    old = {one["id"] for one in sandbox.machines(APP)}
    sandbox.control.act(KEY, "scale", count=5)

    def young() -> set[str]:
        ids = {one["id"] for one in sandbox.machines(APP) if one["state"] == "started"}
        return ids - old

    until(young, "the fifth machine")
    code = [r for r in history(provider, app) if r.kind == "code"]
    found = back(provider, app, code[2].version)
    config = snapshot(found)["targets"][young().pop()]
    assert config["metadata"]["fly_release_version"] == str(code[2].version)
    assert found.warnings == ()


def test_what_nobody_remembers_runs_on_todays_configuration_and_says_so(
    provider: FlyProvider, app: App
) -> None:
    rows = history(provider, app)
    gone = max(r.version for r in rows if r.kind == "code") - 45
    target = next(r for r in rows if r.version <= gone and r.kind == "code")
    found = back(provider, app, target.version)
    assert found.target.present is True
    assert found.warnings[0].startswith(
        f"No machine remembers the configuration of v{target.version}"
    )
    machines = snapshot(found)["machines"]
    assert all(snapshot(found)["targets"][key] == one["config"] for key, one in machines.items())


def test_an_unreachable_host_is_left_out_and_said(
    provider: FlyProvider, app: App, sandbox: SandboxProcess
) -> None:
    machine = sandbox.machines(APP)[0]["id"]
    sandbox.control.act(KEY, "host", instance=machine, status="unreachable")
    found = facts(provider, app)
    assert f"Machine {machine[:4]} is on a host that does not answer" in found.warnings[0]
    live = provider.live(app)
    assert len(live.instances) == 4
    assert len(live.serving) == 3
    assert live.disagreement is None


def test_mixed_machines_are_told_with_numbers(
    provider: FlyProvider, app: App, sandbox: SandboxProcess
) -> None:
    sandbox.control.act(KEY, "foreign-release")
    assert provider.live(app).disagreement == "Fly.io says v97, all 4 machines say v96."


def test_an_app_without_a_service_has_no_address(
    provider: FlyProvider, app: App, sandbox: SandboxProcess
) -> None:
    for one in sandbox.machines(APP):
        config = {**one["config"], "services": []}
        answer = sandbox.fly.post(sandbox.machine_path(APP, one["id"]), json={"config": config})
        assert answer.status_code == 200
    assert app.addresses
    assert provider.live(app).app.addresses == ()
    assert facts(provider, app).app.addresses == ()
