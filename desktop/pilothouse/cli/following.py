"""Following a run in a terminal: a line for each thing that happens, and the signals of a person.

Ctrl-C and SIGTERM mean *stop and go back*; a second one leaves at once and names `recover`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pilothouse.cli.printer import Printer, stamp
from pilothouse.domain.change import Step
from pilothouse.domain.deployment import EventKind, Progress, State
from pilothouse.domain.errors import JournalUnavailable, LeaseHeld
from pilothouse.domain.model import Json
from pilothouse.domain.news import Journaled, JournalTrouble, News
from pilothouse.domain.records import RequestKind
from pilothouse.engine.service import Service

LEFT_EXIT = 12
LOOK_AGAIN_S = 5.0
ASK_AGAIN_S = 0.5


class Follower:
    """A listener that prints what its deployments do."""

    def __init__(self, service: Service, printer: Printer) -> None:
        self._service, self._printer = service, printer
        self._ids: set[str] = set()
        self._early: list[Journaled] = []
        self._lock = threading.Lock()

    def follow(self, deployment_id: str) -> None:
        """Print this deployment's news, those from before this call too."""
        with self._lock:
            self._ids.add(deployment_id)
            early, self._early = self._early, []
            for news in early:
                self._tell(news)

    def hear(self, news: News) -> None:
        """Print one piece of news, or keep it until its deployment is followed."""
        if isinstance(news, JournalTrouble) and news.reason:
            self._printer.error(
                f"Paused: the journal cannot be written ({news.reason}). "
                "Nothing more is changed until it can."
            )
        if isinstance(news, Journaled):
            with self._lock:
                self._tell(news)

    def _tell(self, news: Journaled) -> None:
        if news.event.deployment_id in self._ids:
            self._show(news)
        else:
            self._early.append(news)

    def _show(self, news: Journaled) -> None:
        event, progress = news.event, news.progress
        if event.kind is not EventKind.ENDED:
            self._printer.data(
                {
                    "event": event.kind.value,
                    "deployment": event.deployment_id,
                    "step": event.step,
                    "at": stamp(event.at),
                    "data": dict(event.data) if event.kind is not EventKind.DECIDED else {},
                }
            )
        text = sentence(news)
        if text:
            at = event.at.astimezone()
            self._printer.line(f"{at:%H:%M:%S}  {text}", style=_style(progress))


def _style(progress: Progress) -> str:
    return "warn" if progress.going_back else ""


def sentence(news: Journaled) -> str:
    """What an event says to a person; empty when it says nothing new."""
    event, progress = news.event, news.progress
    step = _step(progress, event.step)
    if step is not None:
        return _step_sentence(news, step)
    match event.kind:
        case EventKind.DECIDED:
            return f"Going back: {progress.reason}"
        case EventKind.PAUSED:
            return f"Paused: {progress.reason}"
        case EventKind.RESUMED:
            return "Going on."
        case EventKind.BLIND:
            return f"Blind: {event.data.get('reason')} Nothing is changed until it answers."
        case EventKind.SIGHTED:
            return "The platform answers again."
        case _:
            return ""


def _step(progress: Progress, key: str | None) -> Step | None:
    return next((step for step in progress.all_steps if step.key == key), None)


def _step_sentence(news: Journaled, step: Step) -> str:
    event, state = news.event, news.progress.of(step.key)
    if event.kind is EventKind.NOTED:
        return f"  {step.title}: {state.note}"
    if event.kind is not EventKind.SETTLED:
        return ""
    took = (event.at - state.started_at).total_seconds() if state.started_at else 0.0
    if state.status.value == "done":
        return f"{step.title}: done, {took:.1f} s. {state.reason}".rstrip()
    return f"{step.title}: {event.data.get('outcome')}. {state.reason}".rstrip()


class Stopping:
    """The runs that a signal stops; one that begins after the signal is stopped at once."""

    def __init__(self, service: Service, printer: Printer) -> None:
        self._service, self._printer = service, printer
        self._ids: list[str] = []
        self._asked, self._pause = threading.Event(), threading.Event()

    def begun(self, deployment_id: str) -> None:
        """Stop this one too, when asked, or now if that was asked already."""
        self._ids.append(deployment_id)
        if self._asked.is_set():
            self._ask_aside()

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Ask every run to stop; the second time leave at once."""
        if self._asked.is_set():
            open_ones = ", ".join(self._ids)
            what = f"Deployment {open_ones} is open" if open_ones else "A deployment may be open"
            self._printer.error(f"Left at once. {what}: run “pilothouse recover”.")
            os._exit(LEFT_EXIT)
        self._asked.set()
        self._printer.error("Stopping and going back. Once more leaves at once.")
        self._ask_aside()

    def _ask_aside(self) -> None:
        # Writing to the journal inside a handler could meet its own lock.
        threading.Thread(target=self._ask_all, name="pilothouse-stop", daemon=True).start()

    def _ask_all(self) -> None:
        for deployment_id in tuple(self._ids):
            while not self._wrote_down(deployment_id):
                self._pause.wait(ASK_AGAIN_S)

    def _wrote_down(self, deployment_id: str) -> bool:
        try:
            self._service.ask(RequestKind.STOP, deployment_id)
        except JournalUnavailable:
            return (
                False  # the run waits for the journal too, and says so; the wish must not get lost
            )
        return True


@contextmanager
def stopping_on_signals(service: Service, printer: Printer) -> Iterator[Stopping]:
    """While inside, a first Ctrl-C or SIGTERM asks the runs to stop and go back."""
    stopping = Stopping(service, printer)
    before = {n: signal.signal(n, stopping.on_signal) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def see_it_end(service: Service, printer: Printer, deployment_id: str) -> int:
    """Wait until a deployment has ended, whoever runs it; take it up when nobody does any more."""
    follower = Follower(service, printer)
    service.subscribe(follower.hear)
    follower.follow(deployment_id)
    elsewhere = ""
    with stopping_on_signals(service, printer) as stopping:
        stopping.begun(deployment_id)
        while True:
            try:
                service.recover(only=deployment_id)
            except LeaseHeld as error:
                if error.owner != elsewhere:
                    elsewhere = error.owner
                    printer.line(f"{elsewhere} runs it and was told; waiting for its end.")
            progress = service.wait(deployment_id, timeout_s=LOOK_AGAIN_S)
            if progress.state.is_ended:
                return ended(printer, deployment_id, progress)


def ended(
    printer: Printer,
    deployment_id: str | None,
    progress: Progress | None,
    *,
    said: str = "Nothing was open.",
) -> int:
    """Print the last line and give the exit code."""
    if progress is None:
        printer.data(
            {"event": "ended", "deployment": deployment_id, "outcome": "nothing", "exit": 0}
        )
        printer.line(said)
        return 0
    code = progress.exit_code
    row: dict[str, Json] = {
        "event": "ended",
        "deployment": deployment_id,
        "outcome": progress.state.value,
        "exit": code,
        "reason": progress.reason,
        "serving": progress.serving,
        "asked": progress.asked,
        "lost": progress.lost,
        "provisional": progress.provisional,
    }
    printer.data(row)
    printer.line(closing(progress), style=progress.state.value)
    if not progress.state.is_ended:
        printer.error(f"Nobody carries {deployment_id} on now: run “pilothouse recover”.")
    return code


def closing(progress: Progress) -> str:
    """The last sentence of a run."""
    plan = progress.plan
    name, old = plan.app.name, f"v{plan.from_version}"
    new = f"v{plan.to_version}" if plan.to_version else plan.target.label
    lost = f"{progress.lost} of {progress.asked} requests from outside were lost."
    match progress.state:
        case State.GOOD:
            proven = " It is not proven yet." if progress.provisional else ""
            return f"{new} serves on {name}.{proven} {lost}"
        case State.FAILED_SAFE:
            return f"{new} failed. Nothing was changed; {old} serves on {name}. {progress.reason}"
        case State.ROLLED_BACK:
            return f"{new} was rolled back. {old} serves {name} again. {progress.reason} {lost}"
        case State.HELD:
            return f"{name} needs a person; nothing more is changed. {progress.reason}"
        case State.UNKNOWN:
            return (
                f"It is not known what serves {name}. {progress.reason} Run “pilothouse recover”."
            )
        case _:
            return f"{name}: {progress.state.value}. {progress.reason}"
