"""The two platforms of the sandbox, told in the words of one contract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from pilothouse.domain.change import Change, ChangeKind
from pilothouse.domain.model import Account, App, Platform
from pilothouse.domain.policy import Policy, Timing
from pilothouse.domain.ports import Provider
from pilothouse.providers.fly.client import FlyBases
from pilothouse.providers.fly.provider import FlyProvider
from pilothouse.providers.heroku.provider import HerokuProvider
from tests.sandbox_process import SandboxProcess


class Closable(Provider, Protocol):
    """A provider whose idle connections can be closed."""

    def close(self) -> None: ...


@dataclass
class Cloud:
    """One platform: how it is reached, and what is called what there.

    `posts` is a pattern of the paths by which a deploy begins, `history` of those by which the
    release history is read.
    """

    sandbox: SandboxProcess
    platform: Platform
    app_name: str
    posts: str
    history: str

    def __post_init__(self) -> None:
        self._opened: list[Closable] = []

    @property
    def timing(self) -> Timing:
        scale = self.sandbox.scale
        return replace(Timing.for_scale(scale), call_s=2.0, read_s=3.0, healthy_s=10.0)

    @property
    def policy(self) -> Policy:
        return Policy(timing=self.timing)

    def provider(self, token: str | None = None) -> Provider:
        """A provider of the sandbox's account, closed when the test ends."""
        announced = self.sandbox.announcement
        secret = announced.token if token is None else token
        account = Account(str(self.platform), self.platform, "Practice", "127.0.0.1", "sandbox")
        made: Closable
        if self.platform is Platform.FLY:
            fly = announced.fly
            bases = FlyBases(
                api=fly["FLY_API_BASE_URL"],
                flaps=fly["FLY_FLAPS_BASE_URL"],
                uiex=fly["FLY_UIEX_BASE_URL"],
                registry=fly["FLY_REGISTRY_HOST"],
            )
            made = FlyProvider(account, lambda: secret, bases=bases, timing=self.timing)
        else:
            host = announced.heroku["HEROKU_HOST"]
            made = HerokuProvider(account, lambda: secret, host=host, timing=self.timing)
        self._opened.append(made)
        return made

    def close(self) -> None:
        """Close what the test opened."""
        for one in self._opened:
            one.close()

    def app(self, provider: Provider) -> App:
        """The app that the contract is tried on."""
        return provider.find(self.app_name)

    def deploy(self, provider: Provider, behaviour: str = "next") -> Change:
        """The deploy of a practice artifact."""
        ref = f"{self.platform}:{self.app_name}"
        if self.platform is Platform.FLY:
            return Change(ChangeKind.DEPLOY, ref, image=f":{behaviour}")
        staging = provider.find("billing-staging")
        rows = provider.releases(staging, limit=200).releases
        version = next(r.version for r in rows if r.description == f"sandbox: {behaviour}")
        return Change(ChangeKind.DEPLOY, ref, slug_of=("billing-staging", version))

    def unknown(self) -> Change:
        """The deploy of something that is not there."""
        ref = f"{self.platform}:{self.app_name}"
        if self.platform is Platform.FLY:
            return Change(ChangeKind.DEPLOY, ref, image=":no-such-tag")
        return Change(ChangeKind.DEPLOY, ref, slug_of=("billing-staging", 9999))


def clouds(sandbox: SandboxProcess) -> dict[Platform, Cloud]:
    """Both platforms of a sandbox."""
    graphql_or_releases = r"^/graphql$|/machines$"
    return {
        Platform.FLY: Cloud(
            sandbox, Platform.FLY, "harbor-api", r"^/api/v1/releases$", graphql_or_releases
        ),
        Platform.HEROKU: Cloud(
            sandbox, Platform.HEROKU, "billing", r"^/apps/[^/]+/releases$", r"/releases$"
        ),
    }
