"""Phrases for the kinds of faults that this window knows, to build a button's words with."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QLocale

from pilothouse.domain.practice import EVER, FaultKind, FaultWish
from pilothouse.ui import words
from pilothouse.ui.practice.call_rows import platform_word
from pilothouse.ui.words import translate

AFTER = "after-"


def call_phrase(wish: FaultWish, kind: FaultKind) -> str:
    """What happens to a call, as in "fail with 503"."""
    name = kind.name
    if name.isdigit():
        return translate("Practice", "fail with {status}").format(status=name)
    if name.startswith(AFTER):
        said = translate("Practice", "fail with {status} when done")
        return said.format(status=name.removeprefix(AFTER))
    phrases = {
        "refuse": translate("Practice", "be cut off unheard"),
        "reset": translate("Practice", "be reset unheard"),
        "lost": translate("Practice", "lose the answer"),
        "cut": translate("Practice", "break off half way"),
        "malformed": translate("Practice", "get a garbled answer"),
        "empty": translate("Practice", "fail with an empty 408"),
        "slow": translate("Practice", "take {seconds} longer"),
        "hang": translate("Practice", "never be answered"),
        "drip": translate("Practice", "be answered byte by byte"),
        "html": translate("Practice", "get a proxy’s page and 502"),
        "stale": translate("Practice", "get an old answer"),
        "two-factor": translate("Practice", "ask for a second factor"),
        "missing-fields": translate("Practice", "leave fields out"),
    }
    return _phrase(phrases, wish, kind, translate("Practice", "meet “{title}”"))


def instance_phrase(wish: FaultWish, kind: FaultKind) -> str:
    """What happens to an app or one of its instances, as in "fail its checks"."""
    phrases = {
        "crash-at-boot": translate("Practice", "crash at its next {count} boots"),
        "crash": translate("Practice", "crash now"),
        "crash-loop": translate("Practice", "crash again and again"),
        "fails-checks": translate("Practice", "fail its checks"),
        "errors": translate("Practice", "answer {share} with errors"),
        "slow-answers": translate("Practice", "answer {seconds} slower"),
        "leak": translate("Practice", "leak memory"),
        "kill": translate("Practice", "die now"),
    }
    if kind.name == "crash-at-boot" and wish.count in {None, 1, EVER}:
        once = translate("Practice", "crash at its next boot")
        return once if wish.count != EVER else translate("Practice", "crash at every boot")
    return _phrase(phrases, wish, kind, translate("Practice", "meet “{title}”"))


def world_phrase(wish: FaultWish, kind: FaultKind) -> str:
    """The whole button: what happens to both platforms, or to one."""
    phrases = {
        "clock": translate("Practice", "Move the platforms’ clocks by {seconds}"),
        "disk": translate("Practice", "Fill the disk"),
        "network": translate("Practice", "Take the network away for {seconds}"),
    }
    if wish.where.platform:
        phrases |= {
            "disk": translate("Practice", "Fill the disk of {platform}"),
            "network": translate("Practice", "Take {platform} off the network for {seconds}"),
        }
    return _phrase(phrases, wish, kind, translate("Practice", "Let “{title}” happen"))


def others_phrase(wish: FaultWish, kind: FaultKind, whom: str) -> str:
    """The whole button: what somebody else does, or bad luck."""
    phrases = {
        "foreign-deploy": translate("Practice", "Have a colleague deploy to {whom}"),
        "foreign-release": translate("Practice", "Have a colleague record a release of {whom}"),
        "set-secrets": translate("Practice", "Have a colleague set secrets of {whom}"),
        "scale": translate("Practice", "Have a colleague scale {whom}"),
        "steal-lease": translate("Practice", "Have a colleague lease {whom}"),
        "cordon": translate("Practice", "Have a colleague cordon {whom}"),
        "uncordon": translate("Practice", "Have a colleague uncordon {whom}"),
        "stop": translate("Practice", "Let the proxy stop {whom}"),
        "kill": translate("Practice", "Kill {whom}"),
        "crash": translate("Practice", "Crash {whom}"),
        "sicken": translate("Practice", "Sicken {whom}"),
        "host": translate("Practice", "Change the host of {whom}"),
        "expire": translate("Practice", "Let an artifact of {whom} expire"),
        "limits": translate("Practice", "Change the rate limits of {platform}"),
    }
    given = translate("Practice", "Let “{title}” happen to {whom}")
    return _phrase(phrases, wish, kind, given).format(whom=whom)


def _phrase(phrases: Mapping[str, str], wish: FaultWish, kind: FaultKind, unknown: str) -> str:
    platform = wish.where.platform or wish.where.app.partition(":")[0]
    known = phrases.get(kind.name, unknown)
    return known.format(
        seconds=_length(kind.default("seconds", 1.0) if wish.seconds is None else wish.seconds),
        share=words.percent(kind.default("rate", 1.0) if wish.rate is None else wish.rate),
        count=words.number(1 if wish.count is None else wish.count),
        platform=platform_word(platform) or translate("Practice", "both platforms"),
        title=kind.title.rstrip("."),
        whom="{whom}",
    )


def _length(seconds: float) -> str:
    if seconds < 0:
        return "\N{MINUS SIGN}" + words.duration(-seconds)
    if seconds < 1:
        return QLocale().toString(seconds, "g") + " s"
    return words.duration(seconds)
