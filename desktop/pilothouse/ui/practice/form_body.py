"""The form's body: whom, what, where, how often; shows the fields that the chosen kind takes.

It knows kinds and apps as they were offered and says what is wished; it grants nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from pilothouse.domain.practice import FaultKind, FaultWish, PracticeApp, Scope, Where
from pilothouse.ui.practice.call_rows import CallRow, platform_word
from pilothouse.ui.practice.form_fields import detail_words
from pilothouse.ui.practice.form_rows import MOST_DETAILS, FormRows
from pilothouse.ui.practice.sentences import app_name, short_title

PLATFORMS = ("fly", "heroku")
FIRST = {Scope.CALL: "503", Scope.INSTANCE: "fails-checks", Scope.OTHERS: "foreign-deploy"}
"""What is chosen first of a scope: what is practised most."""
SAID = frozenset({"count", "rate", "seed", "seconds", "instance", "app", "method", "path"})
"""What the form has fields of its own for, or leaves to the sandbox."""
CLOCK = "clock"


def platform_of(app: str) -> str:
    """`fly` of `fly:harbor-api`."""
    return app.partition(":")[0]


def is_of_app(scope: Scope) -> bool:
    """Whether a scope is about an app or one of its instances."""
    return scope in {Scope.INSTANCE, Scope.OTHERS}


def takes_instance(kind: FaultKind) -> bool:
    """Whether a kind is about an instance."""
    return kind.scope is Scope.INSTANCE or "instance" in kind.takes


def takes_platform(kind: FaultKind | None) -> bool:
    """Whether it may happen to one platform alone; there is but one clock for both."""
    return kind is None or kind.name != CLOCK


def detail_names(kind: FaultKind | None) -> list[str]:
    """What a kind takes beyond the fields that the form has of its own."""
    if kind is None:
        return []
    said = SAID - {"count", "seconds"} if kind.scope is Scope.OTHERS else SAID
    return [name for name in kind.takes if name not in said][:MOST_DETAILS]


class FormBody(FormRows):
    """The fields as one kind wants them, and what they say."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._kinds: Sequence[FaultKind] = ()
        self._apps: Sequence[PracticeApp] = ()
        self._shown: FaultKind | None = None
        self.scopes.chosen.connect(self.on_scope_chosen)
        for choice in (self.kind, self.app):
            choice.altered.connect(self.on_kind_altered)
        self._arrange()

    # -- what is offered -----------------------------------------------------------------------

    @property
    def scope(self) -> Scope:
        """Whom it strikes."""
        return Scope(self.scopes.current)

    @property
    def chosen(self) -> FaultKind | None:
        """What goes wrong; None while nothing of the sort is offered."""
        return next((one for one in self._possible() if one.name == self.kind.key), None)

    def offer(self, kinds: Sequence[FaultKind], apps: Sequence[PracticeApp]) -> None:
        """Take what can go wrong, and to whom; what is chosen already stays."""
        self._kinds, self._apps = kinds, apps
        self._arrange()

    def _possible(self) -> list[FaultKind]:
        kinds = [one for one in self._kinds if one.scope is self.scope]
        if is_of_app(self.scope):
            platform = platform_of(self.app.key)
            kinds = [one for one in kinds if platform in (one.platforms or PLATFORMS)]
        return kinds

    def _arrange(self) -> None:
        self.app.offer([(one.id, app_name(one.id)) for one in self._apps])
        possible = self._possible()
        self.kind.offer([(one.name, short_title(one)) for one in possible])
        if self._shown is None or self._shown.scope is not self.scope:
            self.kind.choose(FIRST.get(self.scope, ""))
        kind = self.chosen
        if kind != self._shown:
            self._shown = kind
            self._start_with_defaults(kind)
        self._show_rows(kind)
        able = kind.platforms if kind is not None and kind.platforms else PLATFORMS
        both = [("", self.tr("Both platforms"))] if len(able) > 1 else []
        self.platform.offer([*both, *((one, platform_word(one)) for one in able)])
        self._offer_instances(kind)

    def _start_with_defaults(self, kind: FaultKind | None) -> None:
        given = dict(kind.defaults) if kind is not None else {}
        self.share.show_number(given.get("rate", 1.0) * 100)
        self.seconds.show_number(given.get("seconds"))
        for line in self.details:
            line.clear()

    def _show_rows(self, kind: FaultKind | None) -> None:
        rows, scope = self.rows, self.scope
        takes = kind.takes if kind is not None and scope is not Scope.OTHERS else ()
        rows.show(self.app, is_of_app(scope))
        rows.show(self.instance, kind is not None and takes_instance(kind))
        rows.show(self.platform, not is_of_app(scope) and takes_platform(kind))
        rows.show(self.method, scope is Scope.CALL)
        rows.show(self.path, scope is Scope.CALL)
        rows.show(self.often, "count" in takes)
        rows.show(self.share, "rate" in takes)
        rows.show(self.seconds, "seconds" in takes)
        names = detail_names(kind)
        for at, line in enumerate(self.details):
            label, example = detail_words(names[at]) if at < len(names) else ("", "")
            rows.show(line, at < len(names), label)
            line.setPlaceholderText(example)

    def _offer_instances(self, kind: FaultKind | None) -> None:
        found = next((one for one in self._apps if one.id == self.app.key), None)
        lines = [(one, one) for one in (found.instances if found is not None else ())]
        if kind is not None and kind.scope is Scope.INSTANCE:
            lines.insert(0, ("", self.tr("All of them")))
        self.instance.offer(lines)

    # -- what is wished ------------------------------------------------------------------------

    def wish(self) -> FaultWish | None:
        """What the fields say; None without a kind."""
        kind, scope = self.chosen, self.scope
        if kind is None:
            return None
        of_call, share = scope is Scope.CALL, self.share.number
        takes = kind.takes if scope is not Scope.OTHERS else ()
        where = Where(
            platform="" if is_of_app(scope) or not takes_platform(kind) else self.platform.key,
            method=self.method.key if of_call else "",
            path=self.path.text() if of_call else "",
            app=self.app.key if is_of_app(scope) else "",
            instance=self.instance.key if takes_instance(kind) else "",
        )
        details = zip(detail_names(kind), self.details, strict=False)
        return FaultWish(
            kind.name,
            scope,
            where,
            count=self.often.count if "count" in takes else None,
            rate=share / 100 if "rate" in takes and share is not None else None,
            seconds=self.seconds.number if "seconds" in takes else None,
            details=tuple((name, line.text()) for name, line in details if line.text()),
        )

    def missing(self) -> str:
        """The first field that says nothing possible, in words; empty when all do."""
        kind = self.chosen
        if is_of_app(self.scope) and not self.app.key:
            return self.tr("There is no app that this can happen to.")
        if kind is None:
            return self.tr("The sandbox offers nothing of this sort.")
        takes = kind.takes if kind.scope is not Scope.OTHERS else ()
        share = self.share.number
        if "count" in takes and self.often.count is None:
            return self.tr("How often is a whole number above 0.")
        if "rate" in takes and (share is None or not 0 < share <= 100):
            return self.tr("The share is above 0 and at most 100 %.")
        if "seconds" in takes and self.seconds.field.text() and self.seconds.number is None:
            return self.tr("The seconds are a number.")
        return self._wrong_pattern() if kind.scope is Scope.CALL else ""

    def _wrong_pattern(self) -> str:
        try:
            re.compile(self.path.text())
        except re.error as wrong:
            return self.tr("The path is no pattern: {why}.").format(why=wrong)
        return ""

    def aim(self, call: CallRow) -> None:
        """Aim at calls such as this one."""
        self.scopes.choose(Scope.CALL)
        self.on_scope_chosen(Scope.CALL)
        self.platform.choose(call.platform)
        self.method.choose(call.method)
        self.path.setText(f"^{re.escape(call.path)}$")

    @Slot(str)
    def on_scope_chosen(self, _scope: str) -> None:
        """Somebody else is to be struck."""
        self.instance.offer([])
        self._arrange()
        self.altered.emit()

    @Slot()
    def on_kind_altered(self) -> None:
        """Something else is to go wrong, or to another app."""
        self._arrange()
        self.altered.emit()
