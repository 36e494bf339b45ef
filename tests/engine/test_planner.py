"""Plans: what they are made of, where a way back leads, and the second look before acting."""

from __future__ import annotations

from pathlib import Path

import pytest

from pilothouse.domain.change import Change, ChangeKind, Plan
from pilothouse.domain.errors import Blocked, Lost, NotFound
from pilothouse.domain.guard import Family, Ruling
from pilothouse.domain.policy import Policy
from pilothouse.engine.views import Consent
from tests.engine.conftest import APP, Rig

YES = Consent("ann", yes=True)


def plan(rig: Rig, image: str = "new") -> Plan:
    return rig.service.plan(Change(ChangeKind.DEPLOY, APP.ref, image=image))


def back(rig: Rig, version: int | None = None) -> Plan:
    return rig.service.plan(Change(ChangeKind.ROLLBACK, APP.ref, to_version=version))


def test_a_plan_holds_the_facts_it_was_made_from(rig: Rig) -> None:
    made = plan(rig)
    assert (made.from_version, made.to_version, made.target.ref) == (2, 3, "new")
    assert made.old_side.label == "v2"
    assert (made.old_side.artifact, made.old_side.instances) == ("old", ("a", "b"))
    assert made.snapshot == {"runs": {"a": "old", "b": "old"}}
    assert made.steps[0].key == "record"
    assert made.acts_as == "ann"
    assert made.stopping == ()
    assert rig.cloud.calls == []


def test_what_is_wrong_comes_first(rig: Rig) -> None:
    rig.cloud.maintenance = True
    made = plan(rig)
    assert made.verdicts[0].family is Family.APP
    assert made.verdicts[0].ruling is Ruling.BLOCK


def test_a_platform_that_does_not_answer_makes_no_plan(rig: Rig) -> None:
    plan(rig)
    rig.cloud.silent = True
    with pytest.raises(Lost):
        plan(rig)


@pytest.mark.parametrize("bad", ["500", "down"])
def test_an_app_that_fails_from_outside_blocks(rig: Rig, bad: str) -> None:
    if bad == "500":
        rig.cloud.bad.add("old")
    else:
        rig.asker.network = False
    (stops,) = plan(rig).stopping
    assert stops.family is Family.APP
    assert ("answers 500" in stops.reason) is (bad == "500")


# ------------------------------------------------------------------- where to go back to


def test_the_last_proven_release_is_chosen(rig: Rig) -> None:
    rig.deploy("new")
    rig.cloud.releases[4] = ("foreign", "complete", "by somebody else")
    rig.cloud.runs = {"a": "foreign", "b": "foreign"}
    made = back(rig)
    assert (made.from_version, made.to_version, made.target.ref) == (4, 3, "new")
    assert made.change.to_version == 3
    assert made.warnings == ()


def test_a_release_whose_artifact_is_gone_is_passed_over(rig: Rig) -> None:
    rig.cloud.releases = {
        1: ("first", "complete", ""),
        2: ("gone", "complete", ""),
        3: ("old", "complete", ""),
    }
    rig.cloud.gone.add("gone")
    made = back(rig)
    assert made.to_version == 1
    assert "v1 was never proven" in made.warnings[0]


def test_when_all_are_gone_the_guard_says_so(rig: Rig) -> None:
    rig.cloud.gone.add("older")
    (stops,) = back(rig).stopping
    assert stops.family is Family.WAY_BACK
    assert "is gone" in stops.reason


def test_nowhere_to_go_back_to(rig: Rig) -> None:
    rig.cloud.releases = {2: ("old", "complete", "")}
    with pytest.raises(NotFound, match="earlier release"):
        back(rig)


def test_a_release_far_back_is_found_page_by_page(rig: Rig) -> None:
    rig.cloud.releases = {n: (f"image-{n}", "complete", "") for n in range(1, 181)}
    rig.cloud.runs = {"a": "image-180", "b": "image-180"}
    assert back(rig, 3).target.ref == "image-3"
    with pytest.raises(NotFound, match="release “v999”"):
        back(rig, 999)


def test_the_live_release_is_no_way_back(rig: Rig) -> None:
    (stops,) = back(rig, 2).stopping
    assert "v2 serves already" in stops.reason


# ------------------------------------------------------------------- the second look


def test_a_plan_is_refused_once_the_world_has_moved(rig: Rig) -> None:
    made, going_back = plan(rig), back(rig)
    rig.cloud.runs["b"] = "foreign"
    for stale in (made, going_back):
        with pytest.raises(Blocked, match="changed meanwhile"):
            rig.service.submit(stale, YES)
    assert rig.cloud.calls == []
    assert rig.journal.deployments() == ()


def test_a_hold_put_on_meanwhile_stops_a_deploy(rig: Rig) -> None:
    from pilothouse.domain.records import RequestKind

    made = plan(rig)
    rig.service.ask(RequestKind.HOLD, APP.ref, "regatta")
    with pytest.raises(Blocked, match="regatta"):
        rig.service.submit(made, YES)


def test_the_name_is_asked_for_at_the_second_look_only(rig: Rig) -> None:
    made = plan(rig)
    assert Family.NAME not in {verdict.family for verdict in made.verdicts}
    with pytest.raises(Blocked, match="name was not typed"):
        rig.service.submit(made, Consent("ann", typed_name="quay"))
    assert rig.service.submit(made, Consent("ann", typed_name="pier"))


def test_the_owners_command_is_run_once_for_the_same_plan(rig: Rig, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    guarded = rig.again(policy_command=f"echo run >> '{runs}'")
    made = plan(guarded)
    assert guarded.service.submit(made, YES)
    assert runs.read_text("utf-8").splitlines() == ["run"]


def test_the_owners_command_is_run_anew_once_the_app_has_changed(rig: Rig, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    guarded = rig.again(policy_command=f"echo run >> '{runs}'")
    plan(guarded)
    rig.cloud.releases[3] = ("foreign", "complete", "by somebody else")
    plan(guarded)
    plan(guarded, "newer")
    assert len(runs.read_text("utf-8").splitlines()) == 3


def test_a_policy_is_frozen_into_the_plan(rig: Rig) -> None:
    made = plan(rig)
    rig.service.set_policy(made.app, production=False)
    assert made.policy.production
    assert isinstance(made.policy, Policy)
    assert not plan(rig).policy.production
