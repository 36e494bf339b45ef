"""A release as one line of two: what it changed, what became of it, and how that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pilothouse.domain.deployment import State
from pilothouse.domain.evidence import Counts, upper_bound
from pilothouse.domain.model import Release, ReleaseKind, ReleaseVerdict
from pilothouse.domain.records import DeploymentRecord
from pilothouse.engine.verdicts import release_of
from pilothouse.ui import words
from pilothouse.ui.shapes import Shape
from pilothouse.ui.tokens import Tone
from pilothouse.ui.words import StateWord, translate


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One line; `spoken` is the whole of it in words."""

    version: int
    number: str
    kind: ReleaseKind
    kind_word: str
    given: ReleaseVerdict
    verdict: StateWord
    live: bool
    title: str
    ref: str
    author: str
    age: str
    clock: str
    certificate: StateWord
    certificate_small: str
    spoken: str


def proofs_of(records: tuple[DeploymentRecord, ...]) -> dict[int, DeploymentRecord]:
    """The newest deployment of each release that our own deployments made."""
    proofs: dict[int, DeploymentRecord] = {}
    for record in records:
        made = release_of(record.progress)
        if made is not None:
            proofs.setdefault(made, record)
        back = release_of(record.progress, back=True)
        if back is not None:
            proofs.setdefault(back, record)
    return proofs


def search_text(release: Release) -> str:
    """What a filter looks through."""
    parts = (
        words.version(release.version),
        release.description,
        release.author,
        words.short_ref(release.artifact),
        words.release_kind(release.kind),
        words.verdict(release.verdict).word,
    )
    return " ".join(parts).casefold()


def certificate(release: Release, proof: DeploymentRecord | None) -> tuple[StateWord, str]:
    """What was asked and lost, with the bound below it; or that nobody watched."""
    if proof is None or not proof.progress.asked:
        if release.verdict is ReleaseVerdict.NOT_WATCHED or proof is None:
            word = StateWord(Shape.NOT_WATCHED, translate("Release", "Not watched"), Tone.IDLE)
            return word, translate("Release", "made elsewhere")
        word = StateWord(Shape.NOT_WATCHED, translate("Release", "Nothing asked"), Tone.IDLE)
        return word, translate("Release", "platform signs alone")
    progress = proof.progress
    said = translate("Release", "{lost} of {asked} lost")
    text = said.format(lost=words.number(progress.lost), asked=words.number(progress.asked))
    if progress.state is State.ROLLED_BACK and progress.lost:
        return StateWord(Shape.WARN, text, Tone.WARN), _took(proof)
    bound = upper_bound(Counts(progress.asked, progress.lost, progress.lost))
    small = translate("Release", "at most {share}").format(share=_bound(bound))
    shape = Shape.VERIFIED if progress.state is State.GOOD else Shape.NOT_WATCHED
    tone = Tone.GOOD if progress.state is State.GOOD else Tone.IDLE
    return StateWord(shape, text, tone), small


def _bound(share: float) -> str:
    """An upper bound in per cent, rounded up."""
    value = share * 100
    digits = 2 if value < 1 else 1
    scale = 10**digits
    rounded = -(-value * scale // 1) / scale
    return f"{rounded:.{digits}f} %"


def _took(proof: DeploymentRecord) -> str:
    start, end = proof.progress.started_at, proof.progress.ended_at
    if start is None or end is None:
        return ""
    said = translate("Release", "back after {time}")
    return said.format(time=words.duration((end - start).total_seconds()))


def row_of(release: Release, proofs: Mapping[int, DeploymentRecord], now: datetime) -> ReleaseRow:
    """Prepare the line of one release."""
    verdict = words.verdict(release.verdict)
    proof, small = certificate(release, proofs.get(release.version))
    title = release.description or words.release_kind(release.kind)
    if release.went_back_to is not None and release.kind is ReleaseKind.ROLLBACK:
        said = translate("Release", "Back to {version}")
        title = said.format(version=words.version(release.went_back_to))
    age = words.age((now - release.created_at).total_seconds())
    return ReleaseRow(
        version=release.version,
        number=words.version(release.version),
        kind=release.kind,
        kind_word=words.release_kind(release.kind),
        given=release.verdict,
        verdict=verdict,
        live=release.current,
        title=title,
        ref=words.short_ref(release.artifact) if release.kind is not ReleaseKind.CONFIG else "",
        author=release.author,
        age=age,
        clock=words.clock_time(release.created_at),
        certificate=proof,
        certificate_small=small,
        spoken=_spoken(release, title, age, proof.word),
    )


def _spoken(release: Release, title: str, age: str, proof: str) -> str:
    verdict = words.verdict(release.verdict).word.lower()
    if release.went_back_to is not None:
        said = translate("Release", "{verdict}, to {version}")
        verdict = said.format(verdict=verdict, version=words.version(release.went_back_to))
    if release.current:
        verdict = translate("Release", "{verdict}, serving now").format(verdict=verdict)
    said = translate(
        "Release", "Version {version}, {kind}, {verdict}, {title}, by {author}, {age} ago, {proof}"
    )
    return said.format(
        version=release.version,
        kind=words.release_kind(release.kind).lower(),
        verdict=verdict,
        title=title,
        author=release.author,
        age=age,
        proof=proof,
    )
