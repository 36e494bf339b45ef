"""The Machines API's calls into a running machine: commands, processes, memory.

Nobody's command is run here; those that `job` understands do what they say, every other one
succeeds without a word.
"""

from __future__ import annotations

import asyncio
import shlex
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import leases
from pilothouse.sandbox.fly.calls import Calls
from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.http import table
from pilothouse.sandbox.fly.job import course
from pilothouse.sandbox.fly.wishes import ExecWish, MemoryWish, ReclaimWish, read_wish
from pilothouse.sandbox.workload import Behaviour

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.fly.state import Config, Machine
    from pilothouse.sandbox.state import Json

_ONE = "/v1/apps/{app}/machines/{id}"
_LONGEST_S = 180
_USUAL_MEMORY_MB = 256
_LEAST_MEMORY_MB = 64
_OWN_MEMORY_MB = 46
_COLUMNS = ("pid", "stime", "rtime", "command", "directory", "cpu", "rss")


class InsideRoutes:
    """Handlers for what goes on in one machine."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet
        self._calls = Calls(fleet)

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        calls = [
            ("POST", "/exec", self.run),
            ("GET", "/ps", self.processes),
            ("GET", "/memory", self.show_memory),
            ("PUT", "/memory", self.limit_memory),
            ("POST", "/memory/reclaim", self.reclaim_memory),
        ]
        return table(_ONE, calls)

    async def run(self, request: Request) -> Response:
        """Run a command; refused while anybody leases the machine."""
        machine = self._calls.machine(request, "exec")
        wish = await read_wish(request, ExecWish)
        words = wish.command or _split(wish.cmd or "")
        if not words:
            raise invalid("command is required")
        timeout_s = wish.timeout if wish.timeout else _LONGEST_S
        if not 0 < timeout_s <= _LONGEST_S:
            raise invalid(f"timeout must be from 1 to {_LONGEST_S} seconds")
        lease = leases.current(machine)
        if lease is not None:
            raise leases.held(machine, lease)
        _refuse_asleep(machine)
        done = course(words, Behaviour.NEXT)
        await asyncio.sleep(min(done.sleep_s, timeout_s))
        if done.sleep_s > timeout_s:
            raise FlyError(408, "deadline_exceeded: the command has not ended in time", "unknown")
        said = "".join(f"{line}\n" for line in done.said)
        shown = {"exit_code": done.code, "exit_signal": 0, "stdout": said, "stderr": ""}
        return JSONResponse(shown)

    async def processes(self, request: Request) -> Response:
        """List the processes of a machine, sorted as the query says."""
        machine = self._calls.machine(request, "ps")
        query = request.query_params
        column, order = query.get("sort_by") or "pid", (query.get("order") or "asc").lower()
        if column not in _COLUMNS or order not in ("asc", "desc"):
            raise invalid(f"sort_by must be one of {', '.join(_COLUMNS)}, order asc or desc")
        rows = _processes(machine) if machine.state == "started" else []
        rows.sort(key=lambda row: row[column], reverse=order == "desc")
        return JSONResponse(rows)

    async def show_memory(self, request: Request) -> Response:
        """Show the memory limit in force, and how much of it is free."""
        machine = self._calls.machine(request, "get_memory")
        _refuse_asleep(machine)
        return JSONResponse(_memory(machine))

    async def limit_memory(self, request: Request) -> Response:
        """Set the memory limit, up to what the configuration allows."""
        machine = self._calls.machine(request, "set_memory")
        wanted = (await read_wish(request, MemoryWish)).limit_mb
        most = _most_memory(machine.config)
        if wanted is None or not _LEAST_MEMORY_MB <= wanted <= most:
            raise invalid(f"limit_mb must be from {_LEAST_MEMORY_MB} to {most}")
        _refuse_asleep(machine)
        machine.memory_limit_mb = wanted
        self._fleet.world.changed()
        return JSONResponse(_memory(machine))

    async def reclaim_memory(self, request: Request) -> Response:
        """Give memory back to the host; as much as is free at most."""
        machine = self._calls.machine(request, "reclaim_memory")
        wanted = (await read_wish(request, ReclaimWish)).amount_mb
        if wanted is None or wanted < 0:
            raise invalid("amount_mb must not be negative")
        _refuse_asleep(machine)
        return JSONResponse({"actual_mb": min(wanted, _memory(machine)["available_mb"])})


def _refuse_asleep(machine: Machine) -> None:
    if machine.state != "started":
        text = f"machine not running, currently {machine.state}"
        raise FlyError(412, f"failed_precondition: {text}", "unknown")


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        raise invalid("cmd has a quote that is not closed") from None


def _memory(machine: Machine) -> dict[str, int]:
    guest = machine.config.get("guest") or {}
    limit = machine.memory_limit_mb or int(guest.get("memory_mb") or _USUAL_MEMORY_MB)
    return {"limit_mb": limit, "available_mb": max(0, limit - _OWN_MEMORY_MB)}


def _most_memory(config: Config) -> int:
    guest = config.get("guest") or {}
    return int(guest.get("max_memory_mb") or guest.get("memory_mb") or _USUAL_MEMORY_MB)


def _processes(machine: Machine) -> list[Json]:
    services = machine.config.get("services") or []
    ports = [int(service.get("internal_port") or 8080) for service in services] or [8080]
    sockets = [{"address": f"0.0.0.0:{port}", "proto": "tcp"} for port in ports]
    return [
        _process(1, "/fly/init", "/", 6_324_224, []),
        _process(324, "/app/serve", "/app", 48_234_496, sockets),
    ]


def _process(pid: int, command: str, directory: str, rss: int, sockets: list[Json]) -> Json:
    return {
        "pid": pid,
        "stime": 1,
        "rtime": 1,
        "command": command,
        "directory": directory,
        "cpu": 0,
        "rss": rss,
        "listen_sockets": sockets,
    }
