"""What a deployment has to say to a person who is not looking: pure, and the same everywhere.

Bad news answers four questions in one order: what failed, what serves now, what was done, what
one can do. What is not known is not said. Success and what goes on are silent; the inbox keeps
the others only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pilothouse.domain.change import ChangeKind
from pilothouse.domain.deployment import Cause, Progress, State, StepStatus
from pilothouse.domain.model import Platform
from pilothouse.domain.news import Notice, Urgency
from pilothouse.domain.records import DeploymentRecord

PLATFORM_NAMES = {Platform.FLY: "Fly.io", Platform.HEROKU: "Heroku"}
WAY_BACK_FAILED = "way back failed"
"""What the reason of a held deployment says when going back was tried and did not work."""


@dataclass(frozen=True, slots=True)
class Words:
    """A notice without its frame; the last four are the four answers."""

    urgency: Urgency
    title: str
    text: str
    failed: str = ""
    serves: str = ""
    done: str = ""
    choices: str = ""


def notice_for(
    record: DeploymentRecord, *, at: datetime, seen_at: datetime | None = None
) -> Notice | None:
    """The notice of a deployment as it stands; None while it has nothing to say.

    Args:
        record: the deployment.
        at: when it came to stand so.
        seen_at: when a person marked it as seen.
    """
    words = _words(record.progress)
    if words is None:
        return None
    return Notice(
        deployment_id=record.id,
        app_id=record.app_id,
        app_name=record.progress.plan.app.name,
        state=record.progress.state.value,
        urgency=words.urgency,
        title=words.title,
        text=words.text,
        failed=words.failed,
        serves=words.serves,
        done=words.done,
        choices=words.choices,
        at=at,
        seen_at=seen_at,
    )


def _words(progress: Progress) -> Words | None:
    match progress.state:
        case State.PLANNED:
            return None
        case State.RUNNING | State.PAUSED | State.GOING_BACK:
            return _unknown(progress) if progress.blind_since else _going_on(progress)
        case State.WAITING:
            return _waits(progress)
        case State.GOOD:
            return _good(progress)
        case State.FAILED_SAFE:
            return _failed_safe(progress)
        case State.ROLLED_BACK:
            return _rolled_back(progress)
        case State.HELD:
            broken = WAY_BACK_FAILED in progress.reason.lower()
            return _broken(progress) if broken else _waits(progress)
        case State.UNKNOWN:
            return _unknown(progress)


def _going_on(progress: Progress) -> Words:
    steps = progress.back if progress.going_back else progress.plan.steps
    done = sum(progress.of(step.key).status is StepStatus.DONE for step in steps)
    step = f"Step {min(done + 1, len(steps))} of {len(steps)}."
    app = _app(progress)
    if progress.going_back:
        return Words(Urgency.SILENT, f"Going back to {_old(progress)} on {app}", step)
    if _is_rollback(progress):
        return Words(Urgency.SILENT, f"Rolling back {app} to {_new(progress)}", step)
    return Words(Urgency.SILENT, f"Deploying {_new(progress)} to {app}", step)


def _good(progress: Progress) -> Words:
    title = f"{_new(progress)} serves on {_app(progress)}"
    text = f"{_number(progress.lost)} of {_number(progress.asked)} lost."
    if progress.asked == 0:
        text = "Proven by the platform’s own signs alone."
    if progress.provisional:
        text = f"Not proven yet. {text}" if progress.asked else "Not proven yet."
    return Words(Urgency.SILENT, title, text)


def _failed_safe(progress: Progress) -> Words:
    app, serves = _app(progress), f"{_serving(progress)} serves."
    return Words(
        Urgency.NORMAL,
        f"{app}: {_new(progress)} failed, nothing changed",
        f"{_sentence(progress.reason)} {serves}",
        failed=_sentence(progress.reason),
        serves=f"{_serving(progress)}, as before.",
        done="Nothing that serves was changed.",
        choices="Read the report, fix the cause, and deploy again. Nothing is held.",
    )


def _rolled_back(progress: Progress) -> Words:
    app, old = _app(progress), _serving(progress)
    again = f"{old} serves everything again{_after(progress)}."
    why = _sentence(progress.reason)
    return Words(
        Urgency.CRITICAL,
        f"{app}: {_new(progress)} was rolled back",
        f"{why} {again} Held.",
        failed=why,
        serves=again,
        done=f"{_who_went_back(progress)}{_lost_in_all(progress)}",
        choices=(
            "Read the report, fix the cause, then release the hold. "
            f"Until then nobody deploys to {app} from Pilothouse."
        ),
    )


def _broken(progress: Progress) -> Words:
    app, old, new = _app(progress), _old(progress), _new(progress)
    return Words(
        Urgency.CRITICAL,
        f"{app} is broken",
        f"Neither {new} nor {old} wholly serves. Nothing more is changed. A person is needed.",
        failed=_sentence(progress.reason),
        serves=f"Neither {new} nor {old} wholly.",
        done=f"Going back did not work, so Pilothouse stopped.{_lost_in_all(progress)}",
        choices=f"Look at {app} on {_platform(progress)} now. Rolling back works while it is held.",
    )


def _waits(progress: Progress) -> Words:
    until = "Nothing more is changed until you say so."
    why = _sentence(progress.reason)
    told = why if "nothing more is changed" in why.lower() else f"{why} {until}".strip()
    return Words(
        Urgency.CRITICAL,
        f"{_app(progress)} waits for you",
        told,
        failed=why,
        serves=f"Parts of {_new(progress)} and {_old(progress)} may both serve.",
        done=f"Pilothouse stopped and left everything as it is.{_lost_in_all(progress)}",
        choices=f"Roll back to {_old(progress)}, or look at the app and release the hold.",
    )


def _unknown(progress: Progress) -> Words:
    app, platform = _app(progress), _platform(progress)
    why = _sentence(progress.reason)
    if progress.blind_since is not None:
        why = f"{platform} has not answered since {progress.blind_since:%H:%M} UTC."
    return Words(
        Urgency.NORMAL,
        f"{app}: not known what serves",
        f"{why} Nothing was changed since.".strip(),
        failed=why,
        serves=f"Not known. It was {_old(progress)} before.",
        done="Nothing was changed since.",
        choices=f"Look again when {platform} answers; Pilothouse then goes on from what it sees.",
    )


def _who_went_back(progress: Progress) -> str:
    old, new = _serving(progress), _new(progress)
    if progress.cause is Cause.PERSON:
        who = progress.stopped_by or "a person"
        return f"Pilothouse went back to {old}, as {who} asked."
    return f"Pilothouse took {new} out of traffic by itself, as the rules of {_app(progress)} say."


def _lost_in_all(progress: Progress) -> str:
    if progress.asked == 0:
        return ""
    lost, asked = _number(progress.lost), _number(progress.asked)
    return f" {lost} of {asked} requests were lost in all."


def _after(progress: Progress) -> str:
    began = [progress.of(step.key).started_at for step in progress.back]
    first = min((at for at in began if at is not None), default=None)
    if first is None or progress.ended_at is None:
        return ""
    return f", back after {max(1, round((progress.ended_at - first).total_seconds()))} s"


def _app(progress: Progress) -> str:
    return progress.plan.app.name


def _platform(progress: Progress) -> str:
    return PLATFORM_NAMES[progress.plan.app.platform]


def _is_rollback(progress: Progress) -> bool:
    return progress.plan.change.kind is ChangeKind.ROLLBACK


def _new(progress: Progress) -> str:
    plan = progress.plan
    return f"v{plan.to_version}" if plan.to_version else plan.target.label


def _old(progress: Progress) -> str:
    plan = progress.plan
    return f"v{plan.from_version}" if plan.from_version else plan.old_side.label


def _serving(progress: Progress) -> str:
    return progress.serving or _old(progress)


def _sentence(text: str) -> str:
    """The text with an end, as what follows is a sentence of its own."""
    text = text.strip()
    return text if not text or text[-1] in ".!?”" else f"{text}."


def _number(number: int) -> str:
    """With thin spaces between thousands, which do not break."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
