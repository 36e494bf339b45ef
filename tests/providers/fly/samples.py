"""Machines and facts as Fly.io would have them, made up for tests that need no platform."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pilothouse.domain.change import Artifact, Change, ChangeKind, Facts, WayBack
from pilothouse.domain.model import App, Identity, Live, Platform
from pilothouse.providers.fly.schema import Check, Config, EventRequest, ExitEvent, MachineEvent
from pilothouse.providers.fly.schema import Machine as WireMachine

OLD = "registry.fly.io/harbor-api@sha256:" + "a" * 64
NEW = "registry.fly.io/harbor-api@sha256:" + "b" * 64
DEPLOY = Change(ChangeKind.DEPLOY, "fly:harbor-api", image=":next")
BACK = Change(ChangeKind.ROLLBACK, "fly:harbor-api", to_version=41)
CHECK = {"type": "http", "path": "/healthz"}


def config(*, service: bool = True, group: str = "app") -> Config:
    """A machine's configuration."""
    made: Config = {
        "image": OLD,
        "env": {"LOG_LEVEL": "info"},
        "metadata": {
            "fly_platform_version": "v2",
            "fly_process_group": group,
            "fly_release_version": "42",
            "fly_release_id": "rel42",
            "team": "quay",
        },
    }
    if service:
        ports = [{"port": 443, "handlers": ["http", "tls"]}]
        made["services"] = [{"ports": ports, "checks": [CHECK], "autostop": False}]
    return made


def known(
    *,
    state: str = "started",
    region: str = "ams",
    group: str = "app",
    cordoned: bool = False,
    service: bool = True,
) -> dict[str, Any]:
    """A machine as the snapshot has it."""
    return {
        "config": config(service=service, group=group),
        "version": "01OLD",
        "digest": "sha256:" + "a" * 64,
        "state": state,
        "cordoned": cordoned,
        "region": region,
        "group": group,
        "name": "quiet-tide",
        "check_path": "/healthz",
    }


def facts(machines: dict[str, Any], *, back_to: int | None = None) -> Facts:
    """The facts about an app with these machines."""
    app = App("127.0.0.1/fly/1", "practice", Platform.FLY, "harbor-api")
    live = Live(app, None, (), "/", False, datetime.now(UTC))
    label = f"v{back_to}" if back_to else "harbor-api:next"
    return Facts(
        app=app,
        live=live,
        identity=Identity("ann@harbour.example"),
        recent=(),
        target=Artifact(NEW, label, release=back_to),
        target_version=back_to,
        way_back=WayBack(42, Artifact(OLD, "v42"), True, "Back to v42."),
        snapshot={
            "machines": machines,
            "targets": {},
            "release": {"newest": 42, "app_id": "harbor-api", "definition": {}},
        },
        fingerprint="f",
    )


def machine(**wanted: Any) -> WireMachine:
    """A machine as the platform sends it: up, checked, and well since its update at 1000 ms."""
    events = [MachineEvent("start", "started", "flyd", 2000), update(1000)]
    usual: dict[str, Any] = {
        "id": "3d8d4e2f9a1b08",
        "state": "started",
        "region": "ams",
        "instance_id": "01NEW",
        "config": config(),
        "checks": [check()],
        "events": events,
    }
    return WireMachine(**{**usual, **wanted})


def check(status: str = "passing", at_ms: int = 3000) -> Check:
    """A result of the one check."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return Check("servicecheck-00-http-8080", status, "200", at)


def update(at_ms: int) -> MachineEvent:
    """An update of a machine."""
    return MachineEvent("update", "replacing", "user", at_ms)


def exited(at_ms: int, code: int = 1, *, requested: bool = False) -> MachineEvent:
    """The end of a machine's process."""
    how = ExitEvent(exit_code=code, requested_stop=requested)
    return MachineEvent("exit", "stopped", "flyd", at_ms, EventRequest(exit_event=how))


def start(at_ms: int) -> MachineEvent:
    """A start of a machine."""
    return MachineEvent("start", "started", "flyd", at_ms)
