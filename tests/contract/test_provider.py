"""What the engine may rely on, whichever platform: one suite for both, over the sandbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from pilothouse.domain.change import VERIFY, Change, ChangeKind
from pilothouse.domain.errors import AccountRefused, Lost, NotFound, PlatformError
from pilothouse.domain.model import AppState, Platform, Release, ReleaseStatus
from pilothouse.domain.ports import Sight
from pilothouse.providers.http import HttpAsker
from tests.contract.clouds import Cloud, clouds
from tests.providers.heroku.fake_run import FakeRun, plan_of
from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder: Path = tmp_path_factory.mktemp("contract")
    with SandboxProcess(folder) as running:
        running.control.act("fly:harbor-api", "limits", on=False)
        yield running


@pytest.fixture(params=list(Platform), ids=str)
def cloud(sandbox: SandboxProcess, request: pytest.FixtureRequest) -> Iterator[Cloud]:
    one = clouds(sandbox)[request.param]
    yield one
    sandbox.control.clear_faults()
    one.close()


# ------------------------------------------------------------------ who and what


def test_it_names_itself_and_whose_it_is(cloud: Cloud) -> None:
    provider = cloud.provider()
    assert provider.platform is cloud.platform
    assert provider.account.platform is cloud.platform
    identity = provider.identity()
    assert "@" in identity.user
    assert identity.can_deploy is True


def test_a_refused_token_is_told_from_a_platform_that_is_away(cloud: Cloud) -> None:
    provider = cloud.provider(token="fo1_wrong")
    with pytest.raises(AccountRefused) as caught:
        provider.identity()
    assert "fo1_wrong" not in str(caught.value)
    with pytest.raises(AccountRefused):
        list(provider.apps())


def test_every_app_is_found_by_its_name(cloud: Cloud) -> None:
    provider = cloud.provider()
    apps = {one.name: one for one in provider.apps()}
    assert len(apps) > 1
    for name, listed in apps.items():
        assert provider.find(name) == listed
        assert listed.id.startswith(f"127.0.0.1/{cloud.platform}/")
        assert listed.ref == f"{cloud.platform}:{name}"
        assert listed.addresses[0].startswith("http://127.0.0.1:")
        assert not listed.addresses[0].endswith("/")
    assert len({one.id for one in apps.values()}) == len(apps)


def test_an_unknown_app_says_where_it_was_looked_for_and_what_exists(cloud: Cloud) -> None:
    with pytest.raises(NotFound) as caught:
        cloud.provider().find("no-such-app")
    assert caught.value.what == "app"
    assert cloud.app_name in caught.value.exists


def test_the_control_address_answers_anybody(cloud: Cloud) -> None:
    asker = HttpAsker()
    answer = asker.ask(cloud.provider().control_url, headers={}, timeout_s=5.0)
    asker.close()
    assert answer.status < 500


# ------------------------------------------------------------------ history


def all_releases(cloud: Cloud, limit: int) -> list[Release]:
    provider = cloud.provider()
    app = cloud.app(provider)
    found: list[Release] = []
    cursor: str | None = None
    while True:
        page = provider.releases(app, cursor=cursor, limit=limit)
        assert 0 < len(page.releases) <= limit
        found += page.releases
        cursor = page.cursor
        if cursor is None:
            return found


def test_pages_of_any_size_make_the_same_history(cloud: Cloud) -> None:
    whole = all_releases(cloud, 200)
    assert len(whole) >= 60
    assert [one.version for one in whole] == list(range(len(whole), 0, -1))
    assert all_releases(cloud, 7) == whole
    assert len({one.id for one in whole}) == len(whole)


def test_a_history_tells_kinds_authors_and_the_current_release(cloud: Cloud) -> None:
    whole = all_releases(cloud, 50)
    assert {"code", "config", "rollback"} <= {str(one.kind) for one in whole}
    assert any(one.status is ReleaseStatus.FAILED for one in whole)
    assert [one.version for one in whole if one.current] == [whole[0].version]
    assert all(one.author for one in whole)
    assert all(one.created_at.utcoffset() == timedelta(0) for one in whole)
    for one in whole:
        if one.kind == "rollback":
            assert one.went_back_to is not None
            assert one.went_back_to < one.version


# ------------------------------------------------------------------ live


def test_what_is_live_comes_from_the_instances(cloud: Cloud) -> None:
    provider = cloud.provider()
    app = cloud.app(provider)
    live = provider.live(app)
    assert live.app.id == app.id
    assert live.state is AppState.SERVING
    assert live.disagreement is None
    assert live.seen_at.tzinfo is UTC
    assert live.probe_path == "/"
    assert live.release is not None
    assert len(live.serving) >= 2
    for one in live.serving:
        assert one.release == live.release.version
        assert one.artifact == live.release.artifact
        assert one.lives == 1
        assert one.version
    assert len({one.id for one in live.instances}) == len(live.instances)


def test_an_answer_tells_its_instance_where_the_platform_does(cloud: Cloud) -> None:
    provider = cloud.provider()
    live = provider.live(cloud.app(provider))
    instance = live.serving[0].id
    pin = provider.pin(instance)
    asker = HttpAsker()
    answer = asker.ask(live.app.addresses[0] + "/", headers=pin or {}, timeout_s=5.0)
    asker.close()
    assert answer.status == 200
    named = provider.answered_by(answer.headers, answer.body)
    assert named == (instance if pin else None)


# ------------------------------------------------------------------ facts and steps


def test_the_facts_of_a_deploy(cloud: Cloud) -> None:
    provider = cloud.provider()
    app = cloud.app(provider)
    change = cloud.deploy(provider)
    facts = provider.facts(app, change, back_to=None)
    assert facts.app.id == app.id
    assert facts.identity.user == provider.identity().user
    assert facts.live.state is AppState.SERVING
    assert facts.recent[0].version == facts.live.release.version if facts.live.release else False
    assert facts.target.present is True
    assert facts.target.ref != facts.live.serving[0].artifact
    assert facts.way_back.ready
    assert facts.way_back.artifact is not None
    assert facts.way_back.artifact.ref == facts.live.serving[0].artifact
    assert facts.way_back.sentence.endswith(".")
    assert facts.busy is None
    again = provider.facts(app, change, back_to=None)
    assert again.fingerprint == facts.fingerprint
    assert again.snapshot == facts.snapshot


def test_an_unknown_artifact_is_refused_with_what_exists(cloud: Cloud) -> None:
    provider = cloud.provider()
    with pytest.raises(NotFound) as caught:
        provider.facts(cloud.app(provider), cloud.unknown(), back_to=None)
    assert caught.value.exists


def test_the_facts_of_a_rollback(cloud: Cloud) -> None:
    provider = cloud.provider()
    app = cloud.app(provider)
    recent = provider.releases(app, limit=50).releases
    target = next(
        one
        for one in recent[1:]
        if one.status is ReleaseStatus.COMPLETE and one.artifact != recent[0].artifact
    )
    change = Change(ChangeKind.ROLLBACK, app.ref, to_version=target.version)
    facts = provider.facts(app, change, back_to=target)
    assert facts.target.release == target.version
    assert facts.target.label == f"v{target.version}"
    assert facts.target.present is True
    oldest = all_releases(cloud, 200)[-1]
    gone = Change(ChangeKind.ROLLBACK, app.ref, to_version=oldest.version)
    assert provider.facts(app, gone, back_to=oldest).target.present is False


def test_steps_are_pure_unique_and_proven_before_they_are_called_good(cloud: Cloud) -> None:
    provider = cloud.provider()
    app = cloud.app(provider)
    change = cloud.deploy(provider)
    facts = provider.facts(app, change, back_to=None)
    asked = cloud.sandbox.control.last_request()
    steps = provider.steps(change, facts, cloud.policy)
    assert provider.steps(change, facts, cloud.policy) == steps
    assert cloud.sandbox.control.last_request() == asked
    assert max(Counter(one.key for one in steps).values()) == 1
    proof = next(one for one in steps if one.op == VERIFY)
    assert (proof.key, proof.changes) == (VERIFY, False)
    assert proof.args["side"] == "new"
    assert proof.args["artifact"] == facts.target.ref
    assert all(one.stage < proof.stage for one in steps if one.changes and not one.books_only)
    assert all(one.title and one.group and one.limit_s > 0 for one in steps)
    plan = plan_of(change, facts, steps, cloud.policy)
    assert len(plan.hash) == 64
    assert plan.expected_s > 0


# ------------------------------------------------------------------ trouble


@pytest.mark.parametrize("kind", ["503", "lost", "429", "malformed", "refuse"])
def test_reading_survives_what_passes(cloud: Cloud, kind: str) -> None:
    provider = cloud.provider()
    app = cloud.app(provider)
    cloud.sandbox.control.fault(kind, path=cloud.history, count=2)
    assert provider.releases(app, limit=5).releases
    assert provider.live(app).state is AppState.SERVING


@pytest.mark.parametrize("kind", ["503", "malformed", "hang"])
def test_a_platform_that_stays_away_is_silent_not_empty(cloud: Cloud, kind: str) -> None:
    provider = cloud.provider()
    app = cloud.app(provider)
    cloud.sandbox.control.fault(kind, path=cloud.history, count=100)
    with pytest.raises(PlatformError):
        provider.releases(app, limit=5)
    with pytest.raises(PlatformError):
        provider.live(app)


def test_a_first_change_is_marked_and_found_when_its_answer_is_lost(cloud: Cloud) -> None:
    provider = cloud.provider()
    app = cloud.app(provider)
    change = cloud.deploy(provider)
    facts = provider.facts(app, change, back_to=None)
    steps = provider.steps(change, facts, cloud.policy)
    run = FakeRun(plan_of(change, facts, steps, cloud.policy))
    hand = provider.operations(run)
    first = next(one for one in steps if one.changes)
    assert hand.observe(first).sight is Sight.ABSENT
    before = len(all_releases(cloud, 200))
    cloud.sandbox.control.fault("refuse", method="POST", path=cloud.posts)
    with pytest.raises(Lost):
        hand.apply(first)
    assert hand.observe(first).sight is Sight.ABSENT
    cloud.sandbox.control.fault("lost", method="POST", path=cloud.posts)
    with pytest.raises(Lost):
        provider.operations(run).apply(first)
    seen = hand.observe(first)
    assert seen.sight is Sight.LANDED
    assert seen.data
    assert len(all_releases(cloud, 200)) == before + 1
    hand.close()
