"""The left half of the deploy sheet: what, how, guards.

It shows and asks; what follows from an answer is the sheet's.
"""

from __future__ import annotations

import math

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from pilothouse.domain.change import Plan
from pilothouse.domain.model import Platform
from pilothouse.domain.policy import Policy
from pilothouse.engine.views import AppView
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.face import Face
from pilothouse.ui.sheets.frame import MARGIN
from pilothouse.ui.sheets.guard_list import GuardList
from pilothouse.ui.sheets.tick_box import TickBox
from pilothouse.ui.sheets.what import ArtifactCard, field_for
from pilothouse.ui.widgets.labels import BOLD, Text
from pilothouse.ui.widgets.segments import Segments
from pilothouse.ui.widgets.surface import Surface
from pilothouse.ui.words import duration


def how_sentence(view: AppView, plan: Plan | None, policy: Policy) -> str:
    """What the strategy does, in two sentences."""
    bake = f"{duration(policy.timing.bake_min_s)} to {duration(policy.timing.bake_max_s)}"
    after = f"Then it is watched from outside. Bake: {bake}."
    if view.app.platform is Platform.HEROKU:
        return f"Heroku starts dynos with the new release and moves the traffic itself. {after}"
    count = len(plan.old_side.instances) if plan is not None else 0
    if count == 0:
        return f"A few machines at a time leave traffic, change, and come back. {after}"
    share = policy.max_unavailable
    at_a_time = max(1, math.ceil(count * share) if share < 1 else int(share))
    if count == 1:
        return f"The one machine changes. {after}"
    return (
        f"{min(at_a_time, count)} of {count} machines at a time leave traffic, change, and come "
        f"back once their checks pass. {after}"
    )


class DeployForm(Surface):
    """What, how and guards, one below the other."""

    def __init__(
        self, view: AppView, service: Face, bridge: Bridge, parent: QWidget | None = None
    ) -> None:
        super().__init__("base", parent)
        self._view = view
        self._fly = view.app.platform is Platform.FLY
        self.what = field_for(view, service, bridge, self)
        self.card = ArtifactCard(self)
        self.go_back = TickBox("Go back by itself if it is bad", self)
        self.go_back.setChecked(True)
        self._how = Text("", self, ink="text2").wrapping()
        self.guards = GuardList(self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(MARGIN, 16, MARGIN, 12)
        whole.setSpacing(8)
        whole.addWidget(Text("What", self, weight=BOLD))
        whole.addLayout(self._make_what())
        whole.addWidget(self.card)
        whole.addSpacing(10)
        whole.addWidget(Text("How", self, weight=BOLD))
        whole.addLayout(self._make_how())
        whole.addWidget(self._how)
        whole.addSpacing(10)
        whole.addWidget(self.guards)
        whole.addStretch(1)

    def _make_what(self) -> QHBoxLayout:
        kinds = [("image", "Image")] if self._fly else [("slug", "Slug of a release")]
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(Segments("What to deploy", kinds, self))
        row.addWidget(self.what, 1)
        return row

    def _make_how(self) -> QHBoxLayout:
        ways = [("rolling", "Rolling")] if self._fly else [("platform", "By Heroku")]
        row = QHBoxLayout()
        row.addWidget(Segments("How to deploy", ways, self))
        row.addStretch(1)
        row.addWidget(self.go_back)
        return row

    def show_plan(self, plan: Plan | None, policy: Policy, *, making: bool) -> None:
        """Say what was found, and how it is done."""
        self.card.show_plan(plan if not making else None)
        self._how.setText(how_sentence(self._view, plan, policy))
