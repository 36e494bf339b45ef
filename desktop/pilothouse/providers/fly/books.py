"""The release history: recording a release and settling its status, never a reason to fail.

The release REST API comes first, as the platform's own CLI has it; refused, GraphQL; refused too,
the machines' metadata alone say what runs. A lost answer is looked for in the history: a record of
ours is the one newer release by our user with our image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pilothouse.domain.change import Step
from pilothouse.domain.errors import AccountRefused, Declined, Lost
from pilothouse.domain.model import Json, JsonMap
from pilothouse.domain.ports import Observation, Sight
from pilothouse.providers.fly import queries
from pilothouse.providers.fly.hand import Hand, Turn
from pilothouse.providers.fly.images import digest_of
from pilothouse.providers.fly.schema import (
    CreateRelease,
    NewRelease,
    ReleaseEnvelope,
    ReleaseNode,
)

LOOKED_AT = 20
STRATEGY = "ROLLING"
Way = Callable[[Step, Turn], JsonMap]


class Books:
    """Record and settle, for one run."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._lost: dict[str, int] = {}

    def record(self, step: Step) -> JsonMap:
        """Record the release; gives its id and number, both None when nobody would take it."""
        done = self._first_way(step, [self._record_rest, self._record_graph])
        if done is not None:
            return done
        self._hand.run.note(step, "Fly.io took no record; the machines’ metadata alone tell.")
        return {"id": None, "release": None}

    def settle(self, step: Step) -> JsonMap:
        """Write the status of our record, if there is one."""
        if self._record_id(step) is None:
            return {"settled": False}
        done = self._first_way(step, [self._settle_rest, self._settle_graph])
        if done is not None:
            return done
        self._hand.run.note(step, "Fly.io did not take the status; the release list is behind.")
        return {"settled": False}

    def saw_record(self, step: Step) -> Observation:
        """Whether the history holds our record."""
        found = self._ours(step)
        if len(found) > 1:
            versions = ", ".join(f"v{one.version}" for one in found)
            return Observation(Sight.AMBIGUOUS, f"Several releases could be ours: {versions}.")
        if not found:
            return Observation(Sight.ABSENT, "The history holds no record of ours.")
        return Observation(Sight.LANDED, data=_recorded(found[0].id, found[0].version))

    def saw_settle(self, step: Step) -> Observation:
        """Whether our record has the status."""
        wanted = self._record_id(step)
        if wanted is None:
            return Observation(Sight.LANDED, data={"settled": False})
        status = step.args["status"]
        if any(one.id == wanted and one.status == status for one in self._newest(step)):
            return Observation(Sight.LANDED, data={"settled": True})
        return Observation(Sight.ABSENT, "The release has another status.")

    # ------------------------------------------------------------------ the ways

    def _first_way(self, step: Step, ways: Sequence[Way]) -> JsonMap | None:
        """Try one way after the other; one whose answer was lost before is not tried again."""
        turn = self._hand.turn()
        for number, way in enumerate(ways):
            if number < self._lost.get(step.key, 0):
                continue
            try:
                return way(step, turn)
            except Lost:
                self._lost[step.key] = number + 1
                raise
            except (Declined, AccountRefused) as error:
                self._hand.run.note(step, f"Refused there, trying the next way: {error}")
        return None

    def _record_rest(self, step: Step, turn: Turn) -> JsonMap:
        args: Any = step.args
        body = {
            "app_name": args["app"],
            "image": args["image"],
            "strategy": STRATEGY,
            "definition": args["definition"] or {},
        }
        if args["description"]:
            body["description"] = args["description"]
        call = self._hand.client.release_change("POST", "", body)
        release = turn.send(call).decode(ReleaseEnvelope).release
        return _recorded(release.id, release.version)

    def _record_graph(self, step: Step, turn: Turn) -> JsonMap:
        args: Any = step.args
        wish = {
            "appId": args["app_id"],
            "clientMutationId": self._hand.marker(step.key),
            "definition": args["definition"] or {},
            "image": args["image"],
            "platformVersion": "machines",
            "strategy": STRATEGY,
        }
        client = self._hand.client
        reply = turn.send(client.mutation(queries.CREATE_RELEASE, {"input": wish}))
        release: NewRelease = client.graph_data(reply, CreateRelease).create_release.release
        return _recorded(release.id, release.version)

    def _settle_rest(self, step: Step, turn: Turn) -> JsonMap:
        body = {"status": step.args["status"], "metadata": None}
        path = f"/{self._record_id(step)}"
        turn.send(self._hand.client.release_change("PATCH", path, body))
        return {"settled": True}

    def _settle_graph(self, step: Step, turn: Turn) -> JsonMap:
        wish = {"releaseId": self._record_id(step), "status": step.args["status"]}
        client = self._hand.client
        reply = turn.send(client.mutation(queries.UPDATE_RELEASE, {"input": wish}))
        client.graph_data(reply, dict)
        return {"settled": True}

    # ------------------------------------------------------------------ finding ours

    def _record_id(self, step: Step) -> str | None:
        known: Any = self._hand.run.data_of(str(step.args["record"]))
        if known:
            found = known.get("id")
            return str(found) if found else None
        ours = self._ours(step)
        return ours[0].id if len(ours) == 1 else None

    def _ours(self, step: Step) -> list[ReleaseNode]:
        args: Any = step.args
        digest = digest_of(args["image"])
        return [
            one
            for one in self._newest(step)
            if one.version > args["base"]
            and digest_of(one.image_ref) == digest
            and (one.user is None or args["user"] in {one.user.email, one.user.name})
        ]

    def _newest(self, step: Step) -> list[ReleaseNode]:
        page = self._hand.client.releases(str(step.args["app"]), first=LOOKED_AT).releases
        return [edge.node for edge in page.edges] if page else []


def _recorded(identifier: str, version: int) -> dict[str, Json]:
    return {"id": identifier, "release": version}
