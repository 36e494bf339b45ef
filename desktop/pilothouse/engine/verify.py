"""Proving one side: the platform's signs, and requests from outside.

A `Verified` is the provider's operations with one more, `verify`, and with an eye on the prober:
a new side that is already proven bad stops the way forward at the next change.
"""

from __future__ import annotations

from collections.abc import Sequence

from pilothouse.domain.change import VERIFY, ChangeKind, Step
from pilothouse.domain.errors import Declined, Failed, Lost, Undecided
from pilothouse.domain.evidence import (
    CLEAN_BACK,
    Counts,
    Judgement,
    count,
    judge_at_end,
    upper_bound,
)
from pilothouse.domain.model import Json, JsonMap, Live
from pilothouse.domain.ports import Clock, Observation, Operations, Provider, Sight
from pilothouse.engine.context import Context
from pilothouse.engine.prober import Prober
from pilothouse.engine.stepping import UNSEEN

SIGNS_EVERY_S = 1.0
TURN_S = 0.2
BASELINE_LIMIT_S = 4.0
BLIND_S = 10.0


class Verified:
    """The provider's operations, watched."""

    def __init__(
        self,
        inner: Operations,
        *,
        provider: Provider,
        prober: Prober,
        context: Context,
        clock: Clock,
    ) -> None:
        self._inner, self._provider = inner, provider
        self._prober, self._context, self._clock = prober, context, clock
        self._timing = context.plan.policy.timing
        for step in context.all_steps:
            if context.begun(step):
                self._leaves_traffic(step)
            self._learn(step, context.data_of(step.key))

    def observe(self, step: Step) -> Observation:
        """As the provider's; a proof leaves nothing behind that could have landed."""
        if step.op == VERIFY:
            return Observation(Sight.ABSENT, "A proof is made anew.")
        seen = self._inner.observe(step)
        if seen.sight is Sight.LANDED:
            self._learn(step, seen.data or {})
        return seen

    def apply(self, step: Step) -> JsonMap:
        """Do a step; raises `Declined` when the evidence already speaks against going on."""
        if step.op == VERIFY:
            back = step.args.get("side") == "old" or self._is_rollback
            return self._prove_back(step) if back else self._prove_new(step)
        forward = not step.key.startswith("back/")
        if step.changes and not step.books_only and forward and not self._is_rollback:
            self._refuse_bad()
        self._leaves_traffic(step)
        data = self._inner.apply(step)
        self._learn(step, data)
        return data

    def await_baseline(self) -> None:
        """Ask a few times before the first change, and not for long.

        Before any intent: a call must follow its intent at once, or its deadline means nothing.
        """
        limit = self._clock.steady() + BASELINE_LIMIT_S
        while not self._prober.has_baseline and self._clock.steady() < limit:
            self._context.wait(TURN_S / 4)

    def inverse(self, step: Step) -> Sequence[Step]:
        """As the provider's; a proof needs no undoing."""
        return () if step.op == VERIFY else self._inner.inverse(step)

    def renew(self) -> None:
        """As the provider's."""
        self._inner.renew()

    def close(self) -> None:
        """As the provider's."""
        self._inner.close()

    @property
    def _is_rollback(self) -> bool:
        return self._context.plan.change.kind is ChangeKind.ROLLBACK

    def _leaves_traffic(self, step: Step) -> None:
        touches = step.changes and not step.books_only
        if touches and step.lane in self._context.plan.old_side.instances:
            self._prober.leaves_traffic(step.lane)

    def _refuse_bad(self) -> None:
        """Nothing of the step was done yet, so there will be nothing of it to undo."""
        try:
            self._refuse_dead()
        except Failed as error:
            raise Declined(str(error)) from error
        if self._prober.new_side() is Judgement.BAD:
            raise Declined(_loss_sentence("The new release", self._prober.new_counts()))

    def _learn(self, step: Step, data: JsonMap) -> None:
        serving = data.get("serving")
        if not isinstance(serving, list):
            return
        instances = [str(one) for one in serving]
        if step.key.startswith("back/"):
            self._prober.serves_old(instances)
        else:
            self._prober.serves_new(instances)

    # -- the new side ------------------------------------------------------------------------

    def _prove_new(self, step: Step) -> JsonMap:
        self._prober.all_is_new()
        began = self._clock.steady()
        signs = Signs(self._provider, self._context, step, self._clock, first_life=1)
        while True:
            spent = self._clock.steady() - began
            signs.look()
            self._refuse_dead()
            judgement = self._prober.new_side()
            if judgement is Judgement.BAD:
                raise Failed(_loss_sentence("The new release", self._prober.new_counts()))
            if spent >= self._timing.bake_min_s and signs.good:
                if judgement is Judgement.GOOD or not self._prober.has_address:
                    return self._found("good", spent)
                if spent >= self._timing.bake_max_s:
                    return self._at_end(spent)
            signs.must_see(at_the_end=spent >= step.limit_s)
            if spent >= step.limit_s:
                raise Failed(f"It could not be proven within {step.limit_s:.0f} s: {signs.wrong}")
            counts = self._prober.new_counts()
            self._context.tell(step, f"{counts.asked // 20 * 20} asked, {counts.lost} lost so far.")
            self._context.wait(TURN_S)

    def _refuse_dead(self) -> None:
        dead_s = self._prober.new_dead_s()
        if dead_s >= self._timing.dead_s:
            raise Failed(f"The new release gave no good answer for {dead_s:.1f} s.")

    def _at_end(self, spent: float) -> JsonMap:
        match judge_at_end(self._prober.new_counts()):
            case Judgement.GOOD:
                return self._found("good", spent)
            case Judgement.NO_DATA:
                raise Undecided(
                    "Nobody answered from outside, so this is neither good nor bad. "
                    "Nothing more is changed until a person says so."
                )
            case _:
                return self._found("provisional", spent)

    def _found(self, judgement: str, spent: float) -> JsonMap:
        counts = self._prober.new_counts()
        found: dict[str, Json] = {
            "judgement": judgement,
            "asked": counts.asked,
            "lost": counts.lost,
            "bursts": counts.bursts,
            "upper_bound": upper_bound(counts),
            "seconds": round(spent, 3),
            "by_platform_signs_alone": not self._prober.has_address,
        }
        for side in ("new", "old", "public"):
            times = self._prober.latencies_ms(side)
            if times is not None:
                found[f"{side}_p50_ms"], found[f"{side}_p95_ms"] = times
        return found

    # -- the way back ------------------------------------------------------------------------

    def _prove_back(self, step: Step) -> JsonMap:
        began = self._prober.going_back()
        signs = Signs(self._provider, self._context, step, self._clock)
        while True:
            signs.look()
            counts = count(self._prober.since(began))
            clean = counts.clean_run >= CLEAN_BACK or not self._prober.has_address
            spent = self._clock.steady() - began
            if clean and signs.good:
                return {
                    "judgement": "good",
                    "asked": counts.asked,
                    "lost": counts.lost,
                    "upper_bound": upper_bound(counts),
                    "seconds": round(spent, 3),
                }
            signs.must_see(at_the_end=spent >= step.limit_s)
            if spent >= step.limit_s:
                raise Failed(
                    f"It did not serve cleanly within {step.limit_s:.0f} s: "
                    f"{counts.lost} of {counts.asked} requests were lost. {signs.wrong}"
                )
            self._context.wait(TURN_S)


class Signs:
    """What the platform itself says of the side to be proven, looked at once a second.

    `first_life` is the life that an instance may be in when it is first seen: 1 for a release that
    was never proven, None where what happened before is not this run's business.
    """

    def __init__(
        self,
        provider: Provider,
        context: Context,
        step: Step,
        clock: Clock,
        *,
        first_life: int | None = None,
    ) -> None:
        self._provider, self._context, self._clock = provider, context, clock
        self._step = step
        self._artifact = step.args.get("artifact")
        self._looked_s = float("-inf")
        self._first_life = first_life
        self._lives: dict[str, int] = {}
        self._blind_from_s: float | None = None
        self.good = False
        self.wrong = ""

    def look(self) -> None:
        """Look, if it is time; raises `Failed` on a crash loop."""
        if self._clock.steady() - self._looked_s < SIGNS_EVERY_S:
            return
        try:
            live = self._provider.live(self._context.plan.app)
        except UNSEEN as error:
            self.good, self.wrong = False, f"The platform does not answer: {error}"
            if self._blind_from_s is None:
                self._blind_from_s = self._clock.steady()
            return
        finally:
            self._looked_s = self._clock.steady()
        self._blind_from_s = None
        self._context.see()
        self._crashes(live)
        self.wrong = self._what_is_wrong(live)
        self.good = not self.wrong

    def must_see(self, *, at_the_end: bool) -> None:
        """Raise `Lost` after some time without an answer: what is not seen proves nothing."""
        since = self._blind_from_s
        if since is not None and (at_the_end or self._clock.steady() - since > BLIND_S):
            raise Lost(self.wrong)

    def _crashes(self, live: Live) -> None:
        for one in live.instances:
            if one.artifact != self._artifact:
                continue
            if one.state in {"crashed", "failed"}:
                raise Failed(f"Instance {one.id} {one.state} on the platform.")
            first = self._first_life or one.lives
            before = self._lives.setdefault(f"{one.id}/{one.version}", first)
            if one.lives > before:
                raise Failed(f"Instance {one.id} restarted by itself; that is a crash loop.")

    def _what_is_wrong(self, live: Live) -> str:
        if live.maintenance:
            return "The app is in maintenance."
        named = self._step.args.get("instances")
        wanted = {str(one) for one in named} if isinstance(named, list) else set()
        serving = {one.id: one for one in live.serving}
        if not serving:
            return "No instance serves."
        missing = wanted - serving.keys()
        if missing:
            return f"{len(missing)} of {len(wanted)} instances do not serve."
        strange = [o.id for o in serving.values() if o.artifact != self._artifact]
        if strange:
            return f"{len(strange)} of {len(serving)} instances run something else."
        ill = [one.id for one in serving.values() if one.healthy is False]
        return f"{len(ill)} of {len(serving)} instances are not healthy." if ill else ""


def _loss_sentence(who: str, counts: Counts) -> str:
    return f"{who}: {counts.lost} of {counts.asked} requests from outside failed."
