"""What our own deployments say of a platform's releases, and which release to go back to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pilothouse.domain.change import ChangeKind
from pilothouse.domain.deployment import Progress, State, StepStatus
from pilothouse.domain.model import Release, ReleaseStatus, ReleaseVerdict
from pilothouse.domain.records import DeploymentRecord

VERDICTS = {
    State.GOOD: ReleaseVerdict.VERIFIED,
    State.FAILED_SAFE: ReleaseVerdict.FAILED_SAFE,
    State.ROLLED_BACK: ReleaseVerdict.ROLLED_BACK,
    State.HELD: ReleaseVerdict.UNKNOWN,
    State.UNKNOWN: ReleaseVerdict.UNKNOWN,
}


def release_of(progress: Progress, *, back: bool = False) -> int | None:
    """The platform's number of the release that a deployment made; `back`: on its way back."""
    steps = progress.back if back else progress.plan.steps
    for step in steps:
        number = progress.data_of(step.key).get("release")
        if isinstance(number, int) and progress.of(step.key).status is StepStatus.DONE:
            return number
    return None


def with_verdicts(
    releases: Sequence[Release], deployments: Iterable[DeploymentRecord]
) -> tuple[Release, ...]:
    """The releases with what Pilothouse saw of each; the newest deployment of a release counts."""
    verdicts: dict[int, tuple[ReleaseVerdict, int | None]] = {}
    for record in deployments:
        progress = record.progress
        for number, verdict, target in _said(progress):
            verdicts.setdefault(number, (verdict, target))
    return tuple(
        replace(r, verdict=v[0], went_back_to=v[1] if v[1] is not None else r.went_back_to)
        if (v := verdicts.get(r.version)) is not None
        else r
        for r in releases
    )


def _said(progress: Progress) -> Iterable[tuple[int, ReleaseVerdict, int | None]]:
    plan = progress.plan
    verdict = VERDICTS.get(progress.state, ReleaseVerdict.PROVISIONAL)
    if progress.state is State.GOOD and progress.provisional:
        verdict = ReleaseVerdict.PROVISIONAL
    made = release_of(progress)
    if made is not None:
        target = plan.from_version if progress.state is State.ROLLED_BACK else None
        if plan.change.kind is ChangeKind.ROLLBACK:
            target = plan.to_version
        yield made, verdict, target
        went_back = plan.change.kind is ChangeKind.ROLLBACK and progress.state is State.GOOD
        if went_back and plan.from_version not in {None, made}:
            # A person went away from it: it is not where the next way back leads.
            yield plan.from_version or 0, ReleaseVerdict.ROLLED_BACK, plan.to_version
    back = release_of(progress, back=True)
    if back is not None and progress.state is State.ROLLED_BACK:
        yield back, ReleaseVerdict.VERIFIED, plan.from_version


def choices_back(releases: Sequence[Release], live: int | None) -> tuple[Release, ...]:
    """Where one could go back to, best first: proven good ones, then complete earlier ones.

    Releases that run what the live one runs are left out, as going there would change nothing;
    a proven release is named by its newest number.
    """
    current = next((r for r in releases if r.version == live), None)
    newest: dict[str | None, Release] = {}
    for release in sorted(releases, key=lambda one: one.version):
        newest[release.artifact] = release
    left = {a for a, r in newest.items() if r.verdict is ReleaseVerdict.ROLLED_BACK}
    others = [
        release
        for release in releases
        if release.version != live
        and release.status is ReleaseStatus.COMPLETE
        and release.artifact is not None
        and (current is None or release.artifact != current.artifact)
        and release.artifact not in left
        and release.eligible is not False
        and release.verdict
        not in {ReleaseVerdict.ROLLED_BACK, ReleaseVerdict.FAILED_SAFE, ReleaseVerdict.UNKNOWN}
    ]
    proven = [r for r in others if r.verdict is ReleaseVerdict.VERIFIED]
    earlier = [r for r in others if r not in proven and (live is None or r.version < live)]
    return (*proven, *earlier)
