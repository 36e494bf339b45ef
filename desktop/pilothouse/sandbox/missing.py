"""Answers in which fields are missing that a client must not rely on.

Which fields that are: those that the platforms' published schemas let be null or leave out of
the required ones, and those that their references call missing on old rows or old servers.
"""

from __future__ import annotations

import json
import random

_OPTIONAL = {
    "heroku": frozenset(
        {
            "artifacts",
            "attach_url",
            "base_image_name",
            "buildpack_provided_description",
            "checksum",
            "commit",
            "commit_description",
            "description",
            "eligible_for_rollback",
            "error_message",
            "oci_image",
            "output_stream_url",
            "released_at",
            "repo_size",
            "size",
            "slug_size",
            "space",
            "status",
            "team",
            "web_url",
        }
    ),
    "fly": frozenset(
        {
            "checks",
            "currentRelease",
            "currentReleaseUnprocessed",
            "description",
            "events",
            "exit_event",
            "host_status",
            "image_ref",
            "incomplete_config",
            "nonce",
            "private_ip",
            "reason",
            "user",
        }
    ),
}
_HALF = 0.5


def without_some(platform: str, path: str, body: bytes, chance: random.Random) -> bytes:
    """Return a JSON answer whose optional fields are each null or gone, as `chance` has it.

    GraphQL has no way of leaving a field out, so that there they are all null. What is no JSON
    comes back as it was.
    """
    try:
        value = json.loads(body)
    except ValueError:
        return body
    _thin(value, _OPTIONAL[platform], chance, null_only=path.startswith("/graphql"))
    return json.dumps(value).encode()


def _thin(value: object, names: frozenset[str], chance: random.Random, *, null_only: bool) -> None:
    if isinstance(value, list):
        for each in value:
            _thin(each, names, chance, null_only=null_only)
        return
    if not isinstance(value, dict):
        return
    for name in sorted(names & set(value)):
        if null_only or chance.random() < _HALF:
            value[name] = None
        else:
            del value[name]
    for each in value.values():
        _thin(each, names, chance, null_only=null_only)
