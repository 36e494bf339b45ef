"""An owner can be written down, read back, shown, and called dead only on proof."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilothouse.store.owner import Owner

words = st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), max_size=8)


@given(
    st.builds(
        Owner,
        name=st.text(max_size=12),
        host=st.from_regex(r"[a-z][a-z0-9.-]{0,12}", fullmatch=True),
        pid=st.integers(1, 2**22),
        start=words,
        boot=words,
        machine=words,
        space=words,
    )
)
def test_an_owner_read_back_is_equal(owner: Owner) -> None:
    assert Owner.parse(str(owner)) == owner


@pytest.mark.parametrize("text", ["", "Lena", "Lena on desk (process x) start= boot="])
def test_anything_else_is_nobody(text: str) -> None:
    assert Owner.parse(text) is None


def test_people_read_name_host_and_process() -> None:
    owner = Owner("lena", "desk", 123, "4", "b", "m", "s")
    assert owner.shown == "lena on desk (process 123)"


def test_we_are_alive() -> None:
    here = Owner.here("boot")
    assert not here.is_surely_dead(here)


@pytest.mark.skipif(sys.platform == "win32", reason="nothing can be proved there")
def test_a_process_that_ended_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(timeout=30)
    here = Owner.here("boot")
    gone = replace(here, pid=child.pid, start="1")
    assert gone.is_surely_dead(here)
    assert replace(gone, boot="another").is_surely_dead(here)
    assert not replace(gone, machine="another").is_surely_dead(here)
    assert not replace(gone, space="").is_surely_dead(here)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process started")
def test_a_number_that_went_to_another_process_is_dead() -> None:
    here = Owner.here("boot")
    assert replace(here, start="1").is_surely_dead(here)
    assert not replace(here, start="").is_surely_dead(here)
