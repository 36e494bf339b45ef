"""What the provider reads of a practice Heroku: apps, history, live state, facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pilothouse.domain.change import Change, ChangeKind
from pilothouse.domain.errors import AccountRefused, Lost, NotFound, UsageError
from pilothouse.domain.model import App, AppState, Release, ReleaseKind, ReleaseStatus
from pilothouse.domain.policy import Timing
from pilothouse.providers.heroku import HerokuProvider
from tests.providers.heroku.practice import SCALE, Practice, practice


@pytest.fixture(scope="module")
def cloud() -> Iterator[Practice]:
    with practice() as one:
        yield one


@pytest.fixture
def provider(cloud: Practice) -> Iterator[HerokuProvider]:
    one = cloud.provider()
    yield one
    one.close()


@pytest.fixture
def billing(provider: HerokuProvider) -> App:
    return provider.find("billing")


def staging(provider: HerokuProvider, description: str) -> Release:
    page = provider.releases(provider.find("billing-staging"), limit=200)
    return next(row for row in page.releases if row.description == description)


def test_identity_names_the_person_and_what_the_token_may_do(provider: HerokuProvider) -> None:
    identity = provider.identity()
    assert identity.user == "ann.berg@harbour.example"
    assert identity.can_deploy is True
    assert identity.expires_at is None


def test_a_wrong_token_is_refused(cloud: Practice) -> None:
    provider = cloud.provider(token="wrong")
    with pytest.raises(AccountRefused) as refused:
        provider.identity()
    provider.close()
    assert refused.value.account == "practice"
    assert "wrong" not in str(refused.value)


def test_apps_have_their_stage_and_address(provider: HerokuProvider) -> None:
    apps = {app.name: app for app in provider.apps()}
    assert apps["billing"].stage == "production"
    assert apps["billing-staging"].stage == "staging"
    assert apps["billing"].addresses[0].startswith("http://127.0.0.1:")
    assert not apps["billing"].addresses[0].endswith("/")
    assert apps["billing"].id.startswith("127.0.0.1/heroku/")
    assert provider.find("billing") == apps["billing"]


def test_an_unknown_app_is_answered_with_those_that_exist(provider: HerokuProvider) -> None:
    with pytest.raises(NotFound) as error:
        provider.find("biling")
    assert error.value.exists == ("billing", "billing-staging")


def test_history_is_read_page_by_page_without_gap_or_overlap(
    provider: HerokuProvider, billing: App
) -> None:
    found: list[Release] = []
    cursor: str | None = None
    while True:
        page = provider.releases(billing, cursor=cursor, limit=30)
        assert len(page.releases) <= 30
        found += page.releases
        cursor = page.cursor
        if cursor is None:
            break
    versions = [row.version for row in found]
    assert versions == list(range(versions[0], 0, -1))
    assert [row.version for row in found if row.current] == [versions[0]]


def test_a_page_that_ends_at_an_unknown_text_still_tells_new_code(
    provider: HerokuProvider,
) -> None:
    app = provider.find("billing-staging")
    whole = provider.releases(app, limit=200).releases
    place = next(n for n, row in enumerate(whole) if row.description == "sandbox: crash")
    page = provider.releases(app, limit=place + 1)
    assert page.releases == whole[: place + 1]
    assert page.releases[-1].kind is ReleaseKind.CODE


def test_history_says_what_each_release_did(provider: HerokuProvider, billing: App) -> None:
    rows = provider.releases(billing, limit=200).releases
    kinds = {row.kind for row in rows}
    assert {ReleaseKind.CODE, ReleaseKind.CONFIG, ReleaseKind.ROLLBACK} <= kinds
    back = next(row for row in rows if row.kind is ReleaseKind.ROLLBACK)
    assert back.description == f"Rollback to v{back.went_back_to}"
    failed = next(row for row in rows if row.status is ReleaseStatus.FAILED)
    assert failed.eligible is False
    assert staging(provider, "sandbox: next").kind is ReleaseKind.CODE


def test_live_is_what_the_web_dynos_run(provider: HerokuProvider, billing: App) -> None:
    live = provider.live(billing)
    assert live.state is AppState.SERVING
    assert live.disagreement is None
    assert [one.id for one in live.instances] == ["web.1", "web.2"]
    assert live.release is not None
    assert {one.release for one in live.instances} == {live.release.version}
    assert {one.artifact for one in live.instances} == {live.release.artifact}
    assert {one.healthy for one in live.instances} == {None}
    assert len({one.version for one in live.instances}) == 2


def test_facts_of_a_deploy_name_target_and_way_back(provider: HerokuProvider, billing: App) -> None:
    wanted = staging(provider, "sandbox: next")
    change = Change(
        ChangeKind.DEPLOY, "heroku:billing", slug_of=("billing-staging", wanted.version)
    )
    facts = provider.facts(billing, change, back_to=None)
    assert facts.target.ref == wanted.artifact
    assert facts.target.present is True
    assert facts.live.release is not None
    assert facts.target_version == facts.live.release.version + 1
    assert facts.way_back.ready
    assert facts.way_back.version == facts.live.release.version
    assert "requests wait" in facts.risk
    assert facts.busy is None
    assert facts.fingerprint == provider.facts(billing, change, back_to=None).fingerprint


def test_facts_hold_names_of_config_vars_and_no_value(
    cloud: Practice, provider: HerokuProvider, billing: App
) -> None:
    wanted = staging(provider, "sandbox: next")
    change = Change(
        ChangeKind.DEPLOY, "heroku:billing", slug_of=("billing-staging", wanted.version)
    )
    facts = provider.facts(billing, change, back_to=None)
    config = cloud.do(lambda one: dict(one.app("billing").newest.config))
    assert facts.snapshot["config_keys"] == sorted(config)
    text = repr(facts)
    assert not [value for value in config.values() if value in text]


@pytest.mark.parametrize(
    ("slug_of", "what"),
    [(("biling", 3), "app"), ((None, 9999), "release"), ((None, 1), "slug")],
)
def test_what_is_not_there_cannot_be_deployed(
    provider: HerokuProvider, billing: App, slug_of: tuple[str | None, int], what: str
) -> None:
    change = Change(ChangeKind.DEPLOY, "heroku:billing", slug_of=slug_of)
    with pytest.raises(NotFound) as error:
        provider.facts(billing, change, back_to=None)
    assert error.value.what == what


def test_a_slug_that_retention_took_is_not_present(provider: HerokuProvider, billing: App) -> None:
    rows = provider.releases(billing, limit=200).releases
    gone = next(row for row in rows if row.status is ReleaseStatus.EXPIRED and row.artifact)
    change = Change(ChangeKind.DEPLOY, "heroku:billing", slug_of=(None, gone.version))
    assert provider.facts(billing, change, back_to=None).target.present is False
    change = Change(ChangeKind.ROLLBACK, "heroku:billing", to_version=gone.version)
    assert provider.facts(billing, change, back_to=gone).target.present is False


def test_heroku_is_not_deployed_by_image(provider: HerokuProvider, billing: App) -> None:
    change = Change(ChangeKind.DEPLOY, "heroku:billing", image="registry.fly.io/harbor-api:next")
    with pytest.raises(UsageError, match="--slug-of"):
        provider.facts(billing, change, back_to=None)


def test_a_release_that_never_ran_is_no_target(provider: HerokuProvider, billing: App) -> None:
    rows = provider.releases(billing, limit=200).releases
    failed = next(row for row in rows if row.status is ReleaseStatus.FAILED)
    change = Change(ChangeKind.ROLLBACK, "heroku:billing", to_version=failed.version)
    with pytest.raises(UsageError, match="never ran"):
        provider.facts(billing, change, back_to=failed)


def test_reads_outlive_trouble_and_then_say_so(
    cloud: Practice, provider: HerokuProvider, billing: App
) -> None:
    for kind in ("refuse", "500", "429", "malformed"):
        cloud.fault(kind, method="GET", path="/releases$")
        assert provider.releases(billing, limit=5).releases
    hasty = cloud.provider(timing=replace(Timing.for_scale(SCALE), read_s=0.5))
    cloud.fault("503", method="GET", path="/account$", count=1000)
    with pytest.raises(Lost):
        hasty.identity()
    hasty.close()
