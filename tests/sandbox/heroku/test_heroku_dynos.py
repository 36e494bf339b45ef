"""Dynos behind the router: nothing is lost in a good rollout, and every bad end has its page."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pilothouse.sandbox.edge import Wait
from pilothouse.sandbox.heroku.logs import LogBook, LogQuery
from pilothouse.sandbox.heroku.router import Candidate, Router
from pilothouse.sandbox.pace import Pace
from tests.sandbox.heroku.town import Row, Town, Traffic, in_town, town
from tests.waiting import until_async


async def scale_web(one: Town, app: str, **update: object) -> Row:
    body = {"updates": [{"type": "web", **update}]}
    answer = await one.api.patch(f"/apps/{app}/formation", json=body)
    assert answer.status_code == 200, answer.text
    row: Row = answer.json()[0]
    return row


def router_codes(one: Town, app: str) -> list[str]:
    lines = one.fleet.crew(one.app(app)).log.newest(LogQuery(lines=1500, process="router"))
    return [line.text.split("code=")[1][:3] for line in lines]


def test_an_app_says_which_release_answers_and_the_router_names_no_dyno() -> None:
    async def scenario(one: Town) -> None:
        answer = await one.visit("billing")
        current = await one.newest("billing")
        dynos = {each["id"] for each in await one.rows("/apps/billing/dynos")}
        said = answer.json()
        assert (said["app"], said["release"]) == ("billing", current["version"])
        assert said["artifact"] == current["slug"]["id"]
        assert said["instance"] in dynos
        assert answer.headers["server"] == "Heroku"
        assert not [value for value in answer.headers.values() if said["instance"] in value]

    in_town(scenario)


def test_steady_traffic_loses_nothing_over_a_good_rollout() -> None:
    async def scenario(one: Town) -> None:
        traffic = Traffic(one, "billing", rate=50)
        await until_async(lambda: traffic.reached(20), "some answers before")
        made = await one.deploy("billing", "next")
        starting = await one.rows("/apps/billing/dynos")
        assert {each["state"] for each in starting} == {"starting"}
        await one.until_up("billing", made["version"])
        seen = traffic.statuses[200]
        await until_async(lambda: traffic.reached(seen + 20), "some answers after")
        await traffic.finish()
        assert set(traffic.statuses) == {200}, traffic.statuses
        assert set(traffic.releases) == {made["version"] - 1, made["version"]}
        assert one.fleet.crew(one.app("billing")).edge.counters.lost == 0

    in_town(scenario, scale=20)


def test_a_slow_request_that_spans_the_switch_is_answered_by_the_old_release() -> None:
    async def scenario(one: Town) -> None:
        slow = asyncio.ensure_future(one.visit("billing", "/slow?s=1"))
        edge = one.fleet.crew(one.app("billing")).edge
        dynos = await one.rows("/apps/billing/dynos")

        async def arrived() -> bool:
            return any(edge.in_flight(each["id"]) for each in dynos)

        await until_async(arrived, "the slow request under way")
        made = await one.deploy("billing", "next")
        await one.until_up("billing", made["version"])
        answer = await slow
        assert (answer.status_code, answer.json()["release"]) == (200, made["version"] - 1)

    in_town(scenario)


def test_dynos_of_a_release_that_crashes_give_h10() -> None:
    async def scenario(one: Town) -> None:
        await one.deploy("billing", "crash")
        held = await one.visit("billing")
        assert held.status_code == 503
        await one.until_states("billing", "crashed", "crashed")
        answer = await one.visit("billing")
        assert answer.status_code == 503
        assert "Application error" in answer.text
        assert "H10" in router_codes(one, "billing")
        back = await one.post("/apps/billing/releases", {"slug": one.slug("next").id})
        await one.until_up("billing", back["version"])
        assert (await one.visit("billing")).status_code == 200

    in_town(scenario)


def test_a_crashed_dyno_starts_again_at_once_the_first_time_then_cools_off() -> None:
    async def scenario(one: Town) -> None:
        current = await one.newest("billing")
        await one.fleet.act({"app": "heroku:billing", "do": "kill", "instance": "web.1"})
        assert [each.crashes for each in one.app("billing").dynos] == [1, 0]
        assert one.app("billing").dynos[0].state != "up"
        await one.until_up("billing", current["version"])
        await one.fleet.act({"app": "heroku:billing", "do": "kill", "instance": "web.1"})
        await one.until_states("billing", "crashed", "up")
        assert (await one.visit("billing")).status_code == 200

    in_town(scenario)


def test_a_looping_release_comes_up_and_falls_again() -> None:
    async def scenario(one: Town) -> None:
        made = await one.deploy("billing", "loop")
        await one.until_up("billing", made["version"])
        assert (await one.visit("billing")).status_code == 200
        web = one.app("billing").dynos

        async def both_fell() -> bool:
            return all(each.crashes for each in web)

        await until_async(both_fell, "both dynos to exit")
        await one.until_up("billing", made["version"])

    in_town(scenario)


def test_no_web_dynos_give_h14_and_coming_back_serves() -> None:
    async def scenario(one: Town) -> None:
        row = await scale_web(one, "billing", quantity=0)
        assert row["quantity"] == 0
        assert await one.rows("/apps/billing/dynos") == []
        assert (await one.visit("billing")).status_code == 503
        assert router_codes(one, "billing") == ["H14"]
        await scale_web(one, "billing", quantity="+2")
        assert (await one.visit("billing")).status_code == 200

    in_town(scenario)


def test_maintenance_mode_is_the_routers_page_and_no_release() -> None:
    async def scenario(one: Town) -> None:
        before = await one.newest("billing")
        await one.api.patch("/apps/billing", json={"maintenance": True})
        answer = await one.visit("billing")
        assert answer.status_code == 503
        assert "maintenance" in answer.text
        assert router_codes(one, "billing") == ["H80"]
        await one.api.patch("/apps/billing", json={"maintenance": False})
        assert (await one.visit("billing")).status_code == 200
        assert (await one.newest("billing"))["id"] == before["id"]

    in_town(scenario)


def test_a_dyno_that_never_comes_up_makes_the_router_give_up_with_h20() -> None:
    async def scenario(one: Town) -> None:
        app = one.app("billing")
        dyno = app.dynos[0]
        dyno.state = "starting"
        log = LogBook()
        router = Router(app, Pace(20), lambda: [Candidate(dyno, None)], log.router)
        route = router.route({})
        assert isinstance(route, Wait)
        assert route.timeout_s == 75 / 20
        assert route.refusal.code == "H20"

    in_town(scenario)


def test_scaling_takes_numbers_digits_and_steps_and_keeps_the_dynos_that_stay() -> None:
    async def scenario(one: Town) -> None:
        before = {each["name"]: each["id"] for each in await one.rows("/apps/billing/dynos")}
        assert (await scale_web(one, "billing", quantity="3"))["quantity"] == 3
        assert (await scale_web(one, "billing", quantity="-1"))["quantity"] == 2
        after = {each["name"]: each["id"] for each in await one.rows("/apps/billing/dynos")}
        assert after == before
        sized = await scale_web(one, "billing", size="performance-m")
        assert sized["size"] == "Performance-M"
        resized = {each["id"] for each in await one.rows("/apps/billing/dynos")}
        assert not resized & set(after.values())
        for wrong in ({"quantity": "many"}, {"quantity": -1}, {"size": "huge"}):
            body = {"updates": [{"type": "web", **wrong}]}
            answer = await one.api.patch("/apps/billing/formation", json=body)
            assert answer.status_code == 422
        body = {"updates": [{"type": "clock", "quantity": 1}]}
        assert (await one.api.patch("/apps/billing/formation", json=body)).status_code == 404

    in_town(scenario)


def test_a_restart_replaces_the_dynos_and_loses_nothing() -> None:
    async def scenario(one: Town) -> None:
        before = await one.rows("/apps/billing/dynos")
        traffic = Traffic(one, "billing", rate=50)
        one_of_two = await one.api.delete("/apps/billing/dynos/web.1")
        assert (one_of_two.status_code, one_of_two.json()) == (202, {})
        assert (await one.api.delete("/apps/billing/dynos")).status_code == 202
        await one.until_up("billing", before[0]["release"]["version"])
        await traffic.finish()
        after = await one.rows("/apps/billing/dynos")
        assert [each["name"] for each in after] == [each["name"] for each in before]
        assert not {each["id"] for each in after} & {each["id"] for each in before}
        assert set(traffic.statuses) == {200}

    in_town(scenario)


def test_preboot_lets_the_old_set_serve_to_the_end_of_the_window() -> None:
    async def scenario(one: Town) -> None:
        path = "/apps/billing/features/preboot"
        assert (await one.get(path))["enabled"] is False
        assert (await one.api.patch(path, json={"enabled": True})).json()["enabled"] is True
        old = await one.newest("billing")
        traffic = Traffic(one, "billing", rate=50)
        made = await one.deploy("billing", "next")
        await one.until_up("billing", made["version"])
        assert (await one.visit("billing")).json()["release"] == old["version"]

        async def switched() -> bool:
            said: Row = (await one.visit("billing")).json()
            return bool(said["release"] == made["version"])

        await until_async(switched, "traffic on the new set")
        await traffic.finish()
        assert set(traffic.statuses) == {200}
        assert one.app("billing").hidden == []

    in_town(scenario, scale=120)


def test_a_second_release_in_the_window_leaves_the_serving_set_alone() -> None:
    async def scenario(one: Town) -> None:
        await one.api.patch("/apps/billing/features/preboot", json={"enabled": True})
        old = await one.newest("billing")
        await one.deploy("billing", "crash")
        await one.until_states("billing", "crashed", "crashed")
        good = await one.deploy("billing", "next")
        await one.until_up("billing", good["version"])
        assert (await one.visit("billing")).json()["release"] == old["version"]

    in_town(scenario, scale=20)


def test_dynos_and_addresses_outlive_a_restart_of_the_sandbox(tmp_path: Path) -> None:
    async def run() -> None:
        async with town(directory=tmp_path) as one:
            made = await one.deploy("billing", "next")
            await one.until_up("billing", made["version"])
            dynos = await one.rows("/apps/billing/dynos")
            url = (await one.get("/apps/billing"))["web_url"]
        async with town(directory=tmp_path) as one:
            again = await one.rows("/apps/billing/dynos")
            assert [each["id"] for each in again] == [each["id"] for each in dynos]
            assert {each["state"] for each in again} == {"up"}
            assert (await one.get("/apps/billing"))["web_url"] == url
            assert (await one.visit("billing")).json()["release"] == made["version"]

    asyncio.run(run())


def test_the_control_view_names_instances_releases_and_counts() -> None:
    async def scenario(one: Town) -> None:
        await one.visit("billing")
        billing = next(each for each in one.fleet.describe() if each["app"] == "heroku:billing")
        assert [each["state"] for each in billing["instances"]] == ["up", "up"]
        assert billing["releases"][0]["version"] == billing["release"]
        assert billing["edge"]["requests"] == 1

    in_town(scenario)


def test_a_colleague_may_release_and_change_secrets_meanwhile() -> None:
    async def scenario(one: Town) -> None:
        mine = (await one.get("/account"))["id"]
        for wish in ("foreign-deploy", "set-secrets"):
            before = await one.newest("billing")
            await one.fleet.act({"app": "billing", "do": wish})
            made = await one.newest("billing")
            assert made["version"] == before["version"] + 1
            assert made["user"]["id"] != mine

    in_town(scenario)


def test_a_dyno_can_fall_ill_without_the_platform_noticing() -> None:
    async def scenario(one: Town) -> None:
        for name in ("web.1", "web.2"):
            wish = {"app": "billing", "do": "sicken", "instance": name, "behaviour": "unhealthy"}
            await one.fleet.act(wish)
        assert (await one.visit("billing", "/healthz")).status_code == 503
        assert (await one.visit("billing")).status_code == 200
        assert {each["state"] for each in await one.rows("/apps/billing/dynos")} == {"up"}

    in_town(scenario)


def test_wishes_for_what_is_not_there_are_refused() -> None:
    async def scenario(one: Town) -> None:
        for wish in (
            {"app": "nothing", "do": "kill"},
            {"app": "billing", "do": "kill", "instance": "web.9"},
            {"app": "billing", "do": "dance"},
            {"app": "billing", "do": "expire", "release": one.app("billing").current},
            {"app": "billing", "do": "foreign-deploy", "artifact": "nothing"},
        ):
            with pytest.raises(ValueError, match=r"no such|cannot do"):
                await one.fleet.act(wish)

    in_town(scenario)
