"""What dynos say of an app: who serves, who disagrees, what is only still starting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pilothouse.domain.model import App, AppState, Live, Platform
from pilothouse.providers.heroku import schema
from pilothouse.providers.heroku.liveness import Reading, live_of
from pilothouse.providers.heroku.lives import Lives

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
APP = App("api.heroku.com/heroku/1", "lena", Platform.HEROKU, "shop")


def dyno(name: str, state: str, version: int, *, kind: str = "web") -> schema.Dyno:
    return schema.Dyno(f"id-{name}-{version}", name, kind, state, schema.DynoRelease(version))


def release(version: int, *, age_s: float, current: bool = False) -> schema.Release:
    at = NOW - timedelta(seconds=age_s)
    slug = schema.Ref(f"slug-{version}")
    return schema.Release(f"r{version}", version, at, "succeeded", current, "Deploy", slug)


def seen(
    *dynos: schema.Dyno, age_s: float = 3600, preboot: bool = False, maintenance: bool = False
) -> Live:
    current = release(52, age_s=age_s, current=True)
    rows = (current, release(51, age_s=7200))
    app = schema.App("1", "shop", maintenance=maintenance, region=schema.Named("eu"))
    reading = Reading(app, rows, current, dynos, preboot, NOW)
    return live_of(APP, reading, boot_limit_s=60, preboot_s=200)


def test_web_dynos_that_are_up_serve() -> None:
    live = seen(dyno("web.1", "up", 52), dyno("worker.1", "up", 52, kind="worker"))
    assert [(one.id, one.place, one.serving) for one in live.instances] == [("web.1", "eu", True)]
    assert live.instances[0].artifact == "slug-52"
    assert live.state is AppState.SERVING


def test_a_crashed_dyno_is_called_ill_and_nothing_is_called_healthy() -> None:
    live = seen(dyno("web.1", "up", 52), dyno("web.2", "crashed", 52))
    assert [one.healthy for one in live.instances] == [None, False]
    assert [one.serving for one in live.instances] == [True, False]


def test_a_sleeping_dyno_serves_for_a_request_wakes_it() -> None:
    assert seen(dyno("web.1", "idle", 52)).state is AppState.SERVING


def test_maintenance_serves_nobody() -> None:
    assert seen(dyno("web.1", "up", 52), maintenance=True).state is AppState.BROKEN


@pytest.mark.parametrize(
    ("dynos", "age_s", "sentence"),
    [
        ((("web.1", "up", 52), ("web.2", "up", 52)), 5, None),
        (
            (("web.1", "up", 52), ("web.2", "starting", 52)),
            5,
            "1 of 2 dynos of v52 are still starting.",
        ),
        (
            (("web.1", "up", 52), ("web.2", "up", 51)),
            5,
            "1 of 2 dynos are still to be replaced by v52.",
        ),
        (
            (("web.1", "up", 52), ("web.2", "up", 51)),
            3600,
            "Heroku says v52, 1 of 2 dynos says v51.",
        ),
        (
            (("web.1", "up", 50), ("web.2", "up", 51)),
            3600,
            "Heroku says v52, 2 of 2 dynos say v50 and v51.",
        ),
        ((("web.1", "up", 52), ("web.2", "starting", 52)), 3600, None),
    ],
)
def test_a_rollout_is_told_from_a_disagreement(
    dynos: tuple[tuple[str, str, int], ...], age_s: float, sentence: str | None
) -> None:
    assert seen(*[dyno(*one) for one in dynos], age_s=age_s).disagreement == sentence


def test_under_preboot_the_listed_dynos_are_not_believed_before_the_switch() -> None:
    young = seen(dyno("web.1", "up", 52), age_s=20, preboot=True)
    assert young.disagreement is not None
    assert "12:03:00 UTC" in young.disagreement
    assert seen(dyno("web.1", "up", 52), age_s=300, preboot=True).disagreement is None


def test_a_dyno_that_came_up_again_has_another_life() -> None:
    lives = Lives()

    def look(state: str, second: int) -> int:
        at = NOW + timedelta(seconds=second)
        one = schema.Dyno("d", "web.1", "web", state, schema.DynoRelease(52), at)
        return lives.of("app", [one])["d"]

    counted = [
        look("starting", 0),
        look("up", 1),
        look("up", 1),
        look("crashed", 4),
        look("up", 5),
    ]
    assert counted == [1, 1, 1, 1, 2]


def test_a_dyno_with_another_id_begins_a_first_life() -> None:
    lives = Lives()
    for name in ("old", "new"):
        one = schema.Dyno(name, "web.1", "web", "up", schema.DynoRelease(52), NOW)
        assert lives.of("app", [one]) == {name: 1}
