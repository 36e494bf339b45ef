"""The real `heroku` where the practice Heroku refuses, fails or loses its answer.

What the tool makes of it is measured here too: it is what people have whom Pilothouse is for.
"""

from __future__ import annotations

from typing import Any

from tests.journeys.tools import Tool, words
from tests.journeys.tools import heroku_releases as releases

RELEASES = "/apps/billing/releases"
GONE = "GET /apps/billing/webhooks"
"""A call of the real platform that the practice one does not have."""


def refused(heroku: Tool, line: str, **more: str) -> tuple[int, str, list[dict[str, Any]]]:
    """How a command fails, in its own words, and what it asked."""
    said = heroku.run(*line.split(), **more)
    assert said.code != 0, said
    assert said.out == "", said
    return said.code, words(said.err), heroku.asked()


def test_strangers_are_refused(heroku: Tool) -> None:
    code, said, _asked = refused(heroku, "releases -a no-such-app")
    assert (code, said) == (2, "Error: Couldn't find that app. Error ID: not_found")
    code, said, asked = refused(heroku, "releases -a billing", HEROKU_API_KEY="not-this-one")
    assert "The token provided to HEROKU_API_KEY is invalid" in said
    assert [row["status"] for row in asked] == [401]


def test_a_release_that_failed_is_no_way_back(heroku: Tool) -> None:
    found = releases(heroku)
    failed = next(one for one in found if one["status"] == "failed")
    code, said, asked = refused(heroku, f"releases:rollback v{failed['version']} -a billing")
    assert code == 2
    assert said.endswith("Error ID: invalid_params")
    assert [row["status"] for row in asked] == [200, 422]
    assert releases(heroku)[0] == found[0]


def test_a_platform_in_trouble_is_asked_once(heroku: Tool) -> None:
    heroku.sandbox.control.fault("429", path=f"^{RELEASES}$")
    code, said, asked = refused(heroku, "releases -a billing")
    assert code == 2
    assert "Your account reached the API rate limit" in said
    assert "Error ID: rate_limit" in said
    assert [row["fault"] for row in asked] == ["429"]
    heroku.sandbox.control.fault("503", path=f"^{RELEASES}$")
    code, said, asked = refused(heroku, "releases -a billing")
    assert code == 2
    assert "Error ID:" in said
    assert [row["fault"] for row in asked] == ["503"]


def test_a_lost_answer_makes_the_tool_release_twice(heroku: Tool) -> None:
    found = releases(heroku)
    target = next(one for one in found[2:] if one["eligible_for_rollback"])
    heroku.sandbox.control.fault("lost", method="POST", path=f"^{RELEASES}$")
    said = heroku.run("releases:rollback", f"v{target['version']}", "-a", "billing")
    assert said.code == 0, said
    assert f"done, v{found[0]['version'] + 2}" in words(said.err)
    posts = [row for row in heroku.asked() if row["method"] == "POST"]
    assert [row["fault"] for row in posts] == ["lost", None]
    twice = releases(heroku)[:2]
    assert [one["version"] - found[0]["version"] for one in twice] == [2, 1]
    assert {one["description"] for one in twice} == {f"Rollback to v{target['version']}"}


def test_a_failure_after_the_work_is_believed(heroku: Tool) -> None:
    found = releases(heroku)
    target = next(one for one in found[2:] if one["eligible_for_rollback"])
    heroku.sandbox.control.fault("after-500", method="POST", path=f"^{RELEASES}$")
    said = heroku.run("releases:rollback", f"v{target['version']}", "-a", "billing")
    assert said.code == 2, said
    assert heroku.calls() == {f"GET {RELEASES}/{target['version']}": 1, f"POST {RELEASES}": 1}
    assert releases(heroku)[0]["version"] == found[0]["version"] + 1


def test_what_the_sandbox_lacks_is_refused_and_told(heroku: Tool, lacks: list[str]) -> None:
    lacks.append(GONE)
    code, said, asked = refused(heroku, "webhooks -a billing")
    assert code == 2
    assert said.endswith("Error ID: not_found")
    assert [f"{row['method']} {row['path']}" for row in asked] == lacks
