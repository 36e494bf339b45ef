"""The form of every answer of the practice Heroku: doors, headers, errors, budget."""

from __future__ import annotations

import base64

import httpx

from pilothouse.sandbox.heroku.limits import CAPACITY, RateLimit
from tests.sandbox.heroku.town import ACCEPT, BASE, TOKEN, Town, in_town


def test_every_answer_carries_the_platforms_headers() -> None:
    async def scenario(one: Town) -> None:
        answer = await one.api.get("/apps/billing", headers={"request-id": "aaa,bbb"})
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["oauth-scope"] == "global"
        assert "write" in answer.headers["oauth-scope-accepted"].split()
        assert answer.headers["ratelimit-multiplier"] == "1"
        assert answer.headers["etag"].startswith('"')
        assert answer.headers["last-modified"].endswith("GMT")
        own, *echoed = answer.headers["request-id"].split(",")
        assert len(own) == 36
        assert echoed == ["aaa", "bbb"]

    in_town(scenario)


def test_the_version_must_be_asked_for() -> None:
    async def scenario(one: Town) -> None:
        for accept in ("*/*", "application/json", "application/vnd.heroku+json; version=2"):
            answer = await one.api.get("/account", headers={"accept": accept})
            assert (answer.status_code, answer.json()["id"]) == (406, "not_acceptable")
        for accept in (ACCEPT, "application/vnd.heroku+json; version=3", "text/x, " + ACCEPT):
            answer = await one.api.get("/account", headers={"accept": accept})
            assert answer.status_code == 200

    in_town(scenario)


def test_only_the_one_token_opens_the_door() -> None:
    async def scenario(one: Town) -> None:
        def basic(text: str) -> str:
            return "Basic " + base64.b64encode(text.encode()).decode()

        good = (f"Bearer {TOKEN}", basic(f":{TOKEN}"), basic(f"ann@harbour.example:{TOKEN}"))
        bad = ("", "Bearer undefined", "Bearer", basic(f"{TOKEN}:"), "Basic !", f"Token {TOKEN}")
        for header in good:
            answer = await one.api.get("/account", headers={"authorization": header})
            assert answer.json()["email"] == "ann.berg@harbour.example"
        for header in bad:
            answer = await one.api.get("/account", headers={"authorization": header})
            assert answer.status_code == 401
            assert answer.json() == {
                "id": "unauthorized",
                "message": "Invalid credentials provided.",
            }
            assert "oauth-scope" not in answer.headers

    in_town(scenario)


def test_what_is_not_there_is_told_in_the_platforms_words() -> None:
    async def scenario(one: Town) -> None:
        told = {
            "/apps/nothing": "Couldn't find that app.",
            "/apps/billing/releases/999": "Couldn't find that release.",
            "/apps/billing/dynos/web.9": "Couldn't find that dyno.",
            "/apps/billing/features/magic": "Couldn't find that feature.",
            "/pipelines/nothing": "Couldn't find that pipeline.",
        }
        for path, message in told.items():
            answer = await one.api.get(path)
            assert (answer.status_code, answer.json()["message"]) == (404, message)
        unknown = [("GET", "/nowhere"), ("PUT", "/apps/billing"), ("POST", "/account")]
        unknown += [("GET", "/apps/"), ("PATCH", "/streams/x"), ("PATCH", "/sources/a%0A/b")]
        for method, path in unknown:
            answer = await one.api.request(method, path)
            assert (answer.status_code, answer.json()["id"]) == (404, "not_found")
            assert "Accept" in answer.json()["message"]
        noted = [(each.method, each.path) for each in one.world.not_here]
        assert noted == [(method, path.replace("%0A", "\n")) for method, path in unknown]
        schema = await one.api.get("/schema")
        assert (schema.status_code, schema.json()["id"]) == (404, "not_found")

    in_town(scenario)


def test_bodies_that_make_no_sense_are_refused() -> None:
    async def scenario(one: Town) -> None:
        broken = await one.api.patch("/apps/billing", content=b"{nope")
        assert (broken.status_code, broken.json()["id"]) == (400, "bad_request")
        listed = await one.api.patch("/apps/billing", json=[1])
        assert listed.status_code == 400
        unknown = await one.api.patch("/apps/billing", json={"color": "blue"})
        assert (unknown.status_code, unknown.json()["id"]) == (422, "invalid_params")

    in_town(scenario)


def test_a_bad_range_is_a_416() -> None:
    async def scenario(one: Town) -> None:
        answer = await one.api.get("/apps/billing/releases", headers={"range": "size .."})
        assert answer.status_code == 416
        assert answer.json()["id"] == "requested_range_not_satisfiable"

    in_town(scenario)


def test_an_unchanged_resource_is_a_304_without_a_body() -> None:
    async def scenario(one: Town) -> None:
        path = "/apps/billing/releases"
        headers = {"range": "version ..; max=5, order=desc"}
        first = await one.api.get(path, headers=headers)
        again = await one.api.get(path, headers={**headers, "if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["next-range"] == first.headers["next-range"]
        await one.deploy("billing", "next")
        changed = await one.api.get(
            path, headers={**headers, "if-none-match": first.headers["etag"]}
        )
        assert changed.status_code == 206

    in_town(scenario)


def test_each_call_costs_a_token_but_asking_for_the_rest() -> None:
    async def scenario(one: Town) -> None:
        before = int((await one.api.get("/account")).headers["ratelimit-remaining"])
        for _ in range(3):
            free = await one.api.get("/account/rate-limits")
            assert free.json() == {"remaining": int(free.headers["ratelimit-remaining"])}
        for _ in range(10):
            await one.api.get("/account")
        after = int((await one.api.get("/account")).headers["ratelimit-remaining"])
        assert before < CAPACITY
        assert before - 11 <= after < before

    in_town(scenario)


def test_a_used_up_budget_refuses_and_refills_evenly() -> None:
    now = [100.0]
    limit = RateLimit(lambda: now[0])
    assert all(limit.take() for _ in range(CAPACITY))
    assert not limit.take()
    now[0] += 60
    assert limit.remaining == 75
    now[0] += 100_000
    assert limit.remaining == CAPACITY


def test_a_full_budget_saves_nothing_up() -> None:
    now = [0.0]
    limit = RateLimit(lambda: now[0])
    now[0] += 3600
    assert sum(limit.take() for _ in range(CAPACITY + 10)) == CAPACITY
    now[0] += 0.8
    assert (limit.take(), limit.take()) == (True, False)
    limit.drain(-5)
    assert limit.remaining == 0


def test_a_refused_call_is_a_429_and_does_nothing() -> None:
    async def scenario(one: Town) -> None:
        before = await one.newest("billing")
        await one.fleet.act({"app": "billing", "do": "limits", "remaining": 0})
        refused = await one.api.post("/apps/billing/releases", json={"slug": one.slug("next").id})
        assert (refused.status_code, refused.json()["id"]) == (429, "rate_limit")
        assert refused.json()["url"].startswith("https://devcenter.heroku.com/")
        assert refused.headers["ratelimit-remaining"] == "0"
        assert (await one.api.get("/account/rate-limits")).status_code == 200
        assert one.app("billing").newest.id == before["id"]

    in_town(scenario)


def test_a_post_may_stand_for_another_verb() -> None:
    async def scenario(one: Town) -> None:
        headers = {"x-http-method-override": "PATCH"}
        answer = await one.api.post("/apps/billing", json={"maintenance": True}, headers=headers)
        assert answer.json()["maintenance"] is True

    in_town(scenario)


def test_apps_are_found_by_name_and_id_and_listed_in_all_ways() -> None:
    async def scenario(one: Town) -> None:
        billing = await one.get("/apps/billing")
        assert billing == await one.get(f"/apps/{billing['id']}")
        assert billing["web_url"] == one.fleet.edge_url("heroku:billing")
        assert httpx.URL(billing["web_url"]).host == "127.0.0.1"
        for path in ("/apps", "/users/~/apps", "/teams/harbour-works/apps"):
            names = {each["name"] for each in await one.rows(path)}
            assert names == {"billing", "billing-staging"}
        answer = await one.api.post("/filters/apps", json={"in": {"id": [billing["id"]]}})
        assert [each["name"] for each in answer.json()] == ["billing"]

    in_town(scenario)


def test_a_pipeline_knows_its_apps_and_an_app_its_pipeline() -> None:
    async def scenario(one: Town) -> None:
        mine = await one.get("/apps/billing/pipeline-couplings")
        assert (mine["stage"], mine["pipeline"]["name"]) == ("production", "billing")
        pipeline = await one.get("/pipelines/billing")
        couplings = await one.rows(f"/pipelines/{pipeline['id']}/pipeline-couplings")
        assert {each["stage"] for each in couplings} == {"production", "staging"}
        latest = await one.rows("/pipelines/billing/latest-releases")
        assert {each["app"]["name"] for each in latest} == {"billing", "billing-staging"}

    in_town(scenario)


def test_the_listed_authorization_masks_its_token() -> None:
    async def scenario(one: Town) -> None:
        (row,) = await one.rows("/oauth/authorizations")
        shown = row["access_token"]["token"]
        assert shown != TOKEN
        assert "*" * 10 in shown
        assert row["scope"] == ["global"]

    in_town(scenario)


def test_the_address_in_an_answer_is_the_one_the_client_used() -> None:
    async def scenario(one: Town) -> None:
        made = await one.post("/apps/billing/log-sessions", {"lines": 5})
        assert made["logplex_url"].startswith(f"{BASE}/")

    in_town(scenario)


def test_a_change_that_was_meant_for_an_earlier_state_is_a_412() -> None:
    async def scenario(one: Town) -> None:
        path, body = "/apps/billing", {"maintenance": True}
        seen = (await one.api.get(path)).headers["etag"]
        stale = await one.api.patch(path, json=body, headers={"if-match": '"0123"'})
        assert (stale.status_code, stale.json()["id"]) == (412, "precondition_failed")
        assert one.app("billing").maintenance is False
        for good in (seen, f'"x", W/{seen}', "*"):
            answer = await one.api.patch(path, json={}, headers={"if-match": good})
            assert answer.status_code == 200
        moved = await one.api.patch(path, json=body, headers={"if-match": seen})
        assert moved.json()["maintenance"] is True
        late = await one.api.patch(path, json={"maintenance": False}, headers={"if-match": seen})
        assert late.status_code == 412
        assert one.app("billing").maintenance is True
        gone = await one.api.delete("/apps/nowhere", headers={"if-match": "*"})
        assert gone.status_code == 404

    in_town(scenario)


def test_head_answers_like_get_without_a_body() -> None:
    async def scenario(one: Town) -> None:
        for path in ("/apps/billing", "/apps/nothing", "/nowhere"):
            whole, head = await one.api.get(path), await one.api.head(path)
            assert (head.status_code, head.content) == (whole.status_code, b"")
            for name in ("etag", "content-type", "content-length"):
                assert head.headers[name] == whole.headers[name]

    in_town(scenario)


def test_browsers_may_ask_from_anywhere() -> None:
    async def scenario(one: Town) -> None:
        asks = {"origin": "https://x.example", "access-control-request-method": "PATCH"}
        answer = await one.api.options("/apps/billing", headers=asks)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        plain = await one.api.options("/apps/billing")
        assert plain.status_code == 404

    in_town(scenario)


def test_every_list_is_paged_on_wish() -> None:
    async def scenario(one: Town) -> None:
        for path in ("/regions", "/apps/billing/features", "/apps/billing/collaborators"):
            rows = await one.rows(path)
            page = await one.api.get(path, headers={"range": "id ..; max=1"})
            assert page.status_code == 206
            assert page.headers["next-range"].startswith(f"id ]{page.json()[0]['id']}..")
            whole = await one.rows(path, "id ..; max=1000;")
            assert whole == sorted(rows, key=lambda each: str(each["id"]))

    in_town(scenario)
