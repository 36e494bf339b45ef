"""The configurations of the practice apps: what their fly.toml says, and their machines'.

Both describe the same app, as flyctl would derive one from the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from pilothouse.sandbox.fly.state import Config, Release


def definition(name: str, regions: Sequence[str], memory_mb: int) -> Config:
    """Return an app's fly.toml as the JSON that its releases keep."""
    return {
        "app": name,
        "primary_region": regions[0],
        "kill_signal": "SIGTERM",
        "kill_timeout": "10s",
        "env": {"LOG_LEVEL": "info"},
        "http_service": {
            "internal_port": 8080,
            "force_https": True,
            "auto_stop_machines": "off",
            "auto_start_machines": True,
            "min_machines_running": len(regions),
            "checks": [
                {
                    "interval": "15s",
                    "timeout": "2s",
                    "grace_period": "5s",
                    "method": "GET",
                    "path": "/healthz",
                }
            ],
        },
        "vm": [{"memory": f"{memory_mb}mb", "cpus": 1, "cpu_kind": "shared"}],
    }


def config(release: Release, regions: Sequence[str], memory_mb: int) -> Config:
    """Return the machine configuration that flyctl derives for a release."""
    return {
        "image": release.image_ref,
        "env": {
            "PRIMARY_REGION": regions[0],
            "FLY_PROCESS_GROUP": "app",
            "LOG_LEVEL": "info",
        },
        "init": {},
        "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": memory_mb},
        "metadata": {
            "fly_platform_version": "v2",
            "fly_process_group": "app",
            "fly_release_id": release.id,
            "fly_release_version": str(release.version),
            "fly_flyctl_version": "0.4.999",
        },
        "services": [_service(len(regions))],
        "restart": {"policy": "on-failure", "max_retries": 10},
        "stop_config": {"signal": "SIGTERM", "timeout": "10s"},
    }


def _service(machines: int) -> Config:
    return {
        "protocol": "tcp",
        "internal_port": 8080,
        "autostop": False,
        "autostart": True,
        "min_machines_running": machines,
        "force_instance_key": None,
        "ports": [
            {"port": 80, "handlers": ["http"], "force_https": True},
            {"port": 443, "handlers": ["http", "tls"]},
        ],
        "concurrency": {"type": "requests", "soft_limit": 200, "hard_limit": 250},
        "checks": [
            {
                "type": "http",
                "interval": "15s",
                "timeout": "2s",
                "grace_period": "5s",
                "method": "get",
                "path": "/healthz",
            }
        ],
    }
