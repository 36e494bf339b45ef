"""Words for time, counts and states."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pilothouse.domain.model import AppState, ReleaseKind, ReleaseVerdict
from pilothouse.ui import words

DAY = 86400


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"),
        (4.9, "4 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (2 * DAY, "2 d"),
        (20 * DAY, "20 d"),
        (22 * DAY, "3 w"),
        (61 * DAY, "2 mo"),
        (800 * DAY, "2 y"),
    ],
)
def test_ages_have_one_unit(seconds: float, said: str) -> None:
    assert words.age(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0.4 s"), (8.44, "8.4 s"), (9, "9 s"), (41.2, "41 s"), (300, "5 min"),
     (340, "5 min 40 s"), (7500, "2 h 5 min")],
)  # fmt: skip
def test_durations(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


def test_what_is_predicted_has_a_tilde() -> None:
    assert words.about(38.2) == "~38 s"
    assert words.about(0.1) == "~1 s"


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, "100 %"), (0.99999, "99.99 %"), (0.9997, "99.97 %"), (0.988, "98.8 %"), (0.12, "12 %")],
)
def test_a_share_is_never_rounded_up_to_a_hundred(share: float, said: str) -> None:
    assert words.percent(share) == said


def test_every_state_has_shape_word_and_tone() -> None:
    said = [words.app_state(state) for state in AppState]
    said += [words.verdict(verdict) for verdict in ReleaseVerdict]
    assert all(one.word for one in said)
    assert len({words.app_state(state).shape for state in AppState}) == len(AppState)
    assert len({words.verdict(one).shape for one in ReleaseVerdict}) == len(ReleaseVerdict)
    assert all(words.release_kind(kind) for kind in ReleaseKind)


def test_artifacts_are_shortened_to_what_tells_them_apart() -> None:
    digest = "registry.fly.io/app@sha256:4be1" + "0" * 56 + "9a07"
    assert words.short_ref(digest) == "4be1…9a07"
    assert words.short_ref("b2a7c1d0-0000-4000-8000-00000000beef") == "b2a7…beef"
    assert words.short_ref("slug-1") == "slug-1"
    assert words.short_ref(None) == ""


def test_a_moment_is_told_in_local_time() -> None:
    moment = datetime(2025, 11, 22, 13, 5, tzinfo=UTC)
    local = words.local(moment)
    assert local.toUTC().toString("yyyy-MM-dd hh:mm") == "2025-11-22 13:05"
    assert words.clock_time(moment)
    assert words.version(None) == "–"
