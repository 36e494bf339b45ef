"""A client that makes the requests flyctl makes, in its order, one command a method.

Queries and code are this project's own; what is asked for, and when, is what flyctl's source says.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import httpx

from tests.waiting import until

NONCE = "fly-machine-lease-nonce"
RELEASE_GROUP = "fly_app_release_command"
Row = dict[str, Any]


class DeployError(Exception):
    """A deploy failed; the release says so by then."""


class Reading:
    """One sandbox as the command line sees it: web, Machines and GraphQL on one address."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    # ------------------------------------------------------------------ surfaces

    def graph(self, query: str, **variables: object) -> Row:
        answer = self._http.post("/graphql", json={"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        shown: Row = answer.json()
        assert not shown.get("errors"), shown["errors"]
        data: Row = shown["data"]
        return data

    def web(self, method: str, path: str, body: object = None, status: int = 200) -> Row:
        answer = self._http.request(method, f"/api/v1{path}", json=body)
        assert answer.status_code == status, answer.text
        shown: Row = answer.json()
        return shown

    def flaps(self, method: str, app: str, path: str, **more: Any) -> Any:
        answer = self._http.request(method, f"/v1/apps/{app}{path}", **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    # ------------------------------------------------------------------ reading

    def apps_list(self) -> list[Row]:
        """`apps list`."""
        query = """query($after: String) { apps(type: "container", first: 200, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { id name deployed hostname platformVersion
            network organization { slug name } currentRelease { createdAt status } status } } }"""
        found: list[Row] = []
        after = None
        while True:
            page = self.graph(query, after=after)["apps"]
            found += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    def releases(self, app: str) -> list[Row]:
        """`releases`."""
        query = """query($app: String!, $limit: Int!) { app(name: $app) {
            releases: releasesUnprocessed(first: $limit) { nodes { id version description reason
            status imageRef stable user { id email name } createdAt } } } }"""
        rows: list[Row] = self.graph(query, app=app, limit=25)["app"]["releases"]["nodes"]
        return sorted(rows, key=lambda row: -int(row["version"]))

    def machines_list(self, app: str) -> list[Row]:
        """`machines list`."""
        rows: list[Row] = self.flaps("GET", app, "/machines")
        return rows

    def status(self, app: str) -> tuple[Row, list[Row], list[Row]]:
        """`status`: the app, its machines, and the images of those not deployed by the tool."""
        query = """query($app: String!) { appcompact: app(name: $app) { id internalNumericId name
            hostname cnameTarget deployed network status appUrl platformVersion organization { id
            internalNumericId slug paidPlan } postgresAppRole: role { name } } }"""
        compact = self.graph(query, app=app)["appcompact"]
        machines = self.machines_list(app)
        image = """query($image: String!, $version: String) { latestImageDetails(image: $image,
            flyVersion: $version) { registry repository tag version digest } }"""
        own = [row for row in machines if not row["image_ref"]["tag"].startswith("deployment-")]
        names = {f"{row['image_ref']['repository']}:{row['image_ref']['tag']}" for row in own}
        details = [
            self.graph(image, image=f"registry.fly.io/{name}", version="")["latestImageDetails"]
            for name in sorted(names)
        ]
        return compact, machines, details


class Flyctl(Reading):
    """The commands that read, and the one that deploys."""

    def deploy(self, app: str, image: str, strategy: str, command: list[str] | None = None) -> Row:
        """`deploy --image`; return the release as the web API has it in the end.

        Raises:
            DeployError: what failed; the release is closed as `failed`.
        """
        shown = self.flaps("GET", app, "")
        self.web("GET", f"/organizations/{shown['organization']['slug']}")
        build = self.web("POST", "/builds", {"app_name": app, "strategies_available": ["image"]})
        reference = self._resolve(app, image)
        done = {"build_id": build["id"], "app_name": app, "status": "completed"}
        self.web("POST", "/builds/finish", done)
        machines = [each for each in self.machines_list(app) if _is_ours(each)]
        definition = {"app": app, "primary_region": "ams", "http_service": {"internal_port": 8080}}
        wish = {"app_name": app, "build_id": build["id"], "image": reference}
        wish |= {"strategy": strategy.upper(), "definition": definition}
        release: Row = self.web("POST", "/releases", wish, 201)["release"]
        self._settle(release, "running", None)
        try:
            if command:
                self._run(app, machines[0], reference, command)
            self._roll(app, machines, release, reference, strategy)
        except DeployError as failure:
            self._settle(release, "failed", str(failure))
            raise
        ended = self._settle(release, "complete", "")
        self.flaps("GET", app, "/ip_assignments")
        return ended

    def _resolve(self, app: str, image: str) -> str:
        query = """query($app: String!, $ref: String!) { app(name: $app) { id image(ref: $ref) {
            id digest ref compressedSize: compressedSizeFull manifest } } }"""
        found = self.graph(query, app=app, ref=image)["app"]["image"]
        if found is None:
            raise DeployError(f"could not find image {image}")
        assert str(int(found["compressedSize"])) == found["compressedSize"]
        return f"{found['ref']}@{found['digest']}"

    def _settle(self, release: Row, status: str, error: str | None) -> Row:
        post = {"flyctl_version": "0.4.999", "error": error}
        metadata = None if error is None else {"post_deployment_info": post}
        wish = {"status": status, "metadata": metadata}
        return self.web("PATCH", f"/releases/{release['id']}", wish)

    def _run(self, app: str, like: Row, image: str, command: list[str]) -> None:
        config = copy.deepcopy(like["config"]) | {"image": image, "auto_destroy": True}
        config |= {"init": {"cmd": command}, "restart": {"policy": "no"}}
        config["env"] = config.get("env", {}) | {"RELEASE_COMMAND": "1"}
        config["metadata"] = config["metadata"] | {"fly_process_group": RELEASE_GROUP}
        for key in ("services", "checks", "mounts"):
            config.pop(key, None)
        wish = {"config": config, "region": "ams", "skip_launch": True}
        made = self.flaps("POST", app, "/machines", json=wish)
        path = f"/machines/{made['id']}"
        self.flaps("GET", app, f"{path}/wait", params={"state": "stopped", "timeout": 60})
        self.flaps("POST", app, f"{path}/start")
        self.flaps("GET", app, f"{path}/wait", params={"state": "destroyed", "timeout": 60})
        events = self.flaps("GET", app, path)["events"]
        ended = next(event for event in events if event["type"] == "exit")
        code = ended["request"]["exit_event"]["exit_code"]
        if code:
            raise DeployError(f"release command failed with exit code {code}")

    def _roll(self, app: str, machines: list[Row], release: Row, image: str, strategy: str) -> None:
        if strategy == "bluegreen":
            return self._bluegreen(app, machines, release, image)
        if strategy == "canary":
            made = self._create(app, machines[0], release, image, canary=True)
            self._verify(app, made["id"])
            self._destroy(app, made["id"], made.get("nonce"))
        for row in sorted(machines, key=lambda each: str(each["id"])):
            self._update(app, row, release, image, verify=strategy != "immediate")
        return None

    def _update(self, app: str, row: Row, release: Row, image: str, *, verify: bool) -> None:
        path = f"/machines/{row['id']}"
        nonce = self.flaps("POST", app, f"{path}/lease?ttl=13")["data"]["nonce"]
        mine = {NONCE: nonce}
        try:
            wish = {"config": _config(row, release, image), "lease_ttl": 13, "name": row["name"]}
            wish |= {"region": row["region"], "skip_launch": row["state"] != "started"}
            self.flaps("POST", app, path, json=wish, headers=mine)
            again = self.flaps("POST", app, f"{path}/lease?ttl=13", headers=mine)
            assert again["data"]["nonce"] == nonce
            if verify and row["state"] == "started":
                self._verify(app, row["id"])
        finally:
            self.flaps("DELETE", app, f"{path}/lease", headers=mine)

    def _verify(self, app: str, identifier: str) -> None:
        path = f"/machines/{identifier}"
        self.flaps("GET", app, f"{path}/wait", params={"state": "started", "timeout": 60})

        def settled() -> str | None:
            shown = self.flaps("GET", app, path)
            if _crashes(shown):
                return "failed"
            statuses = [check["status"] for check in shown["checks"]]
            return "healthy" if statuses and set(statuses) == {"passing"} else None

        if until(settled, f"{identifier} healthy", 30) == "failed":
            raise DeployError(f"machine {identifier} crashes")
        self.flaps("GET", app, f"{path}/ps")

    def _create(
        self, app: str, like: Row, release: Row, image: str, *, canary: bool = False
    ) -> Row:
        config = _config(like, release, image)
        if canary:
            config["metadata"]["fly_canary"] = "true"
        wish = {"config": config, "region": like["region"], "lease_ttl": 300}
        wish["skip_service_registration"] = not canary
        made: Row = self.flaps("POST", app, "/machines", json=wish)
        return made

    def _destroy(self, app: str, identifier: str, nonce: str | None) -> None:
        headers = {NONCE: nonce} if nonce else {}
        path = f"/machines/{identifier}"
        self.flaps("DELETE", app, path, params={"kill": "true"}, headers=headers)

    def _bluegreen(self, app: str, blues: list[Row], release: Row, image: str) -> None:
        query = "query($app: String!) { canPerformBluegreenDeployment(name: $app) }"
        assert self.graph(query, app=app)["canPerformBluegreenDeployment"] is True
        greens = [self._create(app, blue, release, image) for blue in blues]
        try:
            for green in greens:
                self._verify(app, green["id"])
            for green in greens:
                path, mine = f"/machines/{green['id']}", {NONCE: green["nonce"]}
                self.flaps("POST", app, f"{path}/uncordon", headers=mine)
        except DeployError:
            for green in greens:
                self._destroy(app, green["id"], green["nonce"])
            raise
        for blue in blues:
            key = f"/machines/{blue['id']}/metadata/fly_bluegreen_deployment_tag"
            self.flaps("POST", app, key, json={"value": "safe_to_destroy"})
            self.flaps("POST", app, f"/machines/{blue['id']}/cordon")
            self.flaps("POST", app, f"/machines/{blue['id']}/stop")
            when = {"state": "stopped", "timeout": 60}
            self.flaps("GET", app, f"/machines/{blue['id']}/wait", params=when)
            self._destroy(app, blue["id"], None)
        for green in greens:
            mine = {NONCE: green["nonce"]}
            self.flaps("DELETE", app, f"/machines/{green['id']}/lease", headers=mine)


def _is_ours(row: Row) -> bool:
    metadata = row["config"]["metadata"]
    return bool(metadata.get("fly_platform_version") == "v2") and metadata.get(
        "fly_process_group"
    ) not in (RELEASE_GROUP, None)


def _config(row: Row, release: Row, image: str) -> Row:
    config: Row = copy.deepcopy(row["config"]) | {"image": image}
    config["metadata"] = config["metadata"] | {
        "fly_release_id": str(release["id"]),
        "fly_release_version": str(release["version"]),
        "fly_flyctl_version": "0.4.999",
    }
    return config


def _crashes(shown: Row) -> bool:
    """The smoke check: the last exit was unasked for, with an error, and not the first."""
    exits = [event for event in shown["events"] if event["type"] == "exit"]
    if not exits:
        return False
    last = exits[0]["request"]["exit_event"]
    count = exits[0]["request"].get("restart_count", math.inf)
    return bool(last["exit_code"]) and not last["requested_stop"] and count > 1
