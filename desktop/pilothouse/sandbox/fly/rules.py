"""What a machine configuration may say (Fly.io, Machines API, "Machine config").

The limits of guests, stop timeouts and mounts are the documented ones; the texts about memory are
those that clients have reported. The limit on metadata is ours: the platform names none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from pilothouse.sandbox.fly.durations import duration
from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.shapes import Guest, MachineConfig, Mount, Service, ServiceCheck

STOP_SIGNALS = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM")
LONGEST_STOP_S = 300.0
METADATA_BYTES = 64 * 1024

_SIZES = {
    "shared": ((1, 2, 4, 6, 8), 256, 2048),
    "performance": ((1, 2, 4, 6, 8, 10, 12, 14, 16), 2048, 8192),
}
_MEMORY_STEP_MB = 256
_AUTOSTOPS = (None, True, False, "", "off", "stop", "suspend", "true", "false")
_SCHEDULES = (None, "", "hourly", "daily", "weekly", "monthly")
_POLICIES = (None, "", "no", "always", "on-failure", "spot-price")
_HIGHEST_PORT = 65_535


def read_config(config: dict[str, Any]) -> MachineConfig:
    """Check a whole configuration and return it typed.

    Raises:
        FlyError: 400 that names the first field which is wrong.
    """
    try:
        typed = msgspec.convert(config, MachineConfig)
    except msgspec.ValidationError as wrong:
        raise invalid(f"config: {said(wrong)}") from None
    _check_image(typed)
    if typed.guest is not None:
        _check_guest(typed.guest)
    for service in typed.services or []:
        _check_service(service)
    for name, check in (typed.checks or {}).items():
        _check_check(f"checks.{name}", check)
    _check_mounts(typed.mounts or [])
    _check_ends(typed)
    check_metadata(typed.metadata or {})
    return typed


def said(wrong: msgspec.ValidationError) -> str:
    """Return what msgspec has to say, in terms of the JSON that the client sent."""
    text, _, place = str(wrong).partition(" - at `$")
    where = place.removesuffix("`").removeprefix(".")
    return f"{where}: {text}" if where else text


def check_metadata(metadata: dict[str, Any]) -> None:
    """Refuse metadata that is too large, or a key without a name.

    Raises:
        FlyError: 400.
    """
    if "" in metadata:
        raise invalid("metadata: a key must not be empty")
    if sum(len(f"{key}{value}".encode()) for key, value in metadata.items()) > METADATA_BYTES:
        raise invalid(f"metadata: more than {METADATA_BYTES} bytes")


def check_stop(signal: object, timeout: object) -> None:
    """Refuse a signal or a timeout that no machine can be stopped with.

    Raises:
        FlyError: 400.
    """
    _one_of("signal", signal, (None, "", *STOP_SIGNALS))
    if timeout in (None, ""):
        return
    timeout_s = duration(timeout)
    if timeout_s is None or not 0 <= timeout_s <= LONGEST_STOP_S:
        raise invalid(f"timeout must be a duration from 0s to 5m, not {timeout!r}")


def _check_image(config: MachineConfig) -> None:
    images = [container.image for container in config.containers or []] or [config.image]
    names = [container.name for container in config.containers or []]
    if not all(images):
        raise invalid("config.image is required")
    if len(set(names)) < len(names) or "" in names or None in names:
        raise invalid("config.containers: every container needs a name of its own")
    for image in images:
        if any(not 33 <= ord(letter) < 127 for letter in image or ""):
            raise invalid(f"config.image: {image!r} is no image reference")


def _check_guest(guest: Guest) -> None:
    kind = guest.cpu_kind or "shared"
    _one_of("config.guest.cpu_kind", kind, tuple(_SIZES))
    counts, least, most = _SIZES[kind]
    cpus = guest.cpus if guest.cpus is not None else 1
    _one_of("config.guest.cpus", cpus, counts)
    memory_mb = guest.memory_mb
    if memory_mb is None:
        return
    if memory_mb < least * cpus:
        raise invalid(f"invalid config.guest.memory_mb, minimum required {least * cpus} MiB")
    if memory_mb > most * cpus:
        raise invalid(f"invalid config.guest.memory_mb, cannot exceed {most * cpus} MiB")
    if memory_mb % _MEMORY_STEP_MB:
        raise invalid("invalid config.guest.memory_mb, must be in 256 MiB increments")


def _check_service(service: Service) -> None:
    _one_of("config.services.protocol", service.protocol, (None, "", "tcp", "udp"))
    _check_port("config.services.internal_port", service.internal_port)
    _one_of("config.services.autostop", service.autostop, _AUTOSTOPS)
    if (service.min_machines_running or 0) < 0:
        raise invalid("config.services.min_machines_running must not be negative")
    for port in service.ports or []:
        for number in (port.port, port.start_port, port.end_port):
            _check_port("config.services.ports", number)
    concurrency = service.concurrency
    if concurrency is not None:
        kinds = (None, "", "connections", "requests")
        _one_of("config.services.concurrency.type", concurrency.type, kinds)
        if min(concurrency.soft_limit or 0, concurrency.hard_limit or 0) < 0:
            raise invalid("config.services.concurrency: a limit must not be negative")
    for check in service.checks or []:
        _check_check("services.checks", check)


def _check_check(where: str, check: ServiceCheck) -> None:
    _one_of(f"config.{where}.type", check.type, (None, "", "tcp", "http"))
    _one_of(f"config.{where}.kind", check.kind, (None, "", "informational", "readiness"))
    _one_of(f"config.{where}.protocol", check.protocol, (None, "", "http", "https"))
    _check_port(f"config.{where}.port", check.port)
    for name in ("interval", "timeout", "grace_period"):
        value = getattr(check, name)
        if value in (None, ""):
            continue
        length_s = duration(value)
        if length_s is None or length_s < 0 or (length_s == 0 and name != "grace_period"):
            raise invalid(f"config.{where}.{name}: {value!r} is no duration")
    for text in (check.method, check.path, *_header_texts(check)):
        if any(ord(letter) < 32 for letter in text or ""):
            raise invalid(f"config.{where}: a control character in {text!r}")


def _header_texts(check: ServiceCheck) -> Iterable[str | None]:
    for header in check.headers or []:
        yield header.name
        yield from header.values or []


def _check_port(where: str, number: int | None) -> None:
    if number is not None and not 0 < number <= _HIGHEST_PORT:
        raise invalid(f"{where}: {number} is no port")


def _check_mounts(mounts: list[Mount]) -> None:
    if len(mounts) > 1:
        raise invalid("config.mounts: a machine can have one volume")
    for mount in mounts:
        if not mount.volume and not mount.name:
            raise invalid("config.mounts: volume or name is required")
        if not (mount.path or "").startswith("/"):
            raise invalid("config.mounts: path must begin with /")


def _check_ends(config: MachineConfig) -> None:
    _one_of("config.schedule", config.schedule, _SCHEDULES)
    if config.restart is not None:
        _one_of("config.restart.policy", config.restart.policy, _POLICIES)
        if (config.restart.max_retries or 0) < 0:
            raise invalid("config.restart.max_retries must not be negative")
    if config.stop_config is not None:
        check_stop(config.stop_config.signal, config.stop_config.timeout)
    if config.standbys and config.services:
        raise FlyError(422, "a standby machine cannot have services", "unknown")


def _one_of(where: str, value: object, known: tuple[object, ...]) -> None:
    if not any(value == one and type(value) is type(one) for one in known):
        words = ", ".join(str(one) for one in known if one not in (None, ""))
        raise invalid(f"{where}: {value!r} is none of {words}")
