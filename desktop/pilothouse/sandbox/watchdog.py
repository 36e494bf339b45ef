"""Sees to it that no child process outlives the sandbox, however the sandbox ends.

A shell of a few lines listens at a pipe that only the sandbox holds. It is told of every process
group that begins and ends; when the pipe closes, because the sandbox has ended or was killed, it
kills the groups that are left. A process that leaves its group on purpose (a daemon) escapes.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

SHELL = "/bin/sh"
"""There on every POSIX system; Windows has none, and runs no children here."""

_SCRIPT = """
groups=
while read -r sign group; do
  if [ "$sign" = + ]; then
    groups="$groups $group"
  else
    kept=
    for each in $groups; do [ "$each" = "$group" ] || kept="$kept $each"; done
    groups=$kept
  fi
done
for each in $groups; do kill -s KILL -- "-$each" 2>/dev/null; done
"""


class Watchdog:
    """Guards process groups; it starts with the first of them. Lives in one event loop."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._process: Process | None = None
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The watchdog's own process; None while there is none."""
        process = self._process
        return None if process is None or process.returncode is not None else process.pid

    async def guard(self, group: int) -> None:
        """Have a group killed should the sandbox end; true from the moment this returns."""
        async with self._starting:
            self._groups.add(group)
            if self.pid is None:
                self._process = await asyncio.create_subprocess_exec(
                    SHELL,
                    "-c",
                    _SCRIPT,
                    stdin=PIPE,
                    stdout=DEVNULL,
                    stderr=DEVNULL,
                    cwd="/",
                    env={},
                    # Neither a Ctrl-C in the terminal nor a kill of the sandbox's group ends it.
                    start_new_session=True,
                )
                await self._tell("".join(f"+ {each}\n" for each in self._groups))
            else:
                await self._tell(f"+ {group}\n")

    async def release(self, group: int) -> None:
        """Leave a group alone from now on: all of it has ended."""
        self._groups.discard(group)
        await self._tell(f"- {group}\n")

    async def close(self) -> None:
        """End the watchdog, and with it every group that is still guarded."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            await process.wait()

    async def _tell(self, text: str) -> None:
        if self._process is None or self._process.stdin is None:
            return
        # One that somebody has killed is started again for the next group.
        with suppress(ConnectionError):
            self._process.stdin.write(text.encode())
            await self._process.stdin.drain()
