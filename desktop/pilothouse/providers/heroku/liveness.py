"""What an app really runs, read from its dynos: pure.

The web dynos are what takes requests. Nothing but a bound port is checked by the platform, so an
`up` dyno is not called healthy; a crashed one is called what it is. A dyno's id changes with each
start, its name does not: the name is the instance, the id its version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pilothouse.domain.model import App, Instance, Live
from pilothouse.providers.heroku import schema
from pilothouse.providers.heroku.history import release_of

WEB = "web"
AWAKE = frozenset({"up", "idle"})
"""States in which a dyno takes requests; a sleeping one is woken by the first."""
PROBE_PATH = "/"


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read of an app at one moment.

    `rows` is its history, newest first; `lives` says for a dyno's id how often it came up.
    """

    app: schema.App
    rows: tuple[schema.Release, ...]
    current: schema.Release | None
    dynos: tuple[schema.Dyno, ...]
    preboot: bool
    at: datetime
    lives: Mapping[str, int] = field(default_factory=dict)

    @property
    def web(self) -> tuple[schema.Dyno, ...]:
        """The dynos that take requests, or should."""
        return tuple(dyno for dyno in self.dynos if dyno.type == WEB)

    def row(self, version: int | None) -> schema.Release | None:
        """The release of that number, as far as the history was read."""
        known = (*self.rows, *((self.current,) if self.current else ()))
        return next((row for row in known if row.version == version), None)

    def age_s(self, release: schema.Release) -> float:
        """Seconds since a release became current; never negative, whatever the clocks say."""
        return max(0.0, (self.at - release.moved_at).total_seconds())


def live_of(app: App, seen: Reading, *, boot_limit_s: float, preboot_s: float) -> Live:
    """The app as the platform shows it; the limits tell a rollout from a disagreement."""
    current = None
    if seen.current is not None:
        older = seen.row(seen.current.version - 1)
        current = release_of(app.id, seen.current, older)
    return Live(
        app=app,
        release=current,
        instances=tuple(instance_of(dyno, seen) for dyno in seen.web),
        probe_path=PROBE_PATH,
        maintenance=seen.app.maintenance,
        seen_at=seen.at,
        disagreement=disagreement(seen, boot_limit_s=boot_limit_s, preboot_s=preboot_s),
    )


def instance_of(dyno: schema.Dyno, seen: Reading) -> Instance:
    """One web dyno as an instance."""
    row = seen.row(dyno.version)
    return Instance(
        id=dyno.name,
        place=seen.app.region.name if seen.app.region is not None else "",
        role=dyno.type,
        state=dyno.state,
        release=dyno.version,
        artifact=row.slug_id if row is not None else None,
        version=dyno.id,
        healthy=False if dyno.state == "crashed" else None,
        serving=dyno.state in AWAKE,
        lives=seen.lives.get(dyno.id, 1),
    )


def disagreement(seen: Reading, *, boot_limit_s: float, preboot_s: float) -> str | None:
    """A sentence when the current release and the dynos say different things.

    Right after a release the dynos of it still start, and under preboot those that serve are not
    even listed: that is told as what it is.
    """
    current, web = seen.current, seen.web
    if current is None or not web:
        return None
    name, age_s = f"v{current.version}", seen.age_s(current)
    starting = [dyno for dyno in web if dyno.state == "starting"]
    if seen.preboot and age_s < preboot_s:
        until = seen.at + timedelta(seconds=preboot_s - age_s)
        return (
            f"{name} boots beside the release before it, which goes on serving until about "
            f"{until:%H:%M:%S} UTC (preboot)."
        )
    if starting and age_s < boot_limit_s:
        return f"{len(starting)} of {len(web)} dynos of {name} are still starting."
    others = [dyno for dyno in web if dyno.version != current.version]
    if not others:
        return None
    if age_s < boot_limit_s:
        return f"{len(others)} of {len(web)} dynos are still to be replaced by {name}."
    verb = "says" if len(others) == 1 else "say"
    told = " and ".join(sorted({f"v{dyno.version}" if dyno.version else "none" for dyno in others}))
    return f"Heroku says {name}, {len(others)} of {len(web)} dynos {verb} {told}."
