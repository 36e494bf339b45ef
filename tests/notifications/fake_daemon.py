"""A notification daemon in a process of its own, without a screen.

Started as `fake_daemon.py CAPABILITY …`. Each call is a line of JSON on its standard output. Lines
on its standard input make it speak by itself: `action NUMBER KEY`, `close NUMBER`; `mute` keeps it
from answering. It is as strict about types as real daemons are.
"""

from __future__ import annotations

import json
import select
import sys
from typing import Any

from jeepney import (  # type: ignore[import-untyped]
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]
from jeepney.io.blocking import (  # type: ignore[import-untyped]
    DBusConnection,
    Proxy,
    open_dbus_connection,
)

NAME = "org.freedesktop.Notifications"
HERE = DBusAddress("/org/freedesktop/Notifications", interface=NAME)


class FakeDaemon:
    """Answers calls and keeps what is shown, by number."""

    def __init__(self, connection: DBusConnection, capabilities: list[str]) -> None:
        self.connection, self.capabilities = connection, capabilities
        self.shown: set[int] = set()
        self.last = 0
        self.is_mute = False

    def answer(self, message: Message) -> None:
        """Answer one call."""
        if message.header.message_type is not MessageType.method_call or self.is_mute:
            return
        member = message.header.fields[HeaderFields.member]
        if member == "GetCapabilities":
            self.reply(message, "as", (self.capabilities,))
        elif member == "GetServerInformation":
            self.reply(message, "ssss", ("Fake", "tests", "1.0", "1.2"))
        elif member == "Notify":
            self.notify(message)
        elif member == "CloseNotification":
            self.take_down(message, message.body[0])

    def notify(self, message: Message) -> None:
        signature = message.header.fields[HeaderFields.signature]
        if signature != "susssasa{sv}i":
            self.connection.send(new_error(message, "org.freedesktop.DBus.Error.InvalidArgs"))
            return
        _, replaces, icon, title, text, actions, hints, lasts = message.body
        self.last = self.last + 1 if replaces not in self.shown else self.last
        number = replaces if replaces in self.shown else self.last
        self.shown.add(number)
        say(
            number=number,
            replaces=replaces,
            icon=icon,
            title=title,
            text=text,
            actions=actions,
            hints={key: list(value) for key, value in hints.items()},
            lasts=lasts,
        )
        self.reply(message, "u", (number,))

    def take_down(self, message: Message, number: int) -> None:
        if number not in self.shown:
            self.connection.send(new_error(message, f"{NAME}.Error"))
            return
        self.shown.discard(number)
        say(closed=number)
        self.reply(message, None, ())
        self.connection.send(new_signal(HERE, "NotificationClosed", "uu", (number, 3)))

    def reply(self, message: Message, signature: str | None, body: tuple[Any, ...]) -> None:
        self.connection.send(new_method_return(message, signature, body))

    def obey(self, line: str) -> None:
        """Do what the test says."""
        verb, *words = line.split()
        if verb == "action":
            click = (int(words[0]), words[1])
            self.connection.send(new_signal(HERE, "ActionInvoked", "us", click))
        elif verb == "close":
            self.shown.discard(int(words[0]))
            dismissed = (int(words[0]), 2)
            self.connection.send(new_signal(HERE, "NotificationClosed", "uu", dismissed))
        elif verb == "mute":
            self.is_mute = True
        say(obeyed=verb)


def say(**what: object) -> None:
    """Tell the test something."""
    print(json.dumps(what), flush=True)


def main(capabilities: list[str]) -> None:
    """Serve until the standard input ends."""
    with open_dbus_connection("SESSION") as connection:
        if "--stranger" in capabilities:
            say(ready=True)
        else:
            Proxy(message_bus, connection).RequestName(NAME)
            say(ready=True)
        daemon = FakeDaemon(connection, capabilities)
        while True:
            ready, _, _ = select.select([sys.stdin, connection.sock], [], [])
            if connection.sock in ready:
                drain(connection, daemon)
            if sys.stdin in ready:
                line = sys.stdin.readline()
                if not line:
                    return
                daemon.obey(line)


def drain(connection: DBusConnection, daemon: FakeDaemon) -> None:
    """Answer all that has come in."""
    try:
        while True:
            daemon.answer(connection.receive(timeout=0))
    except TimeoutError:
        return


if __name__ == "__main__":
    main(sys.argv[1:])
