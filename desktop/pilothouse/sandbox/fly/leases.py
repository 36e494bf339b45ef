"""Leases on machines: who may change one, and until when, in real seconds.

A nonce belongs to one lease for ever. Reading a lease shows its nonce to anyone with rights on the
app (flyctl's `leases clear` relies on it), so that a lease guards against accident, not malice.
"""

from __future__ import annotations

import secrets

from pilothouse.sandbox.fly.errors import FlyError
from pilothouse.sandbox.fly.ids import rfc3339
from pilothouse.sandbox.fly.state import Lease, Machine
from pilothouse.sandbox.pace import wall_s

DEFAULT_TTL_S = 30


def current(machine: Machine) -> Lease | None:
    """Return the lease in force, if any."""
    lease = machine.lease
    return lease if lease is not None and lease.expires_at > wall_s() else None


def guard(machine: Machine, nonce: str | None) -> None:
    """Refuse a change by anyone but the holder of the lease in force.

    Raises:
        FlyError: 409 with the owner and the expiry.
    """
    lease = current(machine)
    if lease is not None and lease.nonce != nonce:
        raise held(machine, lease)


def held(machine: Machine, lease: Lease) -> FlyError:
    """Return the refusal that names the lease's owner."""
    return FlyError(
        409,
        f"aborted: machine ID {machine.id} lease currently held by {lease.owner}, "
        f"expires at {rfc3339(lease.expires_at)}",
        "unknown",
    )


def acquire(
    machine: Machine, owner: str, *, ttl_s: int, description: str, nonce: str | None
) -> Lease:
    """Take the lease, or give the one that `nonce` holds a new expiry.

    Raises:
        FlyError: 409 when another holds it; 400 for a length below one second.
    """
    if ttl_s < 1:
        raise FlyError(400, "invalid_argument: ttl must be positive")
    lease = current(machine)
    if lease is None:
        made_of = secrets.token_hex(6)
        lease = Lease(made_of, owner, 0.0, description, machine.instance_id)
    elif lease.nonce != nonce:
        raise held(machine, lease)
    lease.expires_at = wall_s() + ttl_s
    lease.version = machine.instance_id
    lease.description = description or lease.description
    machine.lease = lease
    return lease


def release(machine: Machine, nonce: str | None) -> None:
    """Give the lease back.

    Raises:
        FlyError: 404 when there is none, 409 when `nonce` does not hold it.
    """
    lease = current(machine)
    if lease is None:
        raise FlyError(404, "not_found: lease not found", "unknown")
    guard(machine, nonce)
    machine.lease = None
