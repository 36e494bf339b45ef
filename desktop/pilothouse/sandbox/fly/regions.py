"""The regions of the practice Fly.io (Fly.io, "Regions"), and where a wish for one leads."""

from __future__ import annotations

from dataclasses import dataclass

from pilothouse.sandbox.fly.errors import invalid


@dataclass(frozen=True, slots=True)
class Region:
    """One region; `geo` is the alias of its part of the world."""

    code: str
    name: str
    geo: str
    latitude: float
    longitude: float
    paid: bool = False


REGIONS = (
    Region("ams", "Amsterdam, Netherlands", "eu", 52.37, 4.9),
    Region("arn", "Stockholm, Sweden", "eu", 59.65, 17.92),
    Region("bom", "Mumbai, India", "apac", 19.09, 72.87, paid=True),
    Region("cdg", "Paris, France", "eu", 48.86, 2.35),
    Region("dfw", "Dallas, Texas (US)", "na", 32.78, -96.8),
    Region("ewr", "Secaucus, NJ (US)", "na", 40.79, -74.06),
    Region("fra", "Frankfurt, Germany", "eu", 50.12, 8.68, paid=True),
    Region("gru", "Sao Paulo, Brazil", "sa", -23.55, -46.63),
    Region("iad", "Ashburn, Virginia (US)", "na", 39.04, -77.49),
    Region("jnb", "Johannesburg, South Africa", "africa", -26.2, 28.04),
    Region("lax", "Los Angeles, California (US)", "na", 34.05, -118.24),
    Region("lhr", "London, United Kingdom", "eu", 51.51, -0.13),
    Region("nrt", "Tokyo, Japan", "apac", 35.68, 139.69),
    Region("ord", "Chicago, Illinois (US)", "na", 41.88, -87.63),
    Region("sin", "Singapore, Singapore", "apac", 1.35, 103.82),
    Region("sjc", "San Jose, California (US)", "na", 37.34, -121.89),
    Region("syd", "Sydney, Australia", "oceania", -33.87, 151.21),
    Region("yyz", "Toronto, Canada", "na", 43.65, -79.38),
)
NEAREST = "ams"
_CODES = frozenset(region.code for region in REGIONS)


def placed(wish: str | None) -> str:
    """Return the region that a wish leads to: a code, an alias, or a list in order of preference.

    Nothing, or `any`, leads to the nearest.

    Raises:
        FlyError: 400 when nothing of it is known.
    """
    for part in (wish or "any").split(","):
        word = part.strip()
        if word in ("", "any"):
            return NEAREST
        if word in _CODES:
            return word
        for region in REGIONS:
            if region.geo == word:
                return region.code
    raise invalid(f"unknown region {wish!r}")
