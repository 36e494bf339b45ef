"""The environment is read as the platforms' own tools read it, but never half."""

from __future__ import annotations

import pytest

from pilothouse.credentials import (
    FlyBases,
    Secret,
    environment_token,
    fly_bases,
    heroku_host,
)
from pilothouse.domain.errors import UsageError
from pilothouse.domain.model import Platform

HERE = "http://127.0.0.1:4711"


@pytest.mark.parametrize(
    ("environ", "token"),
    [
        ({}, None),
        ({"FLY_API_TOKEN": ""}, None),
        ({"FLY_API_TOKEN": "b"}, "b"),
        ({"FLY_ACCESS_TOKEN": "", "FLY_API_TOKEN": "b"}, "b"),
        ({"FLY_ACCESS_TOKEN": "a", "FLY_API_TOKEN": "b"}, "a"),
        ({"HEROKU_API_KEY": "h"}, None),
    ],
)
def test_fly_has_two_variables(environ: dict[str, str], token: str | None) -> None:
    wanted = None if token is None else Secret(token)
    assert environment_token(Platform.FLY, environ) == wanted


def test_heroku_has_one() -> None:
    assert environment_token(Platform.HEROKU, {"HEROKU_API_KEY": "h\n"}) == Secret("h")
    assert environment_token(Platform.HEROKU, {"HEROKU_API_TOKEN": "h"}) is None


def test_without_variables_fly_is_fly() -> None:
    bases = fly_bases({})
    assert bases == FlyBases(
        "https://api.fly.io", "https://api.machines.dev", "https://api.fly.io", "registry.fly.io"
    )
    assert not bases.on_loopback


def test_on_this_computer_what_is_not_set_follows_the_api() -> None:
    bases = fly_bases({"FLY_API_BASE_URL": f"{HERE}/", "FLY_FLAPS_BASE_URL": HERE})
    assert bases == FlyBases(HERE, HERE, HERE, "127.0.0.1:4711")
    assert bases.on_loopback


@pytest.mark.parametrize(
    "environ",
    [
        {"FLY_API_BASE_URL": HERE},
        {"FLY_FLAPS_BASE_URL": HERE},
        {"FLY_UIEX_BASE_URL": HERE},
        {"FLY_REGISTRY_HOST": "127.0.0.1:4711"},
        {"FLY_API_BASE_URL": HERE, "FLY_FLAPS_BASE_URL": "https://api.machines.dev"},
        {
            "FLY_API_BASE_URL": HERE,
            "FLY_FLAPS_BASE_URL": HERE,
            "FLY_UIEX_BASE_URL": "https://api.fly.io",
        },
        {
            "FLY_API_BASE_URL": HERE,
            "FLY_FLAPS_BASE_URL": HERE,
            "FLY_REGISTRY_HOST": "registry.fly.io",
        },
    ],
)
def test_half_here_and_half_there_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"Nothing was sent: FLY_.* points to this computer"):
        fly_bases(environ)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("fly.example", "must begin with http"),
        ("ftp://127.0.0.1", "must begin with http"),
        ("http://", "must begin with http"),
        ("http://fly.example", "has no TLS, and fly.example is not this computer"),
        ("http://127.0.0.1.fly.example", "has no TLS"),
        ("http://127.0.0.1@fly.example", "only have a host"),
        ("http://127.0.0.1:x", "not a URL"),
        ("http://127.0.0.1/?a=b", "only have a host"),
        ("http://[::1", "not a URL"),
    ],
)
def test_what_is_no_base_is_refused(url: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        fly_bases({"FLY_API_BASE_URL": url, "FLY_FLAPS_BASE_URL": HERE})


@pytest.mark.parametrize("host", ["127.0.0.1/x", "a@127.0.0.1", "[::1"])
def test_what_is_no_host_is_refused(host: str) -> None:
    environ = {"FLY_API_BASE_URL": HERE, "FLY_FLAPS_BASE_URL": HERE, "FLY_REGISTRY_HOST": host}
    with pytest.raises(UsageError, match="FLY_REGISTRY_HOST"):
        fly_bases(environ)


@pytest.mark.parametrize("url", [HERE, "http://localhost:1", "http://[::1]:1", "http://127.9.9.9"])
def test_all_of_loopback_is_here(url: str) -> None:
    assert fly_bases({"FLY_API_BASE_URL": url, "FLY_FLAPS_BASE_URL": url}).on_loopback


@pytest.mark.parametrize(
    ("said", "base"),
    [
        ("", "https://api.heroku.com"),
        ("heroku.com", "https://api.heroku.com"),
        ("staging.herokudev.com", "https://api.staging.herokudev.com"),
        (HERE, HERE),
        (f"{HERE}/a/path", HERE),
        ("https://api.heroku.com", "https://api.heroku.com"),
        ("localhost:5050", "https://api.localhost:5050"),
    ],
)
def test_herokus_host(said: str, base: str) -> None:
    assert heroku_host({"HEROKU_HOST": said}) == base


@pytest.mark.parametrize(
    "said",
    ["example.com", "https://heroku.com.example.com", "https://notheroku.com", "http://heroku.com"],
)
def test_a_strange_heroku_is_refused_and_nothing_goes_to_the_real_one(said: str) -> None:
    with pytest.raises(UsageError, match="Nothing was sent"):
        heroku_host({"HEROKU_HOST": said})
