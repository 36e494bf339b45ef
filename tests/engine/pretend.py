"""A platform in memory behind the provider port: instances, a release book, and faults on demand.

Honest: what is applied is there afterwards, what is lost has landed or has not as the fault says,
and nothing is known of the engine that drives it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pilothouse.domain.change import (
    VERIFY,
    Artifact,
    Change,
    ChangeKind,
    Facts,
    Step,
    WayBack,
)
from pilothouse.domain.errors import Conflict, Failed, Lost, NotFound, PlatformError
from pilothouse.domain.model import (
    Account,
    App,
    Identity,
    Instance,
    JsonMap,
    Live,
    Platform,
    Release,
    ReleaseKind,
    ReleasePage,
    ReleaseStatus,
)
from pilothouse.domain.policy import Policy
from pilothouse.domain.ports import Answer, Observation, RunContext, Sight

ACCOUNT = Account("pretend", Platform.FLY, "Pretend", "127.0.0.1", "memory")
APP = App("127.0.0.1/fly/app-1", "pretend", Platform.FLY, "pier", ("http://pier.test",))
THEN = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
CONTROL = "http://control.test"


@dataclass
class Cloud:
    """The platform's own state; `faults` maps (op, how often applied so far) to what happens."""

    runs: dict[str, str] = field(default_factory=lambda: {"a": "old", "b": "old"})
    serving: dict[str, bool] = field(default_factory=lambda: {"a": True, "b": True})
    releases: dict[int, tuple[str, str, str]] = field(
        default_factory=lambda: {
            1: ("older", "complete", "first"),
            2: ("old", "complete", "second"),
        }
    )
    markers: dict[str, str] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    crashing: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    faults: dict[tuple[str, int], Callable[[Callable[[], JsonMap]], JsonMap]] = field(
        default_factory=dict
    )
    silent: bool = False
    busy: str | None = None
    maintenance: bool = False
    can_deploy: bool | None = True
    addresses: tuple[str, ...] = APP.addresses
    lives: dict[str, int] = field(default_factory=dict)
    ill: set[str] = field(default_factory=set)
    on_call: Callable[[str], None] = lambda _call: None
    linger_s: float = 0.0
    leased: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def newest(self) -> int:
        """The highest release number."""
        return max(self.releases)

    @property
    def changes(self) -> list[str]:
        """The calls that changed an instance."""
        return [call for call in self.calls if call.split()[0] in {"take", "put", "let"}]


def lost_after(apply: Callable[[], JsonMap]) -> JsonMap:
    """The work is done and the answer is lost."""
    apply()
    raise Lost("connection reset")


def lost_before(_apply: Callable[[], JsonMap]) -> JsonMap:
    """Nothing is done and nobody says so."""
    raise Lost("connection reset")


def refuse(error: PlatformError) -> Callable[[Callable[[], JsonMap]], JsonMap]:
    """Nothing is done, and the platform says why."""

    def fault(_apply: Callable[[], JsonMap]) -> JsonMap:
        raise error

    return fault


class PretendProvider:
    """`domain.ports.Provider` over a `Cloud`."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    account = ACCOUNT
    platform = Platform.FLY
    control_url = CONTROL

    def identity(self) -> Identity:
        return Identity("ann", can_deploy=self.cloud.can_deploy)

    def apps(self) -> Iterator[App]:
        yield self._app

    @property
    def _app(self) -> App:
        return replace(APP, addresses=self.cloud.addresses)

    def find(self, name: str) -> App:
        if name != APP.name:
            raise NotFound("app", name, where="the pretend platform", exists=[APP.name])
        return self._app

    def releases(self, app: App, *, cursor: str | None = None, limit: int = 50) -> ReleasePage:
        with self.cloud.lock:
            if self.cloud.silent:
                raise Lost("no answer")
            rows = [self._release(number) for number in sorted(self.cloud.releases, reverse=True)]
        start = int(cursor or 0)
        more = str(start + limit) if start + limit < len(rows) else None
        return ReleasePage(tuple(rows[start : start + limit]), more)

    def _release(self, number: int) -> Release:
        artifact, status, text = self.cloud.releases[number]
        return Release(
            app_id=APP.id,
            version=number,
            id=f"r{number}",
            kind=ReleaseKind.CODE,
            status=ReleaseStatus(status),
            current=number == self._current(),
            artifact=artifact,
            description=text,
            author="ann",
            created_at=THEN,
        )

    def _current(self) -> int:
        complete = [n for n, row in self.cloud.releases.items() if row[1] == "complete"]
        return max(complete)

    def live(self, app: App) -> Live:
        with self.cloud.lock:
            if self.cloud.silent:
                raise Lost("no answer")
            instances = tuple(
                Instance(
                    id=one,
                    place="ams",
                    role="app",
                    state="crashed" if image in self.cloud.crashing else "started",
                    release=None,
                    artifact=image,
                    version=f"{one}-{image}",
                    healthy=False if image in self.cloud.ill else None,
                    lives=self.cloud.lives.get(one, 1),
                    serving=self.cloud.serving[one] and image not in self.cloud.crashing,
                )
                for one, image in self.cloud.runs.items()
            )
            return Live(
                app,
                self._release(self._current()),
                instances,
                "/",
                self.cloud.maintenance,
                datetime.now(UTC),
            )

    def facts(self, app: App, change: Change, *, back_to: Release | None) -> Facts:
        live = self.live(app)
        current = self._current()
        image = change.image or "older"
        target = Artifact(image, image, present=image not in self.cloud.gone)
        if back_to is not None:
            ref = str(back_to.artifact)
            target = Artifact(
                ref, f"v{back_to.version}", ref not in self.cloud.gone, back_to.version
            )
        old = self.cloud.releases[current][0]
        return Facts(
            app=app,
            live=live,
            identity=self.identity(),
            recent=self.releases(app).releases,
            target=target,
            target_version=self.cloud.newest + 1,
            way_back=WayBack(
                current, Artifact(old, f"v{current}"), old not in self.cloud.gone, "v2 is there."
            ),
            snapshot={"runs": dict(self.cloud.runs)},
            fingerprint=f"{sorted(self.cloud.runs.items())} {self.cloud.newest}",
            busy=self.cloud.busy,
        )

    def steps(self, change: Change, facts: Facts, policy: Policy) -> tuple[Step, ...]:
        image = facts.target.ref
        steps = [_step("record", {"image": image}, 0, "", books_only=True)]
        for stage, one in enumerate(sorted(self.cloud.runs), start=1):
            for op in ("take", "put", "well", "let", "known"):
                args = {"instance": one, "image": image}
                waits = op in {"well", "known"}
                steps.append(_step(f"{op}:{one}", args, stage, one, changes=not waits))
        steps.append(
            _step(VERIFY, {"artifact": image, "instances": ["a", "b"]}, 8, "", changes=False)
        )
        steps.append(_step("settle", {"status": "complete"}, 9, "", books_only=True))
        return tuple(steps)

    def operations(self, run: RunContext) -> PretendOperations:
        return PretendOperations(self.cloud, run)

    def pin(self, instance: str) -> dict[str, str] | None:
        return {"x-pin": instance}

    def answered_by(self, headers: JsonMap, body: bytes) -> str | None:
        return str(headers["x-instance"]) if "x-instance" in headers else None


def _step(
    key: str,
    args: JsonMap,
    stage: int,
    lane: str,
    changes: bool = True,
    *,
    books_only: bool = False,
) -> Step:
    return Step(
        key=key,
        op=key.removeprefix("back/").partition(":")[0],
        args=args,
        title=key,
        group=lane or key,
        stage=stage,
        lane=lane,
        changes=changes,
        expected_s=1.0,
        limit_s=5.0,
        books_only=books_only,
    )


class PretendOperations:
    """`domain.ports.Operations` over a `Cloud`."""

    def __init__(self, cloud: Cloud, run: RunContext) -> None:
        self.cloud, self.run = cloud, run
        self.cloud.leased.add(run.deployment_id)

    def apply(self, step: Step) -> JsonMap:
        with self.cloud.lock:
            count = sum(1 for call in self.cloud.calls if call.split()[0] == step.op)
            self.cloud.calls.append(f"{step.op} {step.args.get('instance', '')}".strip())
            fault = self.cloud.faults.get((step.op, count))
        self.cloud.on_call(step.key)
        if step.op == "known":
            self.run.wait(self.cloud.linger_s)
        if fault is None:
            return self._do(step)
        return fault(lambda: self._do(step))

    def _do(self, step: Step) -> JsonMap:
        with self.cloud.lock:
            one, image = str(step.args.get("instance", "")), str(step.args.get("image", ""))
            match step.op:
                case "record":
                    number = self.cloud.newest + 1
                    self.cloud.releases[number] = (image, "pending", self.run.deployment_id)
                    return {"release": number}
                case "settle":
                    number = int(str(self.run.data_of("record").get("release", 0)))
                    artifact, _, text = self.cloud.releases[number]
                    self.cloud.releases[number] = (artifact, str(step.args["status"]), text)
                case "take":
                    self.cloud.serving[one] = False
                case "put":
                    if image in self.cloud.gone:
                        raise Conflict("image is gone")
                    self.cloud.runs[one] = image
                    self.cloud.markers[one] = f"{self.run.deployment_id}/{step.key}"
                case "well" if image in self.cloud.crashing:
                    raise Failed(f"{one} exited with 1")
                case "let":
                    self.cloud.serving[one] = True
                    return {"serving": [one]}
                case _:
                    pass
            return {}

    def observe(self, step: Step) -> Observation:
        with self.cloud.lock:
            if self.cloud.silent:
                raise Lost("no answer")
            landed, data = self._is_there(step)
            return Observation(Sight.LANDED if landed else Sight.ABSENT, data=data)

    def _is_there(self, step: Step) -> tuple[bool, JsonMap]:
        one = str(step.args.get("instance", ""))
        mine = self.run.deployment_id
        match step.op:
            case "record":
                ours = [n for n, row in self.cloud.releases.items() if row[2] == mine]
                return bool(ours), {"release": ours[0]} if ours else {}
            case "settle":
                number = int(str(self.run.data_of("record").get("release", 0)))
                return self.cloud.releases[number][1] == step.args["status"], {}
            case "take":
                return not self.cloud.serving[one], {}
            case "let":
                return self.cloud.serving[one], {"serving": [one]}
            case _:
                return self.cloud.markers.get(one) == f"{mine}/{step.key}", {}

    def inverse(self, step: Step) -> Sequence[Step]:
        one = str(step.args.get("instance", ""))
        runs = self.run.plan.snapshot["runs"]
        assert isinstance(runs, dict)
        old = {"instance": one, "image": runs.get(one)}
        match step.op:
            case "let":
                return [_step(f"back/take:{one}", old, 0, one)]
            case "put":
                return [
                    _step(f"back/put:{one}", old, 0, one),
                    _step(f"back/well:{one}", old, 0, one, changes=False),
                ]
            case "take":
                return [_step(f"back/let:{one}", old, 0, one)]
            case "record":
                failed = {"status": "failed"}
                return [_step("back/settle", failed, 0, "", books_only=True)]
            case _:
                return []

    def renew(self) -> None:
        """Nothing is leased for a time here."""

    def close(self) -> None:
        self.cloud.leased.discard(self.run.deployment_id)


class PretendAsker:
    """Answers as the instances would; `network` False: nothing at all answers."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.network = True
        self._turn = 0

    def ask(self, url: str, *, headers: dict[str, str], timeout_s: float) -> Answer:
        with self.cloud.lock:
            if not self.network:
                raise Lost("network down")
            if url.startswith(CONTROL):
                return Answer(200, {}, b"", 0.001)
            serving = [one for one, does in self.cloud.serving.items() if does]
            self._turn += 1
            if not serving:
                return Answer(503, {}, b"", 0.001)
            one = headers.get("x-pin") or serving[self._turn % len(serving)]
            bad = self.cloud.runs[one] in self.cloud.bad
            return Answer(500 if bad else 200, {"x-instance": one}, b"", 0.001)


__all__ = ["APP", "Change", "ChangeKind", "Cloud", "PretendAsker", "PretendProvider"]
