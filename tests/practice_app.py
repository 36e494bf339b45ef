"""Small apps that really run on the practice platforms, packed the way clients pack a source."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

SERVER = """
import json, os, signal, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        said = {"said": open("words.txt").read(), "dyno": os.environ["DYNO"],
                "environment": dict(os.environ), "pid": os.getpid(), "path": self.path}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *parts):
        print("asked for", self.path)

print("hello from", os.environ["DYNO"])
print("a warning", file=sys.stderr)
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
WEB = "web: python server.py\n"


def source(words: str = "first", procfile: str = WEB, **files: str) -> dict[str, str]:
    """The files of an app whose web dynos answer with `words` and what they see."""
    return {"Procfile": procfile, "server.py": SERVER, "words.txt": words, **files}


def packed(files: Mapping[str, str], *, prefix: str = "") -> bytes:
    """A gzipped tar of these files."""
    rows = [(_entry(f"{prefix}{name}"), text.encode()) for name, text in files.items()]
    return archive(*rows)


def _entry(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode = 0o644
    return entry


def archive(*rows: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A gzipped tar of just these entries."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for entry, content in rows:
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return raw.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """One entry of a tar, of any kind, however wrong."""
    made = _entry(name)
    made.type, made.linkname = kind, link
    return made
