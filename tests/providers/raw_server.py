"""A server that answers each connection just as a test says, down to the bytes."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Act = Callable[[socket.socket], None]


@dataclass
class RawServer:
    """Hands each connection, in turn, to the next act; the last act is for all that follow."""

    acts: list[Act]
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self.over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def start(self) -> None:
        self._accepting.start()

    def stop(self) -> None:
        self.over.set()
        self._accepting.join(5)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            act = self.acts[min(self.connections, len(self.acts) - 1)]
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection, act))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, act: Act) -> None:
        connection.settimeout(5)
        with connection:
            try:
                act(connection)
            except OSError:
                return  # the client went away, which is its right

    def read(self, connection: socket.socket) -> bytes:
        """One request, with a body as long as it says."""
        text = b""
        while b"\r\n\r\n" not in text:
            got = connection.recv(65536)
            if not got:
                return text
            text += got
        head, _, body = text.partition(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                while len(body) < int(line.split(b":")[1]):
                    body += connection.recv(65536)
        self.heard.append(head + b"\r\n\r\n" + body)
        return self.heard[-1]

    # ------------------------------------------------------------------ acts

    def answer(
        self, status: int, body: bytes = b"{}", *, headers: str = "", stay: bool = False
    ) -> Act:
        """Answer as asked; `stay` keeps the connection for one more request."""

        def act(connection: socket.socket) -> None:
            while self.read(connection):
                head = f"HTTP/1.1 {status} Said\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
                connection.sendall(head.encode() + body)
                if not stay:
                    return

        return act

    def reset_before(self, connection: socket.socket) -> None:
        """Reset as soon as the connection stands, before anything was asked."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def lose_answer(self, connection: socket.socket) -> None:
        """Hear the request, then go without a word."""
        self.read(connection)

    def hang(self, connection: socket.socket) -> None:
        """Hear the request, then say nothing until the end of the test."""
        self.read(connection)
        self.over.wait(10)

    def drip(self, text: bytes, *, every_s: float = 0.05) -> Act:
        """Send an endless answer, a byte at a time."""

        def act(connection: socket.socket) -> None:
            self.read(connection)
            connection.sendall(text)
            while not self.over.wait(every_s):
                connection.sendall(b"a")

        return act


@contextmanager
def serving(*names: str) -> Iterator[RawServer]:
    """A server whose acts are named methods; acts can be put in place afterwards as well."""
    server = RawServer([])
    server.acts = [getattr(server, name) for name in names]
    server.start()
    try:
        yield server
    finally:
        server.stop()
