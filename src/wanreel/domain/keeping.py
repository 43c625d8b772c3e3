"""What becomes of a clip once it is archived: what is kept beside it, who may see it, how long it stays. Pure.

A clip that is deleted lies in the trash first, for a grace in which it can be brought back; then it is purged from the
storage, with what was derived from it, and its job's record stays. Erasing goes further and at once: the clip, what it
was made from, its words and its history; of the job nothing stays but what keeps it from being bought or adopted again.
A legal hold stands above all of it: what is held is not trashed, purged or erased by anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from wanreel.domain.clip import Aspect, ClipFacts, Sprite
from wanreel.domain.errors import Conflict, Invalid, Problem
from wanreel.domain.job import (
    Archiving,
    Artifact,
    Cancelled,
    Failed,
    Job,
    Outcome,
    State,
    Succeeded,
    is_final,
    state_name,
)
from wanreel.domain.request import Stored

DAY_S = 86_400.0
WHY_LETTERS_MAX = 500
OTHERS = "*"
"""In retention rules: every project that has no rule of its own."""

INPUTS_PREFIX = "inputs/"
"""Where inputs lie in the user's storage that are delivered from there."""

_ENDINGS = {
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "image/bmp": "bmp",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "text/vtt": "vtt",
}


# --- beside the clip ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class View:
    """A file derived from a clip, as it is kept beside it."""

    aspect: Aspect
    artifact: Artifact
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class KeptViews:
    """Everything derived from a job's clip: from the bytes with this hash."""

    job_id: str
    clip_sha256: str
    made_at: float
    facts: ClipFacts
    sprite: Sprite
    views: tuple[View, ...]

    def of(self, aspect: Aspect) -> View | None:
        """The file of an aspect."""
        return next((view for view in self.views if view.aspect == aspect), None)


def view_key(clip_key: str, aspect: Aspect, media_type: str) -> str:
    """Where a derived file lies: beside the clip, under its name."""
    return f"{clip_key.removesuffix('.mp4')}.{aspect}.{_ENDINGS.get(media_type, 'bin')}"


def is_view_of(clip_key: str, key: str) -> bool:
    """Whether a key is that of a file derived from this clip."""
    stem = clip_key.removesuffix(".mp4") + "."
    aspect, _, ending = key.removeprefix(stem).partition(".")
    return key.startswith(stem) and aspect in set(Aspect) - {Aspect.CLIP} and ending in _ENDINGS.values()


def is_clip_of(clip_key: str, key: str) -> bool:
    """Whether a key is this clip's, or that of other bytes of the same job's that lie beside it under their hash."""
    stem = clip_key.removesuffix(".mp4")
    return key == clip_key or bool(re.fullmatch(re.escape(stem) + r"\.[0-9a-f]{8,64}\.mp4", key))


# --- who may see it -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """A stable link for strangers: to one artifact of one job, until it is revoked. Its token is its only secret."""

    token: str
    job_id: str
    aspect: Aspect
    created_at: float
    revoked_at: float | None = None


# --- how long it stays ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Custody:
    """What was decided about keeping a job's clip; a job without one is simply kept."""

    job_id: str
    held_at: float | None = None
    held_why: str = ""
    trashed_at: float | None = None
    trashed_why: str = ""
    purge_at: float | None = None  # when the grace of the trash ends; None again once everything is gone
    purged_at: float | None = None  # the clip is gone from the storage, or on its way: durable before the first byte
    erase_asked_at: float | None = None  # to be erased: durable before the first byte goes, finished whatever happens
    erased_at: float | None = None
    restored_at: float | None = None  # somebody wanted it back: no rule of age takes it again

    @property
    def readable(self) -> bool:
        """Whether the clip may be shown."""
        return self.trashed_at is None and not is_gone(self)


@dataclass(frozen=True, slots=True)
class Retention:
    """How old a project's clips may get, in days, and how long trash can be brought back."""

    days: Mapping[str, float]
    grace_days: float = 30.0

    def limit_s(self, project: str) -> float | None:
        """How old a project's clips may get; None: as old as they like."""
        found = self.days.get(project, self.days.get(OTHERS))
        return None if found is None else found * DAY_S


def hold(custody: Custody, now: float, why: str) -> Custody:
    """Under legal hold, out of the trash. Raises Conflict when there is nothing left to hold, Invalid for no reason."""
    _not_gone(custody, "a hold comes too late")
    why = _why(why)
    if not why:
        raise Invalid("", (Problem("why", "must say why it is held: who asked, which case"),))
    return replace(
        custody,
        held_at=custody.held_at if custody.held_at is not None else now,
        held_why=why,
        trashed_at=None,
        trashed_why="",
        purge_at=None,
    )


def release(custody: Custody) -> Custody:
    """No longer held. Raises Conflict when it is not."""
    if custody.held_at is None:
        raise Conflict(f"{custody.job_id} is under no hold")
    return replace(custody, held_at=None, held_why="")


def trash(custody: Custody, now: float, grace_days: float, why: str) -> Custody:
    """Into the trash. Raises Conflict: held, or gone already; what lies there stays with its own grace."""
    must_not_be_held(custody, "deleted")
    _not_gone(custody, "there is nothing left to delete")
    if custody.trashed_at is not None:
        return custody
    return replace(custody, trashed_at=now, trashed_why=_why(why), purge_at=now + grace_days * DAY_S)


def restore(custody: Custody, now: float) -> Custody:
    """Out of the trash, and safe from rules of age from now on. Raises Conflict: not there, or too late."""
    _not_gone(custody, "it cannot be brought back")
    if custody.trashed_at is None:
        raise Conflict(f"{custody.job_id}'s clip is not in the trash")
    return replace(custody, trashed_at=None, trashed_why="", purge_at=None, restored_at=now)


def begin_purge(custody: Custody, now: float) -> Custody | None:
    """On its way out of the storage, for good: from here on no hold can be set. None where nothing is to be purged
    (held or brought back a moment ago, or done).
    """
    due_at = todo_at(custody)
    if due_at is None or due_at > now or custody.erase_asked_at is not None:
        return None
    return custody if custody.purged_at is not None else replace(custody, purged_at=now)


def end_purge(custody: Custody) -> Custody:
    """Everything is gone: the clip, what was derived from it, the inputs that only it needed."""
    return replace(custody, purge_at=None)


def put_off(custody: Custody, until: float) -> Custody:
    """Not before then: its job has not ended, and may yet bring a clip."""
    return replace(custody, purge_at=until)


def todo_at(custody: Custody) -> float | None:
    """When something is to be done about it: an erasure finished, or what lies in the trash purged."""
    if custody.held_at is not None:
        return None
    if custody.erase_asked_at is not None:
        return custody.erase_asked_at if custody.erased_at is None else None
    return custody.purge_at


def is_gone(custody: Custody) -> bool:
    """Whether its clip is gone from the storage, or on its way."""
    return custody.purged_at is not None or custody.erase_asked_at is not None


def ask_erasure(custody: Custody, now: float) -> Custody:
    """It is to be erased. Raises Conflict: held."""
    must_not_be_held(custody, "erased")
    asked_at = custody.erase_asked_at if custody.erase_asked_at is not None else now
    return replace(custody, erase_asked_at=asked_at)


def erased(job: Job) -> Job:
    """A job without words: what is left so that nothing is bought or adopted again, and the books still balance. State
    and tasks stay; prompts, names, tags, inputs, the vendor's words and links go. Raises Conflict while it has not
    ended.
    """
    if not is_final(job):
        raise Conflict(f"{job.id} is still {state_name(job.state)}: cancel it, and erase it when it has ended")
    request = replace(
        job.request,
        prompt="",
        negative_prompt=None,
        media=(),
        template=None,
        extra_input="{}",
        extra_parameters="{}",
        asked_model="",
    )
    return replace(
        job,
        request=request,
        state=_wordless(job),
        name=None,
        tags=(),
        ask=None,
        remarks=(),  # they quote the prompt
        version=job.version + 1,
    )


def input_hashes(jobs: Iterable[Job]) -> frozenset[str]:
    """The kept files that jobs start from."""
    return frozenset(m.source.sha256 for job in jobs for m in job.request.media if isinstance(m.source, Stored))


def input_key(file: Stored) -> str:
    """Where a kept input lies in the user's storage, when it is delivered from there: by its content, so once."""
    return f"{INPUTS_PREFIX}{file.sha256}.{_ENDINGS.get(file.mime, 'bin')}"


def _wordless(job: Job) -> State:
    state = job.state
    match state:
        case Succeeded():  # a key may hold the job's name
            bare = replace(state.artifact, key=f"{job.id}.mp4")
            return replace(state, outcome=_bare(state.outcome), artifact=bare)
        case Failed():
            return replace(state, message="", outcome=_bare(state.outcome) if state.outcome else None)
        case Cancelled():
            return replace(state, outcome=_bare(state.outcome) if state.outcome else None)
        case _:
            assert not isinstance(state, Archiving), "only what has ended is erased"
            return state


def _bare(outcome: Outcome) -> Outcome:
    return replace(outcome, video_url="", orig_prompt=None, actual_prompt=None)


def _not_gone(custody: Custody, so: str) -> None:
    if custody.erase_asked_at is not None:
        done = "was erased" if custody.erased_at is not None else "is being erased"
    elif custody.purged_at is not None:
        done = "is being removed from the storage" if custody.purge_at is not None else "is gone from the storage"
    else:
        return
    raise Conflict(f"{custody.job_id}'s clip {done}: {so}")


def must_not_be_held(custody: Custody, what: str) -> None:
    """Raises Conflict under a legal hold, in words that say what cannot be done."""
    if custody.held_at is not None:
        raise Conflict(
            f"{custody.job_id} is under legal hold ({custody.held_why}) and cannot be {what}: release it first"
        )


def _why(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()[:WHY_LETTERS_MAX]
