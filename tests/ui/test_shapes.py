"""Shapes and icons: each state has an outline of its own, and reads in grey."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from pilothouse.domain.model import ReleaseKind, ReleaseVerdict
from pilothouse.ui import glyph, icons, shapes
from pilothouse.ui.glyph import Badge
from pilothouse.ui.gutter import paint_kind
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Theme
from pilothouse.ui.tokens import LIGHT

SIDE = 32


def outline(image: QImage) -> frozenset[tuple[int, int]]:
    """Where anything was painted, whatever its colour."""
    ink = set()
    for y in range(image.height()):
        for x in range(image.width()):
            if image.pixelColor(x, y).alpha() > 100:
                ink.add((x, y))
    return frozenset(ink)


def painted(shape: Shape) -> QImage:
    return shapes.pixmap(shape, SIDE, progress=0.5).toImage()


def grey(image: QImage) -> bytes:
    small = image.convertToFormat(QImage.Format.Format_ARGB32)
    return bytes(
        small.pixelColor(x, y).alpha() and 1 + small.pixelColor(x, y).lightness() // 128
        for y in range(small.height())
        for x in range(small.width())
    )


def test_no_two_states_look_alike_in_grey(look: Theme) -> None:
    pictures = {shape: grey(painted(shape)) for shape in Shape}
    for one, other in combinations(Shape, 2):
        differs = sum(a != b for a, b in zip(pictures[one], pictures[other], strict=True))
        assert differs > SIDE, f"{one} and {other} look alike"


@pytest.mark.parametrize("name", sorted(icons.DRAWINGS))
def test_every_icon_stays_on_its_grid(look: Theme, name: str) -> None:
    box = icons.outline(name).boundingRect()
    assert QRectF(0.5, 0.5, 15, 15).contains(box), name
    assert not icons.icon(name).isNull()


def test_a_drawing_with_a_typing_error_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(icons.DRAWINGS, "wrong", "M 1 1 X 2")
    with pytest.raises(ValueError, match="no command 'X'"):
        icons.outline("wrong")


def test_badges_have_different_outlines(look: Theme) -> None:
    outlines = {
        badge: outline(glyph.tray_pixmap(badge, SIDE, LIGHT.text, progress=0.5).toImage())
        for badge in Badge
    }
    for one, other in combinations(Badge, 2):
        assert len(outlines[one] ^ outlines[other]) > SIDE // 2, f"{one} and {other} look alike"
    assert not glyph.app_icon().isNull()


def test_kinds_in_the_gutter_differ_and_the_live_one_has_a_ring(look: Theme) -> None:
    def paint(kind: ReleaseKind, *, live: bool) -> frozenset[tuple[int, int]]:
        image = QImage(SIDE, SIDE, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        paint_kind(painter, QPointF(16, 16), kind, ReleaseVerdict.VERIFIED, live=live)
        painter.end()
        return outline(image)

    kinds = (ReleaseKind.CODE, ReleaseKind.CONFIG, ReleaseKind.SCALE, ReleaseKind.ROLLBACK)
    seen = [paint(kind, live=False) for kind in kinds]
    assert len(set(seen)) == len(kinds)
    assert all(paint(kind, live=True) > plain for kind, plain in zip(kinds, seen, strict=True))
