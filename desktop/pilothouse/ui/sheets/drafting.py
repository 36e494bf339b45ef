"""A plan in the making: asks the engine, hears each guard as it answers, and keeps the last plan.

Only answers to the newest draft count. While a new plan is made the old one stays, marked as old,
so that nothing jumps; it can never be submitted meanwhile.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from pilothouse.domain.change import Change, Plan
from pilothouse.domain.errors import Blocked, LeaseHeld, PilothouseError
from pilothouse.domain.guard import Family, Verdict
from pilothouse.domain.news import VerdictGiven
from pilothouse.engine.views import Consent
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.face import Face

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question to the engine, with the draft it belongs to."""

    draft: str
    plan: Plan | None = None
    deployment_id: str = ""
    error: PilothouseError | None = None


def _plan(service: Face, change: Change, draft: str) -> Answer:
    try:
        return Answer(draft, plan=service.plan(change, draft=draft))
    except PilothouseError as error:
        return Answer(draft, error=error)


def _submit(service: Face, plan: Plan, consent: Consent, draft: str) -> Answer:
    try:
        return Answer(draft, deployment_id=service.submit(plan, consent))
    except PilothouseError as error:
        return Answer(draft, error=error)


class Drafting(QObject):
    """The state of one sheet's plan.

    Signals:
        changed: anything a person sees of it changed.
        started: the run began; carries the deployment's id.
        refused: the engine did not start the run; carries the error.

    Threads: the GUI's.
    """

    changed = Signal()
    started = Signal(str)
    refused = Signal(object)

    def __init__(self, service: Face, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._service, self._bridge = service, bridge
        self._draft = ""
        self.change: Change | None = None
        self.plan: Plan | None = None
        self.verdicts: dict[Family, Verdict] = {}
        self.asked: tuple[Family, ...] = ()
        self.making = False
        self.submitting = False
        self.error: Exception | None = None
        self._go_back: bool | None = None
        bridge.arrived.connect(self.on_news)

    @property
    def ready(self) -> Plan | None:
        """The plan that may be confirmed now; None while anything is open or stops it."""
        if self.making or self.submitting or self.plan is None or self.plan.stopping:
            return None
        return self.plan

    def make(self, change: Change, *, asked: tuple[Family, ...], keep: bool = False) -> None:
        """Make the plan anew; `keep` leaves the verdicts on show until the guards speak again."""
        self._draft = f"sheet-{next(_numbers)}"
        self.change, self.asked = change, asked
        self.making, self.error = True, None
        if not keep:
            self.verdicts = {}
        call = partial(_plan, self._service, change, self._draft)
        self._bridge.ask(call, self.on_planned, self.on_failed)
        self.changed.emit()

    def forget(self) -> None:
        """There is nothing to plan: late answers are dropped."""
        self._draft, self.change, self.plan = "", None, None
        self.verdicts, self.asked = {}, ()
        self.making, self.error = False, None
        self.changed.emit()

    def remake(self) -> None:
        """The same change, on fresh facts."""
        if self.change is not None:
            self.make(self.change, asked=self.asked)

    @Slot(object, str)
    def override(self, family: Family, reason: str) -> None:
        """Plan again with a written reason against one guard's block."""
        if self.change is None:
            return
        others = tuple(one for one in self.change.overrides if one[0] != family.value)
        change = replace(self.change, overrides=(*others, (family.value, reason)))
        self.make(change, asked=self.asked, keep=True)

    @Slot(bool)
    def set_going_back(self, wanted: bool) -> None:
        """Whether the run goes back by itself; part of the plan, and so of its hash."""
        self._go_back = wanted
        self.plan = self._as_wished(self.plan)
        self.changed.emit()

    def submit(self, consent: Consent) -> None:
        """Start the run of the plan that stands."""
        plan = self.ready
        if plan is None:
            return
        self.submitting = True
        call = partial(_submit, self._service, plan, consent, self._draft)
        self._bridge.ask(call, self.on_submitted, self.on_failed)
        self.changed.emit()

    def _as_wished(self, plan: Plan | None) -> Plan | None:
        if plan is None or self._go_back is None or plan.policy.go_back is self._go_back:
            return plan
        return replace(plan, policy=replace(plan.policy, go_back=self._go_back))

    @Slot(object)
    def on_news(self, news: object) -> None:
        """A guard answered."""
        if isinstance(news, VerdictGiven) and news.draft == self._draft and self._draft:
            self.verdicts[news.verdict.family] = news.verdict
            self.changed.emit()

    @Slot(object)
    def on_planned(self, answer: Answer) -> None:
        """The plan stands, or it cannot be made."""
        if answer.draft != self._draft:
            return
        self.making = False
        self.error = answer.error
        self.plan = self._as_wished(answer.plan)
        if answer.plan is not None:
            self.verdicts = {one.family: one for one in answer.plan.verdicts}
        self.asked = tuple(self.asked) if answer.plan is None else tuple(self.verdicts)
        self.changed.emit()

    @Slot(object)
    def on_submitted(self, answer: Answer) -> None:
        """The run began, or the engine said no on fresh facts."""
        self.submitting = False
        if answer.error is None:
            self.started.emit(answer.deployment_id)
            return
        self.refused.emit(answer.error)
        if isinstance(answer.error, Blocked):
            self.remake()
        elif isinstance(answer.error, LeaseHeld):
            self.changed.emit()
        else:
            self.error = answer.error
            self.changed.emit()

    @Slot(object)
    def on_failed(self, error: Exception) -> None:
        """A defect of ours: say it here, and to whoever collects them."""
        self.making = self.submitting = False
        self.error, self.plan = error, None
        self._bridge.troubled.emit(error)
        self.changed.emit()
