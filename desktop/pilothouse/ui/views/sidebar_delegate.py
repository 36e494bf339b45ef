"""How a line of the sidebar is painted."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from pilothouse.ui import icons, shapes
from pilothouse.ui.models.sidebar_model import Kind, Node, SidebarModel
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.views.row_delegate import RIGHT, draw
from pilothouse.ui.widgets.buttons import paint_plate
from pilothouse.ui.widgets.chips import paint_letter
from pilothouse.ui.widgets.hatch import paint_hatch

HEIGHTS = {Kind.PAGE: 30, Kind.ACCOUNT: 36, Kind.APP: 28}


class SidebarDelegate(QStyledItemDelegate):
    """Paints pages with icons, accounts with letters, apps with the shape of their state."""

    def __init__(self, model: SidebarModel, view: QTreeView) -> None:
        super().__init__(view)
        self._model, self._view = model, view

    def sizeHint(
        self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """As high as its kind."""
        return QSize(120, HEIGHTS[self._model.node(index).kind])

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Plate, sign, title, note."""
        node = self._model.node(index)
        look = tokens()
        box = QRectF(option.rect).adjusted(8, 0, -8, 0)
        painter.save()
        if node.sandbox:
            paint_hatch(painter, QRectF(option.rect), look.hair)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if node.kind is not Kind.ACCOUNT and (selected or hovered):
            paint_plate(painter, box, look.select if selected else look.line, None)
        if selected and self._view.hasFocus():
            paint_plate(painter, box, None, look.accent)
        match node.kind:
            case Kind.PAGE:
                self._paint_page(painter, box, node)
            case Kind.ACCOUNT:
                self._paint_account(painter, box, node, folded=not self._view.isExpanded(index))
            case Kind.APP:
                self._paint_app(painter, box, node)
        painter.restore()

    @staticmethod
    def _paint_page(painter: QPainter, box: QRectF, node: Node) -> None:
        look = tokens()
        icons.paint(painter, node.sign, _sign(box), look.text2)
        draw(painter, box.adjusted(34, 0, -40, 0), node.title, look.text)
        if node.loud:
            _paint_badge(painter, box, node.note)
        else:
            small = font(Size.SMALL)
            draw(painter, box.adjusted(0, 0, -8, 0), node.note, look.text3, small, RIGHT)

    @staticmethod
    def _paint_account(painter: QPainter, box: QRectF, node: Node, *, folded: bool) -> None:
        look = tokens()
        box = box.adjusted(0, 8, 0, 0)
        paint_letter(painter, node.sign, _sign(box))
        draw(painter, box.adjusted(30, 0, -40, 0), node.title, look.text2, font(Size.SMALL))
        right = QRectF(box.right() - 20, box.center().y() - 6, 12, 12)
        if folded:
            icons.paint(painter, "right", right, look.text3)
            note = box.adjusted(0, 0, -26, 0)
            draw(painter, note, str(len(node.children)), look.text3, font(Size.SMALL), RIGHT)
        elif node.mark is not None:
            mark = QRectF(box.right() - 22, box.center().y() - 7, 14, 14)
            shapes.paint(painter, node.mark.shape, mark)

    @staticmethod
    def _paint_app(painter: QPainter, box: QRectF, node: Node) -> None:
        look = tokens()
        if node.state is not None:
            sign = _sign(box).adjusted(1, 1, -1, -1)
            shapes.paint(painter, node.state.shape, sign, progress=node.progress)
        room = box.adjusted(34, 0, -12, 0)
        if node.note:
            small = font(Size.SMALL)
            width = QFontMetricsF(small).horizontalAdvance(node.note)
            draw(painter, room.adjusted(0, 0, 4, 0), node.note, look.text3, small, RIGHT)
            room = room.adjusted(0, 0, -width - 6, 0)
        if node.mark is not None:
            mark = QRectF(box.right() - 22, box.center().y() - 7, 14, 14)
            shapes.paint(painter, node.mark.shape, mark)
            room = room.adjusted(0, 0, -18, 0)
        draw(painter, room, node.title, look.text)


def _sign(box: QRectF) -> QRectF:
    return QRectF(box.left() + 8, box.center().y() - 8, 16, 16)


def _paint_badge(painter: QPainter, box: QRectF, note: str) -> None:
    look = tokens()
    face = font(Size.CAPTION, QFont.Weight.DemiBold)
    width = max(20.0, QFontMetricsF(face).horizontalAdvance(note) + 12)
    plate = QRectF(box.right() - width - 8, box.center().y() - 8, width, 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(look.bad))
    painter.drawRoundedRect(plate, 8, 8)
    draw(painter, plate, note, look.base, face, Qt.AlignmentFlag.AlignHCenter)
