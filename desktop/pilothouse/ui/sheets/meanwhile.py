"""What happens to an app while a sheet about it is open: words for the sheet's strip. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pilothouse.domain.change import Plan
from pilothouse.domain.deployment import LIVE
from pilothouse.domain.errors import Blocked, LeaseHeld
from pilothouse.domain.guard import Family
from pilothouse.domain.news import Journaled, Looked
from pilothouse.ui.run.outline import done_of
from pilothouse.ui.words import clock_time


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, the deployment that can be watched, and whether the plan is out of date."""

    sentence: str
    deployment_id: str = ""
    remake: bool = False


def of_news(news: object, app_id: str, plan: Plan | None) -> Said | None:
    """What news means for a sheet; None when nothing."""
    if isinstance(news, Journaled) and news.app_id == app_id:
        return _of_run(news)
    if isinstance(news, Looked) and news.app_id == app_id and plan is not None:
        return _of_look(news, plan)
    return None


def _of_run(news: Journaled) -> Said | None:
    progress = news.progress
    if progress.state not in LIVE:
        return Said(f"{progress.plan.title}: it has ended. This plan was made anew.", remake=True)
    done, all_ = done_of(progress)
    since = f" since {clock_time(progress.started_at)}" if progress.started_at else ""
    owner = progress.owner or "Somebody"
    step = f" (step {min(done + 1, all_)} of {all_})"
    return Said(f"{progress.plan.title}{since}{step}: {owner}.", news.event.deployment_id)


def _of_look(news: Looked, plan: Plan) -> Said | None:
    release = news.live.release if news.live is not None else None
    if release is None or release.version == plan.from_version:
        return None
    return Said(
        f"v{release.version} was released meanwhile. This plan was for v{plan.from_version} and "
        "is made anew.",
        remake=True,
    )


def of_refusal(error: Exception) -> Said:
    """Why the engine did not start the run."""
    if isinstance(error, LeaseHeld):
        return Said(str(error), error.deployment or "")
    if isinstance(error, Blocked):
        if any(one.family is Family.BASE for one in error.verdicts):
            return Said("The app changed meanwhile. This plan was made anew.", remake=True)
        return Said(f"Nothing was started. {error}", remake=True)
    return Said(f"Nothing was started. {error}")
