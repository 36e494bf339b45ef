"""The steps of a walk that lead over the practice Heroku."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from pilothouse.sandbox.heroku.state import HerokuApp
from tests.sandbox.bad_calls import BAD_HEROKU
from tests.sandbox.walk import Walk

SUBJECTS = ["next", "crash", "unhealthy", "err5", "slow"]
heroku_apps = st.sampled_from(["billing", "billing-staging"])


class HerokuWalk(Walk):
    """Clients of Heroku, other people and bad luck there."""

    def heroku_app(self, name: str) -> HerokuApp:
        found = self.both.world.heroku.find_app(name)
        assert found is not None
        return found

    @rule(app=heroku_apps, subject=st.sampled_from(SUBJECTS))
    def release_slug(self, app: str, subject: str) -> None:
        slugs = self.both.world.heroku.slugs.values()
        slug = next(each for each in slugs if each.commit_description == f"sandbox: {subject}")
        self.ask(self.both.heroku, "POST", f"/apps/{app}/releases", {"slug": slug.id})

    @rule(app=heroku_apps, back=st.integers(1, 12))
    def roll_back(self, app: str, back: int) -> None:
        version = self.heroku_app(app).releases[-back].version
        self.ask(self.both.heroku, "POST", f"/apps/{app}/releases", {"release": f"v{version}"})

    @rule(app=heroku_apps, value=st.sampled_from(["a", "b", None]))
    def set_config(self, app: str, value: str | None) -> None:
        self.ask(self.both.heroku, "PATCH", f"/apps/{app}/config-vars", {"WALK": value})

    @rule(app=heroku_apps, count=st.integers(0, 4))
    def scale(self, app: str, count: int) -> None:
        body = {"updates": [{"type": "web", "quantity": count, "size": "standard-1X"}]}
        self.ask(self.both.heroku, "PATCH", f"/apps/{app}/formation", body)

    @rule(app=heroku_apps, on=st.booleans(), what=st.sampled_from(["preboot", "maintenance"]))
    def switch(self, app: str, on: bool, what: str) -> None:
        if what == "preboot":
            self.ask(self.both.heroku, "PATCH", f"/apps/{app}/features/preboot", {"enabled": on})
        else:
            self.ask(self.both.heroku, "PATCH", f"/apps/{app}", {"maintenance": on})

    @rule(app=heroku_apps)
    def restart_dynos(self, app: str) -> None:
        self.ask(self.both.heroku, "DELETE", f"/apps/{app}/dynos")

    @rule()
    def promote(self) -> None:
        world = self.both.world.heroku
        source, target = self.heroku_app("billing-staging"), self.heroku_app("billing")
        body = {
            "pipeline": {"id": world.pipelines[0].id},
            "source": {"app": {"id": source.id}},
            "targets": [{"app": {"id": target.id}}],
        }
        self.ask(self.both.heroku, "POST", "/pipeline-promotions", body)

    @rule(app=heroku_apps, do=st.sampled_from(["foreign-deploy", "set-secrets", "kill"]))
    def others_at_heroku(self, app: str, do: str) -> None:
        more: dict[str, Any] = {"name": "THEIRS", "value": "1"} if do == "set-secrets" else {}
        dynos = self.heroku_app(app).dynos
        if do == "kill" and dynos:
            more["instance"] = dynos[0].id
        if do != "kill" or dynos:
            self.run(self.both.act(f"heroku:{app}", do, **more))

    @rule(app=heroku_apps, bad=st.sampled_from(BAD_HEROKU))
    def ask_heroku_badly(self, app: str, bad: tuple[str, str, Any]) -> None:
        method, path, body = bad
        answer = self.ask(self.both.heroku, method, path.format(app=app), body)
        assert answer.status_code >= 400 or self.fault_struck

    @rule(app=heroku_apps, times=st.integers(1, 8))
    def visit_heroku(self, app: str, times: int) -> None:
        self.visit(f"heroku:{app}", times, set())
