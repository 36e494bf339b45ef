"""Plans and journals for the store's tests: a plain one, and any that could be made."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pilothouse.domain.change import Artifact, Change, ChangeKind, Plan, Side, Step, WayBack
from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.domain.model import App, Platform
from pilothouse.domain.policy import Policy, Timing
from pilothouse.store.database import Database
from pilothouse.store.journal import SqlJournal
from pilothouse.store.tables import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pilothouse.domain.ports import Clock

MADE_AT = datetime(2025, 11, 22, 14, 3, 7, 123456, tzinfo=UTC)

HARBOR = App(
    id="127.0.0.1/fly/a1b2",
    account="sandbox-fly",
    platform=Platform.FLY,
    name="harbor-api",
    addresses=("http://127.0.0.1:9001",),
)


def plan(app: App = HARBOR) -> Plan:
    """A deploy of v43 over v42 in two steps."""
    step = Step(
        key="update/3f19",
        op="fly.update",
        args={"machine": "3f19", "config": {"env": {"A": "1"}, "n": [1, 2.5, None, True]}},
        title="Update 3f19 in ams",
        group="Rolling",
        stage=1,
        lane="ams",
        changes=True,
        expected_s=12,
        limit_s=60.0,
    )
    return Plan(
        change=Change(ChangeKind.DEPLOY, app.ref, image="registry.fly.io/harbor-api:next"),
        app=app,
        from_version=42,
        to_version=43,
        target=Artifact("registry.fly.io/harbor-api@sha256:43", "next", release=43),
        old_side=Side("v42", "registry.fly.io/harbor-api@sha256:42", ("3f19", "a6c2")),
        way_back=WayBack(42, Artifact("registry.fly.io/harbor-api@sha256:42", "v42"), True, "Yes."),
        verdicts=(Verdict(Family.APP, Ruling.PASS, "It serves."),),
        steps=(step, replace(step, key="verify", op="verify", stage=2, changes=False)),
        snapshot={"machines": [{"id": "3f19", "version": "01J"}]},
        fingerprint="f00d",
        policy=Policy(),
        probe_path="/healthz",
        made_at=MADE_AT,
        warnings=("Only one region.",),
        acts_as="Lena",
    )


def other_app(name: str) -> App:
    """Another app of the same account."""
    return replace(HARBOR, id=f"127.0.0.1/fly/{name}", name=name)


def journal(
    folder: Path, clock: Clock, *, lease_s: float = 15.0, pragmas: Sequence[str] = ()
) -> SqlJournal:
    """The journal of a folder, made if there is none."""
    database = Database.open(f"sqlite:///{folder}/journal.db", JOURNAL, pragmas=pragmas)
    return SqlJournal(database, clock, lease_s=lease_s)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
jsons: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
json_maps: st.SearchStrategy[Any] = st.dictionaries(texts, jsons, max_size=4)
moments = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - gets its zone below
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
keys = st.text(string.ascii_lowercase, min_size=1, max_size=8)
maybe_numbers = st.none() | st.integers(1, 10_000)
artifacts = st.builds(Artifact, texts, texts, st.none() | st.booleans(), release=maybe_numbers)
changes = st.builds(
    Change,
    st.sampled_from(ChangeKind),
    texts,
    image=st.none() | texts,
    slug_of=st.none() | st.tuples(st.none() | texts, st.integers(1, 999)),
    to_version=maybe_numbers,
    overrides=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
)
steps = st.builds(
    Step,
    key=keys,
    op=keys,
    args=json_maps,
    title=texts,
    group=texts,
    stage=st.integers(0, 9),
    lane=texts,
    changes=st.booleans(),
    expected_s=st.one_of(st.integers(0, 900), st.floats(0, 900)),
    limit_s=st.floats(0, 9000),
)
verdicts = st.builds(
    Verdict,
    st.sampled_from(Family),
    st.sampled_from(Ruling),
    texts,
    texts,
    st.booleans(),
    texts,
    texts,
)
policies = st.builds(
    Policy,
    production=st.booleans(),
    command=texts,
    max_unavailable=st.one_of(st.integers(1, 3), st.floats(0.1, 0.9)),
    timing=st.builds(Timing, lease_s=st.one_of(st.integers(1, 30), st.floats(1, 30))),
)
plans = st.builds(
    Plan,
    change=changes,
    app=st.builds(
        App,
        id=keys,
        account=texts,
        platform=st.sampled_from(Platform),
        name=texts,
        addresses=st.lists(texts, max_size=2).map(tuple),
        stage=st.none() | texts,
    ),
    from_version=maybe_numbers,
    to_version=maybe_numbers,
    target=artifacts,
    old_side=st.builds(Side, texts, st.none() | texts, st.lists(texts, max_size=3).map(tuple)),
    way_back=st.builds(
        WayBack, maybe_numbers, st.none() | artifacts, st.booleans(), texts, st.none() | numbers
    ),
    verdicts=st.lists(verdicts, max_size=3).map(tuple),
    steps=st.lists(steps, max_size=4).map(tuple),
    snapshot=json_maps,
    fingerprint=texts,
    policy=policies,
    probe_path=texts,
    made_at=moments,
    warnings=st.lists(texts, max_size=2).map(tuple),
    acts_as=texts,
)
