"""A walk through the endpoints of sources, builds, slugs and one-off dynos, in every state."""

from __future__ import annotations

from tests.practice_app import packed, source
from tests.sandbox.heroku import yard
from tests.sandbox.heroku.town import Town

APP = "billing-staging"
WORKER = "worker: cat\n"


async def builds(one: Town) -> None:
    bad = await yard.begin(one, APP, b"no archive at all", version="9c1d4e2f7a")
    assert bad["status"] == "pending"
    assert (await yard.settled(one, APP, bad))["status"] == "failed"
    content = packed(source(procfile=WORKER))
    good = await yard.begin(one, APP, content, version_description="one", version="1" * 40)
    assert (await yard.settled(one, APP, good))["status"] == "succeeded"
    await one.rows(f"/apps/{APP}/builds", "created_at ..; max=10, order=desc")
    cancelled = await yard.begin(one, APP, content)
    await one.delete(f"/apps/{APP}/builds/{cancelled['id']}")
    await one.rows(f"/apps/{APP}/builds")
    emptied = await one.api.delete(f"/apps/{APP}/build-cache")
    assert emptied.status_code == 202
    await one.post(f"/apps/{APP}/sources", {})


async def buildpacks(one: Town) -> None:
    path = f"/apps/{APP}/buildpack-installations"
    for named in ("heroku/python", "https://github.com/heroku/heroku-buildpack-python"):
        answer = await one.api.put(path, json={"updates": [{"buildpack": named}]})
        assert answer.status_code == 200
        assert len(await one.rows(path)) == 1


async def slugs(one: Town) -> None:
    made = await one.post(f"/apps/{APP}/slugs", {"process_types": {"worker": "cat"}})
    whole = {"process_types": {"web": "run"}, "commit": "a" * 40, "commit_description": "One"}
    await one.post(f"/apps/{APP}/slugs", whole)
    await one.get(f"/apps/{APP}/slugs/{made['id']}")


async def one_offs(one: Town) -> None:
    made = await one.post(f"/apps/{APP}/dynos", {"command": "cat", "time_to_live": 60})
    names = {each["name"] for each in await one.rows(f"/apps/{APP}/dynos")}
    assert made["name"] in names
    answer = await one.api.post(f"/apps/{APP}/dynos/{made['name']}/actions/stop")
    assert answer.status_code == 202


PARTS = (builds, buildpacks, slugs, one_offs)
