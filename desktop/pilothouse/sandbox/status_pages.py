"""The platforms' status pages on loopback: calm, unless the control API says otherwise.

Fly.io's page has the shape of Atlassian Statuspage's public API (version 2: `page`, `status`,
`components`, `incidents`); Heroku's is the fourth version of its own (`status` of the systems
Apps, Data and Tools in colours, `incidents`, `scheduled`), as the platforms' tools read them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pilothouse.sandbox.pace import wall_s

_IMPACTS = ("none", "minor", "major", "critical")
_SAID = {
    "none": "All Systems Operational",
    "minor": "Minor Service Outage",
    "major": "Partial System Outage",
    "critical": "Major Service Outage",
}
_COMPONENT = {
    "none": "operational",
    "minor": "degraded_performance",
    "major": "partial_outage",
    "critical": "major_outage",
}
_COLOUR = {"none": "green", "minor": "yellow", "major": "red", "critical": "red"}
_SYSTEMS = {
    "fly": ("Machines API", "Deployments", "Registry", "Application Hosting"),
    "heroku": ("Apps", "Data", "Tools"),
}
_PAGE = {"id": "practice", "name": "Practice Fly.io", "time_zone": "Etc/UTC"}

Json = dict[str, Any]


class Incident(msgspec.Struct, forbid_unknown_fields=True):
    """An open incident; `began_at` in epoch seconds, 0 for now; `system` must be on the page."""

    title: str
    impact: str = "minor"
    system: str = ""
    text: str = ""
    began_at: float = 0.0


class Incidents(msgspec.Struct, forbid_unknown_fields=True):
    """What the control API sets: every open incident of a platform."""

    incidents: list[Incident]


def decode(platform: str, body: bytes) -> list[Incident]:
    """Read all open incidents of a platform.

    Raises:
        ValueError: an impact or a system does not exist.
        msgspec.MsgspecError: it is no JSON of that shape.
    """
    if platform not in _SYSTEMS:
        raise ValueError(f"no status page of {platform}; there are fly and heroku")
    found = msgspec.json.decode(body, type=Incidents).incidents
    for each in found:
        if each.impact not in _IMPACTS:
            raise ValueError(f"impact must be one of {', '.join(_IMPACTS)}, not {each.impact!r}")
        if each.system not in ("", *_SYSTEMS[platform]):
            raise ValueError(f"system must be one of {', '.join(_SYSTEMS[platform])}")
        each.began_at = each.began_at or wall_s()
    return found


def routes(incidents: Mapping[str, list[Incident]]) -> list[Route]:
    """Return the pages; they are public, so that they ask for no token."""
    pages = {
        "/status/fly": _fly_summary,
        "/status/fly/api/v2/summary.json": _fly_summary,
        "/status/fly/api/v2/status.json": _fly_status,
        "/status/fly/api/v2/incidents/unresolved.json": _fly_incidents,
        "/status/heroku": _heroku,
        "/status/heroku/api/v4/current-status": _heroku,
    }
    return [
        Route(path, _page(shape, incidents, path.split("/")[2])) for path, shape in pages.items()
    ]


def _page(
    shape: Callable[[list[Incident]], Json], incidents: Mapping[str, list[Incident]], platform: str
) -> Callable[[Request], Awaitable[Response]]:
    async def page(_request: Request) -> Response:
        return JSONResponse(shape(incidents.get(platform, [])))

    return page


def _worst(incidents: list[Incident], system: str | None = None) -> str:
    about = [each for each in incidents if system is None or each.system in ("", system)]
    return max((each.impact for each in about), key=_IMPACTS.index, default="none")


def _moment(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds")


def _fly_status(incidents: list[Incident]) -> Json:
    worst = _worst(incidents)
    page = {**_PAGE, "updated_at": _moment(wall_s())}
    return {"page": page, "status": {"indicator": worst, "description": _SAID[worst]}}


def _fly_incidents(incidents: list[Incident]) -> Json:
    page = _fly_status(incidents)["page"]
    return {"page": page, "incidents": [_fly_row(*each) for each in enumerate(incidents)]}


def _fly_summary(incidents: list[Incident]) -> Json:
    components = [
        {
            "id": f"component-{place}",
            "name": system,
            "status": _COMPONENT[_worst(incidents, system)],
            "position": place,
        }
        for place, system in enumerate(_SYSTEMS["fly"], 1)
    ]
    return {
        **_fly_status(incidents),
        **_fly_incidents(incidents),
        "components": components,
        "scheduled_maintenances": [],
    }


def _fly_row(number: int, incident: Incident) -> Json:
    at = _moment(incident.began_at)
    affected = [name for name in _SYSTEMS["fly"] if incident.system in ("", name)]
    update = {
        "id": f"update-{number}",
        "status": "investigating",
        "body": incident.text,
        "created_at": at,
    }
    return {
        "id": f"incident-{number}",
        "name": incident.title,
        "status": "investigating",
        "impact": incident.impact,
        "created_at": at,
        "started_at": at,
        "updated_at": at,
        "resolved_at": None,
        "incident_updates": [update],
        "components": [{"id": f"component-{name}", "name": name} for name in affected],
    }


def _heroku(incidents: list[Incident]) -> Json:
    return {
        "status": [
            {"system": name, "status": _COLOUR[_worst(incidents, name)]}
            for name in _SYSTEMS["heroku"]
        ],
        "incidents": [_heroku_row(*each) for each in enumerate(incidents, 1)],
        "scheduled": [],
    }


def _heroku_row(number: int, incident: Incident) -> Json:
    at = _moment(incident.began_at)
    update = {
        "id": number,
        "incident_id": number,
        "title": incident.title,
        "contents": incident.text,
        "update_type": "issue",
        "created_at": at,
        "updated_at": at,
    }
    return {
        "id": number,
        "title": incident.title,
        "state": "open",
        "resolved": False,
        "created_at": at,
        "updated_at": at,
        "full_url": f"http://127.0.0.1/incidents/{number}",
        "updates": [update],
    }
