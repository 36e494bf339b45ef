"""The inbox's list: headings and notices of three lines, chosen one at a time."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from pilothouse.domain.news import Notice
from pilothouse.ui import shapes
from pilothouse.ui.inbox_rows import InboxRow, shape_of
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.widgets.labels import BOLD

HEADING, NOTICE = 28, 68
ROW = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex


class InboxModel(QAbstractListModel):
    """Headings and notices, in order."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[InboxRow, ...] = ()

    def show_rows(self, rows: Sequence[InboxRow]) -> None:
        """Show these rows."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def place_of(self, deployment_id: str) -> int | None:
        """The row of a deployment's notice."""
        for at, row in enumerate(self.rows):
            if row.notice is not None and row.notice.deployment_id == deployment_id:
                return at
        return None

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """How many rows there are."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row for the delegate, its words for everybody else."""
        row = self.rows[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return row.spoken
        return row if role == ROW else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        if not index.isValid() or self.rows[index.row()].notice is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class InboxDelegate(QStyledItemDelegate):
    """Paints headings and notices."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        """Fixed heights."""
        row = index.data(ROW)
        return QSize(200, HEADING if isinstance(row, InboxRow) and row.notice is None else NOTICE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        row = index.data(ROW)
        if not isinstance(row, InboxRow):
            return
        look, area = tokens(), option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.notice is None:
            painter.setFont(font(Size.SMALL))
            painter.setPen(colour(look.text2))
            painter.drawText(area.adjusted(14, 0, -14, 0), Qt.AlignmentFlag.AlignVCenter, row.title)
        else:
            if option.state & QStyle.StateFlag.State_Selected:
                painter.fillRect(area, colour(look.select))
            self._paint_notice(painter, area, row, row.notice)
        painter.setPen(colour(look.hair))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.restore()

    @staticmethod
    def _paint_notice(painter: QPainter, area: QRect, row: InboxRow, notice: Notice) -> None:
        look = tokens()
        mark = QRectF(area.left() + 14, area.top() + 10, 16, 16)
        shapes.paint(painter, shape_of(notice), mark)
        right, left = area.right() - 14, area.left() + 44
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font(Size.SMALL))
        painter.setPen(colour(look.text2))
        wide = painter.fontMetrics().horizontalAdvance(row.time)
        top = QRect(left, area.top() + 8, right - left, 20)
        painter.drawText(top, centre | Qt.AlignmentFlag.AlignRight, row.time)
        elide = Qt.TextElideMode.ElideRight
        painter.setFont(font(Size.BODY, BOLD if notice.seen_at is None else font().weight()))
        painter.setPen(colour(look.text))
        room = right - left - wide - 10
        title = painter.fontMetrics().elidedText(row.title, elide, room)
        painter.drawText(top, centre, title)
        painter.setFont(font())
        painter.setPen(colour(look.text2))
        room = right - left - 16
        text = painter.fontMetrics().elidedText(row.text, elide, room)
        painter.drawText(QRect(left, area.top() + 27, room, 18), centre, text)
        painter.setFont(font(Size.SMALL))
        where = row.account if notice.seen_at is None else f"{row.account} · seen".strip(" ·")
        painter.drawText(QRect(left, area.top() + 45, room, 16), centre, where)
        if notice.seen_at is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(look.fill))
            painter.drawEllipse(QRectF(right - 7, area.top() + 49, 7, 7))


class InboxList(QListView):
    """The list.

    Signals:
        opened: a notice was opened by double click or Enter.
    """

    opened = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Notices")
        self.notices = InboxModel(self)
        self.setModel(self.notices)
        self.setItemDelegate(InboxDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(self.on_double_clicked)

    @property
    def notice(self) -> Notice | None:
        """The chosen notice."""
        index = self.currentIndex()
        return self.notices.rows[index.row()].notice if index.isValid() else None

    def show_rows(self, rows: Sequence[InboxRow]) -> None:
        """Show these rows; the chosen notice stays chosen, else the first one is."""
        was = self.notice
        if tuple(rows) == self.notices.rows:
            return
        self.notices.show_rows(rows)
        at = self.notices.place_of(was.deployment_id) if was is not None else None
        if at is None:
            at = next((n for n, row in enumerate(rows) if row.notice is not None), None)
        if at is not None:
            self.setCurrentIndex(self.notices.index(at))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.notice is not None:
            self.opened.emit()
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, _search: str) -> None:
        """Single letters are commands, not searches."""

    @Slot(QModelIndex)
    def on_double_clicked(self, _index: QModelIndex) -> None:
        """A double click opens."""
        if self.notice is not None:
            self.opened.emit()
