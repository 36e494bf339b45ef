"""The commands that change production: exit codes, the last line, confirmations, progress."""

from __future__ import annotations

import pytest

from pilothouse.domain.errors import Declined
from pilothouse.domain.records import RequestKind
from tests.cli.conftest import Desk
from tests.engine.pretend import lost_before, refuse

DEPLOY = ("deploy", "fly:pier", "--image", "new")


def check_ended(row: dict[str, object], outcome: str, code: int) -> None:
    assert row["event"] == "ended"
    assert (row["outcome"], row["exit"]) == (outcome, code)
    assert "deployment" in row


# ------------------------------------------------------------------- the exit codes


def test_0_a_good_deploy(desk: Desk) -> None:
    said = desk.deploy()
    assert said.code == 0, said.err
    assert said.rows[0]["event"] == "planned"
    check_ended(said.last, "good", 0)
    assert said.last["deployment"]
    assert (said.last["lost"], said.last["serving"]) == (0, "v3")
    assert set(desk.cloud.runs.values()) == {"new"}
    events = {row["event"] for row in said.rows}
    assert events <= {"planned", "started", "intended", "settled", "noted", "ended"}


def test_0_a_rollback_though_it_holds(desk: Desk) -> None:
    said = desk.run("rollback", "fly:pier", "--yes", "--json")
    assert said.code == 0, said.err
    check_ended(said.last, "good", 0)
    assert desk.run("status", "fly:pier", "--json").last["held"] is True


@pytest.mark.parametrize("version", ["v1", "1"])
def test_0_a_rollback_to_a_named_release(desk: Desk, version: str) -> None:
    assert desk.run("rollback", "fly:pier", version, "--yes", "--json").code == 0
    assert set(desk.cloud.runs.values()) == {"older"}


def test_3_blocked(desk: Desk) -> None:
    desk.run("hold", "fly:pier", "--reason", "regatta")
    said = desk.deploy()
    assert said.code == 3
    check_ended(said.last, "blocked", 3)
    assert said.last["deployment"] is None
    assert "regatta" in said.err
    assert desk.cloud.calls == []


def test_10_failed_and_nothing_changed(desk: Desk) -> None:
    desk.cloud.faults[("record", 0)] = refuse(Declined("no such plan", status=422))
    said = desk.deploy()
    assert said.code == 10
    check_ended(said.last, "failed_safe", 10)


def test_11_rolled_back(desk: Desk) -> None:
    desk.cloud.crashing.add("new")
    said = desk.deploy()
    assert said.code == 11
    check_ended(said.last, "rolled_back", 11)
    assert said.last["serving"] == "v2"
    assert "exited with 1" in said.last["reason"]


def test_12_unknown_and_recover_finds_out(desk: Desk) -> None:
    desk.cloud.on_call = lambda key: setattr(desk.cloud, "silent", key == "put:a")
    desk.cloud.faults[("put", 0)] = lost_before
    said = desk.deploy()
    assert said.code == 12
    check_ended(said.last, "unknown", 12)
    desk.cloud.silent = False
    desk.cloud.on_call = lambda _key: None
    again = desk.run("recover", "--json")
    assert again.code == 0, again.err
    check_ended(again.last, "good", 0)
    nothing = desk.run("recover", "--json")
    check_ended(nothing.last, "nothing", 0)


def test_13_needs_a_person(desk: Desk) -> None:
    desk.cloud.crashing.add("new")
    desk.cloud.faults[("put", 1)] = refuse(Declined("no capacity", status=422))
    said = desk.deploy()
    assert said.code == 13
    check_ended(said.last, "held", 13)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("deploy", "fly:pier", "--yes"), "one of: --image REF"),
        (("deploy", "fly:pier", "--image", "x", "--slug-of", "v1", "--yes"), "one of: --image REF"),
        (("deploy", "fly:pier", "--slug-of", "seven", "--yes"), "“seven” is no release"),
        (("rollback", "fly:pier", "soon", "--yes"), "“soon” is no release"),
        (("rollback", "fly:pier", "v99", "--yes"), "release “v99”"),
        (("deploy", "pier", "--image", "x", "--yes"), "“pier” names no app"),
        (("deploy", "fly:pier", "--image", "x", "--strategy", "hope", "--yes"), "rolling"),
        ((*DEPLOY, "--yes", "--override", "luck=because it is friday"), "“luck” is no family"),
        ((*DEPLOY, "--yes", "--override", "app=soon"), "needs a reason"),
        ((*DEPLOY, "--yes", "--override", "app"), "needs a reason"),
        ((*DEPLOY, "--now"), "--now"),
        (("deploy",), "APP"),
    ],
)
@pytest.mark.parametrize("json", [True, False])
def test_2_usage(desk: Desk, words: tuple[str, ...], says: str, *, json: bool) -> None:
    said = desk.run(*words, *(["--json"] if json else []))
    assert said.code == 2
    assert said.err.startswith("pilothouse: ")
    assert says in said.err
    if json:
        check_ended(said.last, "refused", 2)
    assert desk.cloud.calls == []


# ------------------------------------------------------------------- confirmations


@pytest.mark.parametrize("words", [DEPLOY, ("rollback", "fly:pier")])
def test_without_a_terminal_nothing_prompts(desk: Desk, words: tuple[str, ...]) -> None:
    said = desk.run(*words, "--json")
    assert said.code == 2
    check_ended(said.last, "refused", 2)
    assert "--yes" in said.err
    assert desk.cloud.calls == []


def test_production_asks_for_the_name(desk: Desk) -> None:
    wrong = desk.run(*DEPLOY, typed="pie\n")
    assert wrong.code == 3
    assert "its name was not typed" in wrong.err
    assert desk.cloud.calls == []
    right = desk.run(*DEPLOY, typed="pier\n")
    assert right.code == 0, right.err
    assert "Type pier to confirm" in right.err


def test_off_production_a_yes_is_enough(desk: Desk) -> None:
    assert desk.run("policy", "fly:pier", "--no-production").code == 0
    no = desk.run(*DEPLOY, typed="n\n")
    assert no.code == 2
    assert "Nothing was done." in no.err
    assert desk.cloud.calls == []
    assert desk.run(*DEPLOY, typed="y\n").code == 0


def test_a_rollback_asks_once(desk: Desk) -> None:
    assert desk.run("rollback", "fly:pier", typed="n\n").code == 2
    assert desk.run("rollback", "fly:pier", typed="y\n").code == 0


def test_a_terminal_that_goes_away_is_no_yes(desk: Desk) -> None:
    said = desk.run(*DEPLOY, typed="")
    assert said.code == 2
    assert desk.cloud.calls == []


def test_an_override_is_told_with_its_reason(desk: Desk) -> None:
    desk.run("hold", "fly:pier", "--reason", "regatta")
    said = desk.deploy("new", "--override", "app=the regatta is over")
    assert said.code == 0, said.err
    (verdict,) = [v for v in said.rows[0]["verdicts"] if v["overridden"]]
    assert (verdict["family"], verdict["overridden"]) == ("app", "the regatta is over")
    shown = desk.run("plan", "fly:pier", "--image", "newer", "--override", "app=it is over now")
    assert shown.code == 0


def test_a_stale_plan_cannot_be_overridden(desk: Desk) -> None:
    desk.cloud.can_deploy = None
    said = desk.deploy("new", "--override", "credential=trust me, it is fine")
    assert said.code == 3
    assert "cannot be overridden" in said.err


# ------------------------------------------------------------------- plan and progress


def test_a_plan_changes_nothing_and_says_all(desk: Desk) -> None:
    said = desk.run("plan", "fly:pier", "--image", "new", "--json")
    assert said.code == 0
    (plan,) = said.rows
    assert (plan["from"], plan["to"], plan["artifact"]) == (2, 3, "new")
    assert {v["family"] for v in plan["verdicts"]} >= {"credential", "base", "app", "way-back"}
    assert plan["steps"][0]["key"] == "record"
    assert (plan["blocked"], plan["way_back"]["ready"]) == (False, True)
    assert len(plan["hash"]) == 64
    assert desk.cloud.calls == []
    assert desk.run("deployments", "--json").last["deployments"] == []


def test_a_blocked_plan_exits_3_and_shows_the_remedy(desk: Desk) -> None:
    desk.cloud.maintenance = True
    said = desk.run("plan", "fly:pier", "--image", "new")
    assert said.code == 3
    assert "Switch maintenance off" in said.out


def test_a_run_without_a_terminal_shows_plain_lines(desk: Desk) -> None:
    said = desk.run(*DEPLOY, "--yes")
    lines = said.out.splitlines()
    assert any(line.endswith("put:a: done, 0.0 s.") or "put:a: done" in line for line in lines)
    assert lines[-1].startswith("v3 serves on pier.")
    assert not any("\x1b" in line for line in lines)


def test_progress_comes_in_the_order_of_the_journal(desk: Desk) -> None:
    said = desk.deploy()
    told = [(r["event"], r["step"]) for r in said.rows if r["event"] not in {"planned", "ended"}]
    events = desk.rig.journal.events(said.last["deployment"])
    assert told == [(e.kind.value, e.step) for e in events][:-1]


def test_a_rollback_that_falls_back_to_an_unproven_release_says_so(desk: Desk) -> None:
    said = desk.run("rollback", "fly:pier", "--yes", "--json")
    (warning,) = said.rows[0]["warnings"]
    assert "v1 was never proven" in warning
    named = desk.run("rollback", "fly:pier", "v2", "--yes", "--json")
    assert named.rows[0]["warnings"] == []


def test_a_proven_release_needs_no_warning(desk: Desk) -> None:
    assert desk.deploy("new").code == 0
    assert desk.deploy("newer").code == 0
    said = desk.run("rollback", "fly:pier", "--yes", "--json")
    assert said.code == 0
    assert (said.rows[0]["to"], said.rows[0]["warnings"]) == (3, [])


def test_a_rollback_during_our_own_deploy_is_a_stop_of_that_one_only(desk: Desk) -> None:
    deployment = desk.rig.start()
    desk.rig.service.ask(RequestKind.PAUSE, deployment)
    said = desk.run("rollback", "fly:pier", "--yes", "--json")
    assert said.code in {10, 11}, said.err
    assert said.last["deployment"] == deployment
    assert set(desk.cloud.runs.values()) == {"old"}
