"""What faults and wishes are called: whole sentences, made from values.

Kinds come from the sandbox with titles of its own. Those that this window knows have a phrase that
a sentence can be built with; any other is called by its title.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale

from pilothouse.domain.practice import (
    EVER,
    FaultInForce,
    FaultKind,
    FaultWish,
    PracticeAbout,
    Scope,
    Where,
)
from pilothouse.ui import words
from pilothouse.ui.practice.call_rows import platform_word
from pilothouse.ui.practice.phrases import call_phrase, instance_phrase, others_phrase, world_phrase
from pilothouse.ui.words import translate


def _times(scale: float) -> str:
    """How many times faster, or slower, as a number."""
    times = scale if scale > 1 else 1 / scale
    return QLocale().toString(times, "f", 0 if times == int(times) else 1)


def pace_sentence(about: PracticeAbout | None) -> str:
    """How time runs."""
    if about is None:
        return translate("Practice", "Asking the sandbox how fast its time runs…")
    if about.scale == 1:
        return translate("Practice", "Time runs as fast as at the platforms themselves.")
    faster = translate(
        "Practice", "Time runs {times} times faster for what the platforms do by themselves."
    )
    slower = translate(
        "Practice", "Time runs {times} times slower for what the platforms do by themselves."
    )
    return (faster if about.scale > 1 else slower).format(times=_times(about.scale))


def status_sentence(about: PracticeAbout | None) -> str:
    """The status line's segment while nothing is real."""
    said = translate("Practice", "Sandbox: nothing here is real")
    if about is None or about.scale == 1:
        return said
    faster = translate("Practice", "{said} · {times} × faster")
    slower = translate("Practice", "{said} · {times} × slower")
    return (faster if about.scale > 1 else slower).format(said=said, times=_times(about.scale))


def title_of(fault: FaultInForce, kinds: Sequence[FaultKind]) -> str:
    """What a fault is called."""
    for kind in kinds:
        if (kind.name, kind.scope) == (fault.kind, fault.scope):
            return short_title(kind)
    return fault.kind


def short_title(kind: FaultKind) -> str:
    """A kind's title without what stands behind its semicolon."""
    return kind.title.partition(";")[0]


def app_name(app: str) -> str:
    """An app's own name: `harbor-api` of `fly:harbor-api`."""
    return app.partition(":")[2] or app


def where_words(scope: Scope, where: Where) -> str:
    """Where a fault strikes, in a few words."""
    if scope is Scope.WORLD:
        if where.platform:
            return platform_word(where.platform)
        return translate("Practice", "both platforms")
    if scope is not Scope.CALL:
        name = app_name(where.app)
        return f"{name} · {where.instance}" if where.instance else name
    parts = [platform_word(where.platform)] if where.platform else []
    parts += [where.method] if where.method else []
    parts += [where.path] if where.path else []
    return " ".join(parts) or translate("Practice", "any call")


def button_text(wish: FaultWish, kind: FaultKind, *, short: bool = False) -> str:
    """The button that puts a wish in force: a verb and an object; shorter without the platform."""
    if wish.scope is Scope.CALL:
        said = translate("Practice", "Make {calls} {phrase}")
        calls = _calls(wish.count or 1, "" if short else platform_word(wish.where.platform))
        return said.format(calls=calls, phrase=call_phrase(wish, kind))
    if wish.scope is Scope.INSTANCE:
        said = translate("Practice", "Make {whom} {phrase}")
        whom = app_name(wish.where.app) if short else _whom(wish.where)
        return said.format(whom=whom, phrase=instance_phrase(wish, kind))
    if wish.scope is Scope.WORLD:
        return world_phrase(wish, kind)
    return others_phrase(wish, kind, app_name(wish.where.app) if short else _whom(wish.where))


def _calls(count: int, to: str) -> str:
    if count == EVER:
        said = translate("Practice", "every call to {to}")
        plain = translate("Practice", "every call")
    elif count == 1:
        said = translate("Practice", "the next call to {to}")
        plain = translate("Practice", "the next call")
    else:
        said = translate("Practice", "the next {count} calls to {to}")
        plain = translate("Practice", "the next {count} calls")
    return (said if to else plain).format(count=words.number(count), to=to)


def _whom(where: Where) -> str:
    name = app_name(where.app) or translate("Practice", "an app")
    if not where.instance:
        return name
    return translate("Practice", "{instance} of {app}").format(instance=where.instance, app=name)


def remarks(wish: FaultWish | None, kind: FaultKind | None) -> str:
    """What the button has no room for: which calls are meant, by what chance, how it ends."""
    if wish is None or kind is None:
        return ""
    said = []
    rest = kind.title.partition(";")[2].strip(" .")
    if rest:
        said.append(rest[0].upper() + rest[1:] + ".")
    if wish.scope is Scope.CALL:
        said += _which_calls(wish)
    elif wish.scope is Scope.OTHERS:
        said.append(translate("Practice", "It happens at once and cannot be taken away."))
    elif "count" not in kind.takes and not _ends_by_itself(wish):
        said.append(translate("Practice", "It lasts until it is taken away."))
    return " ".join(said)


def _ends_by_itself(wish: FaultWish) -> bool:
    """Whether the seconds of a wish are how long it lasts: not so for a clock or an instance."""
    return wish.scope is Scope.WORLD and wish.kind != "clock" and wish.seconds is not None


def _which_calls(wish: FaultWish) -> list[str]:
    where, said = wish.where, []
    if where.path and where.method:
        only = translate("Practice", "Only {method} calls whose path has “{path}” in it.")
        said.append(only.format(method=where.method, path=where.path))
    elif where.path:
        only = translate("Practice", "Only calls whose path has “{path}” in it.")
        said.append(only.format(path=where.path))
    elif where.method:
        said.append(translate("Practice", "Only {method} calls.").format(method=where.method))
    if wish.rate is not None and wish.rate < 1:
        chance = translate("Practice", "Each is struck with a chance of {share}.")
        said.append(chance.format(share=words.percent(wish.rate)))
    return said


def silence(since: str) -> str:
    """The strip while the sandbox does not answer."""
    said = translate("Practice", "The sandbox does not answer since {since}. {rest}")
    rest = translate("Practice", "What is shown is from before; it is looked for every second.")
    return said.format(since=since, rest=rest)
