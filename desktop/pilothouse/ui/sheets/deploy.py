"""The sheet for a deploy: what, how, guards, plan and confirmation on one page.

The button is on only while a plan stands that nothing stops and that production's name confirms;
whenever it is off, the line above it names the first thing missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QSize, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QWidget,
)

from pilothouse.domain.change import Change, ChangeKind
from pilothouse.domain.guard import Family
from pilothouse.domain.policy import Policy
from pilothouse.engine.views import AppView, Consent
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.face import Face
from pilothouse.ui.sheets.checks import ALWAYS, Act, Row, first_stop, rows
from pilothouse.ui.sheets.deploy_form import DeployForm
from pilothouse.ui.sheets.drafting import Drafting
from pilothouse.ui.sheets.frame import MARGIN, Sheet
from pilothouse.ui.sheets.heading import Heading
from pilothouse.ui.sheets.meanwhile import Said, of_news, of_refusal
from pilothouse.ui.sheets.meanwhile_strip import MeanwhileStrip
from pilothouse.ui.sheets.name_field import NameField
from pilothouse.ui.sheets.override import OverrideSheet
from pilothouse.ui.sheets.plan_pane import PlanPane
from pilothouse.ui.sheets.what import Source
from pilothouse.ui.theme import Size
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets.labels import Text
from pilothouse.ui.widgets.surface import Rule

SIZE = QSize(960, 692)
LEFT = 553


def what_is_missing(
    drafting: Drafting, shown: Sequence[Row], *, name_fits: bool, name: str
) -> tuple[str, str]:
    """The first thing that keeps the button off, and the ink to say it in; empty when it is on."""
    if drafting.submitting:
        return "Looking once more, then it starts…", "text2"
    if drafting.error is not None:
        return str(drafting.error), "bad"
    if drafting.change is None:
        return "Choose what is to be deployed.", "text2"
    stop = first_stop(shown)
    if any(row.stops for row in shown):
        return stop, "bad"
    if stop or drafting.making:
        return stop or "The plan is being made.", "text2"
    if not name_fits:
        return f"Type {name} to confirm.", "text2"
    return "", "text2"


class DeploySheet(Sheet):
    """Deploy something to one app.

    Signals:
        started: the run began; carries the deployment's id.
        watch_wanted: a person wants to see another run of this app; carries its id.
    """

    started = Signal(str)
    watch_wanted = Signal(str)

    def __init__(
        self, view: AppView, service: Face, bridge: Bridge, parent: QWidget, *, by: str
    ) -> None:
        super().__init__("Deploy", parent, size=SIZE)
        self._view, self._service, self._bridge, self._by = view, service, bridge, by
        self._policy = Policy()
        self.set_practice(view.account.is_sandbox)
        self.drafting = Drafting(service, bridge, self)
        self.say_title(f"Deploy to {view.app.name}")
        self.heading = Heading(self.head, view, self)
        self.head.setContentsMargins(MARGIN, 12, MARGIN, 14)
        self._lay_out()
        self._lay_out_foot()
        self.drafting.changed.connect(self.on_changed)
        self.drafting.started.connect(self.on_started)
        self.drafting.refused.connect(self.on_refused)
        self.form.what.chosen.connect(self.on_source_chosen)
        self.form.guards.acted.connect(self.on_acted)
        self.form.go_back.toggled.connect(self.drafting.set_going_back)
        self.wanted.connect(self.on_wanted)
        bridge.arrived.connect(self.on_news)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self.on_second)
        self._tick.start()
        bridge.ask(partial(service.policy, view.app), self.on_policy)
        bridge.ask(partial(service.logbook.history, view.app.id), self.form.what.fill)
        self.on_changed()
        self.form.what.setFocus()

    # -- layout ------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self.strip = MeanwhileStrip(self)
        self.strip.watch_wanted.connect(self.on_watch_wanted)
        self.body.addWidget(self.strip)
        self.body.addWidget(Rule(self))
        halves = QHBoxLayout()
        halves.setSpacing(0)
        self.body.addLayout(halves, 1)
        area = QScrollArea(self)
        area.setAccessibleName("What, how and guards")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFixedWidth(LEFT)
        self.form = DeployForm(self._view, self._service, self._bridge)
        area.setWidget(self.form)
        halves.addWidget(area)
        self.pane = PlanPane(self)
        halves.addWidget(self.pane, 1)

    def _lay_out_foot(self) -> None:
        app = self._view.app.name
        self.name = NameField(app, self)
        self._name_caption = Text(
            "This is production. Type the app’s name to confirm.",
            self,
            size=Size.SMALL,
            ink="text2",
        )
        self._name_caption.setBuddy(self.name)
        self.foot.addWidget(self._name_caption)
        self.foot.addWidget(self.name)
        self._name_caption.setVisible(self._view.production)
        self.name.setVisible(self._view.production)
        self.name.textChanged.connect(self.on_name_changed)
        self.name.returnPressed.connect(self.on_name_entered)

    # -- state -------------------------------------------------------------------------------

    @property
    def _name_fits(self) -> bool:
        return not self._view.production or self.name.fits

    def _asked(self) -> tuple[Family, ...]:
        return (*ALWAYS, Family.COMMAND) if self._policy.command else ALWAYS

    @Slot()
    def on_changed(self) -> None:
        """Show the draft as it stands."""
        drafting, plan = self.drafting, self.drafting.plan
        shown = rows(drafting.verdicts, drafting.asked if drafting.making else ())
        self.form.guards.show_rows(shown)
        self.form.guards.setVisible(bool(shown))
        self.pane.show_plan(plan, making=drafting.making)
        self.form.show_plan(plan, self._policy, making=drafting.making)
        self.heading.say_actor(plan.acts_as if plan is not None else "")
        name = self._view.app.name
        text, ink = what_is_missing(drafting, shown, name_fits=self._name_fits, name=name)
        self.say_missing(text, ink)
        title = plan.title if plan is not None else f"Deploy to {name}"
        self.set_primary(title, on=not text and drafting.ready is not None, icon="deploy")
        self.on_second()

    def _say(self, said: Said, tone: Tone = Tone.WARN) -> None:
        self.strip.tell(said, tone)
        if said.remake and not self.drafting.making:
            self.drafting.remake()

    @Slot(object)
    def on_source_chosen(self, source: Source | None) -> None:
        """Plan for what was chosen."""
        if source is None:
            self.drafting.forget()
            return
        self.drafting.make(
            Change(
                ChangeKind.DEPLOY,
                f"{self._view.account.id}:{self._view.app.name}",
                image=source.image,
                slug_of=source.slug_of,
            ),
            asked=self._asked(),
        )

    @Slot(object, object)
    def on_acted(self, family: Family, act: Act) -> None:
        """A row's button: ask for a reason, or ask the guard again."""
        if act is Act.ASK_AGAIN:
            self.drafting.remake()
            return
        row = next((one for one in rows(self.drafting.verdicts) if one.family is family), None)
        if row is not None:
            sheet = OverrideSheet(row, self)
            sheet.given.connect(self.drafting.override)
            sheet.open()

    @Slot(object)
    def on_policy(self, policy: Policy) -> None:
        """What the app's owner asks for is known."""
        self._policy = policy
        if policy.go_back is not self.form.go_back.isChecked():
            self.form.go_back.setChecked(policy.go_back)
        self.on_changed()

    @Slot(str)
    def on_name_changed(self, _text: str) -> None:
        """The name may fit now."""
        self.on_changed()

    @Slot()
    def on_name_entered(self) -> None:
        """Enter moves on to the button; it never presses it."""
        if self.primary.isEnabled():
            self.primary.setFocus()

    @Slot()
    def on_wanted(self) -> None:
        """Deploy, if everything still holds."""
        if self._name_fits:
            self.drafting.submit(Consent(self._by, typed_name=self.name.text()))

    @Slot(str)
    def on_started(self, deployment_id: str) -> None:
        """The run began: it has a page of its own."""
        self.started.emit(deployment_id)
        self.accept()

    @Slot(object)
    def on_refused(self, error: Exception) -> None:
        """Say why nothing was started."""
        said = of_refusal(error)
        self._say(Said(said.sentence, said.deployment_id), Tone.BAD)

    @Slot(object)
    def on_news(self, news: object) -> None:
        """Something happened to the app meanwhile."""
        if self.drafting.submitting:
            return
        said = of_news(news, self._view.app.id, self.drafting.plan)
        if said is not None:
            self._say(said)

    @Slot(str)
    def on_watch_wanted(self, deployment_id: str) -> None:
        """Leave this sheet for the other run."""
        self.watch_wanted.emit(deployment_id)
        self.reject()

    @Slot()
    def on_second(self) -> None:
        """The plan grows older."""
        self.pane.tell_age(datetime.now(UTC), "Deploy")
