"""The sheet for going back: the last release proven good is chosen, one key sends it off.

It waits for nothing but the way back's own facts. Pressed before the plan stands, it goes as soon
as the plan stands, unless the plan then says something a person has not read yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from pilothouse.domain.change import Change, ChangeKind, Plan
from pilothouse.domain.guard import Family
from pilothouse.domain.model import Platform, Release
from pilothouse.engine.views import AppView, Consent
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.face import Face
from pilothouse.ui.run.spans import in_about
from pilothouse.ui.shapes import Shape
from pilothouse.ui.sheets.drafting import Drafting
from pilothouse.ui.sheets.frame import Sheet
from pilothouse.ui.sheets.heading import Heading
from pilothouse.ui.sheets.meanwhile import Said, of_refusal
from pilothouse.ui.sheets.meanwhile_strip import MeanwhileStrip
from pilothouse.ui.sheets.target_list import TargetList
from pilothouse.ui.sheets.targets import is_bad, targets
from pilothouse.ui.theme import Size
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets.labels import ShapeView, Text
from pilothouse.ui.words import short_ref, version

SIZE = QSize(640, 412)
ASKED = (Family.CREDENTIAL, Family.APP, Family.WAY_BACK)


def facts_of(view: AppView, plan: Plan | None, release: Release | None) -> tuple[str, str, str]:
    """What goes back, what stays, how it is checked."""
    what = "slug" if view.app.platform is Platform.HEROKU else "image"
    kind = "dyno" if view.app.platform is Platform.HEROKU else "machine"
    count = len(view.live.serving) if view.live is not None else 0
    where = f", on {count} {kind}{'' if count == 1 else 's'}" if count else ""
    now = short_ref(view.release.artifact) if view.release is not None else "?"
    then = short_ref(release.artifact) if release is not None else "…"
    if plan is not None:
        then = short_ref(plan.target.ref)
    stays = "Today’s secrets and everything else. The database is not touched."
    if view.app.platform is Platform.HEROKU:
        stays = "The add-ons and the number of dynos. The database is not touched."
    checked = "From outside, as for a deploy, until it is proven."
    if not view.app.addresses:
        checked = "By the platform’s own signs: the app has no address to ask."
    return f"The {what} {now} → {then}{where}", stays, checked


class RollBackSheet(Sheet):
    """Go back to an earlier release.

    Signals:
        started: the run began; carries the deployment's id.
        watch_wanted: a person wants to see another run of this app; carries its id.
    """

    started = Signal(str)
    watch_wanted = Signal(str)
    KEY_SHOWN = "Ctrl ↵"

    def __init__(
        self,
        view: AppView,
        service: Face,
        bridge: Bridge,
        parent: QWidget,
        *,
        by: str,
        to_version: int | None = None,
    ) -> None:
        super().__init__("Roll back", parent, size=SIZE)
        self._view, self._by, self._wanted_version = view, by, to_version
        self._pressed = False
        self.set_practice(view.account.is_sandbox)
        self.drafting = Drafting(service, bridge, self)
        self.say_title(f"Roll back {view.app.name}")
        Heading(self.head, view, self)
        self._lay_out()
        self.drafting.changed.connect(self.on_changed)
        self.drafting.started.connect(self.on_started)
        self.drafting.refused.connect(self.on_refused)
        self.list.chosen.connect(self.on_chosen)
        self.wanted.connect(self.on_wanted)
        self.set_primary("Roll back", on=False, icon="back")
        if view.way_back is not None and to_version is None:
            self.on_history(())
        bridge.ask(partial(service.logbook.history, view.app.id), self.on_history)

    def _lay_out(self) -> None:
        live = version(self._view.release.version) if self._view.release is not None else "?"
        sentence = f"{live} serves now. Go back to the last release that was proven good, or choose"
        self.body.addWidget(Text(f"{sentence} another.", self, ink="text2"))
        self.strip = MeanwhileStrip(self)
        self.strip.watch_wanted.connect(self.on_watch_wanted)
        self.body.addWidget(self.strip)
        self.list = TargetList(self)
        self.body.addWidget(self.list)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self.facts = []
        for at, word in enumerate(("Goes back", "Stays", "Is checked")):
            grid.addWidget(Text(word, self, ink="text3"), at, 0)
            fact = Text("", self)
            self.facts.append(fact)
            grid.addWidget(fact, at, 1)
        self.body.addLayout(grid)
        self.body.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._sign = ShapeView(self)
        self._calm = Text("", self, size=Size.SMALL, ink="text2")
        row.addWidget(self._sign)
        row.addWidget(self._calm)
        row.addStretch(1)
        self.foot.addStretch(1)
        self.foot.addLayout(row)
        self.foot.addStretch(1)

    @property
    def _against(self) -> str:
        """What a person should have read before it goes."""
        plan, release = self.drafting.plan, self.list.release
        said = list(plan.warnings) if plan is not None and not self.drafting.making else []
        if release is not None and is_bad(release):
            said.insert(0, f"v{release.version} was gone back from, or failed, when last deployed.")
        return " ".join(said)

    @Slot()
    def on_changed(self) -> None:
        """Show the draft as it stands."""
        drafting, plan, release = self.drafting, self.drafting.plan, self.list.release
        current = None if drafting.making else plan
        for label, text in zip(self.facts, facts_of(self._view, current, release), strict=True):
            label.setText(text)
        stops = " ".join(one.sentence for one in current.stopping) if current is not None else ""
        if drafting.error is not None:
            stops = str(drafting.error)
        self._say_time(current, stops)
        if stops:
            self.strip.tell(Said(stops), Tone.BAD)
        elif not self.strip.watched:
            self.strip.tell(Said(self._against))
        self._say_button(stops)
        self._say_calm(stops)
        if self._pressed and not drafting.making and not drafting.submitting:
            self._go(first_read=bool(self._against or stops))

    def _say_button(self, stops: str) -> None:
        release = self.list.release
        name = f"Roll back to v{release.version}" if release is not None else "Roll back"
        if self._against and not self._pressed:
            name += " anyway"
        busy = self._pressed or self.drafting.submitting
        self.set_primary(name, on=release is not None and not stops and not busy)

    def _say_calm(self, stops: str) -> None:
        drafting = self.drafting
        self._sign.show_shape(None if drafting.making or stops else Shape.PASSES, "")
        text = "Nothing to wait for: no build, no CI, no freeze."
        if self._pressed or drafting.submitting:
            text = "It goes as soon as the way back is checked."
        elif drafting.making:
            text = "Checking the way back…"
        self._calm.setText("" if stops else text)

    def _say_time(self, plan: Plan | None, stops: str) -> None:
        release = self.list.release
        row = self.list.row_of(release.version) if release is not None else None
        if row is None or (plan is None and not stops):
            return
        time = "cannot" if stops or plan is None else in_about(plan.expected_s)
        row.say_time(time, ready=not stops)

    def _go(self, *, first_read: bool) -> None:
        self._pressed = False
        if first_read or self.drafting.ready is None:
            self._say_button("")
            return
        self.drafting.submit(Consent(self._by))

    @Slot(object)
    def on_history(self, history: Sequence[Release]) -> None:
        """Offer the releases; the way back is there at once, the others follow."""
        was = self.list.release
        wanted = was.version if was is not None else self._wanted_version
        self._wanted_version = None
        if wanted is None and self._view.way_back is not None:
            wanted = self._view.way_back.version
        given = targets(self._view, history)
        self.list.show_targets(given, datetime.now(UTC), wanted)
        if not given.all:
            self.strip.tell(Said("There is no earlier release to go back to."), Tone.BAD)
            return
        self.on_changed()

    @Slot(object)
    def on_chosen(self, release: Release) -> None:
        """Plan the way to it."""
        change = self.drafting.change
        if change is not None and change.to_version == release.version:
            return
        ref = f"{self._view.account.id}:{self._view.app.name}"
        wish = Change(ChangeKind.ROLLBACK, ref, to_version=release.version)
        self._pressed = False
        self.strip.tell(Said(""))
        self.drafting.make(wish, asked=ASKED)

    @Slot()
    def on_wanted(self) -> None:
        """Go back: now, or as soon as the plan stands."""
        if self.drafting.making:
            self._pressed = True
            self.on_changed()
        else:
            self._go(first_read=False)

    @Slot(str)
    def on_started(self, deployment_id: str) -> None:
        """The run began: it has a page of its own."""
        self.started.emit(deployment_id)
        self.accept()

    @Slot(object)
    def on_refused(self, error: Exception) -> None:
        """Say why nothing was started."""
        said = of_refusal(error)
        self.strip.tell(said, Tone.BAD)

    @Slot(str)
    def on_watch_wanted(self, deployment_id: str) -> None:
        """Leave this sheet for the other run."""
        self.watch_wanted.emit(deployment_id)
        self.reject()
