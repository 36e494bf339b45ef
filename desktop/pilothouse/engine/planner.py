"""A change and fresh facts become a plan with verdicts; nothing is changed here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from pilothouse.domain.change import Change, ChangeKind, Facts, Plan, Side
from pilothouse.domain.errors import NotFound, PlatformError
from pilothouse.domain.guard import Verdict, worst_first
from pilothouse.domain.model import App, Release, ReleaseVerdict
from pilothouse.domain.policy import Policy
from pilothouse.domain.ports import Asker, Clock, Provider
from pilothouse.domain.records import AppRecord, Journal
from pilothouse.engine.command import Commands
from pilothouse.engine.guards import Situation, ask_all
from pilothouse.engine.logbook import Logbook
from pilothouse.engine.verdicts import choices_back, with_verdicts
from pilothouse.engine.views import Consent

LOOKS = 3
LOOK_LIMIT_S = 5.0
PAGES = 40
PAGE = 50


@dataclass(frozen=True, slots=True)
class Desk:
    """What planning is done with."""

    journal: Journal
    logbook: Logbook
    asker: Asker
    clock: Clock
    commands: Commands
    actor: str


class Planner:
    """Makes plans, and looks at them again just before they are run."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def plan(
        self,
        provider: Provider,
        app: App,
        change: Change,
        told: Callable[[Verdict], None] | None = None,
    ) -> Plan:
        """Read fresh facts, ask every guard, and lay out the steps."""
        policy = self._desk.logbook.policy(app)
        facts = self._facts(provider, app, change)
        to_version = facts.target_version
        if change.kind is ChangeKind.ROLLBACK:
            to_version = facts.target.release
            change = replace(change, to_version=to_version)
        verdicts = ask_all(self._situation(change, facts, policy), told)
        live = facts.live.release
        return Plan(
            change=change,
            app=facts.app,
            from_version=live.version if live else None,
            to_version=to_version,
            target=facts.target,
            old_side=_old_side(facts),
            way_back=facts.way_back,
            verdicts=worst_first(verdicts),
            steps=provider.steps(change, facts, policy),
            snapshot=facts.snapshot,
            fingerprint=facts.fingerprint,
            policy=policy,
            probe_path=facts.live.probe_path,
            made_at=self._desk.clock.now(),
            warnings=facts.warnings,
            acts_as=facts.identity.user,
        )

    def look_again(self, provider: Provider, plan: Plan, consent: Consent) -> tuple[Verdict, ...]:
        """Every guard once more, on facts read now, for a plan about to be run."""
        facts = self._facts(provider, plan.app, plan.change)
        situation = self._situation(plan.change, facts, plan.policy)
        return ask_all(replace(situation, plan=plan, consent=consent, asked_by=consent.by))

    def _situation(self, change: Change, facts: Facts, policy: Policy) -> Situation:
        desk = self._desk
        record: AppRecord = desk.journal.app(facts.app.id)
        bound_to = f"{facts.app.id} {facts.target.ref} {facts.fingerprint}"
        return Situation(
            change=change,
            facts=facts,
            policy=policy,
            record=record,
            now=desk.clock.now(),
            asked_by=desk.actor,
            answers=self._answers(facts, policy),
            run_command=lambda command, limit_s: desk.commands.run(
                command, limit_s, bound_to=bound_to
            ),
        )

    def _answers(self, facts: Facts, policy: Policy) -> tuple[int | None, ...]:
        if not facts.app.addresses:
            return ()
        path = policy.probe_path or facts.live.probe_path or "/"
        url = facts.app.addresses[0].rstrip("/") + path

        def ask(_turn: int) -> int | None:
            try:
                return self._desk.asker.ask(url, headers={}, timeout_s=LOOK_LIMIT_S).status
            except PlatformError:
                return None

        with ThreadPoolExecutor(LOOKS, "pilothouse-look") as pool:
            return tuple(pool.map(ask, range(LOOKS)))

    # -- where to go back to -----------------------------------------------------------------

    def _facts(self, provider: Provider, app: App, change: Change) -> Facts:
        if change.kind is not ChangeKind.ROLLBACK:
            return provider.facts(app, change, back_to=None)
        if change.to_version is not None:
            chosen = self._release(provider, app, change.to_version)
            return provider.facts(app, change, back_to=chosen)
        return self._best_back(provider, app, change)

    def _best_back(self, provider: Provider, app: App, change: Change) -> Facts:
        page = provider.releases(app, limit=PAGE)
        live = provider.live(app).release
        ours = self._desk.journal.deployments(app_id=app.id, limit=1000)
        choices = choices_back(with_verdicts(page.releases, ours), live.version if live else None)
        last: Facts | None = None
        for choice in choices:
            last = provider.facts(app, change, back_to=choice)
            if last.target.present is not False:
                return _warned(last, choice)
        if last is not None:
            return last
        exists = [f"v{r.version}" for r in page.releases]
        raise NotFound(
            "earlier release to go back to", app.name, where="its history", exists=exists
        )

    def _release(self, provider: Provider, app: App, version: int) -> Release:
        cursor: str | None = None
        newest: list[str] = []
        for _ in range(PAGES):
            page = provider.releases(app, cursor=cursor, limit=PAGE)
            newest += [f"v{release.version}" for release in page.releases]
            for release in page.releases:
                if release.version == version:
                    return release
            cursor = page.cursor
            if cursor is None:
                break
        raise NotFound("release", f"v{version}", where=f"the history of {app.ref}", exists=newest)


def _warned(facts: Facts, choice: Release) -> Facts:
    """The facts, saying so where no proven release was left to go back to."""
    if choice.verdict is ReleaseVerdict.VERIFIED:
        return facts
    warning = (
        f"v{choice.version} was never proven by Pilothouse; there is no proven release to go back "
        "to, and this is the newest earlier one whose artifact is there."
    )
    return replace(facts, warnings=(*facts.warnings, warning))


def _old_side(facts: Facts) -> Side:
    live, artifact = facts.live.release, facts.way_back.artifact
    return Side(
        f"v{live.version}" if live else "the release before",
        artifact.ref if artifact else None,
        tuple(one.id for one in facts.live.serving),
    )
