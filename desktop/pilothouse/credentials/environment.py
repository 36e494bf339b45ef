"""What the platforms' own tools read from the environment, read in the same way.

A token goes where its base says and nowhere else: bases that mix this computer with the world are
refused, and so is a base without TLS outside this computer. Source: flyctl's and the Heroku CLI's
documented variables.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from pilothouse.credentials.secret import Secret
from pilothouse.domain.errors import UsageError
from pilothouse.domain.model import Platform

TOKENS = {
    # flyctl looks at the second only when the first is empty.
    Platform.FLY: ("FLY_ACCESS_TOKEN", "FLY_API_TOKEN"),
    Platform.HEROKU: ("HEROKU_API_KEY",),
}
HEROKU_DOMAINS = ("heroku.com", "herokai.com", "herokuspace.com", "herokudev.com")


@dataclass(frozen=True, slots=True)
class FlyBases:
    """Where Fly.io is: three URLs without a slash at the end, and the registry's host."""

    api: str
    flaps: str
    uiex: str
    registry: str

    @property
    def on_loopback(self) -> bool:
        """Whether all of it is on this computer; either all is or nothing."""
        return _is_loopback(urlsplit(self.api))


def environment_token(platform: Platform, environ: Mapping[str, str]) -> Secret | None:
    """The platform's token in the environment, for this run only; None when there is none."""
    for name in TOKENS[platform]:
        if token := environ.get(name, "").strip():
            return Secret(token)
    return None


def fly_bases(environ: Mapping[str, str]) -> FlyBases:
    """Fly.io's bases by the environment, with their defaults.

    The release service is the API's unless it is named, and so is a registry on this computer.

    Raises:
        UsageError: one is no URL, or one is on this computer and another is not.
    """
    api = _base("FLY_API_BASE_URL", environ, "https://api.fly.io")
    flaps = _base("FLY_FLAPS_BASE_URL", environ, "https://api.machines.dev")
    uiex = _base("FLY_UIEX_BASE_URL", environ, api.geturl())
    at_home = api.netloc if _is_loopback(api) else "registry.fly.io"
    registry = environ.get("FLY_REGISTRY_HOST", "").strip() or at_home
    found = {
        "FLY_API_BASE_URL": _is_loopback(api),
        "FLY_FLAPS_BASE_URL": _is_loopback(flaps),
        "FLY_UIEX_BASE_URL": _is_loopback(uiex),
        "FLY_REGISTRY_HOST": _is_loopback(_host("FLY_REGISTRY_HOST", registry)),
    }
    if len(set(found.values())) > 1:
        here = " and ".join(name for name, is_here in found.items() if is_here)
        away = " and ".join(name for name, is_here in found.items() if not is_here)
        raise UsageError(
            f"Nothing was sent: {here} points to this computer and {away} does not (one that is "
            "not set points to Fly.io). Set all of them or none."
        )
    return FlyBases(api.geturl(), flaps.geturl(), uiex.geturl(), registry)


def heroku_host(environ: Mapping[str, str]) -> str:
    """The base URL of Heroku's API by `HEROKU_HOST`.

    Heroku's own tool goes to the real API when it does not like the value; here that is an error.

    Raises:
        UsageError: it is neither Heroku's nor on this computer.
    """
    said = environ.get("HEROKU_HOST", "").strip()
    if not said:
        return "https://api.heroku.com"
    url = _parsed("HEROKU_HOST", said if said.startswith("http") else f"https://api.{said}")
    host = url.hostname or ""
    if not _is_loopback(url) and not any(
        host == domain or host.endswith(f".{domain}") for domain in HEROKU_DOMAINS
    ):
        raise UsageError(
            f"Nothing was sent: HEROKU_HOST is {said}, which is neither Heroku’s nor on this "
            "computer. Correct it, or leave it unset."
        )
    return f"{url.scheme}://{url.netloc}"


def _base(name: str, environ: Mapping[str, str], default: str) -> SplitResult:
    return _parsed(name, environ.get(name, "").strip() or default)


def _parsed(name: str, text: str) -> SplitResult:
    try:
        url = urlsplit(text.rstrip("/"))
        port_is_fine = url.port is None or url.port > 0
    except ValueError as error:
        raise UsageError(f"Nothing was sent: {name} is not a URL ({error}).") from error
    if url.scheme not in {"http", "https"} or not url.hostname or not port_is_fine:
        raise UsageError(f"Nothing was sent: {name} must begin with http:// or https://.")
    if url.username is not None or url.query or url.fragment:
        raise UsageError(f"Nothing was sent: {name} may only have a host, a port and a path.")
    if url.scheme == "http" and not _is_loopback(url):
        raise UsageError(
            f"Nothing was sent: {name} has no TLS, and {url.hostname} is not this computer."
        )
    return url


def _host(name: str, text: str) -> SplitResult:
    if "/" in text or "@" in text:
        raise UsageError(f"Nothing was sent: {name} must be a host, with a port or without.")
    try:
        return urlsplit(f"//{text}")
    except ValueError as error:
        raise UsageError(f"Nothing was sent: {name} is not a host ({error}).") from error


def _is_loopback(url: SplitResult) -> bool:
    host = (url.hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
