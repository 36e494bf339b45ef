"""The types of a machine configuration, field by field (Fly.io, Machines API, OpenAPI schema).

Only types are told here, and null is as good as a field left out, as Go reads JSON; unknown fields
are let through. What a value may be is decided in `rules`. Nothing is ever stored in these
structures: a configuration is kept as the client wrote it.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Whole = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] | None
Text = str | None
Flag = bool | None
Texts = list[str] | None
Words = dict[str, str | None] | None
Duration = str | Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)] | None


class Header(msgspec.Struct):
    """A header that a check sends."""

    name: Text = None
    values: Texts = None


class ServiceCheck(msgspec.Struct):
    """A check of a service; `kind` belongs to top-level checks alone."""

    type: Text = None
    port: Whole = None
    interval: Duration = None
    timeout: Duration = None
    grace_period: Duration = None
    method: Text = None
    path: Text = None
    protocol: Text = None
    tls_skip_verify: Flag = None
    tls_server_name: Text = None
    headers: list[Header] | None = None
    kind: Text = None


class Port(msgspec.Struct):
    """A public port of a service."""

    port: Whole = None
    start_port: Whole = None
    end_port: Whole = None
    handlers: Texts = None
    force_https: Flag = None
    http_options: dict[str, object] | None = None
    tls_options: dict[str, object] | None = None
    proxy_proto_options: dict[str, object] | None = None


class Concurrency(msgspec.Struct):
    """How much a machine may be given at a time."""

    type: Text = None
    soft_limit: Whole = None
    hard_limit: Whole = None


class Service(msgspec.Struct):
    """A service that the proxy leads to the machine; `autostop` is a boolean or a word."""

    protocol: Text = None
    internal_port: Whole = None
    ports: list[Port] | None = None
    checks: list[ServiceCheck] | None = None
    concurrency: Concurrency | None = None
    autostop: bool | str | None = None
    autostart: Flag = None
    min_machines_running: Whole = None
    force_instance_key: Text = None
    force_instance_description: Text = None


class Guest(msgspec.Struct):
    """The machine's size."""

    cpu_kind: Text = None
    cpus: Whole = None
    memory_mb: Whole = None
    max_memory_mb: Whole = None
    gpus: Whole = None
    gpu_kind: Text = None
    host_dedication_id: Text = None
    kernel_args: Texts = None
    persist_rootfs: Text = None
    required_host_features: Texts = None


class Init(msgspec.Struct):
    """What runs first in the machine."""

    exec: Texts = None
    entrypoint: Texts = None
    cmd: Texts = None
    kernel_args: Texts = None
    swap_size_mb: Whole = None
    tty: Flag = None


class Mount(msgspec.Struct):
    """A volume and where it is mounted."""

    volume: Text = None
    name: Text = None
    path: Text = None
    size_gb: Whole = None
    encrypted: Flag = None
    add_size_gb: Whole = None
    extend_threshold_percent: Whole = None
    size_gb_limit: Whole = None


class Restart(msgspec.Struct):
    """What happens after an exit."""

    policy: Text = None
    max_retries: Whole = None
    gpu_bid_price: float | None = None


class StopConfig(msgspec.Struct):
    """How a machine is asked to end, and how long it may take."""

    signal: Text = None
    timeout: Duration = None


class File(msgspec.Struct):
    """A file that is put into the machine."""

    guest_path: Text = None
    raw_value: Text = None
    secret_name: Text = None
    image_config: Text = None
    mode: Whole = None


class Process(msgspec.Struct):
    """A process beside or in place of the image's own."""

    exec: Texts = None
    entrypoint: Texts = None
    cmd: Texts = None
    user: Text = None
    env: Words = None
    env_from: list[dict[str, object]] | None = None
    secrets: list[dict[str, object]] | None = None
    ignore_app_secrets: Flag = None


class Container(msgspec.Struct):
    """One container of a machine that has several."""

    name: Text = None
    image: Text = None
    cmd: Texts = None
    entrypoint: Texts = None
    exec: Texts = None
    env: Words = None
    files: list[File] | None = None
    restart: Restart | None = None
    stop: StopConfig | None = None
    user: Text = None
    depends_on: list[dict[str, object]] | None = None
    env_from: list[dict[str, object]] | None = None
    secrets: list[dict[str, object]] | None = None
    healthchecks: list[dict[str, object]] | None = None


class MachineConfig(msgspec.Struct):
    """Everything a client may say of a machine."""

    image: Text = None
    env: Words = None
    metadata: Words = None
    init: Init | None = None
    guest: Guest | None = None
    services: list[Service] | None = None
    checks: dict[str, ServiceCheck] | None = None
    mounts: list[Mount] | None = None
    restart: Restart | None = None
    stop_config: StopConfig | None = None
    files: list[File] | None = None
    processes: list[Process] | None = None
    containers: list[Container] | None = None
    standbys: Texts = None
    schedule: Text = None
    size: Text = None
    auto_destroy: Flag = None
    disable_machine_autostart: Flag = None
    dns: dict[str, object] | None = None
    metrics: dict[str, object] | None = None
    statics: list[dict[str, object]] | None = None
    rootfs: dict[str, object] | None = None
    cache_drive: dict[str, object] | None = None
    spot: dict[str, object] | None = None
