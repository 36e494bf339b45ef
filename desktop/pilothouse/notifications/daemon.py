"""One connection to the desktop's notification daemon (freedesktop notifications over D-Bus).

Types are sent exactly as the protocol wants them. Only signals of the daemon that answered us are
believed. Not thread-safe: it belongs to the one thread of `freedesktop`. The protocol is the
Desktop Notifications Specification of freedesktop.org, version 1.2.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jeepney import (  # type: ignore[import-untyped]
    DBusAddress,
    DBusErrorResponse,
    HeaderFields,
    MatchRule,
    Message,
    new_method_call,
)
from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]
from jeepney.io.blocking import (  # type: ignore[import-untyped]
    DBusConnection,
    open_dbus_connection,
)
from jeepney.wrappers import unwrap_msg  # type: ignore[import-untyped]

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
STAYS, AS_USUAL = 0, -1
"""Milliseconds until a notice goes by itself, in the protocol's own words."""

Unreachable = (OSError, KeyError, ValueError, DBusErrorResponse)
"""What says that there is no bus, no daemon, or none any more; all of it is normal."""


@dataclass(frozen=True, slots=True)
class Display:
    """What is to be shown; `urgency` is 0 (low) to 2 (critical)."""

    title: str
    text: str
    urgency: int
    actions: Sequence[str]
    stays: bool


@dataclass(frozen=True, slots=True)
class Signal:
    """What the daemon said by itself: `ActionInvoked` or `NotificationClosed`, or it changed."""

    member: str
    number: int = 0
    action: str = ""


DAEMON_CHANGED = "NameOwnerChanged"
SIGNATURES = {"ActionInvoked": "us", "NotificationClosed": "uu", DAEMON_CHANGED: "sss"}


@dataclass
class Daemon:
    """An open connection, and what is known of the daemon behind it."""

    connection: DBusConnection
    reply_s: float
    heard: deque[Message] = field(default_factory=deque)
    owner: str = ""
    capabilities: frozenset[str] | None = None

    @staticmethod
    def open(reply_s: float) -> Daemon:
        """Connect to the session's bus; raises one of `Unreachable`, as does all else here."""
        connection = open_dbus_connection("SESSION")
        connection.sock.settimeout(reply_s)  # a bus that hangs must not hang us
        daemon = Daemon(connection, reply_s)
        try:
            daemon._listen()
        except BaseException:
            connection.close()
            raise
        return daemon

    @property
    def socket(self) -> socket.socket:
        """Readable when something was said."""
        found: socket.socket = self.connection.sock
        return found

    def close(self) -> None:
        """Hang up; what is shown stays."""
        self.connection.close()

    def can(self, capability: str) -> bool:
        """Whether the daemon says that it can do something, as in `actions`."""
        if self.capabilities is None:
            (found,) = self._call("GetCapabilities", gives="as")
            self.capabilities = frozenset(found)
        return capability in self.capabilities

    def information(self) -> tuple[str, str]:
        """The daemon's name and version."""
        name, _, version, _ = self._call("GetServerInformation", gives="ssss")
        return name, version

    def show(self, display: Display, replaces: int, *, app: str, entry: str) -> int:
        """Show a notice, in place of an earlier one; answers its number."""
        hints = {"urgency": ("y", display.urgency), "desktop-entry": ("s", entry)}
        lasts = STAYS if display.stays else AS_USUAL
        actions = list(display.actions)
        body = (app, replaces, entry, display.title, display.text, actions, hints, lasts)
        (number,) = self._call("Notify", "susssasa{sv}i", body, gives="u")
        return int(number)

    def withdraw(self, number: int) -> None:
        """Take a notice back; nothing happens if it is gone."""
        try:
            self._call("CloseNotification", "u", (number,))
        except DBusErrorResponse:
            return  # an error is how daemons say that it is gone

    def signals(self) -> list[Signal]:
        """What was said since the last look; raises one of `Unreachable` when the bus is gone."""
        try:
            while True:
                self.connection.recv_messages(timeout=0)
        except TimeoutError:
            pass
        found = []
        while self.heard:
            signal = self._understood(self.heard.popleft())
            if signal is not None:
                found.append(signal)
        return found

    def _listen(self) -> None:
        for interface, member, sender in (
            (NAME, "ActionInvoked", NAME),
            (NAME, "NotificationClosed", NAME),
            (message_bus.interface, DAEMON_CHANGED, message_bus.bus_name),
        ):
            rule = MatchRule(type="signal", interface=interface, member=member, sender=sender)
            if member == DAEMON_CHANGED:
                rule.add_arg_condition(0, NAME)
            message = message_bus.AddMatch(rule)
            unwrap_msg(self.connection.send_and_get_reply(message, timeout=self.reply_s))
            here = MatchRule(type="signal", interface=interface, member=member)
            self.connection.filter(here, queue=self.heard)

    def _understood(self, message: Message) -> Signal | None:
        fields = message.header.fields
        member, sender = fields[HeaderFields.member], fields.get(HeaderFields.sender)
        if fields.get(HeaderFields.signature) != SIGNATURES[member]:
            return None
        if member == DAEMON_CHANGED:
            name, _, owner = message.body
            if sender != message_bus.bus_name or name != NAME or owner == self.owner:
                return None
            self.capabilities, self.owner = None, owner
            return Signal(member)
        if sender != self.owner:
            return None  # anybody on the bus may send a signal
        number, what = message.body
        return Signal(member, number, what if member == "ActionInvoked" else "")

    def _call(
        self, method: str, signature: str = "", body: tuple[Any, ...] = (), *, gives: str = ""
    ) -> Any:  # noqa: ANN401 - as many values as the signature `gives` says
        address = DBusAddress(PATH, bus_name=NAME, interface=NAME)
        message = new_method_call(address, method, signature or None, body)
        reply = self.connection.send_and_get_reply(message, timeout=self.reply_s)
        answer = unwrap_msg(reply)
        if reply.header.fields.get(HeaderFields.signature, "") != gives:
            raise ValueError(f"{method} gave something else than {gives or 'nothing'}")
        self.owner = reply.header.fields[HeaderFields.sender]
        return answer
