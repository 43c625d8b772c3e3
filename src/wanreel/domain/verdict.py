"""What was found in a finished clip, by measuring and by judges, and what a person has picked. Plain values.

Scores and picks are kept apart: a score is an opinion and may be given anew, a pick is a person's word and is final.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a check that is not met costs."""

    FAIL = "fail"  # the clip is of no use
    WARN = "warn"  # it may do


FAIL_COST = 0.2  # what is left of a score for each check that failed ...
WARN_COST = 0.8  # ... and for each that warns


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked for in a clip. `ok` None: it could not be told. `figure` is what was measured."""

    name: str  # readable, size, length, fps, black, frozen, cut, first_frame, last_frame, camera
    ok: bool | None
    words: str
    severity: Severity = Severity.FAIL
    figure: float | None = None


@dataclass(frozen=True, slots=True)
class PartScore:
    """How well one part of the prompt is seen, from 0 to 1, with the judge's sentence."""

    slot: str
    text: str
    score: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one judge says of a clip: checks, or parts of the prompt, and a score from 0 to 1."""

    judge: str
    score: float
    checks: tuple[Check, ...] = ()
    parts: tuple[PartScore, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """All that judges have said of a job's clip. `amiss` says which judge said nothing, and why."""

    job_id: str
    at: float
    score: float
    opinions: tuple[Opinion, ...] = ()
    amiss: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Check, ...]:
        """Checks that found something wrong, the worst kind first."""
        found = [c for opinion in self.opinions for c in opinion.checks if c.ok is False]
        return tuple(sorted(found, key=lambda c: c.severity is not Severity.FAIL))

    @property
    def parts(self) -> tuple[PartScore, ...]:
        """The prompt's parts, as scored."""
        return tuple(p for opinion in self.opinions for p in opinion.parts)


@dataclass(frozen=True, slots=True)
class Pick:
    """A person's word: of this group (or of the job alone) it is this clip."""

    subject: str  # the group's id, or the job's own where it has no group
    job_id: str
    project: str
    at: float
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A clip's place among its variants, from 1; None for one that cannot be had. `why` in a few words."""

    job_id: str
    place: int | None
    score: float | None
    picked: bool
    why: str


def score_of_checks(checks: Sequence[Check], agreement: float = 1.0) -> float:
    """What measuring alone makes of a clip. `agreement` (0 to 1) grades what is right but not equally right."""
    score = 0.7 + 0.3 * min(max(agreement, 0.0), 1.0)
    for check in checks:
        if check.ok is False:
            score *= FAIL_COST if check.severity is Severity.FAIL else WARN_COST
    return round(score, 4)


def score_of_parts(parts: Sequence[PartScore]) -> float:
    """The mean, drawn towards the worst part: a clip without its lantern is not saved by its good light."""
    if not parts:
        return 0.0
    scores = [p.score for p in parts]
    return round(0.7 * sum(scores) / len(scores) + 0.3 * min(scores), 4)


def score_of(opinions: Sequence[Opinion]) -> float:
    """One score of all opinions. They are multiplied: no praise makes a black clip a good one."""
    score = 1.0
    for opinion in opinions:
        score *= opinion.score
    return round(score, 4) if opinions else 0.0


def rank(job_ids: Sequence[str], reviews: Mapping[str, Review], pick: Pick | None = None) -> list[Standing]:
    """Variants, the best first: a person's pick before any score, then by score, then in the order given. Clips nobody
    has judged come after those that were.
    """
    order = {job_id: place for place, job_id in enumerate(job_ids)}

    def key(job_id: str) -> tuple[bool, bool, float, int]:
        review = reviews.get(job_id)
        return (
            not (pick is not None and pick.job_id == job_id),
            review is None,
            -(review.score if review else 0.0),
            order[job_id],
        )

    return [
        Standing(
            job_id,
            place,
            reviews[job_id].score if job_id in reviews else None,
            pick is not None and pick.job_id == job_id,
            _why(reviews.get(job_id)),
        )
        for place, job_id in enumerate(sorted(job_ids, key=key), 1)
    ]


def _why(review: Review | None) -> str:
    if review is None:
        return "not judged yet"
    said = [check.words for check in review.failed]
    said += [p.sentence or f"{p.text}: hardly seen" for p in review.parts if p.score < 0.5]
    return "; ".join(said[:3]) or "nothing found wrong"
