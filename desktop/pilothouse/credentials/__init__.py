"""Tokens: kept in the system's keyring alone, or taken from the environment for one run.

A token is a `Secret` from the moment it is read to the moment it is sent. There is no plain-text
fall-back: without a keyring that can be trusted, a token lives in memory until the program ends.
"""

from __future__ import annotations

from pilothouse.credentials.environment import (
    FlyBases,
    environment_token,
    fly_bases,
    heroku_host,
)
from pilothouse.credentials.secret import Secret
from pilothouse.credentials.vault import Keyring

__all__ = [
    "FlyBases",
    "Keyring",
    "Secret",
    "environment_token",
    "fly_bases",
    "heroku_host",
]
