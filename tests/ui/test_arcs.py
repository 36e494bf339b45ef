"""Arcs in the gutter: who is joined to whom, and in which lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pilothouse.domain.model import Release, ReleaseKind, ReleaseVerdict
from pilothouse.ui.models.arcs import LANES, Gutter, Part
from tests.ui import sample


def grown(releases: Sequence[Release], page: int = 100) -> Gutter:
    gutter = Gutter()
    for at in range(0, len(releases), page):
        part = releases[at : at + page]
        gutter.grow(part, part[-1].version)
    return gutter


def arcs_of(gutter: Gutter, versions: Sequence[int]) -> list[tuple[int, int, int]]:
    """Arcs as (start, target, lane), read off the pieces; versions are newest first."""
    open_ones: dict[int, int] = {}
    found = []
    for version in versions:
        for lane, part in gutter.pieces(version):
            if part is Part.START:
                assert lane not in open_ones
                open_ones[lane] = version
            else:
                assert lane in open_ones
            if part is Part.END:
                found.append((open_ones.pop(lane), version, lane))
    assert not open_ones
    return found


def test_a_bad_release_is_joined_to_the_one_gone_back_to() -> None:
    gutter = grown(sample.history())
    assert arcs_of(gutter, range(42, 29, -1)) == [(38, 36, 0), (32, 31, 0)]
    assert gutter.pieces(37) == ((0, Part.THROUGH),)


def test_an_arc_waits_for_the_page_of_its_target() -> None:
    releases = sample.history()
    gutter = Gutter()
    gutter.grow(releases[:5], 38)
    assert gutter.pieces(38) == ()
    gutter.grow(releases[5:], 30)
    assert gutter.pieces(38) == ((0, Part.START),)


def test_a_bad_release_that_says_where_it_went_needs_no_rollback_release() -> None:
    releases = [
        replace(one, went_back_to=37) if one.version == 38 else one for one in sample.history()
    ]
    assert (38, 37, 0) in arcs_of(grown(releases), range(42, 29, -1))


@given(
    st.lists(st.tuples(st.integers(25, 99), st.integers(1, 24)), max_size=30),
    st.integers(1, 100),
)
def test_arcs_of_one_lane_never_touch(wishes: list[tuple[int, int]], page: int) -> None:
    back = {version: version - length for version, length in wishes}
    template = sample.history()[2]
    releases = [
        replace(
            template,
            version=version,
            kind=ReleaseKind.CODE,
            went_back_to=back.get(version),
            verdict=ReleaseVerdict.ROLLED_BACK if version in back else template.verdict,
        )
        for version in range(100, 0, -1)
    ]
    arcs = arcs_of(grown(releases, page), range(100, 0, -1))
    for lane in range(LANES):
        mine = sorted((target, start) for start, target, at in arcs if at == lane)
        assert all(lower[1] < upper[0] for lower, upper in pairwise(mine))
    assert {(start, target) for start, target, _ in arcs} <= set(back.items())
