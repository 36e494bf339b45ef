"""Pushing to the practice registry and pulling from it, and deploying what was pushed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import httpx

from tests.sandbox.fly.quay import APP, Quay, Row, at_quay, quay

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = b"a layer of some bytes " * 400


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def config_of(**labels: str) -> bytes:
    rootfs = {"type": "layers", "diff_ids": [digest_of(LAYER)]}
    image = {"architecture": "amd64", "os": "linux", "config": {"Labels": labels}, "rootfs": rootfs}
    return json.dumps(image).encode()


def manifest_of(config: bytes) -> bytes:
    kinds = (("vnd.oci.image.config.v1+json", config), ("vnd.oci.image.layer.v1.tar", LAYER))
    named = [
        {"mediaType": f"application/{kind}", "digest": digest_of(content), "size": len(content)}
        for kind, content in kinds
    ]
    return json.dumps(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": named[0], "layers": named[1:]}
    ).encode()


async def blob(one: Quay, content: bytes, name: str = APP) -> httpx.Response:
    """Push a blob whole, in one call."""
    path = f"/v2/{name}/blobs/uploads/?digest={digest_of(content)}"
    return await one.api.post(path, content=content)


async def manifest(one: Quay, reference: str, body: bytes, kind: str = MANIFEST) -> httpx.Response:
    path = f"/v2/{APP}/manifests/{reference}"
    return await one.api.put(path, content=body, headers={"content-type": kind})


async def push(one: Quay, tag: str, **labels: str) -> str:
    """Push an image with these labels and return its digest."""
    config = config_of(**labels)
    for content in (LAYER, config):
        assert (await blob(one, content)).status_code == 201
    pushed = await manifest(one, tag, manifest_of(config))
    assert pushed.status_code == 201, pushed.text
    assert pushed.headers["location"].startswith(f"/v2/{APP}/manifests/sha256:")
    return pushed.headers["docker-content-digest"]


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["code"] == code
    assert answer.headers["fly-request-id"]


def test_a_blob_is_pushed_in_pieces() -> None:
    async def scenario(one: Quay) -> None:
        begun = await one.api.post(f"/v2/{APP}/blobs/uploads/")
        assert begun.status_code == 202
        where = begun.headers["location"]
        assert (begun.headers["range"], bool(begun.headers["docker-upload-uuid"])) == ("0-0", True)
        half = len(LAYER) // 2
        first = await one.api.patch(
            where, content=LAYER[:half], headers={"content-range": f"0-{half - 1}"}
        )
        assert (first.status_code, first.headers["range"]) == (202, f"0-{half - 1}")
        gap = {"content-range": f"{half + 1}-{len(LAYER)}"}
        lost = await one.api.patch(where, content=LAYER[half + 1 :], headers=gap)
        refused(lost, 416, "RANGE_INVALID")
        seen = await one.api.get(where)
        assert (seen.status_code, seen.headers["range"]) == (204, f"0-{half - 1}")
        ended = await one.api.put(f"{where}?digest={digest_of(LAYER)}", content=LAYER[half:])
        assert (ended.status_code, ended.headers["docker-content-digest"]) == (
            201,
            digest_of(LAYER),
        )
        refused(await one.api.get(where), 404, "BLOB_UPLOAD_UNKNOWN")

    at_quay(scenario)


def test_an_image_is_pulled_by_tag_and_digest_and_its_blobs_in_parts() -> None:
    async def scenario(one: Quay) -> None:
        digest = await push(one, "mine", **{"org.opencontainers.image.revision": "c0ffee"})
        for reference in ("mine", digest):
            head = await one.api.head(f"/v2/{APP}/manifests/{reference}")
            assert (head.status_code, head.headers["docker-content-digest"]) == (200, digest)
        whole = await one.api.get(f"/v2/{APP}/manifests/mine")
        assert digest_of(whole.content) == digest
        assert whole.headers["content-type"] == MANIFEST
        found = whole.json()
        path = f"/v2/{APP}/blobs/{found['layers'][0]['digest']}"
        assert (await one.api.get(path)).content == LAYER
        part = await one.api.get(path, headers={"range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, LAYER[10:20])
        assert part.headers["content-range"] == f"bytes 10-19/{len(LAYER)}"
        rest = await one.api.get(path, headers={"range": f"bytes={len(LAYER) - 5}-"})
        assert rest.content == LAYER[-5:]
        head = await one.api.head(path)
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(LAYER)))
        beyond = {"range": f"bytes={len(LAYER)}-"}
        refused(await one.api.get(path, headers=beyond), 416, "RANGE_INVALID")

    at_quay(scenario)


def test_a_pushed_image_can_be_deployed_and_behaves_as_its_label_says() -> None:
    async def scenario(one: Quay) -> None:
        labels = {"org.opencontainers.image.revision": "c0ffee", "made.by": "a test"}
        digest = await push(one, "good", **labels)
        machine = await one.first()
        for host in ("registry.fly.io", "127.0.0.1:5051"):
            reference = f"{host}/{APP}@{digest}"
            machine = await one.upgrade(machine, {"image": reference})
            assert machine["image_ref"]["digest"] == digest
            assert machine["image_ref"]["labels"] == labels
        assert (await one.visit(**{"fly-force-instance-id": machine["id"]})).status_code == 200
        query = f'{{ app(name: "{APP}") {{ image(ref: "{APP}:good") {{ id }}'
        query += f' own: image(ref: "registry.fly.io/{APP}:good") {{ digest labels manifest'
        query += " compressedSize: compressedSizeFull } } }"
        shown = (await one.api.post("/graphql", json={"query": query})).json()["data"]["app"]
        assert shown["own"]["digest"] == digest
        assert shown["own"]["labels"] == labels
        assert shown["own"]["compressedSize"] == str(len(LAYER))
        assert shown["own"]["manifest"]["layers"][0]["digest"] == digest_of(LAYER)
        bad = await push(one, "bad", **{"pilothouse.sandbox.behaviour": "crash"})
        wish = {"image": f"registry.fly.io/{APP}@{bad}", "restart": {"policy": "no"}}
        await one.update(machine, wish)
        ended = await one.until_state(machine, "stopped")
        exits = [event for event in ended["events"] if event["type"] == "exit"]
        assert exits[0]["request"]["exit_event"]["exit_code"] == 1

    at_quay(scenario)


def test_an_index_is_taken_when_its_manifests_are_there() -> None:
    async def scenario(one: Quay) -> None:
        digest = await push(one, "amd64", **{"pilothouse.sandbox.behaviour": "unhealthy"})
        size = len(manifest_of(config_of(**{"pilothouse.sandbox.behaviour": "unhealthy"})))
        platform = {"os": "linux", "architecture": "amd64"}
        entry = {"mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        body = json.dumps(index).encode()
        pushed = await manifest(one, "multi", body, INDEX)
        assert pushed.status_code == 201
        assert pushed.headers["docker-content-digest"] == digest_of(body)
        pulled = await one.api.get(f"/v2/{APP}/manifests/multi")
        assert (pulled.headers["content-type"], pulled.content) == (INDEX, body)
        assert one.world.fly.images[-1].behaviour == "unhealthy"
        entry["digest"] = digest_of(b"elsewhere")
        lost = await manifest(one, "lost", json.dumps(index).encode(), INDEX)
        refused(lost, 400, "MANIFEST_BLOB_UNKNOWN")

    at_quay(scenario)


def test_a_tag_moves_and_its_old_image_stays() -> None:
    async def scenario(one: Quay) -> None:
        first = await push(one, "latest", n="1")
        second = await push(one, "latest", n="2")
        path = f"/v2/{APP}/manifests/"
        assert (await one.api.head(path + "latest")).headers["docker-content-digest"] == second
        assert (await one.api.head(path + first)).status_code == 200
        assert await push(one, "latest", n="1") == first
        assert (await one.api.head(path + "latest")).headers["docker-content-digest"] == first
        count = len(one.world.fly.images)
        await push(one, "latest", n="1")
        assert len(one.world.fly.images) == count

    at_quay(scenario)


def test_blobs_are_mounted_from_where_they_are_and_hidden_elsewhere() -> None:
    async def scenario(one: Quay) -> None:
        assert (await blob(one, LAYER)).status_code == 201
        other, digest = "/v2/harbor-api/blobs", digest_of(LAYER)
        refused(await one.api.get(f"{other}/{digest}"), 404, "BLOB_UNKNOWN")
        mounted = await one.api.post(f"{other}/uploads/?mount={digest}&from={APP}")
        assert mounted.status_code == 201
        assert (await one.api.get(f"{other}/{digest}")).content == LAYER
        absent = await one.api.post(f"{other}/uploads/?mount={digest_of(b'x')}&from={APP}")
        assert (absent.status_code, "location" in absent.headers) == (202, True)
        gone = await one.api.delete(absent.headers["location"])
        assert gone.status_code == 204

    at_quay(scenario)


def test_what_does_not_fit_is_refused_in_form_and_nothing_is_kept() -> None:
    async def scenario(one: Quay) -> None:
        before = (len(one.world.fly.images), dict(one.world.fly.blobs))
        wrong = await one.api.post(
            f"/v2/{APP}/blobs/uploads/?digest={digest_of(b'else')}", content=b"this"
        )
        refused(wrong, 400, "DIGEST_INVALID")
        for digest in ("", "md5:1", "sha256:../../../etc"):
            path = f"/v2/{APP}/blobs/uploads/?digest={digest}"
            refused(await one.api.post(path, content=b"x"), 400, "DIGEST_INVALID")
        refused(await one.api.post("/v2/nobody/blobs/uploads/"), 404, "NAME_UNKNOWN")
        refused(await manifest(one, "t", b"{"), 400, "MANIFEST_INVALID")
        refused(await manifest(one, "t", b"[]"), 400, "MANIFEST_INVALID")
        refused(await manifest(one, "t", b"{}", "text/plain"), 400, "MANIFEST_INVALID")
        whole = manifest_of(config_of())
        refused(await manifest(one, "t", whole), 400, "MANIFEST_BLOB_UNKNOWN")
        refused(await manifest(one, digest_of(b"no"), whole), 400, "DIGEST_INVALID")
        refused(await manifest(one, "-" * 200, whole), 400, "TAG_INVALID")
        refused(await manifest(one, "t", b" " * 300_000), 413, "SIZE_INVALID")
        assert (len(one.world.fly.images), dict(one.world.fly.blobs)) == before
        refused(await one.api.delete(f"/v2/{APP}/manifests/next"), 405, "UNSUPPORTED")
        refused(await one.api.get(f"/v2/{APP}/tags/list"), 404, "UNSUPPORTED")
        refused(await one.api.get("/v2/_catalog"), 404, "UNSUPPORTED")
        assert one.world.not_here[-1].path == "/v2/_catalog"
        config = config_of(**{"pilothouse.sandbox.behaviour": "dance"})
        for content in (LAYER, config):
            await blob(one, content)
        refused(await manifest(one, "t", manifest_of(config)), 400, "MANIFEST_INVALID")

    at_quay(scenario)


def test_what_was_pushed_outlives_the_sandbox(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with quay(directory=tmp_path) as one:
            digest = await push(one, "kept", made="before")
            await one.api.post(f"/v2/{APP}/blobs/uploads/")
        assert list((tmp_path / "registry" / "uploads").iterdir())
        async with quay(directory=tmp_path) as one:
            pulled = await one.api.get(f"/v2/{APP}/manifests/kept")
            assert digest_of(pulled.content) == digest
            layer: Row = pulled.json()["layers"][0]
            assert (await one.api.get(f"/v2/{APP}/blobs/{layer['digest']}")).content == LAYER
        assert not (tmp_path / "registry" / "uploads").exists()

    asyncio.run(scenario())
