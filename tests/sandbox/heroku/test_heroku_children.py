"""Apps that really run on the practice Heroku: child processes, their lives and their ends."""

from __future__ import annotations

from typing import Any

from tests.practice_app import WEB, packed, source
from tests.sandbox.heroku import yard
from tests.sandbox.heroku.town import Row, Town, in_town
from tests.waiting import until, until_async

APP = "billing-staging"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("not yet", flush=True))
print("stubborn", flush=True)
while True:
    time.sleep(60)
"""
POLITE = """
import signal, sys, time
def leave(*_):
    print("putting the tools away", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("at work", flush=True)
while True:
    time.sleep(60)
"""


async def until_logged(one: Town, *texts: str) -> str:
    """The log of the app, once it holds all these texts."""

    async def look() -> str | None:
        lines = yard.log(one, APP)
        return lines if all(text in lines for text in texts) else None

    lines = await until_async(look, f"in the log: {texts}")
    assert lines is not None
    return lines


async def scale(one: Town, **quantities: int) -> None:
    updates = [{"type": name, "quantity": count} for name, count in quantities.items()]
    await one.patch(f"/apps/{APP}/formation", {"updates": updates})


async def run(one: Town, command: str, **more: Any) -> Row:
    return await one.post(f"/apps/{APP}/dynos", {"command": command, **more})


async def gone(one: Town, dyno: Row) -> None:
    async def look() -> bool:
        return (await one.api.get(f"/apps/{APP}/dynos/{dyno['id']}")).status_code == 404

    await until_async(look, f"the end of {dyno['name']}")


def test_a_dyno_sees_its_config_and_nothing_of_the_sandbox(monkeypatch: Any) -> None:
    monkeypatch.setenv("SANDBOX_OWN_SECRET", "must not be seen")

    async def scenario(one: Town) -> None:
        await one.patch(f"/apps/{APP}/config-vars", {"GREETING": "ahoy", "DYNO": "mine"})
        release = await yard.deployed(one, APP, packed(source()), version="a1b2c3d4e5")
        await one.until_up(APP, release["version"])
        seen = (await one.visit(APP)).json()["environment"]
        assert (seen["GREETING"], seen["DYNO"]) == ("ahoy", "web.1")
        assert seen["PORT"].isdigit()
        assert seen["PWD"] == seen["HOME"]
        assert "SANDBOX_OWN_SECRET" not in seen
        assert not any(one.world.token in value for value in seen.values())
        assert not any(name.startswith("HEROKU_") for name in seen)
        await one.patch(f"/apps/{APP}/features/runtime-dyno-metadata", {"enabled": True})
        await one.api.delete(f"/apps/{APP}/dynos")
        await one.until_up(APP, release["version"])
        seen = (await one.visit(APP)).json()["environment"]
        assert seen["HEROKU_APP_NAME"] == APP
        assert seen["HEROKU_RELEASE_VERSION"] == f"v{release['version']}"
        assert seen["HEROKU_SLUG_COMMIT"] == "a1b2c3d4e5"

    in_town(scenario, scale=200)


def test_every_dyno_has_files_of_its_own() -> None:
    async def scenario(one: Town) -> None:
        procfile = WEB + "worker: echo changed > words.txt; cat words.txt; sleep 60\n"
        release = await yard.deployed(one, APP, packed(source("as built", procfile)))
        await scale(one, web=2, worker=1)
        await one.until_up(APP, release["version"])
        await until_logged(one, "app[worker.1]: changed")
        answers = [(await one.visit(APP)).json() for _ in range(12)]
        assert {each["dyno"] for each in answers} == {"web.1", "web.2"}
        assert {each["said"] for each in answers} == {"as built"}
        assert len({each["environment"]["HOME"] for each in answers}) == 2

    in_town(scenario, scale=200)


def test_a_process_that_exits_is_a_crash_with_its_status_and_starts_again() -> None:
    async def scenario(one: Town) -> None:
        await yard.deployed(one, APP, packed(source(procfile="web: echo no luck; exit 3\n")))
        lines = await until_logged(one, "Process exited with status 3")
        assert "app[web.1]: no luck" in lines
        await one.until_states(APP, "crashed")
        assert (await one.visit(APP)).status_code == 503

        async def again() -> bool:
            return one.app(APP).dynos[0].crashes > 1

        await until_async(again, "another crash")
        good = await yard.deployed(one, APP, packed(source("mended")))
        await one.until_up(APP, good["version"])
        dyno = one.app(APP).dynos[0]
        assert one.fleet.crew(one.app(APP)).processes.kill(dyno)
        await until_logged(
            one, "State changed from up to crashed", "Process exited with status 137"
        )
        await one.until_up(APP, good["version"])
        assert (await one.visit(APP)).json()["said"] == "mended"

    in_town(scenario, scale=200)


def test_a_web_process_that_never_listens_ends_with_r10() -> None:
    async def scenario(one: Town) -> None:
        one.app(APP).boot_limit_s = 0.3
        await yard.deployed(one, APP, packed(source(procfile="web: sleep 60\n")))
        lines = await until_logged(one, "Error R10 (Boot timeout)", "to crashed")
        assert "Stopping process with SIGKILL" in lines
        assert "Process exited with status 137" in lines

    in_town(scenario, scale=200)


def test_the_router_waits_for_a_boot_as_long_as_it_really_takes() -> None:
    async def scenario(one: Town) -> None:
        # Seventy-five seconds of this town are over long before.
        procfile = "web: sleep 1; python server.py\n"
        await yard.deployed(one, APP, packed(source("worth waiting for", procfile)))
        answer = await one.visit(APP)
        assert (answer.status_code, answer.json()["said"]) == (200, "worth waiting for")

    in_town(scenario, scale=500)


def test_with_preboot_the_old_process_serves_until_the_window_closes() -> None:
    async def scenario(one: Town) -> None:
        first = await yard.deployed(one, APP, packed(source("old")))
        await one.until_up(APP, first["version"])
        await one.patch(f"/apps/{APP}/features/preboot", {"enabled": True})
        second = await yard.deployed(one, APP, packed(source("new")))
        assert second["current"]
        assert (await one.visit(APP)).json()["said"] == "old"

        async def moved() -> bool:
            return bool((await one.visit(APP)).json()["said"] == "new")

        await until_async(moved, "traffic on the new process")
        assert one.fleet.crew(one.app(APP)).edge.counters.lost == 0

    in_town(scenario, scale=120)


def test_a_worker_is_asked_to_end_and_killed_when_it_does_not() -> None:
    async def scenario(one: Town) -> None:
        procfile = WEB + "worker: python polite.py\nstubborn: python stubborn.py; true\n"
        files = {"polite.py": POLITE, "stubborn.py": STUBBORN}
        release = await yard.deployed(one, APP, packed(source("x", procfile, **files)))
        one.fleet.crew(one.app(APP)).processes.stop_s = 0.5
        await scale(one, worker=1, stubborn=1)
        await one.until_up(APP, release["version"])
        await until_logged(one, "app[worker.1]: at work", "app[stubborn.1]: stubborn")
        await scale(one, worker=0, stubborn=0)
        lines = await until_logged(
            one,
            "app[worker.1]: putting the tools away",
            "app[stubborn.1]: not yet",
            "heroku[stubborn.1]: Process exited with status 137",
        )
        assert "heroku[stubborn.1]: Error R12 (Exit timeout)" in lines
        assert "heroku[worker.1]: Error R12" not in lines

    in_town(scenario, scale=200)


def test_a_release_command_runs_for_real_and_its_exit_code_decides() -> None:
    async def scenario(one: Town) -> None:
        procfile = WEB + "release: sh ./migrate.sh\n"
        good = packed(source("good", procfile, **{"migrate.sh": "echo from $DYNO; echo done\n"}))
        release = await yard.deployed(one, APP, good)
        assert (release["status"], release["current"]) == ("succeeded", True)
        said = await yard.output(one, release)
        assert said.startswith("from release.")
        assert said.endswith("\ndone\n")
        await one.until_up(APP, release["version"])
        bad = packed(source("bad", procfile, **{"migrate.sh": "echo trouble >&2; exit 4\n"}))
        failed = await yard.deployed(one, APP, bad)
        assert (failed["status"], failed["current"]) == ("failed", False)
        assert await yard.output(one, failed) == "trouble\n"
        assert (await one.newest(APP))["id"] == failed["id"]
        assert (await one.visit(APP)).json()["said"] == "good"
        assert "Process exited with status 4" in yard.log(one, APP)

    in_town(scenario, scale=200)


def test_a_one_off_dyno_runs_beside_the_others_until_it_ends() -> None:
    async def scenario(one: Town) -> None:
        release = await yard.deployed(one, APP, packed(source("here")))
        await one.until_up(APP, release["version"])
        dyno = await run(one, "cat words.txt; echo; echo $MOOD; sleep 60", env={"MOOD": "calm"})
        assert (dyno["type"], dyno["attach_url"]) == ("run", None)
        name = dyno["name"]
        await until_logged(one, f"app[{name}]: here", f"app[{name}]: calm", f"[{name}]: State")
        assert name in {each["name"] for each in await one.rows(f"/apps/{APP}/dynos")}
        assert (await one.api.delete(f"/apps/{APP}/dynos/{name}")).status_code == 202
        await gone(one, dyno)
        await until_logged(one, f"heroku[{name}]: State changed from up to complete")
        good = await run(one, "exit 0", type="job")
        await gone(one, good)
        await until_logged(one, f"heroku[{good['name']}]: Process exited with status 0")
        short = await run(one, "sleep 60", time_to_live=1)
        await gone(one, short)
        await until_logged(one, f"heroku[{short['name']}]: Process exited with status 143")
        assert len(await one.rows(f"/apps/{APP}/dynos")) == 1

    in_town(scenario, scale=200)


def test_a_one_off_dyno_that_cannot_be_is_refused() -> None:
    async def scenario(one: Town) -> None:
        await one.post("/apps/billing/dynos", {"command": "ls"}, status=422)
        release = await yard.deployed(one, APP, packed(source()))
        await one.until_up(APP, release["version"])
        for body in (
            {},
            {"command": "ls", "attach": True},
            {"command": "ls", "time_to_live": 90_000},
            {"command": "ls", "env": {"A": 1}},
            {"command": "ls", "size": "huge"},
            {"command": "ls", "type": "a b"},
            {"command": "ls", "shell": "zsh"},
        ):
            answer = await one.post(f"/apps/{APP}/dynos", body, status=422)
            assert answer["id"] == "invalid_params"
        assert one.app(APP).one_offs == []

    in_town(scenario, scale=200)


def test_an_app_that_is_destroyed_takes_its_builds_and_processes_along() -> None:
    async def scenario(one: Town) -> None:
        release = await yard.deployed(one, APP, packed(source()))
        await one.until_up(APP, release["version"])
        pid = (await one.visit(APP)).json()["pid"]
        dyno = await run(one, "echo at work; sleep 60")
        await until_logged(one, f"app[{dyno['name']}]: at work")
        await yard.begin(one, APP, packed(source()))
        await one.delete(f"/apps/{APP}")

        async def ended() -> bool:
            return not yard.lives(pid)

        await until_async(ended, "the end of the web process")
        assert not list((one.world.directory / "heroku" / "running").iterdir())

    in_town(scenario, scale=60)


def test_nothing_runs_on_when_the_town_has_closed() -> None:
    pids: list[int] = []

    async def scenario(one: Town) -> None:
        procfile = "web: python server.py & wait\nworker: python stubborn.py\n"
        files = {"stubborn.py": STUBBORN}
        release = await yard.deployed(one, APP, packed(source("x", procfile, **files)))
        await scale(one, web=2, worker=1)
        await one.until_up(APP, release["version"])
        await until_logged(one, "app[worker.1]: stubborn")
        pids.extend({(await one.visit(APP)).json()["pid"] for _ in range(12)})
        assert len(pids) == 2

    in_town(scenario, scale=200)
    # Orphans are dead at once, but stay listed until the system has looked after them.
    until(lambda: not any(yard.lives(pid) for pid in pids), "the end of every process")
