"""The rows of a run's step list, titles included: pure."""

from __future__ import annotations

from datetime import datetime

from pilothouse.domain.deployment import Progress, State
from pilothouse.ui.run.endings import incumbent
from pilothouse.ui.run.outline import Line, Stand, done_of, lines, title_of
from pilothouse.ui.run.steps_view import StepRow, row_of
from pilothouse.ui.words import duration


def step_rows(progress: Progress, now: datetime) -> tuple[StepRow, ...]:
    """Everything that is planned, and the way back once it is decided."""
    made = lines(progress, now)
    plan = [line for line in made if not line.back]
    back = [line for line in made if line.back]
    rows = [_plan_title(progress), *(row_of(line) for line in _gathered(plan, progress))]
    if back:
        rows += [_back_title(progress, now), *(row_of(line) for line in back)]
    return tuple(rows)


def _plan_title(progress: Progress) -> StepRow:
    done, every = done_of(progress)
    if not progress.state.is_ended and not progress.going_back:
        return StepRow("Steps", f"{done} of {every} done")
    if progress.state is State.GOOD:
        return StepRow(title_of(progress.plan), f"all {every} done", time_ink="good")
    return StepRow(title_of(progress.plan), f"stopped at {done + 1} of {every}", time_ink="bad")


def _back_title(progress: Progress, now: datetime) -> StepRow:
    starts = [at for step in progress.back if (at := progress.of(step.key).started_at) is not None]
    title = f"Back to {incumbent(progress.plan)}"
    if not starts:
        return StepRow(title)
    taken = ((progress.ended_at or now) - min(starts)).total_seconds()
    if progress.state is State.ROLLED_BACK:
        return StepRow(title, f"done in {duration(taken)}", time_ink="good")
    return StepRow(title, duration(float(round(taken))))


def _gathered(plan: list[Line], progress: Progress) -> list[Line]:
    """The plan's lines; once it goes back, what was not done keeps its own lines."""
    if not progress.going_back:
        return plan
    begun = [line for line in plan if line.stand is not Stand.NOT_DONE]
    rest = [line for line in plan if line.stand is Stand.NOT_DONE]
    return begun + rest
