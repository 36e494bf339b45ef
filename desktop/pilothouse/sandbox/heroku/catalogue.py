"""What the practice Heroku offers everybody alike: dyno sizes, stacks, regions, features.

Names and sizes are those of the platform's published tables of dyno types, stacks and app
features; texts and prices are ours. Everything here is immutable.
"""

from __future__ import annotations

from dataclasses import dataclass

from pilothouse.sandbox.heroku.wire import named_id

PROFESSIONAL = "professional"


@dataclass(frozen=True, slots=True)
class Size:
    """A size of dyno: `memory_gb` in gigabytes, `cost_cents` a month, `units` of dyno hours."""

    name: str
    tier: str
    memory_gb: float
    compute: int
    cost_cents: int
    units: float
    dedicated: bool = False

    @property
    def id(self) -> str:
        """Its UUID."""
        return named_id("dyno-size", self.name)


SIZES = (
    Size("Eco", "eco", 0.5, 1, 500, 1),
    Size("Basic", "basic", 0.5, 1, 700, 0.28),
    Size("Standard-1X", PROFESSIONAL, 0.5, 1, 2500, 1),
    Size("Standard-2X", PROFESSIONAL, 1, 2, 5000, 2),
    Size("Performance-M", PROFESSIONAL, 2.5, 12, 25000, 8, dedicated=True),
    Size("Performance-L", PROFESSIONAL, 14, 46, 50000, 16, dedicated=True),
    Size("Performance-L-RAM", PROFESSIONAL, 30, 24, 50000, 16, dedicated=True),
    Size("Performance-XL", PROFESSIONAL, 62, 50, 75000, 24, dedicated=True),
    Size("Performance-2XL", PROFESSIONAL, 126, 100, 150000, 48, dedicated=True),
)


def size(identity: str) -> Size | None:
    """The size with this UUID or, in whichever case, this name."""
    wanted = identity.lower()
    return next((each for each in SIZES if wanted in {each.id, each.name.lower()}), None)


def tier(name: str) -> str:
    """The tier of a size; sizes of different tiers cannot be mixed in one app."""
    found = size(name)
    return PROFESSIONAL if found is None else found.tier


STACKS = {"heroku-22": "public", "heroku-24": "public", "container": "public"}
"""The stacks and their states."""
DEFAULT_STACK = "heroku-24"


def stack(identity: str) -> str | None:
    """The name of the stack with this UUID or name."""
    wanted = identity.lower()
    return next((each for each in STACKS if wanted in {each, named_id("stack", each)}), None)


@dataclass(frozen=True, slots=True)
class Region:
    """A place to run apps at."""

    name: str
    country: str
    description: str
    locale: str
    provider_region: str
    is_private: bool = False


REGIONS = (
    Region("eu", "Ireland", "Europe", "Dublin", "eu-west-1"),
    Region("us", "United States", "United States", "Virginia", "us-east-1"),
    Region("frankfurt", "Germany", "Frankfurt, Germany", "Frankfurt", "eu-central-1", True),
)

GENERATIONS = {
    "cedar": (),
    "fir": ("app_features_preboot", "log_history", "slugs", "maintenance_page"),
}
"""The platform's generations with what each does not support; the names of those are ours."""


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that an app, or the account, can switch on and off."""

    name: str
    title: str
    description: str
    state: str = "general"


PREBOOT = "preboot"
APP_FEATURES = (
    Feature(PREBOOT, "Preboot", "Start new web dynos before the old ones stop"),
    Feature("http-session-affinity", "Session affinity", "Send a visitor to the same web dyno"),
    Feature("http-routing-2-dot-0", "Router 2.0", "Use the newer router of the Common Runtime"),
    Feature("http-shard-header", "Shard header", "Tell the app which router asked", "beta"),
    Feature(
        "http-end-to-end-continue", "End-to-end continue", "Pass 100-continue to the app", "beta"
    ),
    Feature("log-runtime-metrics", "Runtime metrics", "Log load and memory of each dyno", "beta"),
    Feature(
        "runtime-dyno-metadata", "Dyno metadata", "Give dynos the app's facts as variables", "beta"
    ),
    Feature(
        "runtime-dyno-build-metadata",
        "Dyno build metadata",
        "Give dynos the build's facts as variables",
        "beta",
    ),
)
ACCOUNT_FEATURES = (
    Feature("metrics-request-volume", "Request volume", "Show how often each app is asked", "beta"),
    Feature("pipelines", "Pipelines", "Group apps in stages"),
)
