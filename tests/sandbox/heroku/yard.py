"""Sources for builds: small apps that really run, packed the way clients pack them."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping
from typing import Any

import httpx

from pilothouse.sandbox.heroku.logs import HISTORY, LogQuery
from tests.sandbox.heroku.town import Row, Town
from tests.waiting import until_async

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


def checksum(content: bytes) -> str:
    """A checksum in the platform's form."""
    return f"SHA256:{hashlib.sha256(content).hexdigest()}"


async def put(one: Town, content: bytes) -> str:
    """Upload a source; returns the address to build."""
    blob = (await one.post("/sources", {}))["source_blob"]
    answer = await one.api.put(blob["put_url"], content=content, headers={"content-type": ""})
    assert answer.status_code == 200, answer.text
    return str(blob["get_url"])


async def begin(one: Town, app: str, content: bytes, **blob: Any) -> Row:
    """Begin to build a source; returns the pending build."""
    url = await put(one, content)
    body = {"source_blob": {"url": url, **blob}}
    return await one.post(f"/apps/{app}/builds", body)


async def settled(one: Town, app: str, build: Row) -> Row:
    """The build, once it is no longer pending."""

    async def look() -> Row | None:
        row = await one.get(f"/apps/{app}/builds/{build['id']}")
        return None if row["status"] == "pending" else row

    row = await until_async(look, "the end of a build")
    assert row is not None
    return row


async def output(one: Town, build: Row) -> str:
    """What a build said, read to its end."""
    path = httpx.URL(build["output_stream_url"]).path

    async def look() -> httpx.Response | None:
        answer = await one.api.get(path)
        return answer if answer.status_code == 200 else None

    answer = await until_async(look, "the output of a build")
    assert answer is not None
    return answer.text


async def deployed(one: Town, app: str, content: bytes, **blob: Any) -> Row:
    """Build a source and return its release, once that is settled."""
    build = await settled(one, app, await begin(one, app, content, **blob))
    assert build["status"] == "succeeded", one.app(app).builds[-1].output
    version = (await one.get(f"/apps/{app}/releases/{build['release']['id']}"))["version"]
    return await one.until_settled(app, version)


def log(one: Town, app: str) -> str:
    """The whole log of an app."""
    book = one.fleet.crew(one.app(app)).log
    return "\n".join(str(line) for line in book.newest(LogQuery(lines=HISTORY)))
