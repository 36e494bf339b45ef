"""What a machine's own signs say: its checks, its exits, its starts since its newest version.

Only what happened after the newest update counts; results that are missing are not passing.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pilothouse.providers.fly.schema import Check, ExitEvent, Machine, MachineEvent

UPDATES = frozenset({"update", "launch"})
COMPAT = "bg_deployments_compat"
WARM = frozenset({"started", "starting", "restarting", "failed"})
ON_THE_WAY = frozenset({"replacing", "updating", "creating", "created", "starting", "restarting"})
BEING_REPLACED = frozenset({"replacing", "updating", "destroying", "creating"})
GONE = frozenset({"destroyed", "destroying"})


def events_since_update(machine: Machine, since_ms: int = 0) -> list[MachineEvent]:
    """The events after the newest update, newest first; `since_ms` where that is not listed."""
    found: list[MachineEvent] = []
    for event in machine.events or []:
        if event.type in UPDATES:
            return found
        found.append(event)
    return [event for event in found if event.timestamp > since_ms]


def newest_update_ms(machine: Machine) -> int:
    """When the newest update began, by the platform's clock; 0 when the list says nothing."""
    times = [event.timestamp for event in machine.events or [] if event.type in UPDATES]
    return max(times, default=0)


def crash_since_update(machine: Machine, since_ms: int = 0) -> ExitEvent | None:
    """The newest exit that nobody asked for, if there was one."""
    exits = [event.exit for event in events_since_update(machine, since_ms)]
    return next((one for one in exits if one is not None and not one.requested_stop), None)


def started_ms(machine: Machine, since_ms: int = 0) -> int | None:
    """When it last started since the newest update."""
    times = [e.timestamp for e in events_since_update(machine, since_ms) if e.type == "start"]
    return max(times, default=None)


def lives(machine: Machine) -> int:
    """How often it started since its newest update: 1, and one more for each crash it survived."""
    count, crashed = 1, False
    for event in reversed(events_since_update(machine)):
        if event.exit is not None and not event.exit.requested_stop:
            crashed = True
        elif event.type == "start" and crashed:
            count, crashed = count + 1, False
    return count


def configured_checks(machine: Machine) -> int:
    """How many checks its configuration asks for."""
    services = machine.settings.get("services") or []
    own = machine.settings.get("checks") or {}
    return sum(len(service.get("checks") or []) for service in services) + len(own)


def results(machine: Machine) -> list[Check]:
    """Its check results, without those that only old clients need."""
    return [one for one in machine.checks or [] if not one.name.startswith(COMPAT)]


def healthy(machine: Machine, *, since: datetime | None = None) -> bool | None:
    """True: all checks there, passing and newer than `since`; None: no checks, or not yet."""
    wanted, found = configured_checks(machine), results(machine)
    if not wanted or len(found) < wanted:
        return None
    if since and any(one.updated_at is None or one.updated_at < since for one in found):
        return None
    return all(one.status == "passing" for one in found)


def waiting_for(machine: Machine, *, said: bool = False) -> str:
    """What is not well yet, in a few words; `said` adds what a failing check last heard."""
    bad = [one for one in results(machine) if one.status != "passing"]
    if machine.state != "started":
        return f"it is {machine.state}"
    if bad:
        heard = f" ({bad[0].output.strip()[:80]})" if said and bad[0].output else ""
        return f"check {bad[0].name} is {bad[0].status}{heard}"
    return "no check has answered yet"


def serves(machine: Machine) -> bool:
    """Whether the proxy may send it requests: started, not cordoned, checks passing or none."""
    if machine.state != "started" or machine.cordoned or machine.host_status != "ok":
        return False
    return not configured_checks(machine) or healthy(machine) is True


def moment(milliseconds: int) -> datetime:
    """A timestamp of the platform's."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
