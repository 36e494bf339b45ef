"""The one application sheet, made from the tokens.

It covers only what Qt draws and we do not: fields, lists of choices, headers, scroll bars, tabs,
tick boxes, menus, tooltips, and the ink of labels. Everything else is painted by its own widget.
"""

from __future__ import annotations

from string import Template

from pilothouse.ui.tokens import Tokens

_SHEET = Template("""
QLineEdit, QComboBox, QPlainTextEdit#field {
  background: $base; color: $text; border: 1px solid $field; border-radius: 6px;
  padding: 0 10px; min-height: 30px; selection-background-color: $select;
  selection-color: $text;
}
QPlainTextEdit#field { padding: 4px 6px; }
QLineEdit#filter { padding-left: 30px; padding-right: 34px; border-color: $quiet_field;
  min-height: 26px; }
QLineEdit#palette { border: none; border-radius: 0; min-height: 38px; font-size: 11pt; }
QLineEdit:disabled, QComboBox:disabled { color: $text3; background: $well; }
QComboBox { padding-right: 22px; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $line; padding: 4px; }

QHeaderView { background: $base; border: none; }
QHeaderView::section {
  background: $base; color: $text2; border: none; border-bottom: 1px solid $line;
  padding: 0 0 0 0; text-align: left;
}
QHeaderView::section:hover { color: $text; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; border: none; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; border: none; }
QScrollBar::handle { background: $thumb; border-radius: 3px; }
QScrollBar::handle:vertical { min-height: 32px; margin: 2px; }
QScrollBar::handle:horizontal { min-width: 32px; margin: 2px; }
QScrollBar::handle:hover { background: $idle_mark; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QTabBar { background: transparent; border: none; qproperty-drawBase: 0; }
QTabBar::tab {
  background: transparent; color: $text2; border: none; border-bottom: 2px solid transparent;
  padding: 0 0 0 0; margin: 0 20px 0 0; height: 38px;
}
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { color: $accent; }

QMenu { background: $raised; color: $text; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 12px; border-radius: 4px; }
QMenu::item:selected { background: $select; }
QMenu::item:disabled { color: $text3; }
QMenu::separator { height: 1px; background: $line; margin: 4px 0; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px 6px; }

QLabel[ink="text"] { color: $text; }
QLabel[ink="text2"] { color: $text2; }
QLabel[ink="text3"] { color: $text3; }
QLabel[ink="accent"] { color: $accent; }
QLabel[ink="good"] { color: $good; }
QLabel[ink="run"] { color: $accent; }
QLabel[ink="warn"] { color: $warn; }
QLabel[ink="bad"] { color: $bad; }
QLabel[ink="unk"] { color: $unk; }
QLabel[ink="idle"] { color: $text3; }
""")


def sheet_of(look: Tokens) -> str:
    """The sheet for one set of tokens."""
    names = {name: str(getattr(look, name)) for name in _NAMES}
    quiet = look.field if look.high_contrast else look.line
    return _SHEET.substitute(
        names, thumb=look.field if look.high_contrast else look.line, quiet_field=quiet
    )


_NAMES = (
    "text",
    "text2",
    "text3",
    "accent",
    "good",
    "warn",
    "bad",
    "unk",
    "base",
    "raised",
    "well",
    "select",
    "field",
    "line",
    "idle_mark",
)
