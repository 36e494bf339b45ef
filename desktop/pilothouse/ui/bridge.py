"""The one door between worker threads and the window.

What enters on any thread leaves in the GUI thread, in the order in which it came. A blocking call
asked here runs on one of four threads; its result goes to a bound method of a QObject, or to
nobody once that object is gone. The threads are daemons, so that a call that hangs cannot keep
the program from ending; after `close` nothing is delivered any more.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakMethod

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

T = TypeVar("T")

THREADS = 4
Receiver = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class _Question:
    call: Callable[[], object]
    done: WeakMethod[Receiver] | None
    failed: WeakMethod[Receiver] | None


@dataclass(frozen=True, slots=True)
class _Result:
    question: _Question
    value: object = None
    error: Exception | None = None


def _weak(method: Receiver | None) -> WeakMethod[Receiver] | None:
    return None if method is None else WeakMethod(method)


class Bridge(QObject):
    """Carries events and results into the GUI thread, and questions out of it.

    Signals:
        arrived: something that was published, as it is.
        troubled: an exception that nobody asked to hear of.

    Threads: `publish` may be called from any; `ask` and all signals belong to the GUI's.
    """

    arrived = Signal(object)
    troubled = Signal(object)
    _queued = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._gate = threading.Lock()
        self._closed = False
        self._questions: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._queued.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def publish(self, event: object) -> None:
        """Hand something to the window; never blocks, and is silent after the end."""
        with self._gate:
            if not self._closed:
                self._queued.emit(event)

    def ask(
        self,
        call: Callable[[], T],
        done: Callable[[T], object] | None = None,
        failed: Callable[[Exception], object] | None = None,
    ) -> None:
        """Run a blocking call elsewhere and give its result to `done`, in the GUI thread.

        Args:
            call: what to run; it may close over values, never over widgets.
            done: a bound method of a QObject; dropped with the object.
            failed: the same for an exception; without it the exception goes to `troubled`.
        """
        with self._gate:
            if self._closed:
                return
            self._questions.put(_Question(call, _weak(done), _weak(failed)))
            if self._questions.qsize() > self._idle and len(self._threads) < THREADS:
                thread = threading.Thread(
                    target=self._work, name=f"ui-ask-{len(self._threads)}", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def close(self, limit_s: float = 0.0) -> bool:
        """Deliver nothing more and let the threads go; True if all ended within the limit."""
        with self._gate:
            self._closed = True
            threads, self._threads = self._threads, []
        for _ in threads:
            self._questions.put(None)
        for thread in threads:
            thread.join(limit_s)
        return not any(thread.is_alive() for thread in threads)

    def _work(self) -> None:
        while True:
            self._count_idle(1)
            question = self._questions.get()
            self._count_idle(-1)
            if question is None or self._closed:
                return
            try:
                result = _Result(question, value=question.call())
            except Exception as error:  # noqa: BLE001 - carried over to whoever asked
                result = _Result(question, error=error)
            self.publish(result)

    def _count_idle(self, change: int) -> None:
        with self._gate:
            self._idle += change

    @Slot(object)
    def _deliver(self, event: object) -> None:
        if self._closed:
            return
        if not isinstance(event, _Result):
            self.arrived.emit(event)
        elif event.error is None:
            self._hand_over(event.question.done, event.value)
        elif event.question.failed is None:
            self.troubled.emit(event.error)
        else:
            self._hand_over(event.question.failed, event.error)

    def _hand_over(self, reference: WeakMethod[Receiver] | None, value: object) -> None:
        method = None if reference is None else reference()
        if method is None:
            return
        owner = getattr(method, "__self__", None)
        if not isinstance(owner, QObject) or isValid(owner):
            method(value)
