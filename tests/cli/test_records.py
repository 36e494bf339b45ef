"""The commands on what was done: deployments, show, stop, pause, takeover, holds, inbox."""

from __future__ import annotations

import threading

import pytest

from pilothouse.cli.following import see_it_end
from pilothouse.cli.printer import Printer
from pilothouse.domain.deployment import State
from pilothouse.domain.records import RequestKind
from tests.cli.conftest import Desk, Said
from tests.engine.conftest import Rig
from tests.waiting import until


class Elsewhere:
    """A deployment that another program runs, held inside a call until it is let go."""

    def __init__(self, desk: Desk, at: str = "put:a") -> None:
        self._at = at
        self.reached, self.open = threading.Event(), threading.Event()
        desk.cloud.on_call = self._on_call
        self.rig: Rig = desk.rig
        self.id = desk.rig.start()
        assert self.reached.wait(10)

    def _on_call(self, key: str) -> None:
        if key == self._at and not self.open.is_set():
            self.reached.set()
            assert self.open.wait(30)

    def let_go(self) -> None:
        self.open.set()

    def state(self) -> State:
        return self.rig.journal.deployment(self.id).progress.state


def failed(desk: Desk) -> str:
    """A deployment that was rolled back; its id."""
    desk.cloud.crashing.add("new")
    said = desk.deploy()
    assert said.code == 11
    return str(said.last["deployment"])


def test_nothing_was_done_yet(desk: Desk) -> None:
    assert desk.run("deployments", "--json").last == {"deployments": []}
    assert desk.run("inbox", "--json").last == {"notices": []}
    assert "Nothing needs you." in desk.run("inbox").out


def test_deployments_newest_first(desk: Desk) -> None:
    desk.deploy("new")
    desk.deploy("newer")
    rows = desk.run("deployments", "--json").last["deployments"]
    assert [row["to"] for row in rows] == [4, 3]
    assert rows[0].keys() >= {"deployment", "app", "kind", "state", "by", "created_at", "ended_at"}
    assert (rows[0]["app"], rows[0]["by"], rows[0]["state"]) == ("fly:pier", "ann", "good")
    (one,) = desk.run("deployments", "--limit", "1", "--json").last["deployments"]
    assert one == rows[0]
    assert "Deploy v4 to pier" in desk.run("deployments").out


def test_show_gives_the_steps_and_the_exit_code(desk: Desk) -> None:
    deployment = failed(desk)
    said = desk.run("show", deployment[:4], "--json")
    assert said.code == 11
    (row,) = said.rows
    assert (row["deployment"], row["exit"], row["state"]) == (deployment, 11, "rolled_back")
    steps = {step["key"]: step["status"] for step in row["steps"]}
    assert (steps["put:a"], steps["well:a"], steps["put:b"]) == ("done", "failed", "pending")
    assert steps["back/put:a"] == "done"
    for_people = desk.run("show", deployment).out
    assert "✓ put:a" in for_people
    assert "× well:a  a exited with 1" in for_people


def test_show_of_a_good_one_is_zero(desk: Desk) -> None:
    deployment = desk.deploy().last["deployment"]
    assert desk.run("show", deployment).code == 0


@pytest.mark.parametrize("command", ["show", "stop", "pause", "resume", "takeover"])
def test_a_deployment_that_is_not_there(desk: Desk, command: str) -> None:
    said = desk.run(command, "zzz", "--json")
    assert said.code == 2
    assert "deployment “zzz”" in said.err
    assert said.last["exit"] == 2


# ------------------------------------------------------------------- wishes


def test_a_stop_from_another_program_waits_for_its_end(desk: Desk) -> None:
    elsewhere = Elsewhere(desk)
    second = desk.rig.again()

    class Opening(Printer):
        """Lets the other program go on once it was told."""

        def line(self, text: str = "", *, style: str = "") -> None:
            if text.endswith("runs it and was told; waiting for its end."):
                elsewhere.let_go()
            super().line(text, style=style)

    second.service.ask(RequestKind.STOP, elsewhere.id)
    assert see_it_end(second.service, Opening(as_json=False), elsewhere.id) == 11
    assert elsewhere.open.is_set()
    assert set(desk.cloud.runs.values()) == {"old"}


def test_a_stop_gives_the_exit_code_of_the_end(desk: Desk) -> None:
    elsewhere = Elsewhere(desk)
    opener = threading.Timer(0.2, elsewhere.let_go)
    opener.start()
    said = desk.run("stop", elsewhere.id, "--json")
    opener.join()
    assert said.code == 11, said.out + said.err
    assert (said.last["outcome"], said.last["deployment"]) == ("rolled_back", elsewhere.id)


def test_a_stop_takes_up_what_nobody_runs(desk: Desk) -> None:
    elsewhere = Elsewhere(desk)
    closing = threading.Thread(target=elsewhere.rig.service.close)
    closing.start()
    elsewhere.let_go()
    closing.join(20)
    assert not elsewhere.state().is_ended
    said = desk.run("stop", elsewhere.id, "--json")
    assert said.code == 11, said.err
    assert said.last["outcome"] == "rolled_back"
    assert said.rows[0]["event"] == "started"


@pytest.mark.parametrize("command", ["stop", "pause", "resume", "takeover"])
def test_a_wish_for_what_has_ended_says_how_it_ended(desk: Desk, command: str) -> None:
    deployment = failed(desk)
    said = desk.run(command, deployment, "--json")
    assert said.code == 11
    assert said.last["outcome"] == "rolled_back"
    assert "ended already" in desk.run(command, deployment).out


def test_pause_and_resume(desk: Desk) -> None:
    elsewhere = Elsewhere(desk)
    said = desk.run("pause", elsewhere.id, "--json")
    assert (said.code, said.last) == (0, {"deployment": elsewhere.id, "asked": "pause"})
    elsewhere.let_go()
    until(lambda: elsewhere.state() is State.PAUSED, "a pause")
    assert desk.run("resume", elsewhere.id).code == 0
    assert elsewhere.rig.service.wait(elsewhere.id, timeout_s=30).state is State.GOOD


def test_a_takeover_of_what_a_living_program_runs_is_refused(desk: Desk) -> None:
    elsewhere = Elsewhere(desk)
    said = desk.run("takeover", elsewhere.id, "--json")
    elsewhere.let_go()
    assert said.code == 3
    assert elsewhere.id in said.err
    assert "acts on" in said.err
    assert elsewhere.rig.service.wait(elsewhere.id, timeout_s=30).state is State.GOOD


def test_recover_names_what_others_run_and_leaves_it_alone(desk: Desk) -> None:
    elsewhere = Elsewhere(desk)
    said = desk.run("recover", "--json")
    elsewhere.let_go()
    assert said.code == 0
    assert said.last["outcome"] == "nothing"
    assert elsewhere.id in said.err
    assert elsewhere.rig.service.wait(elsewhere.id, timeout_s=30).state is State.GOOD


def test_a_takeover_finishes_what_was_left(desk: Desk) -> None:
    elsewhere = Elsewhere(desk)
    closing = threading.Thread(target=elsewhere.rig.service.close)
    closing.start()
    elsewhere.let_go()
    closing.join(20)
    said = desk.run("takeover", elsewhere.id, "--json")
    assert said.code == 0, said.err
    assert (said.last["outcome"], said.last["deployment"]) == ("good", elsewhere.id)


# ------------------------------------------------------------------- holds


def test_hold_and_release(desk: Desk) -> None:
    said = desk.run("hold", "fly:pier", "--reason", "regatta", "--json")
    assert (said.code, said.last) == (0, {"app": "fly:pier", "held": True, "reason": "regatta"})
    assert desk.deploy().code == 3
    for _ in range(2):  # not held is fine too
        said = desk.run("release-hold", "pretend:pier", "--reason", "it is over", "--json")
        assert (said.code, said.last["held"]) == (0, False)
    assert desk.run("release-hold", "fly:pier").out == "fly:pier is no longer held.\n"
    assert desk.deploy().code == 0


@pytest.mark.parametrize("words", [("--reason", ""), ("--reason", "  "), ()])
def test_a_hold_needs_a_reason(desk: Desk, words: tuple[str, ...]) -> None:
    said = desk.run("hold", "fly:pier", *words, "--json")
    assert said.code == 2
    assert "reason" in said.err
    assert desk.run("status", "fly:pier", "--json").last["held"] is False


# ------------------------------------------------------------------- inbox


def open_titles(said: Said) -> list[str]:
    return [row["title"] for row in said.last["notices"] if row["seen_at"] is None]


def test_the_inbox_keeps_what_needs_a_person_until_it_was_seen(desk: Desk) -> None:
    deployment = failed(desk)
    said = desk.run("inbox", "--json")
    assert open_titles(said) == ["pier: v3 was rolled back"]
    (row,) = said.last["notices"]
    assert (row["deployment"], row["app"], row["state"]) == (deployment, "pier", "rolled_back")
    assert all(row[answer] for answer in ("failed", "serves", "done", "choices"))
    for_people = desk.run("inbox").out
    assert "pier: v3 was rolled back" in for_people
    seen = desk.run("inbox", "--seen", deployment[:5], "--json")
    assert open_titles(seen) == []
    assert seen.last["notices"][0]["seen_at"] is not None
    assert "Nothing needs you." in desk.run("inbox").out


def test_success_is_quiet(desk: Desk) -> None:
    desk.deploy()
    assert desk.run("inbox", "--json").last == {"notices": []}


def test_marking_what_is_not_there(desk: Desk) -> None:
    assert desk.run("inbox", "--seen", "zzz").code == 2
