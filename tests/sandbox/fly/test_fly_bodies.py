"""What Pilothouse itself sends to the Machines API, held against the published document."""

from __future__ import annotations

import json
from pathlib import Path

from tests.providers.fly.walk import deploy, walking
from tests.sandbox.fly.published import Published, needs_document
from tests.sandbox_process import SandboxProcess

pytestmark = needs_document
PARTS = ("/machines/", "/lease", "/cordon")


def test_what_a_deploy_and_its_way_back_send_is_as_published(tmp_path: Path) -> None:
    published = Published()
    with SandboxProcess(tmp_path) as sandbox:
        with walking(sandbox, deploy("next")) as walk:
            walk.go()
            walk.do(walk.back())
        requests = sandbox.control.requests()
    flaps = [one for one in requests if one["path"].startswith("/v1/")]
    for one in flaps:
        assert published.template(one["path"]), one["path"]
        body = json.dumps(one["body"]).encode() if one["body"] is not None else b""
        published.sent(one["method"], one["path"], body)
    assert published.faults == []
    changing = [one["path"] for one in flaps if one["method"] != "GET"]
    for part in PARTS:
        assert any(part in path for path in changing), part
