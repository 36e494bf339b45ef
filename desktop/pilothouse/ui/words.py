"""Words for moments, lengths of time, counts and states, the same in every place of the window.

Numbers go through `QLocale`. What is predicted has a tilde, what is measured has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QTime, QTimeZone

from pilothouse.domain.model import AppState, Platform, ReleaseKind, ReleaseVerdict
from pilothouse.ui.shapes import Shape
from pilothouse.ui.tokens import Tone

translate = QCoreApplication.translate

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class StateWord:
    """Shape, word and colour of a state: always all three."""

    shape: Shape
    word: str
    tone: Tone


def app_state(state: AppState) -> StateWord:
    """How an app's state is said."""
    match state:
        case AppState.SERVING:
            return StateWord(Shape.SERVING, translate("State", "Serving"), Tone.GOOD)
        case AppState.PROVISIONAL:
            return StateWord(Shape.PROVISIONAL, translate("State", "Provisional"), Tone.RUN)
        case AppState.DEPLOYING:
            return StateWord(Shape.DEPLOYING, translate("State", "Deploying"), Tone.RUN)
        case AppState.UNKNOWN:
            return StateWord(Shape.UNKNOWN, translate("State", "Unknown"), Tone.UNK)
        case AppState.BROKEN:
            return StateWord(Shape.BROKEN, translate("State", "Broken"), Tone.BAD)


def verdict(given: ReleaseVerdict) -> StateWord:
    """How a release's verdict is said."""
    match given:
        case ReleaseVerdict.VERIFIED:
            return StateWord(Shape.VERIFIED, translate("State", "Verified"), Tone.GOOD)
        case ReleaseVerdict.PROVISIONAL:
            return StateWord(Shape.PROVISIONAL, translate("State", "Provisional"), Tone.RUN)
        case ReleaseVerdict.FAILED_SAFE:
            return StateWord(Shape.FAILED_SAFE, translate("State", "Failed, safe"), Tone.BAD)
        case ReleaseVerdict.ROLLED_BACK:
            return StateWord(Shape.ROLLED_BACK, translate("State", "Rolled back"), Tone.WARN)
        case ReleaseVerdict.UNKNOWN:
            return StateWord(Shape.UNKNOWN, translate("State", "Unknown"), Tone.UNK)
        case ReleaseVerdict.NOT_WATCHED:
            return StateWord(Shape.NOT_WATCHED, translate("State", "Not watched"), Tone.IDLE)


def release_kind(kind: ReleaseKind) -> str:
    """How a release's kind is said."""
    match kind:
        case ReleaseKind.CODE:
            return translate("Kind", "Code")
        case ReleaseKind.CONFIG:
            return translate("Kind", "Config")
        case ReleaseKind.SCALE:
            return translate("Kind", "Scale")
        case ReleaseKind.ROLLBACK:
            return translate("Kind", "Rollback")
        case ReleaseKind.OTHER:
            return translate("Kind", "Other")


def platform_name(platform: Platform) -> str:
    """The platform's own name; names are not translated."""
    return {Platform.FLY: "Fly.io", Platform.HEROKU: "Heroku"}[platform]


def number(value: int) -> str:
    """A whole number as the person's locale groups it."""
    return QLocale().toString(value)


def percent(share: float) -> str:
    """A share (0 to 1) in per cent; never rounded up to a hundred."""
    value = share * 100
    if value >= 100:
        return QLocale().toString(100) + " %"
    digits = 2 if value > 99.9 else 1 if value > 90 else 0
    shown = min(value, 99.99 if digits == 2 else 99.9)
    return QLocale().toString(shown, "f", digits) + " %"


def age(seconds: float) -> str:
    """How long ago, in one unit: `4 s`, `41 min`, `3 h`, `2 d`, `3 w`, `2 mo`, `1 y`."""
    left = max(0.0, seconds)
    for below, unit, word in (
        (MINUTE, 1, translate("Age", "{n} s")),
        (HOUR, MINUTE, translate("Age", "{n} min")),
        (DAY, HOUR, translate("Age", "{n} h")),
        (21 * DAY, DAY, translate("Age", "{n} d")),
        (60 * DAY, 7 * DAY, translate("Age", "{n} w")),
        (730 * DAY, 30.44 * DAY, translate("Age", "{n} mo")),
    ):
        if left < below:
            return word.format(n=number(int(left // unit)))
    return translate("Age", "{n} y").format(n=number(int(left // (365.25 * DAY))))


def ago(seconds: float) -> str:
    """An age as part of a sentence: `4 s ago`."""
    return translate("Age", "{age} ago").format(age=age(seconds))


def duration(seconds: float) -> str:
    """A measured length: `0.4 s`, `8.4 s`, `41 s`, `5 min 40 s`, `2 h 5 min`."""
    if seconds < 10:
        shown = QLocale().toString(
            round(float(seconds), 1), "f", 0 if seconds == int(seconds) else 1
        )
        return translate("Duration", "{n} s").format(n=shown)
    whole = round(seconds)
    if whole < MINUTE:
        return translate("Duration", "{n} s").format(n=number(whole))
    if whole < HOUR:
        minutes, rest = divmod(whole, MINUTE)
        if not rest:
            return translate("Duration", "{n} min").format(n=number(minutes))
        said = translate("Duration", "{minutes} min {seconds} s")
        return said.format(minutes=number(minutes), seconds=number(rest))
    hours, rest = divmod(whole, HOUR)
    said = translate("Duration", "{hours} h {minutes} min")
    return said.format(hours=number(hours), minutes=number(rest // MINUTE))


def about(seconds: float) -> str:
    """A predicted length: `~38 s`."""
    return "~" + duration(round(seconds) or 1)


def local(moment: datetime) -> QDateTime:
    """An aware moment in the person's own time zone."""
    utc = QDateTime.fromMSecsSinceEpoch(round(moment.timestamp() * 1000), QTimeZone.utc())
    return utc.toLocalTime()


def clock_time(moment: datetime) -> str:
    """The time of day, `14:02`, as the locale writes it."""
    time: QTime = local(moment).time()
    return QLocale().toString(time, QLocale.FormatType.ShortFormat)


def full_moment(moment: datetime) -> str:
    """Date and time, as the locale writes them."""
    return QLocale().toString(local(moment), QLocale.FormatType.ShortFormat)


def version(value: int | None) -> str:
    """A release's number as everybody writes it; a dash when there is none."""
    return "–" if value is None else f"v{value}"


def short_ref(ref: str | None) -> str:
    """An artifact in a few characters: a digest's first and last four, or a slug's id shortened."""
    if not ref:
        return ""
    tail = ref.rsplit("sha256:", 1)[-1] if "sha256:" in ref else ref.rsplit("/", 1)[-1]
    return f"{tail[:4]}…{tail[-4:]}" if len(tail) > 12 else tail
