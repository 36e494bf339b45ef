"""Heroku as an adapter: the Platform API, version 3, and nothing beside it.

Releases are deployed by slug; what a dyno runs is told by its release number, never by its name.
The platform has no lock and no idempotency key: each POST is sent once, after a look.
"""

from __future__ import annotations

from pilothouse.providers.heroku.provider import HerokuProvider

__all__ = ["HerokuProvider"]
