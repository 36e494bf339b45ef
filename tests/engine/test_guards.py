"""Every guard's every answer: its sentence, whether it stops, and whether a reason overrules it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pilothouse.domain.change import Artifact, Change, ChangeKind, Facts, WayBack
from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.domain.model import (
    Identity,
    Instance,
    Live,
    Release,
    ReleaseKind,
    ReleaseStatus,
)
from pilothouse.domain.policy import Policy
from pilothouse.domain.records import AppRecord
from pilothouse.engine.guards import GUARDS, Situation, ask_all
from pilothouse.engine.guards.situation import CommandResult
from pilothouse.engine.views import Consent
from tests.engine.pretend import APP
from tests.store import samples

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ONE = Instance("a", "ams", "app", "started", 2, "old", "01J", None, serving=True)
V2 = Release(
    APP.id, 2, "r2", ReleaseKind.CODE, ReleaseStatus.COMPLETE, True, "old", "second", "ann", NOW
)
LIVE = Live(APP, V2, (ONE, replace(ONE, id="b")), "/", False, NOW)
FACTS = Facts(
    app=APP,
    live=LIVE,
    identity=Identity("ann", can_deploy=True),
    recent=(V2,),
    target=Artifact("new", "new"),
    target_version=3,
    way_back=WayBack(2, Artifact("old", "v2"), True, "v2 can be run again."),
    snapshot={},
    fingerprint="f00d",
)
DEPLOY = Change(ChangeKind.DEPLOY, APP.ref, image="new")
ROLLBACK = Change(ChangeKind.ROLLBACK, APP.ref, to_version=1)
FREE = AppRecord(APP.id, 0, None, None, None, None, None, None)
HELD = replace(FREE, hold_reason="regatta", held_at=NOW, held_by="ann")


def never(command: str, _limit_s: float) -> CommandResult:
    raise AssertionError(f"{command} was run")


def ending(code: int | None) -> Callable[[str, float], CommandResult]:
    return lambda _command, _limit_s: CommandResult(code, 12.4, "1 failed", NOW)


SITUATION = Situation(DEPLOY, FACTS, Policy(), FREE, NOW, "ann", (200, 200, 200), never)


def situation(**parts: Any) -> Situation:
    """The plain situation with some parts of it or of its facts replaced."""
    facts = {k: parts.pop(k) for k in list(parts) if k in Facts.__dataclass_fields__}
    facts_now = replace(FACTS, **facts)
    return replace(SITUATION, facts=facts_now, **parts)


def verdict_of(family: Family, **parts: Any) -> Verdict | None:
    return next((v for v in ask_all(situation(**parts)) if v.family is family), None)


def asked(family: Family, **parts: Any) -> Verdict:
    verdict = verdict_of(family, **parts)
    assert verdict is not None
    return verdict


def test_an_app_that_is_fine_passes_everything() -> None:
    verdicts = ask_all(SITUATION)
    assert [v.family for v in verdicts if v.ruling is not Ruling.PASS] == []
    assert all(verdict.reason for verdict in verdicts)


def test_each_verdict_is_told_as_it_is_given() -> None:
    told: list[Verdict] = []
    assert sorted(ask_all(SITUATION, told.append), key=repr) == sorted(told, key=repr)


# ------------------------------------------------------------------------------- credential


@pytest.mark.parametrize(
    ("identity", "ruling", "says"),
    [
        (Identity("ann", can_deploy=True), Ruling.PASS, "no end date"),
        (
            Identity("ann", can_deploy=True, expires_at=NOW + timedelta(days=2)),
            Ruling.PASS,
            "valid until 2026-03-06",
        ),
        (Identity("ann", can_deploy=False), Ruling.BLOCK, "may not deploy pier"),
        (Identity("ann"), Ruling.UNKNOWN, "does not say"),
        (
            Identity("ann", can_deploy=True, expires_at=NOW + timedelta(minutes=59)),
            Ruling.BLOCK,
            "ends at 2026-03-04 06:05 UTC, too soon",
        ),
        (
            Identity("ann", can_deploy=None, expires_at=NOW - timedelta(days=1)),
            Ruling.BLOCK,
            "too soon",
        ),
    ],
)
@pytest.mark.parametrize("change", [DEPLOY, ROLLBACK])
def test_the_credential(identity: Identity, ruling: Ruling, says: str, change: Change) -> None:
    verdict = asked(Family.CREDENTIAL, identity=identity, change=change)
    assert verdict.ruling is ruling
    assert says in verdict.reason
    assert verdict.stops is (ruling is not Ruling.PASS)
    assert not verdict.can_override
    assert ("pilothouse accounts add fly" in verdict.remedy) is verdict.stops


# ------------------------------------------------------------------------------- base


def test_a_plan_that_still_fits_passes() -> None:
    plan = replace(samples.plan(), fingerprint="f00d")
    assert asked(Family.BASE, plan=plan).reason == "Still on v2."
    assert asked(Family.BASE, live=replace(LIVE, release=None)).reason == "Still on no release."


@pytest.mark.parametrize("change", [DEPLOY, ROLLBACK])
def test_a_stale_plan_is_refused_and_nothing_overrules_that(change: Change) -> None:
    plan = replace(samples.plan(), fingerprint="beef", from_version=1)
    changed = replace(change, overrides=(("base", "I know what I am doing"),))
    verdict = asked(Family.BASE, plan=plan, change=changed)
    assert verdict.stops
    assert "v2 was released meanwhile; this plan was made for v1" in verdict.reason
    assert "Make the plan anew" in verdict.remedy
    assert "cannot be overridden" in verdict.remedy


def test_a_change_that_made_no_release_is_named_otherwise() -> None:
    plan = replace(samples.plan(), fingerprint="beef", from_version=2)
    assert "The app was changed meanwhile" in asked(Family.BASE, plan=plan).reason


# ------------------------------------------------------------------------------- app


def test_somebody_elses_run_stops_deploy_and_rollback() -> None:
    record = replace(FREE, owner="bob (process 7)", deployment_id="8f21ab04", since=NOW)
    for change in (DEPLOY, ROLLBACK):
        overriding = replace(change, overrides=(("app", "bob is on holiday"),))
        verdict = asked(Family.APP, record=record, change=overriding)
        assert verdict.stops
        assert "bob (process 7) acts on pier since 05:06:07 UTC (deployment 8f21ab04)" in (
            verdict.reason
        )
        assert "pilothouse stop 8f21ab04" in verdict.remedy


def test_a_lease_without_a_deployment_names_none() -> None:
    verdict = asked(Family.APP, record=replace(FREE, owner="bob"))
    assert verdict.stops
    assert "None" not in verdict.sentence
    assert verdict.reason == "bob acts on pier."


def test_a_change_at_the_platform_stops_deploy_and_rollback() -> None:
    for change in (DEPLOY, ROLLBACK):
        verdict = asked(Family.APP, busy="bob has been releasing v3.", change=change)
        assert verdict.stops
        assert verdict.reason == "bob has been releasing v3."


def test_ones_own_hold_may_be_overruled_and_somebody_elses_may_not() -> None:
    change = replace(DEPLOY, overrides=(("app", "the regatta is over"),))
    own = asked(Family.APP, record=HELD, change=change)
    assert own.overridden == "the regatta is over"
    assert not own.stops
    other = asked(Family.APP, record=replace(HELD, held_by="bob"), change=change)
    assert other.stops
    assert "cannot be overridden" in other.remedy
    plain = asked(Family.APP, record=HELD)
    assert plain.stops
    assert plain.reason == "pier is held: regatta."
    assert "pilothouse release-hold fly:pier" in plain.remedy


def test_a_rollback_waits_for_no_hold() -> None:
    assert not asked(Family.APP, record=HELD, change=ROLLBACK).stops


@pytest.mark.parametrize(
    ("live", "says", "stops_rollback"),
    [
        (replace(LIVE, instances=()), "no machines or dynos", True),
        (replace(LIVE, maintenance=True), "maintenance mode", False),
        (
            replace(LIVE, instances=(replace(ONE, serving=False),)),
            "None of the 1 instances of pier runs",
            False,
        ),
    ],
)
def test_nothing_to_deploy_to(live: Live, says: str, *, stops_rollback: bool) -> None:
    verdict = asked(Family.APP, live=live)
    assert verdict.stops
    assert not verdict.can_override
    assert says in verdict.reason
    assert asked(Family.APP, live=live, change=ROLLBACK).stops is stops_rollback


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (
            {"live": replace(LIVE, instances=(ONE, replace(ONE, healthy=False)))},
            "1 of 2 instances are not healthy",
        ),
        ({"answers": (503, 503, 503)}, "answers 503"),
        ({"answers": (None, None, None)}, "answers nothing"),
    ],
)
def test_an_app_that_is_ill_blocks_unless_this_is_the_repair(
    parts: dict[str, Any], says: str
) -> None:
    verdict = asked(Family.APP, **parts)
    assert verdict.stops
    assert says in verdict.reason
    repair = replace(DEPLOY, overrides=(("app", "this deploy is the repair"),))
    assert not asked(Family.APP, change=repair, **parts).stops
    assert not asked(Family.APP, change=ROLLBACK, **parts).stops


@pytest.mark.parametrize("answers", [(), (404, 404, 404), (200, 503, None), (301, 200, 200)])
def test_an_app_that_answers_somehow_is_not_ill(answers: tuple[int | None, ...]) -> None:
    assert asked(Family.APP, answers=answers).ruling is Ruling.PASS


def test_disagreement_and_lost_capacity_are_warned_of() -> None:
    odd = replace(LIVE, disagreement="v3 is current and v2 runs.")
    assert asked(Family.APP, live=odd).ruling is Ruling.WARN
    assert asked(Family.APP, live=odd, change=ROLLBACK).ruling is Ruling.PASS
    risky = asked(Family.APP, risk="One machine: it will be down meanwhile.")
    assert risky.ruling is Ruling.WARN
    assert "down meanwhile" in risky.reason


# ------------------------------------------------------------------------------- way back


def test_no_way_back_blocks_a_deploy() -> None:
    gone = WayBack(2, Artifact("old", "v2", present=False), False, "What v2 ran is gone.")
    verdict = asked(Family.WAY_BACK, way_back=gone)
    assert verdict.ruling is Ruling.BLOCK
    assert verdict.reason == "What v2 ran is gone."
    assert verdict.can_override


def test_an_unknown_way_back_blocks_too() -> None:
    unsure = WayBack(2, Artifact("old", "v2", present=None), False, "The registry is silent.")
    verdict = asked(Family.WAY_BACK, way_back=unsure)
    assert verdict.ruling is Ruling.UNKNOWN
    assert verdict.stops
    accepted = replace(DEPLOY, overrides=(("way-back", "we can rebuild it"),))
    assert not asked(Family.WAY_BACK, way_back=unsure, change=accepted).stops


@pytest.mark.parametrize(
    ("target", "ruling", "says"),
    [
        (Artifact("older", "v1", True, 1), Ruling.PASS, "v1 can be run again"),
        (Artifact("older", "v1", False, 1), Ruling.BLOCK, "what it ran is gone"),
        (Artifact("older", "v1", None, 1), Ruling.UNKNOWN, "not known whether v1"),
        (Artifact("old", "v2", True, 2), Ruling.BLOCK, "v2 serves already"),
    ],
)
def test_the_target_of_a_rollback_must_be_there(
    target: Artifact, ruling: Ruling, says: str
) -> None:
    gone = WayBack(2, None, False, "never asked for a rollback")
    verdict = asked(Family.WAY_BACK, target=target, way_back=gone, change=ROLLBACK)
    assert verdict.ruling is ruling
    assert says in verdict.reason
    assert verdict.stops is (ruling is not Ruling.PASS)


def test_the_live_release_may_be_rolled_back_to_where_instances_run_something_else() -> None:
    odd = replace(LIVE, disagreement="v2 is current and v1 runs on b.")
    target = Artifact("old", "v2", True, 2)
    assert not asked(Family.WAY_BACK, target=target, live=odd, change=ROLLBACK).stops


# ------------------------------------------------------------------------------- command


def test_the_owners_command_is_not_asked_where_there_is_none_or_for_a_rollback() -> None:
    assert verdict_of(Family.COMMAND) is None
    tested = Policy(command="make test")
    assert verdict_of(Family.COMMAND, policy=tested, change=ROLLBACK) is None


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (0, "“make test” ended well after 12 s."),
        (2, "“make test” ended with exit 2 after 12 s."),
        (None, "“make test” was ended after 12 s."),
    ],
)
def test_the_owners_command(code: int | None, says: str) -> None:
    verdict = asked(Family.COMMAND, policy=Policy(command="make test"), run_command=ending(code))
    assert verdict.reason == says
    assert verdict.detail == "1 failed"
    assert verdict.stops is (code != 0)
    assert verdict.can_override is (code != 0)


# ------------------------------------------------------------------------------- name


@pytest.mark.parametrize(
    ("consent", "stops"),
    [
        (Consent("ann"), True),
        (Consent("ann", typed_name="pie"), True),
        (Consent("ann", typed_name="pier"), False),
        (Consent("ann", yes=True), False),
    ],
)
def test_production_wants_its_name_typed(consent: Consent, *, stops: bool) -> None:
    change = replace(DEPLOY, overrides=(("name", "I am in a hurry"),))
    verdict = asked(Family.NAME, consent=consent, change=change)
    assert verdict.stops is stops
    assert ("Type pier" in verdict.remedy) is stops


@pytest.mark.parametrize(
    "parts",
    [
        {"consent": None},
        {"consent": Consent("ann"), "change": ROLLBACK},
        {"consent": Consent("ann"), "policy": Policy(production=False)},
    ],
)
def test_the_name_is_not_asked_while_planning_nor_off_production(parts: dict[str, Any]) -> None:
    assert verdict_of(Family.NAME, **parts) is None


# ------------------------------------------------------------------------------- overriding


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_a_reason_must_be_written(reason: str) -> None:
    change = replace(DEPLOY, overrides=(("app", reason),))
    assert asked(Family.APP, answers=(503,), change=change).stops


def test_an_override_of_what_does_not_block_is_not_used() -> None:
    change = replace(DEPLOY, overrides=(("app", "just in case of need"),))
    assert asked(Family.APP, change=change).overridden == ""


def test_a_credential_is_never_overruled() -> None:
    change = replace(DEPLOY, overrides=(("credential", "trust me, it is fine"),))
    for identity in (Identity("ann", can_deploy=False), Identity("ann")):
        verdict = asked(Family.CREDENTIAL, identity=identity, change=change)
        assert verdict.stops
        assert "cannot be overridden" in verdict.remedy


def test_a_rollback_asks_only_what_it_needs() -> None:
    assert {v.family for v in ask_all(situation(change=ROLLBACK, record=HELD))} == {
        Family.CREDENTIAL,
        Family.BASE,
        Family.APP,
        Family.WAY_BACK,
    }
    assert GUARDS.keys() >= {Family.CREDENTIAL, Family.APP, Family.WAY_BACK}
