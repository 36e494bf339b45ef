"""What the practice Heroku remembers of sources and builds; a part of its `state`.

The archives themselves are files beside the state, kept by `blobs`. Moments are aware UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

SOURCE_LIFE = timedelta(hours=1)
"""How long a source's addresses work. They are signed for some time; how long is not published."""


class Source(msgspec.Struct):
    """A place for one source archive. Each key opens one address: one puts, the other gets.

    `size` (bytes) and `sha256` (hex) are there once something was uploaded.
    """

    id: str
    put_key: str
    get_key: str
    created_at: datetime
    size: int | None = None
    sha256: str | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether its addresses work no longer."""
        return now - self.created_at > SOURCE_LIFE


class Build(msgspec.Struct):
    """A source on its way to a slug and a release; `output` is what it has said so far.

    `started_at` is not shown, but lists are sorted by it. `status` stays `pending` for a moment
    after `release_id` is there: the release is made before the build is settled.
    """

    id: str
    source_url: str
    version: str | None
    version_description: str | None
    checksum: str | None
    buildpacks: list[str]
    stack: str
    user_id: str
    created_at: datetime
    updated_at: datetime
    status: str = "pending"
    output: str = ""
    output_done: bool = False
    slug_id: str | None = None
    release_id: str | None = None
