"""Groups, reviews, picks and diagnoses as every face shows them: plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from wanreel.domain.job import state_name
from wanreel.domain.verdict import Pick, Review, Standing
from wanreel.service.diagnosis import Diagnosis
from wanreel.service.picture import GroupView
from wanreel.service.view import iso


def group_body(view: GroupView, ranking: Sequence[Standing] = ()) -> dict[str, Any]:
    """A group's public shape."""
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
        "ranking": [asdict(standing) for standing in ranking],
    }


def review_body(review: Review) -> dict[str, Any]:
    """What judges said of a clip."""
    return {
        "job": review.job_id,
        "at": iso(review.at),
        "score": review.score,
        "judges": [{"judge": opinion.judge, "score": opinion.score} for opinion in review.opinions],
        "checks": [
            {"name": c.name, "ok": c.ok, "severity": str(c.severity), "words": c.words, "figure": c.figure}
            for opinion in review.opinions
            for c in opinion.checks
        ],
        "parts": [asdict(part) for part in review.parts],
        "amiss": list(review.amiss),
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
