"""From a source to a release on the practice Heroku: uploads, builds, their output, slugs."""

from __future__ import annotations

import asyncio
import tarfile
from pathlib import Path

import httpx
import pytest

from tests.practice_app import archive, entry, packed, source
from tests.sandbox.heroku import yard
from tests.sandbox.heroku.town import Row, Town, in_town, town
from tests.waiting import until_async

APP = "billing-staging"
COMMIT = "9c1d4e2f7a" * 4
BAD = {
    "no archive at all": (b"not an archive", "not a whole gzipped tar"),
    "cut": (packed(source())[:400], "not a whole gzipped tar"),
    "without a Procfile": (packed({"server.py": "", "words.txt": ""}), "no Procfile"),
    "broken Procfile": (packed(source(procfile="web python\n")), "line 1 of the Procfile"),
    "empty Procfile": (packed(source(procfile="# later\n\n")), "no process type"),
    "a type twice": (packed(source(procfile="web: a\nweb: b\n")), "declares web again"),
    "Procfile in Latin": (archive((entry("Procfile"), b"web: \xe4\n")), "not UTF-8"),
    "way up": (archive((entry("../out"), b"x")), "outside of the app"),
    "way up inside": (archive((entry("a/../../out"), b"x")), "outside of the app"),
    "absolute": (archive((entry("/srv/out"), b"x")), "outside of the app"),
    "link out": (archive((entry("a", tarfile.SYMTYPE, "../b"), b"")), "link out of the app"),
    "absolute link": (archive((entry("a", tarfile.SYMTYPE, "/etc"), b"")), "link out of the app"),
    "link in the dark": (
        archive(
            (entry("x/y", tarfile.SYMTYPE, "../z/.."), b""), (entry("z", tarfile.DIRTYPE), b"")
        ),
        "link out of the app",
    ),
    "through a link": (
        archive((entry("a", tarfile.SYMTYPE, "b"), b""), (entry("a/c"), b"x")),
        "behind a",
    ),
    "hard link out": (archive((entry("a", tarfile.LNKTYPE, "/etc/passwd"), b"")), "outside"),
    "device": (archive((entry("a", tarfile.CHRTYPE), b"")), "neither a file"),
}


def test_a_source_becomes_a_slug_and_a_release() -> None:
    async def scenario(one: Town) -> None:
        before = await one.newest(APP)
        content = packed(source())
        wish = {"version": COMMIT, "version_description": "d-17/build"}
        build = await yard.begin(one, APP, content, checksum=yard.checksum(content), **wish)
        assert (build["status"], build["slug"], build["release"]) == ("pending", None, None)
        assert build["source_blob"]["version_description"] == "d-17/build"
        build = await yard.settled(one, APP, build)
        assert build["status"] == "succeeded"
        release = await one.get(f"/apps/{APP}/releases/{build['release']['id']}")
        assert release["version"] == before["version"] + 1
        assert release["description"] == f"Deploy {COMMIT[:8]}"
        assert release["slug"] == build["slug"]
        slug = await one.get(f"/apps/{APP}/slugs/{build['slug']['id']}")
        assert (slug["commit"], slug["commit_description"]) == (COMMIT, "d-17/build")
        assert slug["process_types"] == {"web": "python server.py"}
        assert slug["size"] == len(content)
        assert (await one.api.get(slug["blob"]["url"])).content == content

    in_town(scenario, scale=200)


def test_what_was_built_answers_through_the_edge_and_writes_to_the_log() -> None:
    async def scenario(one: Town) -> None:
        release = await yard.deployed(one, APP, packed(source("from a build")))
        await one.until_up(APP, release["version"])
        answer = (await one.visit(APP, "/some/path")).json()
        assert (answer["said"], answer["dyno"]) == ("from a build", "web.1")
        assert answer["path"] == "/some/path"
        lines = (
            "app[api]: Build started by user ann.berg@harbour.example",
            "app[api]: Build succeeded",
            "app[web.1]: hello from web.1",
            "app[web.1]: a warning",
            "app[web.1]: asked for /some/path",
            "heroku[web.1]: State changed from starting to up",
        )

        async def logged() -> bool:
            return all(line in yard.log(one, APP) for line in lines)

        await until_async(logged, "what happened, in the log")

    in_town(scenario, scale=200)


def test_the_next_build_replaces_what_ran_and_a_rollback_brings_it_back() -> None:
    async def scenario(one: Town) -> None:
        first = await yard.deployed(one, APP, packed(source("first")))
        await one.until_up(APP, first["version"])
        second = await yard.deployed(one, APP, packed(source("second")))
        await one.until_up(APP, second["version"])
        assert (await one.visit(APP)).json()["said"] == "second"
        back = await one.post(f"/apps/{APP}/releases", {"release": first["id"]})
        await one.until_up(APP, back["version"])
        assert (await one.visit(APP)).json()["said"] == "first"
        # The slug runs on another app as well: a promotion, or the same by hand.
        body = {"slug": first["slug"]["id"], "description": "By hand"}
        made = await one.post("/apps/billing/releases", body)
        await one.until_up("billing", made["version"])
        assert (await one.visit("billing")).json()["said"] == "first"

    in_town(scenario, scale=200)


def test_a_source_that_cannot_be_built_fails_with_a_reason_and_changes_nothing() -> None:
    async def scenario(one: Town) -> None:
        before = await one.newest(APP)
        builds = {name: await yard.begin(one, APP, content) for name, (content, _) in BAD.items()}
        for name, build in builds.items():
            row = await yard.settled(one, APP, build)
            assert (row["status"], row["release"], row["slug"]) == ("failed", None, None), name
            said = await yard.output(one, build)
            assert BAD[name][1].lower() in said.lower(), name
        assert await one.newest(APP) == before
        assert "Build failed" in yard.log(one, APP)
        left = one.world.directory / "heroku" / "running"
        assert not left.exists() or not any(left.iterdir())

    in_town(scenario, scale=500)


def test_a_checksum_or_an_address_that_is_wrong_fails_the_build() -> None:
    async def scenario(one: Town) -> None:
        content = packed(source())
        wrong = await yard.begin(one, APP, content, checksum=yard.checksum(b"another"))
        assert (await yard.settled(one, APP, wrong))["status"] == "failed"
        assert "checksum of the source is" in await yard.output(one, wrong)
        own = await yard.put(one, content)
        empty = (await one.post("/sources", {}))["source_blob"]
        for url, why in (
            ("https://code.example/archive/main.tar.gz", "fetched from elsewhere"),
            (own.replace("127.0.0.1", "10.0.0.1"), "no source of this sandbox"),
            (own[:-1], "no source of this sandbox"),
            (empty["get_url"], "nothing was PUT"),
        ):
            build = await one.post(f"/apps/{APP}/builds", {"source_blob": {"url": url}})
            assert (await yard.settled(one, APP, build))["status"] == "failed"
            assert why.lower() in (await yard.output(one, build)).lower()
        refused = {"source_blob": {"url": own, "checksum": "SHA256:short"}}
        await one.post(f"/apps/{APP}/builds", refused, status=422)
        await one.post(f"/apps/{APP}/builds", {"source_blob": {}}, status=422)
        await one.post(f"/apps/{APP}/builds", {}, status=422)

    in_town(scenario, scale=500)


def test_a_disk_that_takes_no_more_fails_the_build_and_the_boot_with_a_reason() -> None:
    async def scenario(one: Town) -> None:
        release = await yard.deployed(one, APP, packed(source()))
        await one.until_up(APP, release["version"])
        url = await yard.put(one, packed(source()))
        place = one.world.directory / "heroku" / "running"
        await one.fleet.crew(one.app(APP)).stop()
        place.rmdir()
        place.write_text("a file in the way")
        build = await one.post(f"/apps/{APP}/builds", {"source_blob": {"url": url}})
        assert (await yard.settled(one, APP, build))["status"] == "failed"
        assert "cannot write its files" in await yard.output(one, build)
        await one.api.delete(f"/apps/{APP}/dynos")
        await one.until_states(APP, "crashed")
        assert "No place to run in" in yard.log(one, APP)

    in_town(scenario, scale=500)


def test_output_can_be_read_while_it_comes_and_resumed() -> None:
    async def scenario(one: Town) -> None:
        build = await yard.begin(one, APP, packed(source()))
        path = httpx.URL(build["output_stream_url"]).path
        assert (await one.api.get(path)).status_code == 404
        whole = await yard.output(one, build)
        assert whole.startswith("-----> Building on the heroku-24 stack\n")
        assert f"Released v{(await one.newest(APP))['version']}" in whole
        rest = await one.api.get(path, headers={"range": "bytes=10-"})
        assert (rest.status_code, rest.text) == (206, whole[10:])
        events = await one.api.get(path, headers={"accept": "text/event-stream"})
        said = [line[6:] for line in events.text.splitlines() if line.startswith("data: ")]
        assert "\n".join(said) + "\n" == whole
        last = [line[4:] for line in events.text.splitlines() if line.startswith("id: ")][-2]
        headers = {"accept": "text/event-stream", "last-event-id": last}
        again = await one.api.get(path, headers=headers)
        assert again.text.count("data: ") == 1

    in_town(scenario, scale=60)


def test_builds_are_listed_cancelled_and_run_side_by_side() -> None:
    async def scenario(one: Town) -> None:
        content = packed(source())
        builds = [await yard.begin(one, APP, content, version=f"v{n}") for n in range(3)]
        rows = await one.rows(f"/apps/{APP}/builds", "created_at ..; max=15, order=desc")
        assert [row["id"] for row in rows] == [each["id"] for each in reversed(builds)]
        assert {row["status"] for row in rows} == {"pending"}
        await one.rows(f"/apps/{APP}/builds", "started_at ..; max=2")
        answer = await one.api.delete(f"/apps/{APP}/builds/{builds[0]['id']}")
        assert (answer.status_code, answer.json()["status"]) == (200, "failed")
        again = await one.api.delete(f"/apps/{APP}/builds/{builds[0]['id']}")
        assert (again.status_code, again.json()["id"]) == (422, "invalid_params")
        others = [await yard.settled(one, APP, each) for each in builds[1:]]
        assert {each["status"] for each in others} == {"succeeded"}
        assert len({each["release"]["id"] for each in others}) == 2
        assert (await one.api.get(f"/apps/{APP}/builds/{builds[0]['slug']}")).status_code == 404
        assert (await one.api.delete(f"/apps/{APP}/build-cache")).status_code == 202

    in_town(scenario, scale=60)


def test_buildpacks_are_kept_and_named_by_builds() -> None:
    async def scenario(one: Town) -> None:
        path = f"/apps/{APP}/buildpack-installations"
        assert await one.rows(path) == []
        names = ["heroku/python", "https://code.example/buildpack"]
        body = {"updates": [{"buildpack": each} for each in names]}
        answer = await one.api.put(path, json=body)
        assert answer.json()[0]["buildpack"]["url"] == "urn:buildpack:heroku/python"
        assert answer.json() == await one.rows(path)
        build = await yard.begin(one, APP, packed(source()))
        assert [each["url"] for each in build["buildpacks"]] == [
            "urn:buildpack:heroku/python",
            names[1],
        ]
        assert (await one.api.put(path, json={"updates": [{"url": "x"}]})).status_code == 422
        assert answer.json() == await one.rows(path)

    in_town(scenario)


def test_addresses_of_sources_do_one_thing_each_and_end_at_the_limit() -> None:
    async def scenario(one: Town) -> None:
        blob = (await one.post(f"/apps/{APP}/sources", {}))["source_blob"]
        one.fleet.launcher.blobs.most_bytes = 1000
        quiet = {"authorization": ""}
        assert (await one.api.get(blob["get_url"], headers=quiet)).status_code == 404
        assert (await one.api.put(blob["get_url"], content=b"x")).status_code == 403
        assert (await one.api.get(blob["put_url"])).status_code == 403
        for wrong in ("~", "é", "/more"):
            url = blob["put_url"][:-1] + wrong
            assert (await one.api.put(url, content=b"x")).status_code in {403, 404}
        assert (await one.api.put(blob["put_url"], content=b"x" * 1001)).status_code == 400
        assert (await one.api.get(blob["get_url"])).status_code == 404
        put = await one.api.put(blob["put_url"], content=b"x" * 1000, headers=quiet)
        assert put.status_code == 200
        assert (await one.api.get(blob["get_url"], headers=quiet)).content == b"x" * 1000
        kept = one.world.directory / "heroku" / "sources"
        assert [each.suffix for each in kept.iterdir()] == [".tgz"]

    in_town(scenario)


@pytest.mark.parametrize("prefix", ["", "./app/"])
def test_an_uploaded_slug_runs_once_it_is_released(prefix: str) -> None:
    async def scenario(one: Town) -> None:
        content = packed(source("a slug", procfile=""), prefix=prefix)
        wish = {
            "process_types": {"web": "python server.py"},
            "commit": COMMIT,
            "checksum": yard.checksum(content),
            "stack": "heroku-24",
        }
        slug = await one.post(f"/apps/{APP}/slugs", wish)
        assert (slug["size"], slug["blob"]["method"]) == (None, "put")
        release = {"slug": slug["id"]}
        await one.post(f"/apps/{APP}/releases", release, status=422)
        put = await one.api.put(slug["blob"]["url"], content=content)
        assert put.status_code == 200
        made = await one.post(f"/apps/{APP}/releases", release)
        assert made["description"] == f"Deploy {COMMIT[:8]}"
        await one.until_up(APP, made["version"])
        assert (await one.visit(APP)).json()["said"] == "a slug"
        shown = await one.get(f"/apps/{APP}/slugs/{slug['id']}")
        assert (shown["size"], shown["deleted_at"]) == (len(content), None)
        late = await one.api.put(slug["blob"]["url"], content=b"other")
        assert late.status_code == 403

    in_town(scenario, scale=200)


def test_a_slug_of_another_checksum_crashes_with_the_platforms_code() -> None:
    async def scenario(one: Town) -> None:
        wish = {"process_types": {"web": "true"}, "checksum": yard.checksum(b"another")}
        slug = await one.post(f"/apps/{APP}/slugs", wish)
        await one.api.put(slug["blob"]["url"], content=packed(source()))
        await one.post(f"/apps/{APP}/releases", {"slug": slug["id"]})
        await one.until_states(APP, "crashed")
        assert "heroku[web.1]: Error R17 (Checksum error)" in yard.log(one, APP)
        bodies: tuple[Row, ...] = ({}, {"process_types": {}}, {"process_types": {"a b": "x"}})
        for body in bodies:
            await one.post(f"/apps/{APP}/slugs", body, status=422)

    in_town(scenario, scale=200)


def test_a_pending_build_is_taken_up_after_a_restart(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with town(scale=1, directory=tmp_path) as one:
            build = await yard.begin(one, APP, packed(source("late")))
            lost = await one.post(
                f"/apps/{APP}/builds", {"source_blob": {"url": await yard.put(one, b"gone")}}
            )
            version = (await one.newest(APP))["version"]
        async with town(scale=500, directory=tmp_path) as one:
            row = await yard.settled(one, APP, build)
            assert row["status"] == "succeeded"
            assert (await yard.settled(one, APP, lost))["status"] == "failed"
            assert (await one.newest(APP))["version"] == version + 1
            await one.until_up(APP, version + 1)
            assert (await one.visit(APP)).json()["said"] == "late"

    asyncio.run(scenario())
