"""Apps and pipelines of the practice Heroku that come, change and go."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from tests.sandbox.heroku.town import Row, Town, in_town, town_again


def test_a_new_app_has_two_releases_an_address_and_no_code() -> None:
    async def scenario(one: Town) -> None:
        made = await one.post("/apps", {"name": "quay"})
        assert (made["name"], made["stack"]["name"]) == ("quay", "heroku-24")
        rows = await one.rows("/apps/quay/releases")
        assert [each["description"] for each in rows] == ["Initial release", "Enable Logplex"]
        assert [each["current"] for each in rows] == [False, True]
        assert await one.rows("/apps/quay/dynos") == await one.rows("/apps/quay/formation") == []
        answer = await one.web.get(made["web_url"])
        assert (answer.status_code, "No code here yet" in answer.text) == (502, True)
        released = await one.deploy("quay", "next")
        assert released["version"] == 3
        await one.until_up("quay", 3)
        assert (await one.visit("quay")).json()["release"] == 3

    in_town(scenario)


def test_an_app_without_a_name_is_given_one_and_no_two_are_alike() -> None:
    async def scenario(one: Town) -> None:
        names = {(await one.post("/apps", {}))["name"] for _ in range(5)}
        assert len(names) == 5
        assert all(re.fullmatch(r"[a-z]+-[a-z]+-\d{5}", each) for each in names)

    in_town(scenario)


def test_two_wishes_for_one_name_make_one_app() -> None:
    async def scenario(one: Town) -> None:
        wishes = [one.api.post("/apps", json={"name": "quay"}) for _ in range(8)]
        statuses = [each.status_code for each in await asyncio.gather(*wishes)]
        assert sorted(statuses) == [201] + [422] * 7
        assert [each.name for each in one.world.heroku.apps].count("quay") == 1

    in_town(scenario)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "billing"},
        {"name": "Quay"},
        {"name": "q"},
        {"name": "1quay"},
        {"name": "quay-"},
        {"name": "q" * 31},
        {"name": 5},
        {"name": ""},
        {"stack": "cedar-14"},
        {"region": "mars"},
        {"colour": "red"},
    ],
)
def test_an_app_that_cannot_be_is_refused(body: Row) -> None:
    async def scenario(one: Town) -> None:
        answer = await one.api.post("/apps", json=body)
        assert (answer.status_code, answer.json()["id"]) == (422, "invalid_params")
        assert len(one.world.heroku.apps) == 2

    in_town(scenario)


def test_a_renamed_app_is_the_same_app_under_another_name() -> None:
    async def first(one: Town) -> str:
        before = await one.get("/apps/billing")
        after = await one.patch("/apps/billing", {"name": "invoices"})
        assert (after["id"], after["web_url"]) == (before["id"], before["web_url"])
        assert (await one.api.get("/apps/billing")).status_code == 404
        assert len(await one.rows("/apps/invoices/releases")) == 84
        assert (await one.visit("invoices")).status_code == 200
        made = await one.deploy("invoices", "next")
        await one.until_up("invoices", made["version"])
        assert "Try next by user" in await one.log("invoices", {"source": "app"})
        assert "invoices" in {each["name"] for each in await one.rows("/apps")}
        taken = await one.api.patch("/apps/billing-staging", json={"name": "invoices"})
        assert taken.status_code == 422
        return str(after["web_url"])

    async def second(one: Town, url: str) -> None:
        assert (await one.get("/apps/invoices"))["web_url"] == url
        assert (await one.visit("invoices")).status_code == 200

    town_again(first, second)


def test_a_destroyed_app_is_gone_with_all_it_had() -> None:
    async def first(one: Town) -> None:
        made = await one.deploy("billing", "release-slow")
        assert made["status"] == "pending"
        url = (await one.get("/apps/billing"))["web_url"]
        await one.delete("/apps/billing")
        assert (await one.api.get("/apps/billing")).status_code == 404
        with pytest.raises(httpx.ConnectError):
            await one.web.get(url)
        couplings = await one.rows("/pipelines/billing/pipeline-couplings")
        assert [each["stage"] for each in couplings] == ["staging"]
        assert {each["app"] for each in one.fleet.describe()} == {"heroku:billing-staging"}
        again = await one.post("/apps", {"name": "billing"})
        assert len(await one.rows(f"/apps/{again['id']}/releases")) == 2

    async def second(one: Town, _given: None) -> None:
        assert {each["name"] for each in await one.rows("/apps")} == {"billing", "billing-staging"}
        assert len(await one.rows("/apps/billing/releases")) == 2

    town_again(first, second)


def test_the_next_stack_is_chosen_and_the_present_one_stays() -> None:
    async def scenario(one: Town) -> None:
        after = await one.patch("/apps/billing", {"build_stack": "heroku-22"})
        assert (after["stack"]["name"], after["build_stack"]["name"]) == ("heroku-24", "heroku-22")
        stack = await one.get("/stacks/heroku-24")
        after = await one.patch("/apps/billing", {"build_stack": {"id": stack["id"]}})
        assert after["build_stack"] == {"id": stack["id"], "name": "heroku-24"}
        bad = await one.api.patch("/apps/billing", json={"maintenance": True, "build_stack": "x"})
        assert bad.status_code == 422
        assert one.app("billing").maintenance is False

    in_town(scenario)


def test_collaborators_come_and_go_but_the_owner() -> None:
    async def scenario(one: Town) -> None:
        path = "/apps/billing/collaborators"
        made = await one.post(path, {"user": "New.Hand@harbour.example", "silent": True})
        assert made["user"]["email"] == "new.hand@harbour.example"
        again = await one.api.post(path, json={"user": made["user"]["id"]})
        assert again.status_code == 422
        assert (await one.api.post(path, json={"user": "nobody"})).status_code == 404
        await one.delete(f"{path}/{made['id']}")
        assert (await one.api.get(f"{path}/{made['id']}")).status_code == 404
        owner = await one.get("/account")
        assert (await one.api.delete(f"{path}/{owner['email']}")).status_code == 403

    in_town(scenario)


def test_the_apps_of_somebody_else_are_not_told() -> None:
    async def scenario(one: Town) -> None:
        for path in ("/users/jonas.weil@harbour.example/apps", "/teams/others/apps", "/users/x"):
            assert (await one.api.get(path)).status_code == 404

    in_town(scenario)


def test_features_are_switched_and_restart_nothing() -> None:
    async def scenario(one: Town) -> None:
        before = [each["id"] for each in await one.rows("/apps/billing/dynos")]
        names = {each["name"] for each in await one.rows("/apps/billing/features")}
        assert {"preboot", "runtime-dyno-metadata", "log-runtime-metrics"} <= names
        for name in names:
            await one.patch(f"/apps/billing/features/{name}", {"enabled": True})
        rows = await one.rows("/apps/billing/features")
        assert all(each["enabled"] for each in rows)
        assert not any(each["enabled"] for each in await one.rows("/apps/billing-staging/features"))
        assert [each["id"] for each in await one.rows("/apps/billing/dynos")] == before

    in_town(scenario)


def test_dynos_of_different_tiers_do_not_mix_and_preboot_wants_large_ones() -> None:
    async def scenario(one: Town) -> None:
        path = "/apps/billing/formation"
        mixed = {
            "updates": [
                {"type": "web", "quantity": 3},
                {"type": "worker", "quantity": 1, "size": "eco"},
            ]
        }
        assert (await one.api.patch(path, json=mixed)).status_code == 422
        assert len(one.app("billing").dynos) == 2
        await one.patch("/apps/billing/features/preboot", {"enabled": True})
        small = await one.api.patch(f"{path}/web", json={"size": "basic"})
        assert (small.status_code, "Preboot" in small.json()["message"]) == (422, True)
        await one.patch("/apps/billing/features/preboot", {"enabled": False})
        await one.patch(f"{path}/web", {"size": "basic"})
        refused = await one.api.patch("/apps/billing/features/preboot", json={"enabled": True})
        assert refused.status_code == 422
        text = await one.log("billing", {"source": "app"})
        assert "Scaled to web@2:Basic" in text

    in_town(scenario)


def test_container_releases_and_custom_domains_are_refused_and_noted() -> None:
    async def scenario(one: Town) -> None:
        update = {"updates": [{"type": "web", "docker_image": "sha256:1"}]}
        released = await one.api.patch("/apps/billing/formation", json=update)
        named = await one.api.post("/apps/billing/domains", json={"hostname": "a.example"})
        for answer in (released, named):
            assert (answer.status_code, answer.json()["id"]) == (422, "invalid_params")
            assert "sandbox" in answer.json()["message"]
        noted = [(each.method, each.path) for each in one.world.not_here]
        assert noted == [("PATCH", "/apps/billing/formation"), ("POST", "/apps/billing/domains")]

    in_town(scenario)


def test_a_formation_is_stopped_by_type_and_comes_back() -> None:
    async def scenario(one: Town) -> None:
        before = {each["id"] for each in await one.rows("/apps/billing/dynos")}
        path = "/apps/billing/formations/web/actions/stop"
        assert await one.post(path, {}, status=202) == {}
        after = {each["id"] for each in await one.rows("/apps/billing/dynos")}
        assert not before & after
        assert (await one.api.post(path.replace("web", "cron"))).status_code == 404

    in_town(scenario)


def test_a_pipeline_is_made_filled_renamed_and_taken_apart() -> None:
    async def scenario(one: Town) -> None:
        made = await one.post("/pipelines", {"name": "harbour"})
        for body in ({"name": "harbour"}, {"name": "No"}, {}, {"name": "x" * 40}):
            assert (await one.api.post("/pipelines", json=body)).status_code == 422
        app = await one.post("/apps", {"name": "quay"})
        wish: Row = {"app": app["id"], "pipeline": made["id"], "stage": "staging"}
        for wrong in ({"stage": "moon"}, {"app": 5}, {"pipeline": None}):
            answer = await one.api.post("/pipeline-couplings", json={**wish, **wrong})
            assert answer.status_code == 422
        coupling = await one.post("/pipeline-couplings", wish)
        assert (await one.api.post("/pipeline-couplings", json=wish)).status_code == 422
        place = f"/pipeline-couplings/{coupling['id']}"
        assert (await one.patch(place, {"stage": "production"}))["stage"] == "production"
        await one.patch(f"/pipelines/{made['id']}", {"name": "harbours"})
        assert (await one.get("/apps/quay/pipeline-couplings"))["pipeline"]["name"] == "harbours"
        await one.delete("/pipelines/harbours")
        assert (await one.api.get("/apps/quay/pipeline-couplings")).status_code == 404
        assert (await one.api.get(place)).status_code == 404

    in_town(scenario)


def test_latest_deployments_skip_what_changed_no_code() -> None:
    async def scenario(one: Town) -> None:
        made = await one.deploy("billing", "next")
        await one.patch("/apps/billing/config-vars", {"COLOUR": "blue"})
        path = "/pipelines/billing"
        releases = await one.rows(f"{path}/latest-releases")
        deployments = await one.rows(f"{path}/latest-deployments")
        mine = [
            next(each["version"] for each in rows if each["app"]["name"] == "billing")
            for rows in (releases, deployments)
        ]
        assert mine == [made["version"] + 1, made["version"]]

    in_town(scenario)


def test_a_release_that_is_not_good_is_not_promoted() -> None:
    async def scenario(one: Town) -> None:
        staging, billing = one.app("billing-staging"), one.app("billing")
        bad = next(each for each in staging.releases if each.status == "failed")
        pipeline = await one.get("/pipelines/billing")
        before = billing.newest

        def wish(*targets: str, **source: Row) -> Row:
            return {
                "pipeline": {"id": pipeline["id"]},
                "source": {"app": {"id": staging.id}, **source},
                "targets": [{"app": {"id": each}} for each in targets],
            }

        for body in (
            wish(billing.id, release={"id": bad.id}),
            wish(billing.id, billing.id),
            wish(staging.id),
            wish(),
        ):
            answer = await one.api.post("/pipeline-promotions", json=body)
            assert answer.status_code == 422, answer.text
        assert billing.newest is before

    in_town(scenario)
