"""Groups, reviews, picks and diagnoses as every face shows them, built here once: plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from wanreel.domain.job import state_name
from wanreel.domain.verdict import Opinion, Pick, Review, Standing
from wanreel.service.diagnosis import Diagnosis
from wanreel.service.picture import GroupView
from wanreel.service.view import iso


def group_body(
    view: GroupView, ranking: Sequence[Standing] = (), known: Mapping[str, Review] | None = None
) -> dict[str, Any]:
    """A group's public shape, with its clips ranked and what was said of them where that is given."""
    known = known or {}
    group, tally = view.group, view.tally
    return {
        "id": group.id,
        "kind": str(group.kind),
        "project": group.project,
        "name": group.name,
        "created_at": iso(group.created_at),
        "seeds": str(group.seeds),
        "wanted": tally.wanted,
        "succeeded": tally.succeeded,
        "ended": tally.ended,
        "done": tally.done,
        "pick": pick_body(view.pick) if view.pick else None,
        "takes": [
            {
                "index": take.index,
                "job": take.job.id,
                "seed": take.job.request.seed,
                "state": state_name(take.job.state),
                "replaced": [job.id for job in take.replaced],
            }
            for take in view.takes
        ],
        "ranking": [standing_body(standing, known.get(standing.job_id)) for standing in ranking],
    }


def reviews_body(
    group: str, pick: Pick | None, ranking: Sequence[Standing], known: Mapping[str, Review]
) -> dict[str, Any]:
    """A group's finished clips, the best first, with what was said of each, and the pick."""
    return {
        "group": group,
        "pick": pick_body(pick) if pick else None,
        "data": [standing_body(standing, known.get(standing.job_id)) for standing in ranking],
    }


def standing_body(standing: Standing, review: Review | None = None) -> dict[str, Any]:
    """A clip's place among its group's, and what was said of it."""
    return {
        "job": standing.job_id,
        "place": standing.place,
        "score": standing.score,
        "picked": standing.picked,
        "why": standing.why,
        "opinions": [_opinion(opinion) for opinion in (review.opinions if review else ())],
        "amiss": list(review.amiss) if review else [],
    }


def review_body(review: Review) -> dict[str, Any]:
    """What judges said of a clip."""
    return {
        "job": review.job_id,
        "at": iso(review.at),
        "score": review.score,
        "opinions": [_opinion(opinion) for opinion in review.opinions],
        "amiss": list(review.amiss),
    }


def _opinion(opinion: Opinion) -> dict[str, Any]:
    return {
        "judge": opinion.judge,
        "score": opinion.score,
        "checks": [
            {"name": c.name, "ok": c.ok, "severity": str(c.severity), "words": c.words, "figure": c.figure}
            for c in opinion.checks
        ],
        "parts": [asdict(part) for part in opinion.parts],
    }


def pick_body(pick: Pick) -> dict[str, Any]:
    """A person's word."""
    return {
        "subject": pick.subject,
        "job": pick.job_id,
        "project": pick.project,
        "at": iso(pick.at),
        "by": pick.by,
        "note": pick.note,
    }


def diagnosis_body(diagnosis: Diagnosis) -> dict[str, Any]:
    """Why a clip looks wrong, and the one command for a better try."""
    return {
        "job": diagnosis.job_id,
        "causes": [
            {
                "code": cause.code,
                "title": cause.title,
                "weight": round(cause.weight, 2),
                "evidence": list(cause.evidence),
                "command": cause.command,
            }
            for cause in diagnosis.causes
        ],
        "words": [asdict(word) for word in diagnosis.words],
        "command": diagnosis.command,
    }
