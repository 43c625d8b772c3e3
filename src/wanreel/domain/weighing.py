"""The weighing of evidence: which candidate was made by which lost call, and which call made none (design 3.4).

The rule behind all rules: a wrong "absent" buys a second task, a wrong "adopt" gives somebody another's picture, and
"not yet" costs a minute. So every living candidate has to be explained before anything is decided, and what cannot be
explained is put before a person.

A candidate is *foreign* when it carries another key's id while ours is known, or when it tells other words than any
call that could have made it. It is *ours* when its key is ours alone and only interchangeable calls could have made
it, or when it tells our words. Calls are interchangeable when their bodies are equal but for the seed. Equal words
with unlike bodies are told apart by the end frames of the clip.

A person who ends a doubt without a task may be wrong, and then a task is there whose call nobody counts any more. For a
day after such a word no candidate is anybody's for want of another maker: it has to tell our words, and where there are
pictures a person says whose it is, for those of the call that was written off are not at hand to be held against them.

A process that died may have had another clock than the one that searches now: put right since, it makes a call seem
later than it was. No such call is absent while a candidate from before it may be its own; that one is never adopted by
itself, for the clock may have been right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from wanreel.domain.asking import question
from wanreel.domain.doubt import DEAD, DONE, Absent, Adopt, Ask, Call, Case, Compare, Exam, Examine, Proof, Verdict
from wanreel.domain.job import Unconfirmed
from wanreel.domain.sighting import Sighting
from wanreel.domain.wording import Words, compare

SLACK_S = 5.0  # two clocks, read a moment apart, one of them in whole seconds
FLIGHT_S = 300.0  # the vendor ends a request after so long (FS 9, RequestTimeOut): no later can it have been taken
KNOWN_S = 86_400.0  # the vendor forgets a task a day after its end, and lists no more than a day (FS 5.1, 5.2)
NEAR = 0.28  # end frames as near to a picture as this are that picture's: like ones lie below it ...
APART = 0.12  # ... unlike ones above 0.4, and every other picture must be so much further away


@dataclass(frozen=True, slots=True)
class _Ours:
    """A candidate made by one of these interchangeable lost calls."""

    row: Sighting
    makers: tuple[Call, ...]
    why: str
    by_key: bool = False


@dataclass(frozen=True, slots=True)
class _Open:
    """A candidate that cannot be explained yet, and what would help."""

    row: Sighting
    makers: tuple[Call, ...]
    help: Examine | Compare | None = None


@dataclass(frozen=True, slots=True)
class _Puzzle:
    """A candidate that nothing we can see will explain."""

    row: Sighting
    makers: tuple[Call, ...]
    why: str


_Finding = _Ours | _Open | _Puzzle


@dataclass(slots=True)
class _Shares:
    """What became of the candidates that are ours; `held` are jobs whose class waits for another candidate's words."""

    adopted: list[Adopt] = field(default_factory=list[Adopt])
    puzzles: list[_Puzzle] = field(default_factory=list[_Puzzle])
    held: set[str] = field(default_factory=set[str])


def weigh(case: Case) -> list[Verdict]:
    """What can be decided now about every lost call of a case, and what should be looked at next."""
    findings = [found for row in _living(case) if (found := _explain(row, case)) is not None]
    verdicts: list[Verdict] = [f.help for f in findings if isinstance(f, _Open) and f.help is not None]
    puzzles = [f for f in findings if isinstance(f, _Puzzle)]
    unsure = {c.job.id for f in findings if isinstance(f, _Open) for c in f.makers}
    shares = _share_out([f for f in findings if isinstance(f, _Ours)], unsure, overruled=case.overruled)
    puzzles += shares.puzzles
    verdicts += shares.adopted
    settled = {v.job_id for v in shares.adopted}
    asked: dict[str, str] = {}
    for puzzle in puzzles:
        for call in puzzle.makers:
            asked.setdefault(call.job.id, puzzle.why)
    left = [c for c in case.calls if c.lost and c.job.id not in settled]
    taken = {v.task_id for v in shares.adopted}
    rest = replace(case, rows=tuple(row for row in case.rows if row.task_id not in taken))
    for call in left:
        if call.job.id in asked:
            verdicts.append(Ask(call.job.id, asked[call.job.id]))
        elif call.job.id not in unsure | shares.held:
            verdicts += _missing(call, rest)
    return verdicts


def could_make(case: Case, call: Call, row: Sighting) -> bool:
    """Whether a call may have made a row: not before it was decided on, by any clock we have seen, nor later than the
    vendor holds a request, by its own clock.
    """
    if call.lost and case.now - call.intent.at > KNOWN_S:
        return False
    if row.model != call.job.request.model or _is_before(case, call, row):
        return False
    proof = case.proofs.get(call.job.id)
    return not call.lost or proof is None or row.created_at <= proof.since + FLIGHT_S + SLACK_S


def _is_before(case: Case, call: Call, row: Sighting) -> bool:
    return row.created_at < call.intent.at + case.skew_min_s - SLACK_S


def clear_winner(distances: Iterable[tuple[str, float]]) -> str | None:
    """The name that is near while every other is clearly further away; None when it is not clear."""
    ranked = sorted((distance, name) for name, distance in distances)
    if not ranked or ranked[0][0] > NEAR:
        return None
    others = [distance for distance, name in ranked if name != ranked[0][1]]
    return ranked[0][1] if not others or others[0] >= ranked[0][0] + APART else None


# --- one candidate --------------------------------------------------------------------------------------------------


def _living(case: Case) -> list[Sighting]:
    """Candidates that will be, or were, paid; oldest first. Rows of keys that are not ours are nobody's."""
    rows = [row for row in case.rows if row.status not in DEAD and not _foreign(case, row)]
    return sorted(rows, key=lambda row: (row.created_at, row.task_id))


def _foreign(case: Case, row: Sighting) -> bool:
    return bool(case.key_ids and row.key_id) and row.key_id not in case.key_ids


def _explain(row: Sighting, case: Case) -> _Finding | None:
    """Who made a candidate; None for nobody of ours."""
    makers = tuple(call for call in case.calls if could_make(case, call, row))
    if not any(call.lost for call in makers):
        return None
    if (
        case.key_alone
        and not case.overruled
        and row.key_id in case.key_ids
        and all(c.lost for c in makers)
        and _alike(makers)
    ):
        why = "it has our key's id, which nobody else uses, and no other call could have made it"
        return _Ours(row, makers, why, by_key=True)
    exam = case.exams.get(row.task_id)
    if exam is None:
        return _Open(row, makers, Examine(row.task_id) if row.status == DONE else None)
    return _explain_words(row, makers, exam, case)


def _explain_words(row: Sighting, makers: Sequence[Call], exam: Exam, case: Case) -> _Finding | None:
    """A finished candidate has told its prompt."""
    told = {call.job.id: compare(call.prompt, exam.prompt) for call in makers}
    same = tuple(call for call in makers if told[call.job.id] is Words.SAME)
    if not same:
        near = tuple(call for call in makers if told[call.job.id] is not Words.OTHER)
        why = question("other_words", task=row.task_id)
        return _Puzzle(row, near, why) if near else None
    same = _of_length(same, exam)
    if not all(call.lost for call in same):
        return _Open(row, same)
    if not case.key_ids and (doubtful := _unknown_key(row, same, case)) is not None:
        return doubtful
    if _alike(same) and not (case.overruled and any(any(call.pictures) for call in same)):
        return _Ours(row, same, "it tells our very words, and no other call could have made it")
    found = _explain_pictures(row, same, exam)
    if case.overruled and isinstance(found, _Ours):
        return _Puzzle(row, found.makers, question("written_off", task=row.task_id))
    return found


def _unknown_key(row: Sighting, same: tuple[Call, ...], case: Case) -> _Finding | None:
    """As long as our own key's id was never seen, equal words may be a stranger's."""
    if case.teachable and not all(_waited(call, case) for call in same):
        return _Open(row, same)
    if len(case.keys_seen) > 1:
        return _Puzzle(row, same, question("several_keys", task=row.task_id))
    if not any(_in_flight(call, row, case) for call in same):
        return _Puzzle(row, same, question("taken_late", task=row.task_id))
    if not any(call.prompt.strip() for call in same) and not any(any(call.pictures) for call in same):
        return _Puzzle(row, same, question("no_words", task=row.task_id))
    return None


def _in_flight(call: Call, row: Sighting, case: Case) -> bool:
    """Whether a row was made while we still waited for the call's answer."""
    state = call.job.state
    return isinstance(state, Unconfirmed) and row.created_at <= state.since + case.skew_max_s + SLACK_S


def _explain_pictures(row: Sighting, same: tuple[Call, ...], exam: Exam) -> _Finding:
    """Equal words, other bodies: the clip's first and last frame tell whose it is, if anything does."""
    among = {"task": row.task_id, "calls": len(same)}
    told_apart = len({call.pictures for call in same}) > 1 or _alike(same)
    if not all(any(call.pictures) for call in same) or not told_apart:
        return _Puzzle(row, same, question("no_picture", **among))
    if exam.distances is None:
        return _Open(row, same, Compare(row.task_id, tuple(call.job.id for call in same)))
    marks = {call.job.id: "/".join(mark or "" for mark in call.pictures) for call in same}
    winner = clear_winner((marks[job_id], d) for job_id, d in exam.distances.items() if job_id in marks)
    mine = tuple(call for call in same if marks[call.job.id] == winner)
    if not mine or not _alike(mine):
        return _Puzzle(row, same, question("frames", **among))
    return _Ours(row, mine, "it tells our words, and its end frames are our pictures and no other call's")


def _of_length(calls: tuple[Call, ...], exam: Exam) -> tuple[Call, ...]:
    """Where calls of the same words asked for different lengths, those whose length was billed."""
    fits = tuple(c for c in calls if exam.billed_s is not None and c.job.request.duration_s == exam.billed_s)
    return fits or calls


def _alike(calls: Iterable[Call]) -> bool:
    return len({call.body for call in calls}) == 1


# --- one class of interchangeable calls -----------------------------------------------------------------------------


def _share_out(found: Sequence[_Ours], unsure: AbstractSet[str], *, overruled: bool) -> _Shares:
    """Each class of interchangeable calls gets its candidates in the order of time. A class that has more candidates
    than calls shares nothing out, for one of them is a stranger's. Nor does one while another candidate of its calls
    is unexplained, if it is known by its words or has several calls: the call that is given this candidate could be the
    maker of that one, which would then be taken for somebody else's.
    """
    shares = _Shares()
    for body in dict.fromkeys(f.makers[0].body for f in found):
        mine = [f for f in found if f.makers[0].body == body]
        calls = {call.job.id for f in mine for call in f.makers}
        if len(mine) > len(calls):
            names = ", ".join(f.row.task_id for f in mine)
            why = question("several_tasks", count=len(mine), calls=len(calls), tasks=names)
            shares.puzzles += [_Puzzle(f.row, f.makers, why) for f in mine]
        elif (len(calls) == 1 and all(f.by_key for f in mine)) or not calls & unsure:
            shares.adopted += _in_order(mine, overruled=overruled)
        else:
            shares.held |= calls
    return shares


def _in_order(found: Sequence[_Ours], *, overruled: bool) -> list[Adopt]:
    """The earliest free call gets the earliest candidate. A seed is certain where no call of another seed was free, and
    no person has lately written off a call that may have made it all the same.
    """
    adopted: list[Adopt] = []
    taken: set[str] = set()
    mixed: set[str] = set()  # calls that might have changed places with one of another seed
    for f in found:
        free = [call for call in f.makers if call.job.id not in taken]
        if not free:
            continue
        ids = {call.job.id for call in f.makers}
        certain = len({call.job.request.seed for call in free}) == 1 and not ids & mixed and not overruled
        if not certain:
            mixed |= ids
        call = min(free, key=lambda c: (c.intent.at, c.job.id))
        taken.add(call.job.id)
        adopted.append(Adopt(call.job.id, f.row.task_id, _evidence(f, certain=certain), certain))
    return adopted


def _evidence(found: _Ours, *, certain: bool) -> str:
    words = f"task {found.row.task_id} of {found.row.created_at:.3f}: {found.why}"
    if len(found.makers) > 1:
        words += f" but {len(found.makers)} interchangeable ones"
    return words if certain else f"{words}, which differ in their seed"


# --- a call without a candidate -------------------------------------------------------------------------------------


def _missing(call: Call, case: Case) -> list[Verdict]:
    """Nothing living is there that the call could have made: wait, call it absent, or ask."""
    if case.unreadable:
        return [Ask(call.job.id, question("unreadable", why=case.unreadable))]
    if case.now - call.intent.at > KNOWN_S:
        return [Ask(call.job.id, question("too_old"))]
    proof = case.proofs.get(call.job.id)
    if proof is None or proof.seeing + proof.blind < case.reads_needed:
        return []
    if call.job.id in case.timed_by_others and (doubts := _from_before(call, case)) is not None:
        return doubts
    dead = [row for row in case.rows if row.status in DEAD and not _foreign(case, row) and could_make(case, call, row)]
    if proof.seeing >= case.reads_needed or dead:
        return [Absent(call.job.id, _absence(proof, dead))]
    return [Ask(call.job.id, question("no_later_task"))]


def _from_before(call: Call, case: Case) -> list[Verdict] | None:
    """What stands in the way of absence where the call's own time may be wrong: living candidates from before it that
    have not told other words; None: nothing. Empty where one of them still runs.
    """
    early = [r for r in _living(case) if r.model == call.job.request.model and _is_before(case, call, r)]
    unasked = [row for row in early if row.task_id not in case.exams]
    told = [row for row in early if row.task_id in case.exams]
    near = [row for row in told if compare(call.prompt, case.exams[row.task_id].prompt) is not Words.OTHER]
    if near:
        why = question("fast_clock", task=near[0].task_id)
        return [Ask(call.job.id, why)]
    if unasked:
        return [Examine(row.task_id) for row in unasked if row.status == DONE]
    return None


def _absence(proof: Proof, dead: Sequence[Sighting]) -> str:
    """A task that ended for nothing is no obstacle: made by this call, it was not paid; made by another, it shows that
    the list reaches past this call.
    """
    if dead and not proof.seeing:
        names = ", ".join(row.task_id for row in dead)
        return f"the only tasks this call could have made ended for nothing: {names}"
    words = (
        f"{proof.seeing} complete reads of the list show later tasks of ours, and none that this call could have made"
    )
    return words + (f" but for {', '.join(r.task_id for r in dead)}, ended for nothing" if dead else "")


def _waited(call: Call, case: Case) -> bool:
    proof = case.proofs.get(call.job.id)
    return proof is not None and proof.seeing + proof.blind >= case.reads_needed
