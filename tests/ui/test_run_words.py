"""What a run says of itself: outline, log, instances, counts, endings; no window is needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pilothouse.domain.change import Side as Side_
from pilothouse.domain.deployment import EventKind, Progress, State
from pilothouse.domain.evidence import Probe
from pilothouse.domain.fold import advance
from pilothouse.ui.run.board import Side, board
from pilothouse.ui.run.endings import ending, recovery, sentence
from pilothouse.ui.run.outline import Stand, current, done_of, headings, lines
from pilothouse.ui.run.spans import at_most, clock
from pilothouse.ui.run.story import LogLine, Weight, line_of
from pilothouse.ui.run.tally import PUBLIC, Tally
from pilothouse.ui.tokens import Tone
from tests.ui import sample_runs
from tests.ui.sample_runs import WAVES, Teller


@pytest.fixture
def teller() -> Teller:
    return Teller(sample_runs.deploy_plan(sample_runs.harbor_api()))


def told(teller: Teller) -> list[LogLine]:
    progress = Progress(teller.progress.plan)
    found = []
    for event in teller.events:
        line = line_of(event, progress)
        if line is not None:
            found.append(line)
        progress = advance(progress, event)
    return found


def test_steps_are_gathered_by_their_headings_and_traffic_is_marked_once(teller: Teller) -> None:
    made = headings(teller.progress.plan.steps)
    assert [one.title for one in made] == [
        "Record release v43",
        "Roll e286 1d85",
        "Roll 90e7 3f19",
        "Roll a6c2 6c77",
        "Prove v43",
        "Settle v43",
    ]
    assert [one.opens_traffic for one in made] == [False, True, False, False, False, False]
    assert made[1].expected_s == pytest.approx(21.0)


def test_every_step_is_there_from_the_first_second(teller: Teller) -> None:
    made = lines(teller.progress, teller.at)
    assert {one.stand for one in made} == {Stand.LATER}
    teller.start()
    assert lines(teller.progress, teller.at)[0].stand is Stand.CURRENT


def test_a_heading_is_done_when_all_its_lanes_are(teller: Teller) -> None:
    teller.start()
    teller.do("record")
    teller.roll(("e286",))
    assert done_of(teller.progress) == (1, 6)
    heading = current(teller.progress)
    assert heading is not None
    assert heading.title == "Roll e286 1d85"
    teller.roll(("1d85",))
    assert done_of(teller.progress) == (2, 6)
    line = lines(teller.progress, teller.at)[1]
    assert line.taken_s == pytest.approx(25.1, abs=0.2)


def test_a_late_step_says_so(teller: Teller) -> None:
    teller.start()
    teller.intend("record")
    assert not lines(teller.progress, teller.at)[0].late
    assert lines(teller.progress, teller.at + timedelta(seconds=10))[0].late


def test_a_lost_answer_is_looked_for_and_found(teller: Teller) -> None:
    teller.start()
    teller.intend("record")
    teller.settle("record", "unknown", reason="timeout")
    line = lines(teller.progress, teller.at)[0]
    assert line.stand is Stand.UNKNOWN
    assert line.sentence.endswith("the answer was lost. Looking whether it landed.")
    teller.settle("record")
    texts = [(one.text, one.weight) for one in told(teller)]
    assert (
        "Record release v43: the answer was lost. Looking whether it landed.",
        Weight.UNKNOWN,
    ) in texts
    assert ("Record release v43: it landed.", Weight.GOOD) in texts


def test_the_log_tells_who_asked_what_was_decided_and_how_it_ended(teller: Teller) -> None:
    teller.start()
    teller.do("record")
    teller.tell(EventKind.REQUESTED, data={"kind": "stop", "by": "Lena", "text": ""})
    teller.decide(sample_runs.back_steps(("e286",)), "Lena asked to stop.", cause="person")
    teller.end("rolled_back", "Lena asked to stop.", serving="v42")
    texts = [one.text for one in told(teller)]
    assert texts == [
        "Started by Lena.",
        "Record release v43",
        "Lena asked to stop and go back.",
        "Going back: Lena asked to stop; 3 steps undo it.",
        "Ended. Lena asked to stop.",
    ]


def test_a_second_start_says_that_it_was_taken_up_again(teller: Teller) -> None:
    teller.start()
    teller.tell(EventKind.STARTED, data={"owner": "Jonas on harbor-2"})
    assert told(teller)[1].text.startswith("Jonas on harbor-2 took it up again")


def test_machines_change_sides_one_by_one(teller: Teller) -> None:
    teller.start()
    teller.roll(("e286",))
    for verb in ("cordon", "drain"):
        teller.do(f"{verb}/1d85")
    teller.intend("update/1d85")
    cells = {cell.id: cell for cell in board(teller.progress, None)}
    assert cells["e286"].side is Side.NEW
    assert cells["e286"].in_traffic
    assert cells["1d85"].side is Side.OLD
    assert cells["1d85"].words == "changing"
    assert not cells["1d85"].in_traffic
    assert cells["6c77"].place == "iad"
    assert cells["6c77"].in_traffic


def test_machines_come_back_to_the_old_side(teller: Teller) -> None:
    teller.start()
    teller.roll(WAVES[0])
    teller.decide(sample_runs.back_steps(WAVES[0]), "6 of 54 lost.")
    teller.do("back/cordon/e286")
    cells = {cell.id: cell for cell in board(teller.progress, None)}
    assert cells["e286"].side is Side.NEW
    assert not cells["e286"].in_traffic
    for key in ("back/restore/e286", "back/cordon/1d85", "back/restore/1d85", "back/verify"):
        teller.do(key)
    teller.end("rolled_back", "6 of 54 lost.", serving="v42")
    assert all(cell.side is Side.OLD and cell.in_traffic for cell in board(teller.progress, None))


def test_probes_are_counted_by_lane_and_side() -> None:
    tally = Tally()
    tally.add(sample_runs.probes(50), {})
    lost = sample_runs.probes(20, lane="e286", instance="e286", lost=(3, 4))
    tally.add(lost, {"e286": Side.NEW})
    assert tally.lanes[PUBLIC].counts.asked == 50
    assert tally.sides[Side.NEW].counts.lost == 2
    assert tally.sides[Side.OLD].counts.asked == 0
    typical = tally.lanes[PUBLIC].quantile(0.5)
    assert typical == pytest.approx(0.044, abs=0.002)


def test_a_probe_that_does_not_count_is_kept_but_not_counted() -> None:
    tally = Tally()
    probe = Probe(1.0, PUBLIC, None, None, 2.0, good=False, counts=False, why="blind")
    tally.add((probe,), {})
    assert len(tally.probes) == 1
    assert tally.all.counts.asked == 0


@pytest.mark.parametrize(
    ("state", "starts", "tone"),
    [
        ("good", "v43 serves. Nobody’s request was lost.", Tone.GOOD),
        ("failed_safe", "v43 failed. Nothing was changed; v42 serves.", Tone.BAD),
        ("rolled_back", "v43 was rolled back. v42 serves everything again.", Tone.WARN),
        ("unknown", "It is not known what serves harbor-api.", Tone.UNK),
        ("held", "harbor-api waits for you", Tone.WARN),
    ],
)
def test_every_end_has_its_strip(teller: Teller, state: str, starts: str, tone: Tone) -> None:
    teller.start()
    teller.end(state, "Because.", asked=636, lost=0)
    end = ending(teller.progress, (636, 0))
    assert end is not None
    assert end.sentence.startswith(starts)
    assert end.tone is tone
    assert end.alarming is (state != "good")


def test_a_way_back_that_failed_is_broken(teller: Teller) -> None:
    teller.start()
    teller.end("held", "6 of 54 lost. The way back failed at “Give e286 v42 back”: refused.")
    end = ending(teller.progress, None)
    assert end is not None
    assert end.tone is Tone.BAD
    assert "broken" in end.sentence


def test_going_on_has_no_strip_and_says_what_serves(teller: Teller) -> None:
    teller.start()
    assert ending(teller.progress, None) is None
    cells = board(teller.progress, None)
    assert sentence(teller.progress, None, cells) == "v42 serves."
    teller.roll(("e286",))
    cells = board(teller.progress, None)
    assert sentence(teller.progress, (60, 0), cells) == (
        "v42 and v43 both serve. No request was lost so far."
    )
    for wave in WAVES:
        teller.roll(wave)
    cells = board(teller.progress, None)
    assert sentence(teller.progress, (60, 1), cells) == (
        "v43 serves, not yet proven. 1 of 60 requests were lost so far."
    )


def test_dynos_change_all_at_once_and_keep_their_names() -> None:
    boot = sample_runs.step(
        "booted", "heroku.booted", "Wait until the dynos run v43", "Release v43", stage=1
    )
    back = replace(boot, key="back/booted")
    plan = replace(
        sample_runs.deploy_plan(sample_runs.harbor_api()),
        steps=(boot,),
        old_side=Side_("v42", None, ("web.1", "web.2")),
        snapshot={},
    )
    teller = Teller(plan)
    teller.start()
    assert {cell.side for cell in board(teller.progress, None)} == {Side.OLD}
    teller.intend("booted")
    teller.settle("booted", data={"serving": ["web.1", "web.3"]})
    cells = {cell.id: cell for cell in board(teller.progress, None)}
    assert cells["web.1"].side is Side.NEW
    assert cells["web.3"].side is Side.NEW
    assert cells["web.2"].gone
    teller.decide((back,), "web.1 crashed.")
    teller.intend("back/booted")
    teller.settle("back/booted", data={"serving": ["web.1", "web.2"]})
    cells = {cell.id: cell for cell in board(teller.progress, None)}
    assert cells["web.1"].side is Side.OLD
    assert cells["web.2"].in_traffic


def test_a_group_that_comes_again_is_a_heading_of_its_own() -> None:
    made = [
        sample_runs.step("a", "fly.record", "Record it", "Record it", stage=0),
        sample_runs.step("b", "fly.update", "Update", "Roll", stage=1),
        sample_runs.step("c", "fly.settle", "Settle it", "Record it", stage=2),
    ]
    assert [one.title for one in headings(made)] == ["Record it", "Roll", "Record it"]


def test_the_time_to_recover_has_its_parts(teller: Teller) -> None:
    teller.start()
    teller.roll(("e286",))
    first_loss = teller.at
    teller.decide(sample_runs.back_steps(("e286",)), "6 of 54 lost.")
    for key in ("back/cordon/e286", "back/restore/e286", "back/verify"):
        teller.do(key)
    teller.end("rolled_back", "6 of 54 lost.", serving="v42")
    parts = recovery(teller.progress, teller.events, first_loss)
    assert [part.word for part in parts] == ["Detect", "Act", "Verify"]
    assert teller.progress.state is State.ROLLED_BACK


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0025, "0.25 %"), (0.00251, "0.26 %"), (0.028, "2.8 %"), (1.0, "100 %")],
)
def test_a_bound_is_never_rounded_down(share: float, words: str) -> None:
    assert at_most(share) == words


def test_a_clock_counts_hours_only_when_there_are_any() -> None:
    assert clock(146) == "2:26"
    assert clock(3746) == "1:02:26"
