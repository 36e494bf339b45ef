"""The practice Heroku's past: the pipeline `billing` of an invented company, Harbour Works.

The same moment gives the same past, ids included. `billing` is production; `billing-staging`
holds the slugs that misbehave on purpose, in releases with descriptions such as
`sandbox: crash`, and runs a good one itself.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pilothouse.sandbox.heroku.state import (
    Coupling,
    Dyno,
    Formation,
    HerokuApp,
    HerokuState,
    Person,
    Pipeline,
    Release,
    Slug,
)
from pilothouse.sandbox.heroku.wire import named_id

_COMPANY = (
    ("Ann Berg", "ann.berg@harbour.example"),
    ("Jonas Weil", "jonas.weil@harbour.example"),
    ("Maria Okoye", "maria.okoye@harbour.example"),
    ("Lena Fischer", "lena.fischer@harbour.example"),
)
_POSTGRES = ("Heroku Postgres", "heroku-postgresql@addons.heroku.com")
_SUBJECTS = (
    "Round invoice totals per line",
    "Send reminders in the customer's language",
    "Keep the queue when the mail server is away",
    "Show open amounts on the overview",
    "Read tax rates from the new table",
    "Speed up the monthly statement",
    "Accept credit notes without a number",
    "Fix the due date at the end of a month",
    "Log the payment reference",
    "Drop the old export",
)
_SETTINGS = ("LOG_LEVEL", "TAX_TABLE", "REMINDER_DAYS", "MAIL_FROM", "WORKERS", "EXPORT_BUCKET")
_SPECIAL = ("crash", "loop", "unhealthy", "err5", "slow", "release-slow", "release-fails", "next")
_WEB = "gunicorn billing.wsgi --bind 0.0.0.0:$PORT"
_RELEASE_COMMAND = "python manage.py migrate"
# Of many pasts, one whose last weeks hold a rollback and a failed release command.
_PAST = 37
_FAILED_OUTPUT = "Running python manage.py migrate\nStep 1 done\nCommand failed\n"


@dataclass(frozen=True, slots=True)
class _Outline:
    """How an app's past went: how long, how much, how many web dynos today."""

    name: str
    releases: int
    days: int
    web: int
    special: Sequence[str] = ()


_BILLING = _Outline("billing", releases=84, days=124, web=2)
_STAGING = _Outline("billing-staging", releases=56, days=61, web=1, special=_SPECIAL)


def plant(now: datetime) -> HerokuState:
    """The whole state of a new sandbox, whose past ends some hours before `now`."""
    people = [_person(name, email) for name, email in (*_COMPANY, _POSTGRES)]
    state = HerokuState(people=people, account_id=people[0].id)
    for outline in (_BILLING, _STAGING):
        _Chronicle(state, outline, now).write()
    began = state.apps[0].created_at
    pipeline = Pipeline(named_id("pipeline", "billing"), "billing", people[0].id, began)
    state.pipelines.append(pipeline)
    for app, stage in zip(state.apps, ("production", "staging"), strict=True):
        coupling_id = named_id("coupling", app.name)
        state.couplings.append(Coupling(coupling_id, app.id, pipeline.id, stage, began))
    return state


def _person(name: str, email: str) -> Person:
    return Person(named_id("person", email), email, name)


class _Chronicle:
    """Writes the releases of one app, one after the other."""

    def __init__(self, state: HerokuState, outline: _Outline, now: datetime) -> None:
        self._state = state
        self._outline = outline
        self._rng = random.Random(f"harbour works {outline.name} {_PAST}")
        self._config: dict[str, str] = {}
        self._slug_id: str | None = None
        self._good: list[Release] = []
        self._moments = _moments(self._rng, outline, now)
        began = self._moments[0]
        staff = [person.id for person in state.people[: len(_COMPANY)]]
        self._app = HerokuApp(
            id=named_id("app", outline.name),
            name=outline.name,
            owner_id=staff[0],
            created_at=began,
            updated_at=began,
            collaborators=staff,
            addon_plans=["heroku-postgresql:essential-1"],
        )

    def write(self) -> None:
        """Write the app's whole past and what runs today into the state."""
        self._row("Initial release")
        self._row("Enable Logplex")
        self._config["DATABASE_URL"] = "postgres://practice@127.0.0.1/billing"
        self._row("Attach DATABASE (@ref:postgresql-round-10101)", self._state.people[-1].id)
        self._configure(2)
        self._deploy()
        ending = len(self._outline.special) + 1
        while len(self._app.releases) < self._outline.releases - ending:
            self._something()
        for name in self._outline.special:
            self._deploy_special(name)
        self._deploy()
        self._settle()

    def _something(self) -> None:
        """Add what happens next in the life of an app; mostly a deploy."""
        left = self._outline.releases - len(self._outline.special) - len(self._app.releases)
        chance = self._rng.random()
        if chance < 0.20:
            self._configure(self._rng.choice((1, 1, 2)))
        elif chance < 0.29 and len(self._good) > 3:
            self._roll_back()
        elif chance < 0.34 and left > 4:
            self._fail_and_retry()
        else:
            self._deploy()

    def _deploy(self) -> None:
        slug = self._slug()
        self._slug_id = slug.id
        self._good.append(self._row(f"Deploy {slug.commit[:8]}"))

    def _deploy_special(self, name: str) -> None:
        behaviour, _, phase = name.partition("-")
        slug = self._slug(
            behaviour="next" if phase else behaviour,
            phase=phase or None,
            subject=f"sandbox: {name}",
        )
        row = self._row(f"sandbox: {name}", slug_id=slug.id)
        if phase:
            self._give_output(row, failed=phase == "fails")
        self._slug_id = slug.id if row.status == "succeeded" else self._slug_id

    def _fail_and_retry(self) -> None:
        slug = self._slug(phase="passes")
        failed = self._row(f"Deploy {slug.commit[:8]}", slug_id=slug.id)
        self._give_output(failed, failed=True)
        retry = f"Retry of v{failed.version}: {failed.description}"
        again = self._row(retry, failed.user_id, slug_id=slug.id)
        self._give_output(again, failed=False)
        self._slug_id = slug.id

    def _give_output(self, row: Release, *, failed: bool) -> None:
        row.output = _FAILED_OUTPUT if failed else _FAILED_OUTPUT.replace("failed", "finished")
        if failed:
            row.status = "failed"
            self._app.current = row.version - 1

    def _roll_back(self) -> None:
        target = self._good[-self._rng.choice((2, 2, 3))]
        self._slug_id, self._config = target.slug_id, dict(target.config)
        self._row(f"Rollback to v{target.version}")

    def _configure(self, count: int) -> None:
        names = self._rng.sample(_SETTINGS, count)
        for name in names:
            self._config[name] = f"{name.lower()}-{self._rng.randrange(100)}"
        self._row(f"Set {', '.join(names)} config vars")

    def _row(
        self, description: str, user_id: str | None = None, *, slug_id: str | None = None
    ) -> Release:
        version = len(self._app.releases) + 1
        at = self._moments[version - 1]
        author = user_id or self._rng.choice(self._state.people[: len(_COMPANY)]).id
        row = Release(
            id=self._id(),
            version=version,
            status="succeeded",
            description=description,
            slug_id=slug_id or self._slug_id,
            config=dict(self._config),
            user_id=author,
            created_at=at,
            updated_at=at + timedelta(seconds=1),
        )
        self._app.releases.append(row)
        self._app.current = version
        return row

    def _slug(
        self, *, behaviour: str = "next", phase: str | None = None, subject: str = ""
    ) -> Slug:
        commit = f"{self._rng.getrandbits(160):040x}"
        processes = {"web": _WEB, "worker": "python -m billing.worker"}
        if phase is not None:
            processes["release"] = _RELEASE_COMMAND
        slug = Slug(
            id=self._id(),
            app_id=self._app.id,
            commit=commit,
            commit_description=subject or self._rng.choice(_SUBJECTS),
            process_types=processes,
            behaviour=behaviour,
            created_at=self._moments[len(self._app.releases)],
            phase=phase or "passes",
            size=48_000_000 + self._rng.randrange(900_000),
            checksum=f"SHA256:{self._rng.getrandbits(256):064x}",
        )
        self._state.slugs[slug.id] = slug
        return slug

    def _id(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def _settle(self) -> None:
        """Set up what runs today: the newest release, on the app's dynos."""
        app, at = self._app, self._app.newest.updated_at
        for name, count in (("web", self._outline.web), ("worker", 0)):
            app.formation.append(
                Formation(self._id(), name, count, "Standard-1X", app.created_at, app.created_at)
            )
        for number in range(1, self._outline.web + 1):
            app.dynos.append(
                Dyno(
                    id=self._id(),
                    name=f"web.{number}",
                    type="web",
                    state="up",
                    size="Standard-1X",
                    command=_WEB,
                    release_id=app.newest.id,
                    version=app.newest.version,
                    slug_id=app.newest.slug_id or "",
                    created_at=at,
                    updated_at=at + timedelta(seconds=6),
                )
            )
        app.updated_at = at
        self._state.apps.append(app)


def _moments(rng: random.Random, outline: _Outline, now: datetime) -> list[datetime]:
    """When each release was made: on working days, in working hours, in order."""
    newest = now.replace(microsecond=0) - timedelta(hours=5)
    ages = sorted(
        (rng.uniform(0.3, outline.days) for _ in range(outline.releases - 1)), reverse=True
    )
    moments = []
    for age in ages:
        at = newest - timedelta(days=age)
        at -= timedelta(days=max(0, at.weekday() - 4))
        moments.append(at.replace(hour=7 + rng.randrange(10), minute=rng.randrange(60)))
    return [*sorted(min(each, newest - timedelta(hours=2)) for each in moments), newest]
