"""Child processes of the sandbox by themselves: what is heard of them, and how they end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from pilothouse.sandbox.child import BootTimeoutError, Child, ChildError, Ears, Order, free_port
from pilothouse.sandbox.watchdog import Watchdog
from tests.waiting import until_async


class Nursery:
    """Makes children in directories of their own, and keeps what is heard of them."""

    def __init__(self, directory: Path) -> None:
        self.lines: list[str] = []
        self.exits: list[int] = []
        self.watchdog = Watchdog()
        self._directory = directory
        self._made = 0

    def child(self, command: str, *, port: int | None = None) -> Child:
        self._made += 1
        home = self._directory / str(self._made)

        async def prepare() -> Order:
            home.mkdir()
            surroundings = {"PATH": os.environ["PATH"]}
            return Order(command, home, home, surroundings, port, boot_limit_s=0.2)

        return Child(prepare, Ears(self.lines.append, self.exits.append), self.watchdog)

    def left(self) -> list[Path]:
        return list(self._directory.iterdir())

    async def until_exit(self, *codes: int) -> None:
        async def look() -> bool:
            return self.exits == list(codes)

        await until_async(look, f"exits {codes}")

    async def until_heard(self, line: str) -> None:
        async def look() -> bool:
            return line in self.lines

        await until_async(look, f"the line {line!r}")


async def turn() -> None:
    """Let everything that is ready in the loop go one step on."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_soon(done.set_result, None)
    await done


def in_nursery(directory: Path, scenario: Callable[[Nursery], Awaitable[None]]) -> None:
    async def run() -> None:
        nursery = Nursery(directory)
        try:
            await scenario(nursery)
        finally:
            await nursery.watchdog.close()
        assert nursery.left() == []

    asyncio.run(run())


def test_every_line_is_heard_whatever_it_is_made_of(tmp_path: Path) -> None:
    async def scenario(nursery: Nursery) -> None:
        child = nursery.child(
            "echo one; echo two >&2; printf '\\377\\n'; printf 'cr\\r\\n\\n'; "
            "head -c 25000 /dev/zero | tr '\\0' x; printf '\\nend'"
        )
        await child.start(0)
        await nursery.until_exit(0)
        assert nursery.lines[:5] == ["one", "two", "\ufffd", "cr", ""]
        assert "".join(nursery.lines[5:-1]) == "x" * 25_000
        assert max(map(len, nursery.lines)) <= 10_000 + 65_536
        assert nursery.lines[-1] == "end"

    in_nursery(tmp_path, scenario)


@pytest.mark.parametrize(("command", "code"), [("exit 3", 3), ("kill -TERM $$", 143)])
def test_an_end_is_told_once_with_its_code(tmp_path: Path, command: str, code: int) -> None:
    async def scenario(nursery: Nursery) -> None:
        child = nursery.child(command)
        await child.start(0)
        await nursery.until_exit(code)
        child.kill()
        await child.stop(0)
        assert nursery.exits == [code]
        assert await child.wait() == code
        assert not child.ready

    in_nursery(tmp_path, scenario)


def test_who_is_asked_to_end_does_so_in_its_own_time(tmp_path: Path) -> None:
    async def scenario(nursery: Nursery) -> None:
        # The shell in front ends at once; what it started takes its leave.
        child = nursery.child(
            "sh -c 'trap \"echo bye; exit 0\" TERM; echo here; while :; do sleep 0.01; done' & wait"
        )
        await child.start(0)
        await nursery.until_heard("here")
        await child.stop(10)
        assert nursery.lines[-1] == "bye"
        assert nursery.exits == []
        assert child.status == 143

    in_nursery(tmp_path, scenario)


def test_who_does_not_end_is_killed_with_all_it_started(tmp_path: Path) -> None:
    async def scenario(nursery: Nursery) -> None:
        child = nursery.child("trap '' TERM; sleep 60 & echo here; wait; sleep 60")
        await child.start(0)
        await nursery.until_heard("here")
        await child.stop(0.05)
        assert child.status == 137

    in_nursery(tmp_path, scenario)


def test_a_daemon_that_left_its_group_holds_nobody_up(tmp_path: Path) -> None:
    async def scenario(nursery: Nursery) -> None:
        child = nursery.child("setsid sleep 4 & echo gone; exit 5")
        await child.start(0)
        await nursery.until_exit(5)
        assert nursery.lines == ["gone"]

    in_nursery(tmp_path, scenario)


def test_a_start_that_nobody_waits_for_any_more_leaves_nothing(tmp_path: Path) -> None:
    async def scenario(nursery: Nursery) -> None:
        for turns in range(12):
            child = nursery.child("echo never; sleep 60")
            start = asyncio.create_task(child.start(0))
            for _ in range(turns):
                await turn()
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            await child.stop(0)
        assert nursery.exits == []

    in_nursery(tmp_path, scenario)


def test_a_child_that_is_killed_while_it_boots_never_runs(tmp_path: Path) -> None:
    async def scenario(nursery: Nursery) -> None:
        early = nursery.child("echo never")
        early.kill()
        await early.start(0)
        assert nursery.exits == [137]
        late = nursery.child("echo never")
        start = asyncio.create_task(late.start(0))
        await turn()
        await turn()
        late.kill()
        await start
        await nursery.until_exit(137, 137)
        assert nursery.lines == []

    in_nursery(tmp_path, scenario)


def test_one_that_does_not_listen_in_time_is_reported_and_still_runs(tmp_path: Path) -> None:
    async def scenario(nursery: Nursery) -> None:
        child = nursery.child("echo here; sleep 60", port=free_port("nobody"))
        with pytest.raises(BootTimeoutError):
            await child.start(0)
        assert (child.port, child.ready, nursery.exits) == (None, False, [])
        child.kill()
        await nursery.until_exit(137)

    in_nursery(tmp_path, scenario)


def test_one_that_cannot_be_run_says_why(tmp_path: Path) -> None:
    async def scenario(nursery: Nursery) -> None:
        async def prepare() -> Order:
            return Order("true", tmp_path / "none", tmp_path / "none", {})

        ears = Ears(nursery.lines.append, nursery.exits.append)
        with pytest.raises(ChildError, match="No such file or directory"):
            await Child(prepare, ears, nursery.watchdog).start(0)
        with pytest.raises(ChildError, match="null byte"):
            await nursery.child("echo \0").start(0)

    in_nursery(tmp_path, scenario)


def test_a_watchdog_that_was_killed_is_there_again_for_the_next_child(tmp_path: Path) -> None:
    async def scenario(nursery: Nursery) -> None:
        first, second = nursery.child("sleep 60"), nursery.child("sleep 60")
        await first.start(0)
        os.kill(nursery.watchdog.pid or 0, signal.SIGKILL)

        async def dead() -> bool:
            return nursery.watchdog.pid is None

        await until_async(dead, "the end of the watchdog")
        await second.start(0)
        # It ends with its pipe, and takes along whatever still runs.
        await nursery.watchdog.close()
        await nursery.until_exit(137, 137)

    in_nursery(tmp_path, scenario)
