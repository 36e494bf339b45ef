"""Deployments and their events: stored once, folded always, only ever added to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pilothouse.domain.deployment import EventKind, State
from pilothouse.domain.errors import LeaseHeld, NotFound
from pilothouse.domain.fold import fold
from pilothouse.domain.records import Journal, Lease
from tests.store import samples

if TYPE_CHECKING:
    from pathlib import Path

    from pilothouse.domain.model import Json, JsonMap
    from pilothouse.store.journal import SqlJournal
    from tests.fakes import FakeClock

APP = samples.HARBOR.id


def begun(journal: SqlJournal) -> Lease:
    """A running deployment of the sample plan."""
    deployment_id = journal.create(samples.plan(), by="Lena")
    lease = journal.acquire(APP, deployment_id)
    data = {"owner": lease.owner}
    journal.append(lease, EventKind.STARTED, data=data, state=State.RUNNING)
    return lease


def end(journal: SqlJournal, lease: Lease, state: State) -> None:
    """Let a deployment end."""
    data = {"state": state.value, "reason": "So it is.", "serving": "v42"}
    journal.append(lease, EventKind.ENDED, data=data, state=state)
    journal.release(lease)


def test_it_is_a_journal(journal: SqlJournal) -> None:
    port: Journal = journal
    assert port.app(APP).fence == 0


def test_a_new_deployment_is_planned_and_named_by_eight_digits(
    journal: SqlJournal, clock: FakeClock
) -> None:
    plan = samples.plan()
    deployment_id = journal.create(plan, by="Lena")
    record = journal.deployment(deployment_id)
    assert len(deployment_id) == 8
    assert int(deployment_id, 16) >= 0
    assert (record.app_id, record.created_by, record.created_at) == (APP, "Lena", clock.now())
    assert record.progress.plan == plan
    assert record.progress.state is State.PLANNED


def test_what_is_read_is_what_was_appended(journal: SqlJournal) -> None:
    lease = begun(journal)
    deadline: Json = {"boot_id": "boot-1", "boot_s": 1008.5, "at": "2025-11-22T14:02:08+00:00"}
    intended = journal.append(
        lease,
        EventKind.INTENDED,
        step="update/3f19",
        data={"attempt": 1, "deadline": deadline},
    )
    noted = journal.append(lease, EventKind.NOTED, step="update/3f19", data={"text": "Überall ⚓"})
    assert journal.events(intended.deployment_id)[1:] == (intended, noted)
    assert journal.events(intended.deployment_id, after=2) == (noted,)
    assert [event.seq for event in journal.events(intended.deployment_id)] == [1, 2, 3]
    assert {event.fence for event in journal.events(intended.deployment_id)} == {lease.fence}


def test_progress_is_the_fold_of_the_events_also_when_read_in_between(
    journal: SqlJournal, tmp_path: Path, clock: FakeClock
) -> None:
    lease = begun(journal)
    step = "update/3f19"
    assert lease.deployment_id is not None
    story: list[tuple[EventKind, JsonMap]] = [
        (EventKind.INTENDED, {"attempt": 1, "deadline": {"boot_s": 1.5}}),
        (EventKind.SETTLED, {"outcome": "done", "data": {"version": "01K"}, "reason": ""}),
    ]
    for kind, data in story:
        journal.append(lease, kind, step=step, data=data)
        record = journal.deployment(lease.deployment_id)
        events = journal.events(lease.deployment_id)
        assert record.progress == fold(record.progress.plan, events)
    other = samples.journal(tmp_path, clock)
    assert other.deployment(lease.deployment_id) == journal.deployment(lease.deployment_id)
    other.close()


def test_only_one_deployment_of_an_app_is_live(journal: SqlJournal) -> None:
    first = journal.create(samples.plan(), by="Lena")
    with pytest.raises(LeaseHeld, match=f"unfinished deployment of Lena.*{first}"):
        journal.create(samples.plan(), by="Jonas")
    journal.create(samples.plan(samples.other_app("harbor-web")), by="Jonas")


def test_while_somebody_acts_the_refusal_names_them(journal: SqlJournal) -> None:
    lease = begun(journal)
    with pytest.raises(LeaseHeld, match=r"process \d+\) acts on harbor-api since") as caught:
        journal.create(samples.plan(), by="Jonas")
    assert caught.value.deployment == lease.deployment_id


def test_after_the_end_the_next_one_may_begin(journal: SqlJournal) -> None:
    end(journal, begun(journal), State.GOOD)
    second = journal.create(samples.plan(), by="Jonas")
    assert journal.deployments()[0].id == second


def test_an_ended_deployment_cannot_live_again_beside_a_live_one(journal: SqlJournal) -> None:
    first = begun(journal)
    end(journal, first, State.UNKNOWN)
    second = journal.create(samples.plan(), by="Jonas")
    again = journal.acquire(APP, first.deployment_id)
    with pytest.raises(LeaseHeld, match=second):
        journal.append(again, EventKind.RESUMED, state=State.RUNNING)
    assert len(journal.events(first.deployment_id or "")) == 2


def test_an_unknown_deployment_can_be_taken_up_again(journal: SqlJournal) -> None:
    first = begun(journal)
    end(journal, first, State.UNKNOWN)
    again = journal.acquire(APP, first.deployment_id)
    data = {"owner": again.owner}
    event = journal.append(again, EventKind.STARTED, data=data, state=State.RUNNING)
    assert (event.seq, event.fence) == (3, first.fence + 1)
    assert journal.deployments(states=frozenset({State.RUNNING}))[0].id == first.deployment_id


def test_deployments_come_newest_first_and_can_be_chosen(journal: SqlJournal) -> None:
    web = samples.other_app("harbor-web")
    end(journal, begun(journal), State.GOOD)
    end(journal, begun(journal), State.ROLLED_BACK)
    live = journal.create(samples.plan(web), by="Lena")
    states = [record.progress.state for record in journal.deployments()]
    assert states == [State.PLANNED, State.ROLLED_BACK, State.GOOD]
    assert [record.id for record in journal.deployments(app_id=web.id)] == [live]
    assert len(journal.deployments(app_id=APP, limit=1)) == 1
    (good,) = journal.deployments(states=frozenset({State.GOOD}))
    assert good.progress.state is State.GOOD


def test_a_deployment_is_found_by_an_unambiguous_beginning(journal: SqlJournal) -> None:
    ids = []
    for number in range(17):  # more than there are first digits
        ids.append(journal.create(samples.plan(samples.other_app(f"app-{number}")), by="Lena"))
    twins = [one for one in ids if sum(other[0] == one[0] for other in ids) > 1]
    assert journal.deployment(ids[0].upper()).id == ids[0]
    with pytest.raises(NotFound, match=twins[0]):
        journal.deployment(twins[0][0])
    for nonsense in ("", "%", "_", "zz"):
        with pytest.raises(NotFound, match="There is: "):
            journal.deployment(nonsense)
    with pytest.raises(NotFound):
        journal.events("ffffffffff")


def test_a_lease_on_another_app_does_not_take_a_deployment(journal: SqlJournal) -> None:
    deployment_id = journal.create(samples.plan(), by="Lena")
    with pytest.raises(NotFound):
        journal.acquire("127.0.0.1/fly/other", deployment_id)
    assert journal.app("127.0.0.1/fly/other").fence == 0


def test_everything_is_there_after_closing_and_opening(
    journal: SqlJournal, tmp_path: Path, clock: FakeClock
) -> None:
    lease = begun(journal)
    before = journal.deployment(lease.deployment_id or "")
    journal.close()
    again = samples.journal(tmp_path, clock)
    assert again.deployment(lease.deployment_id or "") == before
    assert again.app(APP).owner == lease.owner
    again.close()


def test_the_journal_is_readable_by_its_owner_alone(journal: SqlJournal, tmp_path: Path) -> None:
    begun(journal)
    modes = {place.name: place.stat().st_mode & 0o777 for place in tmp_path.glob("journal.db*")}
    assert modes
    assert set(modes.values()) == {0o600}
