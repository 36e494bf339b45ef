"""Colours by meaning: one table a scheme, and the arithmetic of contrast.

Text roles keep 4.5:1 on every surface they may lie on, marks 3:1; a test computes it again.
Nothing else in the window names a colour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Scheme(StrEnum):
    """Light or dark."""

    LIGHT = "light"
    DARK = "dark"


class Tone(StrEnum):
    """What a state means; each has a text colour, a mark and a tint of the same name."""

    GOOD = "good"
    RUN = "run"
    WARN = "warn"
    BAD = "bad"
    UNK = "unk"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every colour of one scheme, as `#rrggbb`, plus the scrim's alpha (0 to 255)."""

    scheme: Scheme
    # text
    text: str
    text2: str
    text3: str
    accent: str
    good: str
    warn: str
    bad: str
    unk: str
    on_fill: str
    # fills
    fill: str
    fill_hover: str
    # marks
    good_mark: str
    good_soft: str
    run_mark: str
    warn_mark: str
    bad_mark: str
    unk_mark: str
    idle_mark: str
    field: str
    # surfaces
    base: str
    chrome: str
    raised: str
    well: str
    select: str
    hover: str
    line: str
    hair: str
    scrim: str
    scrim_alpha: int
    # tints
    good_tint: str
    run_tint: str
    warn_tint: str
    bad_tint: str
    unk_tint: str
    idle_tint: str
    high_contrast: bool = False

    @property
    def run(self) -> str:
        """The text colour of whatever is in progress."""
        return self.accent

    @property
    def idle(self) -> str:
        """The text colour of whatever nobody watched."""
        return self.text3

    def ink(self, tone: Tone) -> str:
        """The text colour of a tone."""
        return str(getattr(self, tone.value))

    def mark(self, tone: Tone) -> str:
        """The colour of a tone's shapes and plots."""
        return str(getattr(self, f"{tone.value}_mark"))

    def tint(self, tone: Tone) -> str:
        """The colour behind one row, cell or strip that needs a person."""
        return str(getattr(self, f"{tone.value}_tint"))

    def contrasting(self) -> Tokens:
        """The same scheme for people who asked their desktop for more contrast."""
        return replace(
            self,
            text3=self.text2,
            hair=self.field,
            high_contrast=True,
            good_tint=self.base,
            run_tint=self.base,
            warn_tint=self.base,
            bad_tint=self.base,
            unk_tint=self.base,
            idle_tint=self.base,
        )


LIGHT = Tokens(
    scheme=Scheme.LIGHT,
    text="#171C21",
    text2="#4C5762",
    text3="#5C6772",
    accent="#1F57B8",
    good="#16713F",
    warn="#7D5200",
    bad="#AE231C",
    unk="#673CA8",
    on_fill="#FFFFFF",
    fill="#1F57B8",
    fill_hover="#1A4A9E",
    good_mark="#1E8E50",
    good_soft="#339461",
    run_mark="#2F6FDB",
    warn_mark="#B87700",
    bad_mark="#CF3A31",
    unk_mark="#7D50C4",
    idle_mark="#757F8A",
    field="#78838E",
    base="#FFFFFF",
    chrome="#F2F4F6",
    raised="#FFFFFF",
    well="#F7F8FA",
    select="#E3ECFA",
    hover="#F3F6F9",
    line="#DDE2E7",
    hair="#EBEEF1",
    scrim="#141B22",
    scrim_alpha=87,
    good_tint="#E6F4EB",
    run_tint="#E6EEFB",
    warn_tint="#FBF1DB",
    bad_tint="#FBE9E7",
    unk_tint="#F0EAF9",
    idle_tint="#EDF0F2",
)

DARK = Tokens(
    scheme=Scheme.DARK,
    text="#E8ECEF",
    text2="#AEB8C1",
    text3="#9AA5AF",
    accent="#86B1F7",
    good="#62CB8F",
    warn="#E7B75C",
    bad="#FF958C",
    unk="#C5A9F7",
    on_fill="#FFFFFF",
    fill="#3469CC",
    fill_hover="#3B70D4",
    good_mark="#45B478",
    good_soft="#3A8F62",
    run_mark="#5B93F0",
    warn_mark="#D79E36",
    bad_mark="#F0675D",
    unk_mark="#A584E6",
    idle_mark="#74808B",
    field="#77848F",
    base="#1A1F24",
    chrome="#14181C",
    raised="#22282E",
    well="#161A1F",
    select="#24354F",
    hover="#20262C",
    line="#323A42",
    hair="#262D34",
    scrim="#05080B",
    scrim_alpha=140,
    good_tint="#1A3326",
    run_tint="#1E2F4A",
    warn_tint="#3A2E16",
    bad_tint="#412322",
    unk_tint="#302645",
    idle_tint="#262D34",
)

TABLES = {Scheme.LIGHT: LIGHT, Scheme.DARK: DARK}


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1, by the definition of WCAG 2."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
