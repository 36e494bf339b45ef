"""Who may act: one owner at a time, and whoever lost the right can write nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from pilothouse.domain.deployment import EventKind, State
from pilothouse.domain.errors import Fenced, LeaseHeld
from pilothouse.store.database import Database
from pilothouse.store.journal import SqlJournal
from pilothouse.store.owner import Owner
from pilothouse.store.tables import JOURNAL, app
from tests.fakes import FakeClock
from tests.store import samples

if TYPE_CHECKING:
    from pathlib import Path

    from pilothouse.domain.records import Lease

APP = samples.HARBOR.id


def owned_by(folder: Path, owner: Owner) -> None:
    """Make somebody else the owner of the lease on the app."""
    database = Database.open(f"sqlite:///{folder}/journal.db", JOURNAL)
    with database.write() as connection:
        connection.execute(update(app).values(owner=str(owner)))
    database.close()


def somebody(**parts: str | int) -> Owner:
    """A process of this computer that is alive for all we can tell."""
    here = Owner.here("boot-1")
    known: dict[str, str | int] = {name: getattr(here, name) for name in Owner.__dataclass_fields__}
    return Owner(**{**known, "name": "jonas", "host": "desk", **parts})  # type: ignore[arg-type]


def test_a_lease_is_refused_while_it_lasts_and_says_whose_it_is(
    journal: SqlJournal, clock: FakeClock
) -> None:
    lease = journal.acquire(APP, None)
    clock.advance(14.9)
    with pytest.raises(LeaseHeld) as caught:
        journal.acquire(APP, None)
    assert caught.value.owner == lease.owner
    assert "start=" not in str(caught.value)
    assert journal.app(APP).owner == lease.owner


def test_a_lease_that_ran_out_is_free(journal: SqlJournal, clock: FakeClock) -> None:
    first = journal.acquire(APP, None)
    clock.advance(15)
    assert journal.app(APP).owner is None
    assert journal.acquire(APP, None).fence == first.fence + 1


def test_renewing_counts_from_now(journal: SqlJournal, clock: FakeClock) -> None:
    lease = journal.acquire(APP, None)
    clock.advance(10)
    renewed = journal.renew(lease)
    assert renewed.until_s == lease.until_s + 10
    clock.advance(10)
    with pytest.raises(LeaseHeld):
        journal.acquire(APP, None)


def test_a_lease_given_back_is_free_and_over(journal: SqlJournal) -> None:
    lease = journal.acquire(APP, None)
    journal.release(lease)
    with pytest.raises(Fenced, match="nobody has it now"):
        journal.renew(lease)
    second = journal.acquire(APP, None)
    journal.release(lease)
    assert journal.app(APP).owner == second.owner


def test_whoever_was_fenced_out_writes_nothing(journal: SqlJournal, clock: FakeClock) -> None:
    deployment_id = journal.create(samples.plan(), by="Lena")
    old = journal.acquire(APP, deployment_id)
    clock.advance(20)
    new = journal.acquire(APP, deployment_id)
    with pytest.raises(Fenced, match="fence 2, ours was 1"):
        journal.append(old, EventKind.PAUSED, data={"reason": "x"}, state=State.PAUSED, hold="x")
    with pytest.raises(Fenced):
        journal.renew(old)
    assert journal.events(deployment_id) == ()
    assert journal.app(APP).hold_reason is None
    assert journal.deployment(deployment_id).progress.state is State.PLANNED
    assert journal.append(new, EventKind.RESUMED).fence == 2


def test_a_lease_of_another_boot_of_this_computer_is_free(
    journal: SqlJournal, tmp_path: Path, clock: FakeClock
) -> None:
    journal.acquire(APP, None)
    clock.reboot("boot-2")
    after = samples.journal(tmp_path, clock)
    assert after.acquire(APP, None).fence == 2
    after.close()


@pytest.mark.parametrize("up_s", [3, 14])
def test_where_boots_cannot_be_told_apart_a_lease_from_the_future_is_free(
    journal: SqlJournal, clock: FakeClock, up_s: float
) -> None:
    journal.acquire(APP, None)  # a thousand seconds after the start
    clock.reboot()
    clock.advance(up_s)
    assert journal.acquire(APP, None).fence == 2


def test_setting_the_calendar_changes_no_lease(tmp_path: Path) -> None:
    clock = FakeClock()
    journal = samples.journal(tmp_path, clock)
    journal.acquire(APP, None)
    later = FakeClock(start=clock.now().replace(year=2031))
    other = samples.journal(tmp_path, later)
    with pytest.raises(LeaseHeld):
        other.acquire(APP, None)
    journal.close()
    other.close()


def test_a_dead_owner_on_this_computer_is_no_owner(journal: SqlJournal, tmp_path: Path) -> None:
    journal.acquire(APP, None)
    owned_by(tmp_path, somebody(start="1"))  # our number, but another process
    assert journal.app(APP).owner is None
    assert journal.acquire(APP, None).fence == 2


@pytest.mark.parametrize("parts", [{"machine": "other"}, {"space": "other"}, {"space": ""}])
def test_what_cannot_be_proved_dead_keeps_its_lease(
    journal: SqlJournal, tmp_path: Path, clock: FakeClock, parts: dict[str, str]
) -> None:
    journal.acquire(APP, None)
    owned_by(tmp_path, somebody(start="1", **parts))
    with pytest.raises(LeaseHeld, match="jonas on desk"):
        journal.acquire(APP, None)
    clock.advance(15)
    assert journal.acquire(APP, None).fence == 2


def test_a_lease_of_another_computer_is_judged_by_the_calendar_with_a_margin(
    journal: SqlJournal, tmp_path: Path, clock: FakeClock
) -> None:
    journal.acquire(APP, None)
    owned_by(tmp_path, somebody(machine="other", boot="other"))
    clock.reboot("boot-2")
    clock.advance(74.9)
    with pytest.raises(LeaseHeld):
        journal.acquire(APP, None)
    clock.advance(0.1)
    assert journal.acquire(APP, None).fence == 2


@dataclass(frozen=True)
class Deed:
    """One thing that one of two journals does."""

    who: int
    verb: str


deeds = st.builds(
    Deed,
    st.integers(0, 1),
    st.sampled_from(["acquire", "append", "renew", "release", "wait", "wait long"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(deeds, max_size=25))
def test_no_two_ever_hold_the_fence_and_fences_only_grow(
    tmp_path_factory: pytest.TempPathFactory, story: list[Deed]
) -> None:
    clock = FakeClock()
    folder = tmp_path_factory.mktemp("story")
    journals = [samples.journal(folder, clock), samples.journal(folder, clock)]
    deployment_id = journals[0].create(samples.plan(), by="Lena")
    leases: list[Lease | None] = [None, None]
    newest = 0
    for deed in story:
        lease = leases[deed.who]
        newest = _act(journals[deed.who], clock, deed, leases, deployment_id, newest)
        if lease is not None and lease.fence < newest:
            with pytest.raises(Fenced):
                journals[deed.who].append(lease, EventKind.SIGHTED)
    fences = [event.fence for event in journals[0].events(deployment_id)]
    assert fences == sorted(fences)
    assert journals[0].verify_chain(deployment_id) == ""
    for journal in journals:
        journal.close()


def _act(
    journal: SqlJournal,
    clock: FakeClock,
    deed: Deed,
    leases: list[Lease | None],
    deployment_id: str,
    newest: int,
) -> int:
    """Do one deed of a story; answers the highest fence so far."""
    lease = leases[deed.who]
    if deed.verb.startswith("wait"):
        clock.advance(20 if deed.verb == "wait long" else 4)
    elif deed.verb == "acquire":
        try:
            leases[deed.who] = taken = journal.acquire(APP, deployment_id)
        except LeaseHeld:
            return newest
        assert taken.fence == newest + 1
        return taken.fence
    elif lease is not None and deed.verb == "release":
        journal.release(lease)
        leases[deed.who] = None
    elif lease is not None:
        deny = lease.fence < newest
        try:
            if deed.verb == "append":
                journal.append(lease, EventKind.SIGHTED)
            else:
                leases[deed.who] = journal.renew(lease)
        except Fenced:
            assert deny
        else:
            assert not deny
    return newest
