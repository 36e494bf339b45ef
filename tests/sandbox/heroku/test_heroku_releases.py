"""Releases of the practice Heroku: deploys, rollbacks, release commands, retention, promotions."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from pilothouse.sandbox.heroku.seed import plant
from pilothouse.sandbox.heroku.state import is_expired, kept_slugs
from pilothouse.sandbox.pace import Pace
from tests.sandbox.heroku.town import Row, Town, in_town, town
from tests.waiting import until_async


def test_a_release_by_itself_is_oldest_first() -> None:
    async def scenario(one: Town) -> None:
        rows = await one.rows("/apps/billing/releases")
        assert [each["version"] for each in rows] == list(range(1, len(rows) + 1))
        assert [each["version"] for each in rows if each["current"]] == [len(rows)]

    in_town(scenario)


def test_a_slug_of_staging_is_released_on_production_with_its_description() -> None:
    async def scenario(one: Town) -> None:
        before = await one.newest("billing")
        config = await one.get("/apps/billing/config-vars")
        made = await one.deploy("billing", "next")
        assert made["version"] == before["version"] + 1
        assert (made["status"], made["current"]) == ("succeeded", True)
        assert made["description"] == "Try next"
        assert made["slug"] == {"id": one.slug("next").id}
        assert made["artifacts"] == [{"type": "slug", "id": one.slug("next").id}]
        assert made["output_stream_url"] is None
        assert await one.get(f"/apps/billing/releases/{made['id']}/config-vars") == config
        assert (await one.get(f"/apps/billing/releases/{before['version']}"))["current"] is False

    in_town(scenario)


def test_the_same_wish_twice_makes_two_releases() -> None:
    async def scenario(one: Town) -> None:
        first, second = await one.deploy("billing", "next"), await one.deploy("billing", "next")
        assert second["version"] == first["version"] + 1

    in_town(scenario)


def test_a_rollback_brings_slug_and_configuration_back_as_a_new_release() -> None:
    async def scenario(one: Town) -> None:
        target = await one.newest("billing")
        old_config = await one.get("/apps/billing/config-vars")
        await one.api.patch("/apps/billing/config-vars", json={"FRESH": "1", "LOG_LEVEL": None})
        await one.deploy("billing", "next")
        made = await one.post("/apps/billing/releases", {"release": target["id"]})
        assert made["description"] == f"Rollback to v{target['version']}"
        assert made["slug"] == target["slug"]
        assert made["current"] is True
        assert made["version"] == target["version"] + 3
        assert await one.get("/apps/billing/config-vars") == old_config
        await one.until_up("billing", made["version"])
        assert (await one.visit("billing")).json()["artifact"] == target["slug"]["id"]

    in_town(scenario)


def test_a_slug_release_keeps_todays_configuration() -> None:
    async def scenario(one: Town) -> None:
        target = await one.newest("billing")
        await one.api.patch("/apps/billing/config-vars", json={"FRESH": "1"})
        body = {"slug": target["slug"]["id"], "description": "Rollback · marker"}
        made = await one.post("/apps/billing/releases", body)
        assert made["description"] == "Rollback · marker"
        assert (await one.get("/apps/billing/config-vars"))["FRESH"] == "1"

    in_town(scenario)


def test_what_cannot_be_gone_back_to_is_refused_and_changes_nothing() -> None:
    async def scenario(one: Town) -> None:
        rows = await one.rows("/apps/billing/releases")
        refused = {
            "current": next(each for each in rows if each["current"]),
            "expired": next(each for each in rows if each["status"] == "expired"),
            "failed": next(each for each in rows if each["status"] == "failed"),
        }
        for row in refused.values():
            body = {"release": row["id"]}
            told = await one.post("/apps/billing/releases", body, status=422)
            assert told["id"] == "invalid_params"
        for strange in ("v80", "80", 80, "00000000-0000-4000-8000-000000000000"):
            body = {"release": strange}
            told = await one.post("/apps/billing/releases", body, status=404)
            assert told["message"] == "Couldn't find that release."
        assert len(await one.rows("/apps/billing/releases")) == len(rows)

    in_town(scenario)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"slug": "00000000-0000-4000-8000-000000000000"}, 404),
        ({"oci_image": "00000000-0000-4000-8000-000000000000"}, 422),
        ({}, 422),
        ({"slug": 7}, 422),
        ({"release": "x", "description": "no"}, 422),
    ],
)
def test_release_wishes_that_make_no_sense_are_refused(body: Row, status: int) -> None:
    async def scenario(one: Town) -> None:
        before = await one.newest("billing")
        told = await one.post("/apps/billing/releases", body, status=status)
        assert {"id", "message"} <= told.keys()
        assert (await one.newest("billing"))["id"] == before["id"]

    in_town(scenario)


def test_one_change_of_several_config_vars_is_one_release() -> None:
    async def scenario(one: Town) -> None:
        before = await one.newest("billing")
        answer = await one.api.patch("/apps/billing/config-vars", json={"A": "1", "B": "2"})
        assert (answer.json()["A"], answer.json()["B"]) == ("1", "2")
        made = await one.newest("billing")
        assert made["version"] == before["version"] + 1
        assert made["description"] == "Set A, B config vars"
        assert made["slug"] == before["slug"]
        await one.api.patch("/apps/billing/config-vars", json={"A": None})
        assert (await one.newest("billing"))["description"] == "Remove A config vars"
        assert "A" not in await one.get("/apps/billing/config-vars")

    in_town(scenario)


@pytest.mark.parametrize("body", [{"": "x"}, {"A=B": "x"}, {"A\0": "x"}, {"A": "x\0"}, {"A": 1}])
def test_what_no_process_can_be_given_is_no_config_var(body: Row) -> None:
    async def scenario(one: Town) -> None:
        before = await one.newest("billing")
        answer = await one.api.patch("/apps/billing/config-vars", json={"FINE": "1", **body})
        assert (answer.status_code, answer.json()["id"]) == (422, "invalid_params")
        assert (await one.newest("billing"))["id"] == before["id"]

    in_town(scenario)


def test_a_release_command_holds_the_release_until_it_passed() -> None:
    async def scenario(one: Town) -> None:
        before = await one.newest("billing")
        made = await one.deploy("billing", "release-slow")
        assert (made["status"], made["current"]) == ("pending", False)
        early = await one.api.get(made["output_stream_url"])
        assert early.status_code == 404
        assert (await one.get(f"/apps/billing/releases/{before['id']}"))["current"] is True
        refused = await one.post("/apps/billing/releases", {"release": made["id"]}, status=422)
        assert refused["id"] == "invalid_params"

        async def stream() -> str | None:
            answer = await one.api.get(made["output_stream_url"])
            return answer.text if answer.status_code == 200 else None

        text = await until_async(stream, "the output of the release command")
        assert text is not None
        assert text.endswith("Command finished\n")
        settled = await one.until_settled("billing", made["version"])
        assert (settled["status"], settled["current"]) == ("succeeded", True)
        await one.until_up("billing", made["version"])

    in_town(scenario, scale=100)


def test_the_status_lags_behind_the_end_of_the_output() -> None:
    async def scenario(one: Town) -> None:
        made = await one.deploy("billing", "release-fails")

        async def ended() -> bool:
            answer = await one.api.get(made["output_stream_url"])
            return answer.status_code == 200

        await until_async(ended, "the end of the output")
        lagging = await one.get(f"/apps/billing/releases/{made['id']}")
        assert lagging["status"] == "pending"
        assert (await one.until_settled("billing", made["version"]))["status"] == "failed"

    in_town(scenario, scale=4)


def test_a_failed_release_command_leaves_everything_as_it_was() -> None:
    async def scenario(one: Town) -> None:
        before = await one.newest("billing")
        dynos = await one.rows("/apps/billing/dynos")
        made = await one.deploy("billing", "release-fails")
        settled = await one.until_settled("billing", made["version"])
        assert (settled["status"], settled["current"]) == ("failed", False)
        assert settled["eligible_for_rollback"] is False
        assert await one.rows("/apps/billing/dynos") == dynos
        assert (await one.visit("billing")).json()["release"] == before["version"]

    in_town(scenario, scale=100)


def test_an_output_stream_can_be_taken_up_where_it_broke_off() -> None:
    async def scenario(one: Town) -> None:
        made = await one.deploy("billing", "release-fails")
        await one.until_settled("billing", made["version"])
        url = made["output_stream_url"]
        whole = (await one.api.get(url)).content
        rest = await one.api.get(url, headers={"range": "bytes=10-"})
        assert (rest.status_code, rest.content) == (206, whole[10:])
        events = {"accept": "text/event-stream"}
        stream = await one.api.get(url, headers=events)
        first = stream.text.split("\n\n")[0].splitlines()
        last_id = first[0].removeprefix("id: ")
        again = await one.api.get(url, headers={**events, "last-event-id": last_id})
        assert again.text == stream.text.split("\n\n", 1)[1]

    in_town(scenario, scale=100)


def test_an_older_release_command_that_ends_later_does_not_take_over() -> None:
    async def scenario(one: Town) -> None:
        slow = await one.deploy("billing", "release-slow")
        fast = await one.deploy("billing", "next")
        assert (await one.until_settled("billing", slow["version"]))["current"] is False
        assert (await one.newest("billing"))["id"] == fast["id"]
        assert (await one.newest("billing"))["current"] is True

    in_town(scenario, scale=100)


def test_a_pending_release_goes_on_after_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        async with town(scale=100, directory=tmp_path) as one:
            made = await one.deploy("billing", "release-slow")
        async with town(scale=100, directory=tmp_path) as one:
            settled = await one.until_settled("billing", made["version"])
            assert settled["current"] is True

    asyncio.run(run())


def test_retention_takes_what_is_both_old_and_far_down() -> None:
    now = Pace().now()
    state = plant(now)
    app = state.apps[0]
    newest = app.newest.version
    expired = [each.version for each in app.releases if is_expired(app, each, now)]
    assert expired
    assert max(expired) <= newest - 20
    much_later = now + timedelta(days=400)
    left = [each.version for each in app.releases if not is_expired(app, each, much_later)]
    assert left == list(range(newest - 19, newest + 1))
    kept = kept_slugs(app, much_later)
    assert kept == {each.slug_id for each in app.releases[-20:]}


def test_an_expired_slug_is_deleted_and_cannot_be_released() -> None:
    async def scenario(one: Town) -> None:
        rows = await one.rows("/apps/billing/releases")
        kept = {each["slug"]["id"] for each in rows if each["eligible_for_rollback"]}
        gone = next(
            each["slug"]["id"]
            for each in reversed(rows)
            if each["status"] == "expired" and each["slug"]["id"] not in kept
        )
        assert (await one.get(f"/apps/billing/slugs/{gone}"))["deleted_at"] is not None
        await one.post("/apps/billing/releases", {"slug": gone}, status=422)
        there = next(iter(kept))
        assert (await one.get(f"/apps/billing/slugs/{there}"))["deleted_at"] is None

    in_town(scenario)


def test_an_artifact_that_is_lost_early_is_no_way_back() -> None:
    async def scenario(one: Town) -> None:
        target = await one.newest("billing")
        await one.deploy("billing", "next")
        wish = {"app": "billing", "do": "expire", "release": target["version"]}
        await one.fleet.act(wish)
        row = await one.get(f"/apps/billing/releases/{target['version']}")
        assert (row["status"], row["eligible_for_rollback"]) == ("expired", False)
        await one.post("/apps/billing/releases", {"release": target["id"]}, status=422)

    in_town(scenario)


def test_a_promotion_brings_one_named_release_to_production() -> None:
    async def scenario(one: Town) -> None:
        coupling = await one.get("/apps/billing/pipeline-couplings")
        staging, billing = await one.get("/apps/billing-staging"), await one.get("/apps/billing")
        source = await one.newest("billing-staging")
        body: Row = {
            "pipeline": {"id": coupling["pipeline"]["id"]},
            "source": {"app": {"id": staging["id"]}, "release": {"id": source["id"]}},
            "targets": [{"app": {"id": billing["id"]}}],
        }
        made = await one.post("/pipeline-promotions", body)
        path = f"/pipeline-promotions/{made['id']}"
        (target,) = await one.rows(f"{path}/promotion-targets")
        assert target["status"] == "succeeded"
        assert (await one.get(path))["status"] == "completed"
        newest = await one.newest("billing")
        assert newest["id"] == target["release"]["id"]
        assert newest["slug"] == source["slug"]
        body["targets"] = [{"app": {"id": staging["id"]}}]
        await one.post("/pipeline-promotions", body, status=422)

    in_town(scenario)


def test_the_same_moment_has_the_same_past() -> None:
    now = Pace().now()
    assert plant(now) == plant(now)
    billing, staging = plant(now).apps
    assert 60 <= len(billing.releases) <= 100
    assert 40 <= len(staging.releases) <= 70
    texts = {each.description for each in staging.releases}
    assert {f"sandbox: {name}" for name in ("next", "crash", "loop", "unhealthy")} <= texts
    for app in (billing, staging):
        moments = [each.created_at for each in app.releases]
        assert moments == sorted(moments)
        assert app.current == app.newest.version
