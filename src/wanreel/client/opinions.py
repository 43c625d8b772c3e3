"""A server's JSON about what came out read back: groups, reviews, places, picks, diagnoses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wanreel.client.answers import instant
from wanreel.domain.group import Group, Kind, Seeds, takes, tally
from wanreel.domain.job import Job
from wanreel.domain.verdict import Check, Opinion, PartScore, Pick, Review, Severity, Standing
from wanreel.service.diagnosis import Cause, Diagnosis, Word
from wanreel.service.picture import GroupView


def group_of(body: Mapping[str, Any]) -> Group:
    """A group's record."""
    return Group(
        id=body["id"],
        kind=Kind(body["kind"]),
        project=body["project"],
        created_at=instant(body["created_at"]) or 0.0,
        wanted=body["wanted"],
        seeds=Seeds(body["seeds"]),
        name=body["name"],
    )


def group_view_of(body: Mapping[str, Any], jobs: Sequence[Job]) -> GroupView:
    """A group as it stands; `jobs` are those of the same answer."""
    record, standing = group_of(body["record"]), takes(jobs)
    pick = None if body["pick"] is None else pick_of(body["pick"])
    return GroupView(record, tuple(standing), tally(record, standing), pick)


def pick_of(body: Mapping[str, Any]) -> Pick:
    """A person's word."""
    at = instant(body["at"]) or 0.0
    return Pick(body["subject"], body["job"], body["project"], at, body["by"], body["note"])


def standing_of(body: Mapping[str, Any]) -> Standing:
    """A clip's place among its group's."""
    return Standing(body["job"], body["place"], body["score"], body["picked"], body["why"])


def review_of(body: Mapping[str, Any]) -> Review:
    """What judges said of a clip."""
    opinions = tuple(_opinion(one) for one in body["opinions"])
    return Review(body["job"], instant(body["at"]) or 0.0, body["score"], opinions, tuple(body["amiss"]))


def _opinion(body: Mapping[str, Any]) -> Opinion:
    checks = [Check(c["name"], c["ok"], c["words"], Severity(c["severity"]), c["figure"]) for c in body["checks"]]
    parts = [PartScore(p["slot"], p["text"], p["score"], p["sentence"]) for p in body["parts"]]
    return Opinion(body["judge"], body["score"], tuple(checks), tuple(parts))


def diagnosis_of(body: Mapping[str, Any]) -> Diagnosis:
    """Why a clip looks wrong."""
    causes = [Cause(c["code"], c["title"], c["weight"], tuple(c["evidence"]), c["command"]) for c in body["causes"]]
    return Diagnosis(body["job"], tuple(causes), tuple(Word(w["text"], w["what"]) for w in body["words"]))
