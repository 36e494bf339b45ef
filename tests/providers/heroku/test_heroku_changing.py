"""Deploys, rollbacks and ways back against a practice Heroku, with all that comes between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from pilothouse.domain.change import Change, ChangeKind
from pilothouse.domain.errors import Conflict, Failed, Fenced, Interrupted, Lost, NotSent
from pilothouse.domain.model import Release
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import Sight
from tests.providers.heroku.practice import SCALE, Practice, practice
from tests.providers.heroku.walk import Walk, walk
from tests.waiting import until

Start = Callable[..., Walk]


@pytest.fixture
def cloud() -> Iterator[Practice]:
    with practice() as one:
        yield one


@pytest.fixture
def start(cloud: Practice) -> Iterator[Start]:
    walks: list[Walk] = []

    def begin(
        change: Change | str, *, back_to: Release | None = None, timing: Timing | None = None
    ) -> Walk:
        walks.append(walk(cloud, change, back_to=back_to, timing=timing))
        return walks[-1]

    yield begin
    for one in walks:
        one.provider.close()


def earlier(one: Walk, *, nth: int = 1) -> Release:
    """An earlier release that could be gone back to and runs something else."""
    rows = one.provider.releases(one.app, limit=30).releases
    current = next(row for row in rows if row.current)
    return [row for row in rows if row.eligible and row.artifact != current.artifact][nth]


def test_a_good_deploy_ends_on_the_new_slug(cloud: Practice, start: Start) -> None:
    one = start("next")
    base = cloud.versions()[-1]
    one.go()
    assert one.run.data["release"]["release"] == base + 1
    assert one.run.data["booted"]["serving"] == ["web.1", "web.2"]
    assert one.live_versions == {base + 1}
    newest = one.provider.releases(one.app, limit=1).releases[0]
    assert newest.artifact == one.facts.target.ref
    assert newest.description.endswith(" · 5f3a9c01/release")
    assert cloud.posts() == 1
    assert one.operations.observe(one.steps["release"]).sight is Sight.LANDED


def test_steps_come_one_after_the_other(start: Start) -> None:
    steps = start("next").run.plan.steps
    assert [(step.key, step.stage) for step in steps] == [
        ("release", 0),
        ("released", 1),
        ("booted", 2),
        ("verify", 3),
    ]
    assert len({step.lane for step in steps}) == 1
    assert [step.key for step in steps if step.changes] == ["release"]


def test_a_crashing_release_fails_at_once_and_the_old_slug_comes_back(
    cloud: Practice, start: Start
) -> None:
    one = start("crash")
    base = cloud.versions()[-1]
    one.go("release", "released")
    with pytest.raises(Failed, match="crashed") as error:
        one.go("booted")
    assert not error.value.nothing_changed
    before = cloud.do(lambda each: dict(each.app("billing").newest.config))
    one.do(one.back())
    assert one.live_versions == {base + 2}
    live = one.provider.live(one.app)
    assert {each.artifact for each in live.serving} == {one.baseline}
    newest = one.provider.releases(one.app, limit=1).releases[0]
    assert newest.went_back_to == base
    assert cloud.do(lambda each: dict(each.app("billing").newest.config)) == before
    assert cloud.posts() == 2


def test_a_failed_release_command_changes_nothing_and_needs_no_way_back(
    cloud: Practice, start: Start
) -> None:
    one = start("release-fails")
    base = cloud.versions()[-1]
    one.go("release")
    with pytest.raises(Failed, match=f"v{base} serves") as error:
        one.go("released")
    assert error.value.nothing_changed
    assert "ended with “Command failed”" in str(error.value)
    one.run.data["released"] = {"nothing_changed": True}
    assert one.back() == []
    assert one.live_versions == {base}


def test_a_stop_during_the_release_command_waits_for_it_then_goes_back(
    cloud: Practice, start: Start
) -> None:
    one = start("release-slow")
    base = cloud.versions()[-1]
    one.go("release")
    one.run.stopped = True
    with pytest.raises(Interrupted):
        one.go("released")
    one.run.stopped = False
    one.do(one.back())
    assert one.run.data["back/settled"]["settled"] == [base + 1]
    assert one.live_versions == {base + 2}


def test_a_lost_answer_is_found_again_and_never_sent_twice(cloud: Practice, start: Start) -> None:
    one = start("next")
    base = cloud.versions()[-1]
    cloud.fault("lost", method="POST", path="/releases$")
    with pytest.raises(Lost):
        one.go("release")
    seen = one.operations.observe(one.steps["release"])
    assert seen.sight is Sight.LANDED
    assert seen.data is not None
    one.run.data["release"] = seen.data
    one.go("released", "booted")
    assert one.live_versions == {base + 1}
    assert cloud.posts() == 1


@pytest.mark.parametrize(("kind", "error"), [("refuse", Lost), ("500", Lost), ("429", NotSent)])
def test_a_call_that_did_not_land_is_absent(
    cloud: Practice, start: Start, kind: str, error: type[Exception]
) -> None:
    one = start("next")
    cloud.fault(kind, method="POST", path="/releases$")
    with pytest.raises(error):
        one.go("release")
    assert one.operations.observe(one.steps["release"]).sight is Sight.ABSENT
    one.go()
    assert cloud.posts() == 2
    assert one.facts.target_version in one.live_versions


def test_a_malformed_answer_is_lost_not_believed(cloud: Practice, start: Start) -> None:
    one = start("next")
    cloud.fault("malformed", method="POST", path="/releases$")
    with pytest.raises(Lost):
        one.go("release")
    assert one.operations.observe(one.steps["release"]).sight is Sight.LANDED


def test_a_platform_that_cannot_be_read_before_the_call_was_sent_nothing(
    cloud: Practice, start: Start
) -> None:
    one = start("next", timing=replace(Timing.for_scale(SCALE), call_s=1.0))
    cloud.fault("503", method="GET", path="/releases$", count=1000)
    with pytest.raises(NotSent):
        one.go("release")
    assert cloud.posts() == 0


def test_without_the_right_to_act_nothing_is_sent(cloud: Practice, start: Start) -> None:
    one = start("next")
    one.run.lease_s = 1.0
    with pytest.raises(Fenced):
        one.go("release")
    assert cloud.posts() == 0


def test_somebody_elses_release_stops_ours_and_is_named(cloud: Practice, start: Start) -> None:
    one = start("next")
    cloud.act(do="foreign-deploy")
    with pytest.raises(Conflict, match=r"jonas\.weil@harbour\.example") as error:
        one.go("release")
    assert "Nothing was sent" in str(error.value)
    assert cloud.posts() == 0


def test_going_back_over_somebody_elses_release_is_refused(cloud: Practice, start: Start) -> None:
    one = start("crash")
    one.go("release", "released")
    cloud.act(do="foreign-deploy", artifact=one.baseline)
    with pytest.raises((Conflict, Failed)):
        one.go("booted")
    with pytest.raises(Conflict, match=r"jonas\.weil"):
        one.do(one.back())
    assert cloud.posts() == 1


def test_going_back_where_nothing_landed_does_nothing(cloud: Practice, start: Start) -> None:
    one = start("next")
    base = cloud.versions()[-1]
    one.do(one.back())
    assert one.run.data["back/restore"] == {"serves": base}
    assert cloud.posts() == 0
    assert one.live_versions == {base}


def test_a_lost_way_back_is_found_again(cloud: Practice, start: Start) -> None:
    one = start("next")
    one.go()
    settled, restore, *rest = one.back()
    one.do([settled])
    cloud.fault("lost", method="POST", path="/releases$")
    with pytest.raises(Lost):
        one.do([restore])
    seen = one.operations.observe(restore)
    assert seen.sight is Sight.LANDED
    one.run.data[restore.key] = seen.data or {}
    one.do(rest)
    assert cloud.posts() == 2


def test_a_rollback_by_hand_brings_the_code_and_the_config_back(
    cloud: Practice, start: Start
) -> None:
    target = earlier(start("next"))
    change = Change(ChangeKind.ROLLBACK, "heroku:billing", to_version=target.version)
    one = start(change, back_to=target)
    one.go()
    live = one.provider.live(one.app)
    assert {each.artifact for each in live.serving} == {target.artifact}
    then = cloud.do(lambda each: dict(each.app("billing").releases[target.version - 1].config))
    assert cloud.do(lambda each: dict(each.app("billing").newest.config)) == then
    assert one.operations.observe(one.steps["release"]).sight is Sight.LANDED
    assert one.back() == []


def test_a_rollback_names_the_config_that_comes_back_and_no_value(
    cloud: Practice, start: Start
) -> None:
    before = start("next").facts.live.release
    assert before is not None
    cloud.act(do="set-secrets", name="PAYMENT_KEY", value="whispered")
    change = Change(ChangeKind.ROLLBACK, "heroku:billing", to_version=before.version)
    facts = start(change, back_to=before).facts
    assert any("PAYMENT_KEY will change" in text for text in facts.warnings)
    assert "whispered" not in repr(facts)
    assert facts.snapshot["rollback"] == {"release": before.id}
    assert facts.target_version == facts.target.release == before.version


def test_a_lost_rollback_is_adopted_only_when_it_is_the_one_newer_release(
    cloud: Practice, start: Start
) -> None:
    target = earlier(start("next"))
    change = Change(ChangeKind.ROLLBACK, "heroku:billing", to_version=target.version)
    one = start(change, back_to=target)
    step = one.steps["release"]
    assert one.operations.observe(step).sight is Sight.ABSENT
    cloud.fault("lost", method="POST", path="/releases$")
    with pytest.raises(Lost):
        one.go("release")
    assert one.operations.observe(step).sight is Sight.LANDED
    cloud.act(do="foreign-deploy")
    seen = one.operations.observe(step)
    assert seen.sight is Sight.AMBIGUOUS
    assert "jonas.weil" in seen.reason


def test_preboot_is_waited_out_before_the_new_side_counts(cloud: Practice, start: Start) -> None:
    cloud.do(lambda each: setattr(each.app("billing"), "preboot", True))
    one = start("next")
    assert one.facts.snapshot["preboot"] is True
    assert one.facts.risk == ""
    one.go("release", "released")
    live = one.provider.live(one.app)
    assert live.disagreement is not None
    assert "preboot" in live.disagreement
    one.go("booted")
    assert cloud.do(lambda each: each.app("billing").hidden) == []


def test_a_colleagues_release_in_progress_is_told(cloud: Practice, start: Start) -> None:
    slow = cloud.do(lambda each: each.slug("release-slow").id)
    cloud.act(do="foreign-deploy", artifact=slow)
    one = start("next")
    assert one.facts.busy is not None
    assert "jonas.weil@harbour.example" in one.facts.busy


def test_a_crash_loop_shows_as_a_crash_or_another_life(cloud: Practice, start: Start) -> None:
    one = start("loop")
    one.go()

    def fell() -> bool:
        dynos = one.provider.live(one.app).instances
        return any(dyno.state == "crashed" or dyno.lives > 1 for dyno in dynos)

    until(fell, "a dyno that fell over")
