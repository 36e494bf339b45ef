"""Tokens, image references, rate limits and sentences: small rules that everything stands on."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from pilothouse.domain.model import Instance, Release, ReleaseKind, ReleaseStatus
from pilothouse.providers.fly import tokens
from pilothouse.providers.fly.images import digest_of, parse
from pilothouse.providers.fly.live import disagreement
from pilothouse.providers.fly.rates import Buckets
from pilothouse.providers.fly.releases import page
from pilothouse.providers.fly.schema import PageInfo, ReleaseEdge, ReleaseEdges, ReleaseNode, User

SHA = "sha256:" + "6f0c" * 16


@pytest.mark.parametrize(
    ("token", "machines", "graphql", "web"),
    [
        ("fo1_abc", "Bearer fo1_abc", "Bearer fo1_abc", "Bearer fo1_abc"),
        ("Bearer fo1_abc", "Bearer fo1_abc", "Bearer fo1_abc", "Bearer fo1_abc"),
        ("FlyV1 fm2_x", "FlyV1 fm2_x", "FlyV1 fm2_x", "Bearer fm2_x"),
        (
            "FlyV1 fm2_x,fo1_abc, fm1r_y",
            "FlyV1 fm2_x,fm1r_y",
            "FlyV1 fm2_x,fm1r_y,fo1_abc",
            "Bearer fm2_x,fm1r_y,fo1_abc",
        ),
    ],
)
def test_each_surface_gets_its_own_form_of_a_token(
    token: str, machines: str, graphql: str, web: str
) -> None:
    assert tokens.for_machines(token) == machines
    assert tokens.for_graphql(token) == graphql
    assert tokens.for_web(token) == web


def test_the_registry_gets_the_macaroons_as_a_password() -> None:
    scheme, _, value = tokens.for_registry("FlyV1 fm2_x,fo1_abc").partition(" ")
    assert (scheme, base64.b64decode(value)) == ("Basic", b"x:fm2_x")
    assert tokens.is_personal("fo1_abc")
    assert not tokens.is_personal("FlyV1 fm2_x")


@pytest.mark.parametrize(
    ("text", "registry", "repository", "selector", "words"),
    [
        (":next", "registry.fly.io", "harbor-api", "next", "harbor-api:next"),
        (f"@{SHA}", "registry.fly.io", "harbor-api", SHA, "harbor-api@6f0c6f0c6f0c"),
        ("other:v1", "registry.fly.io", "other", "v1", "other:v1"),
        ("registry.fly.io/other:v1", "registry.fly.io", "other", "v1", "other:v1"),
        ("127.0.0.1:4711/other:v1", "registry.fly.io", "other", "v1", "other:v1"),
        (f"registry.fly.io/a:t@{SHA}", "registry.fly.io", "a", SHA, "a:t"),
        ("registry.fly.io/a", "registry.fly.io", "a", "latest", "a"),
        ("nginx/unit:1", "docker.io", "nginx/unit", "1", "docker.io/nginx/unit:1"),
        ("ghcr.io/quay/api:2", "ghcr.io", "quay/api", "2", "ghcr.io/quay/api:2"),
    ],
)
def test_image_references(
    text: str, registry: str, repository: str, selector: str, words: str
) -> None:
    image = parse(text, app="harbor-api", hosts=("registry.fly.io", "127.0.0.1:4711"))
    assert (image.registry, image.repository, image.selector) == (registry, repository, selector)
    assert image.words == words


def test_an_image_by_digest_has_one_spelling() -> None:
    hosts = ("registry.fly.io", "127.0.0.1:4711")
    spelled = {
        parse(text, app="api", hosts=hosts).exact(SHA)
        for text in ("api:next", ":next", f"@{SHA}", f"127.0.0.1:4711/api:a@{SHA}")
    }
    assert spelled == {f"registry.fly.io/api@{SHA}"}
    assert digest_of(f"registry.fly.io/api:a@{SHA}") == SHA
    assert digest_of("registry.fly.io/api:a") is None


def test_a_burst_of_three_then_a_place_a_second() -> None:
    buckets = Buckets()
    waits = [buckets.reserve("update 3f19") for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert 1.0 < waits[3] < 1.2
    assert 2.0 < waits[4] < 2.3
    assert buckets.reserve("update c2d1") == 0
    assert [buckets.reserve("get 3f19") for _ in range(10)] == [0] * 10
    assert 0.1 < buckets.reserve("get 3f19") < 0.3


def instances(*releases: int, artifact: str = "a") -> list[Instance]:
    return [
        Instance(f"{n}", "ams", "app", "started", version, artifact, "01", True, True)
        for n, version in enumerate(releases)
    ]


def release(version: int) -> Release:
    when = datetime.now(UTC)
    kind, status = ReleaseKind.CODE, ReleaseStatus.COMPLETE
    return Release("app", version, "r", kind, status, True, "a", "", "Ann", when)


@pytest.mark.parametrize(
    ("known", "newest", "sentence"),
    [
        (instances(42, 42), 42, None),
        (instances(42, 41, 42, 41, 42, 42), 42, "Fly.io says v42, 2 of 6 machines say v41."),
        (instances(42, 41), 42, "Fly.io says v42, 1 of 2 machines says v41."),
        (instances(41, 41), 42, "Fly.io says v42, all 2 machines say v41."),
        (instances(41), 42, "Fly.io says v42, its machine says v41."),
        (
            instances(42, 41, 43),
            42,
            "Fly.io says v42, 1 of 3 machines says v41 and 1 of 3 machines says v43.",
        ),
        (instances(42, 41), None, "Of 2 machines 1 says v41 and 1 says v42."),
        (instances(42), None, None),
        (
            instances(42) + instances(42, artifact="b"),
            42,
            "The machines say v42, but run 2 different images.",
        ),
    ],
)
def test_how_history_and_machines_differ(
    known: list[Instance], newest: int | None, sentence: str | None
) -> None:
    assert disagreement(known, release(newest) if newest else None) == sentence


def node(version: int, **more: object) -> ReleaseEdge:
    usual: dict[str, object] = {
        "status": "complete",
        "description": "Release",
        "image_ref": f"registry.fly.io/api:v{version}",
        "user": User("ann@harbour.example", "Ann Berg"),
    }
    made = {**usual, **more}
    return ReleaseEdge(
        ReleaseNode(f"r{version}", version, datetime.now(UTC), **made),  # type: ignore[arg-type]
        f"c{version}",
    )


def test_a_page_of_history() -> None:
    edges = ReleaseEdges(
        [
            node(9, status="running"),
            node(8, description="Rollback to v6", image_ref="registry.fly.io/api:v6"),
            node(7, status="failed", user=None),
            node(6, description="Set secrets: A", image_ref="registry.fly.io/api:v5"),
            node(5, status="dead"),
            node(4, image_ref="registry.fly.io/api:v3"),
            node(3),
        ],
        PageInfo("c3", True),
    )
    found = page("app", edges, spell=lambda ref: ref, cursor=None, limit=6)
    assert [one.version for one in found.releases] == [9, 8, 7, 6, 5, 4]
    assert [str(one.kind) for one in found.releases] == [
        "code",
        "rollback",
        "code",
        "config",
        "code",
        "other",
    ]
    assert [str(one.status) for one in found.releases] == [
        "pending",
        "complete",
        "failed",
        "complete",
        "unknown",
        "complete",
    ]
    assert [one.version for one in found.releases if one.current] == [8]
    assert found.releases[1].went_back_to == 6
    assert found.releases[2].author == "a token"
    assert found.cursor == "met:c4"
    older = page("app", edges, spell=lambda ref: ref, cursor=found.cursor, limit=50)
    assert not any(one.current for one in older.releases)
