"""The contrast of every colour, computed again."""

from __future__ import annotations

import pytest

from pilothouse.ui.tokens import DARK, LIGHT, TABLES, Tokens, Tone, contrast

TEXT_ROLES = ("text", "text2", "text3", "accent", "good", "warn", "bad", "unk")
MARKS = ("good_mark", "good_soft", "run_mark", "warn_mark", "bad_mark", "unk_mark", "idle_mark")
SURFACES = ("base", "chrome", "raised", "select", "hover")

BOTH = pytest.mark.parametrize("look", [*TABLES.values(), DARK.contrasting(), LIGHT.contrasting()])


def worst(look: Tokens, role: str) -> float:
    surfaces = [str(getattr(look, name)) for name in SURFACES]
    if role in set(Tone):
        surfaces.append(look.tint(Tone(role)))
    return min(contrast(str(getattr(look, role)), surface) for surface in surfaces)


@BOTH
@pytest.mark.parametrize("role", TEXT_ROLES)
def test_text_can_be_read_on_every_surface(look: Tokens, role: str) -> None:
    assert worst(look, role) >= 4.5


@BOTH
@pytest.mark.parametrize("mark", [*MARKS, "field"])
def test_marks_can_be_told_from_every_surface(look: Tokens, mark: str) -> None:
    assert worst(look, mark) >= 3.0


@BOTH
@pytest.mark.parametrize("tone", list(Tone))
def test_a_tone_can_be_read_on_its_own_tint(look: Tokens, tone: Tone) -> None:
    assert contrast(look.ink(tone), look.tint(tone)) >= 4.5


@BOTH
def test_the_primary_button_can_be_read(look: Tokens) -> None:
    assert contrast(look.on_fill, look.fill) >= 4.5
    assert contrast(look.on_fill, look.fill_hover) >= 4.5


def test_known_ratios() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast(LIGHT.text, LIGHT.base) == pytest.approx(17.1, abs=0.05)
    assert contrast(DARK.text, DARK.base) == pytest.approx(14.0, abs=0.05)
