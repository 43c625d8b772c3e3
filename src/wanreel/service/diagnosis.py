"""Why a clip that succeeded looks wrong: every known cause that has evidence, the likeliest first. Pure.

Each cause is a small function from the case to a finding or nothing. `weight` says how sure the evidence is on its
own: a fact about this clip (it ends unlike the last frame) outweighs a rule about prompts in general. Evidence that
meets (the part the judge misses is the part a rule marked) weighs more.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from wanreel.domain.job import Cancelled, Failed, Job, Succeeded
from wanreel.domain.request import FIRST_FRAME, LAST_FRAME, Request, Stored
from wanreel.domain.verdict import Check, PartScore, Review
from wanreel.prompt import Finding, Lint, Mended
from wanreel.prompt.explain import parts
from wanreel.prompt.lint import shots

MISSING_MAX = 0.5  # a part scored below this is missing
LUCK_LEAD = 0.15  # how much better a sibling must be for it to be luck
TOGETHER = 0.08  # what it adds when two kinds of evidence meet
WORDS_LOST_MIN = 0.15  # share of the author's words the vendor left out
SAME_RATIO = 0.12


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of one clip. `siblings` are the reviews of its group's other clips."""

    job: Job
    lint: Lint
    mended: Mended
    review: Review | None = None
    siblings: tuple[Review, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """One known cause, the evidence for it, and the one command for a better try."""

    code: str
    title: str
    weight: float
    evidence: tuple[str, ...]
    command: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the prompt, and what the vendor's rewriting did to it."""

    text: str
    what: Literal["kept", "lost", "added"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Causes, the likeliest first; `words` is the author's prompt against what the vendor made of it, if it told."""

    job_id: str
    causes: tuple[Cause, ...]
    words: tuple[Word, ...] = ()

    @property
    def command(self) -> str:
        """The one command to try."""
        return next((cause.command for cause in self.causes if cause.command), "")


def diagnose(case: Case) -> Diagnosis:
    """Every cause with evidence, the likeliest first."""
    words = rewriting(case.job)
    found = sorted(_causes(case, words), key=lambda cause: -cause.weight)
    kinds: dict[str, Cause] = {}
    for cause in found:
        kinds.setdefault(cause.code, cause)
    if not kinds:
        kinds["none"] = _nothing(case)
    return Diagnosis(case.job.id, tuple(kinds.values()), words)


def _causes(case: Case, words: Sequence[Word]) -> Iterator[Cause]:
    yield from _ended(case)
    yield from _frames(case)
    yield from _defects(case)
    yield from _rules(case)
    yield from _rewritten(case, words)
    yield from _missing(case)
    yield from _luck(case)


# --- what happened to the clip itself -------------------------------------------------------------------------------


def _ended(case: Case) -> Iterator[Cause]:
    state = case.job.state
    if isinstance(state, Failed):
        words = f"{state.code}: {state.message}"
        yield Cause("failed", "there is no clip: it failed", 1.0, (words,), f"wanreel jobs retry {case.job.id}")
    if isinstance(state, Cancelled):
        yield Cause("cancelled", "there is no clip: it was cancelled", 1.0, (), f"wanreel jobs retry {case.job.id}")


def _frames(case: Case) -> Iterator[Cause]:
    """The clip does not begin or end with the pictures that were given, or these do not go together."""
    request = case.job.request
    first, last = request.source(FIRST_FRAME), request.source(LAST_FRAME)
    failed = {check.name: check for check in case.review.failed} if case.review else {}
    misfit = ""
    if isinstance(first, Stored) and isinstance(last, Stored) and _unlike(first, last):
        misfit = (
            f"the first frame is {first.width} x {first.height}, the last {last.width} x {last.height}: the "
            "clip has the first one's shape, and the last is cut to it"
        )
    for name in (FIRST_FRAME, LAST_FRAME):
        if name in failed:
            evidence = (f"the clip {failed[name].words}", *([misfit] if misfit else []))
            yield Cause("wrong_frame", "it misses a frame that was given", 0.95, evidence, _again(case))
    if misfit and LAST_FRAME not in failed:
        yield Cause("wrong_frame", "first and last frame do not go together", 0.72, (misfit,), _again(case))


def _defects(case: Case) -> Iterator[Cause]:
    """The vendor's own fault: nothing in the prompt makes a clip black, still or of another size."""
    if case.review is None:
        return
    broken = [c for c in case.review.failed if c.name in ("readable", "black", "frozen", "size", "length")]
    if broken:
        words = tuple(check.words for check in broken)
        yield Cause("defect", "the clip itself is defective", 0.93, words, _again(case))
    cut = next((c for c in case.review.failed if c.name == "cut"), None)
    asked = _found(case, "PL204")
    if cut is not None:
        evidence = (cut.words, *(f.message for f in asked))
        several = bool(asked) or shots(case.job.request.prompt) > 1
        title = "several shots were asked of a model that makes one" if several else "a cut nobody asked for"
        code = "several_shots" if several else "defect"
        command = _order(case, case.job.request.prompt + _single(case)) if not several else _first_shot(case)
        yield Cause(code, title, 0.9 if several else 0.85, evidence, command)


# --- what the prompt says -------------------------------------------------------------------------------------------

_RULES: tuple[tuple[str, str, str, float], ...] = (
    ("PL106", "wrong_mode", "the wrong mode: it speaks of a picture that was not given", 0.97),
    ("PL108", "too_long", "the prompt is too long: its end was cut off", 0.9),
    ("PL206", "too_long", "the prompt is too long for the model behind the name", 0.89),
    ("PL105", "contradictory", "the prompt contradicts itself", 0.88),
    ("PL107", "contradictory", "framing and size contradict each other", 0.87),
    ("PL104", "script", "writing on screen in a script the model cannot draw", 0.84),
    ("PL102", "crowded", "too many subjects", 0.82),
    ("PL101", "negation", "what should not appear is named, and so appears", 0.8),
    ("PL204", "several_shots", "several shots were asked of a model that makes one", 0.79),
    ("PL103", "named", "a name the model may not or cannot draw", 0.78),
    ("PL202", "contradictory", "camera and subject fight each other", 0.62),
    ("PL203", "crowded", "more actions than the length has room for", 0.6),
    ("PL205", "too_long", "the prompt is long; models forget the end of long prompts", 0.5),
    ("PL201", "vague", "parts of a prompt that matter are missing", 0.4),
)


def _rules(case: Case) -> Iterator[Cause]:
    request = case.job.request
    for code, kind, title, weight in _RULES:
        found = _found(case, code)
        if not found:
            continue
        evidence = [_quoted(request.prompt, finding) for finding in found[:4]]
        missed = [p for p in _missed(case) if any(_meets(request.prompt, finding, p) for finding in found)]
        evidence += [f"the judge: {p.sentence or p.text}" for p in missed]
        met = TOGETHER if missed and kind != "negation" else 0.0
        yield Cause(kind, title, min(weight + met, 0.99), tuple(evidence), _mending(case, kind, found))
    if request.mode in ("i2v", "kf2v"):
        yield from _tells_the_picture(case)


def _tells_the_picture(case: Case) -> Iterator[Cause]:
    """From a picture, a prompt should say what moves: subject, scene and style are given by it."""
    told = parts(case.job.request.prompt)
    moving = [p for p in told if p.slot in ("camera", "action")]
    if told and not moving:
        words = "the prompt describes the scene, which the picture fixes already, and says neither motion nor camera"
        command = _order(case, case.job.request.prompt.rstrip(" .。") + _motion(case))
        yield Cause("wrong_mode", "a prompt for text to video, given with a picture", 0.76, (words,), command)


def _mending(case: Case, kind: str, found: Sequence[Finding]) -> str:
    """The one command for a better try, by kind of cause."""
    request = case.job.request
    if kind == "negation" and case.mended.prompt != request.prompt:
        return _order(case, case.mended.prompt, negative_prompt=case.mended.negative_prompt)
    if kind == "wrong_mode":
        return _order(case, request.prompt, first_frame="PICTURE")
    if kind == "several_shots":
        return _first_shot(case)
    if kind == "too_long":
        return _order(case, shorter(request.prompt))
    if kind in ("contradictory", "script", "named", "crowded"):
        less = _without(request.prompt, found[-1])
        return _order(case, less) if less != request.prompt else f"wanreel lint {shlex.quote(request.prompt)}"
    return f"wanreel prompt explain {shlex.quote(request.prompt)}"


# --- what the vendor made of it -------------------------------------------------------------------------------------

_TOKEN = re.compile(r"[A-Za-z0-9\u00c0-\u024f]+(?:['’-][A-Za-z]+)*|[\u3400-\u9fff]")


def rewriting(job: Job) -> tuple[Word, ...]:
    """The author's prompt against the vendor's, word by word (character by character in Chinese); empty where it did
    not tell, or changed nothing.
    """
    outcome = getattr(job.state, "outcome", None)
    actual = outcome.actual_prompt if outcome is not None else None
    if not actual or actual.strip() == job.request.prompt.strip():
        return ()
    before, after = _TOKEN.findall(job.request.prompt), _TOKEN.findall(actual)
    words: list[Word] = []
    pairs = difflib.SequenceMatcher(None, [w.lower() for w in before], [w.lower() for w in after], autojunk=False)
    for what, a, b, c, d in pairs.get_opcodes():
        if what == "equal":
            words += [Word(word, "kept") for word in before[a:b]]
            continue
        words += [Word(word, "lost") for word in before[a:b]]
        words += [Word(word, "added") for word in after[c:d]]
    return tuple(words)


_SMALL = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "and",
        "or",
        "with",
        "is",
        "are",
        "its",
        "his",
        "her",
        "by",
        "for",
        "from",
        "as",
        "it",
    ]
)


def _rewritten(case: Case, words: Sequence[Word]) -> Iterator[Cause]:
    added = {w.text.lower() for w in words if w.what == "added"}
    lost = [w.text for w in words if w.what == "lost" and w.text.lower() not in _SMALL | added]
    kept = [w for w in words if w.what == "kept" and w.text.lower() not in _SMALL]
    share = len(lost) / max(1, len(lost) + len(kept))
    gone = {word.lower() for word in lost}
    missed = [p for p in _missed(case) if gone & {w.lower() for w in _TOKEN.findall(p.text)}]
    camera = [p.text for p in parts(case.job.request.prompt) if p.slot == "camera" and _mostly(p.text, gone)]
    if share < WORDS_LOST_MIN and not missed and not camera:
        return
    evidence = [f"the vendor left out: {' '.join(lost[:16])}"]
    evidence += [f"the judge: {p.sentence or p.text}" for p in missed]
    evidence += [f"the camera is gone: {text}" for text in camera]
    weight = 0.98 if missed else 0.91 if camera or share > 0.5 else 0.7 + 0.3 * share
    command = _order(case, case.job.request.prompt, prompt_extend=False)
    yield Cause("rewritten", "the vendor rewrote the prompt", weight, tuple(evidence), command)


def _mostly(text: str, gone: set[str]) -> bool:
    words = [w.lower() for w in _TOKEN.findall(text) if w.lower() not in _SMALL]
    return bool(words) and sum(w in gone for w in words) * 2 > len(words)


# --- what judges see ------------------------------------------------------------------------------------------------


def _missing(case: Case) -> Iterator[Cause]:
    """Parts the judge does not see, and a camera that did something else."""
    missed = sorted(_missed(case), key=lambda p: p.score)
    camera = _camera(case)
    if missed:
        evidence = tuple(f"{p.text} ({p.score:.1f} of 1): {p.sentence}".rstrip(": ") for p in missed)
        first = [p for p in parts(case.job.request.prompt) if p.text == missed[0].text]
        rest = [p.text for p in parts(case.job.request.prompt) if p not in first]
        command = _order(case, ", ".join([*(p.text for p in first), *rest]))
        yield Cause("missing", "parts of the prompt are not in the clip", 0.7, evidence, command)
    if camera is not None:
        slot = next((p.text for p in parts(case.job.request.prompt) if p.slot == "camera"), "")
        rest = [p.text for p in parts(case.job.request.prompt) if p.text != slot]
        command = _order(case, ", ".join([slot, *rest]))
        title, weight = (
            ("the camera did something else", 0.68) if camera.ok is False else ("the camera hardly moves", 0.55)
        )
        yield Cause("camera", title, weight, (camera.words,), command)


def _camera(case: Case) -> Check | None:
    """What was measured of the camera, where it is not what was asked for."""
    checks = [c for opinion in case.review.opinions for c in opinion.checks] if case.review else []
    return next((c for c in checks if c.name == "camera" and c.ok is not True), None)


def _luck(case: Case) -> Iterator[Cause]:
    """A sibling with the same words and another seed came out better."""
    if case.review is None or not case.siblings:
        return
    best = max(case.siblings, key=lambda review: review.score)
    if best.score - case.review.score < LUCK_LEAD:
        return
    weighty = any(f.rule.label for f in case.lint.findings)
    evidence = (
        f"with the same words and another seed {best.job_id} scores {best.score:.2f}, this one {case.review.score:.2f}",
    )
    command = f"wanreel jobs pick {best.job_id}"
    yield Cause("seed", "an unlucky seed", 0.45 if weighty else 0.75, evidence, command)


def _nothing(case: Case) -> Cause:
    if case.review is None:
        words = "no judge has looked at it yet: wanreel jobs review " + case.job.id
    else:
        words = "no rule, no check and no judge found anything wrong"
    return Cause("none", "no known cause fits; another seed may do", 0.1, (words,), _again(case))


# --- words and commands ---------------------------------------------------------------------------------------------


def shorter(prompt: str) -> str:
    """The parts that carry a picture, in their order: subject, action and camera first of all. Proposed, never sent."""
    told = parts(prompt)
    most = max(120, len(prompt) // 3)
    kept: set[int] = set()
    used = 0
    for slots in (("subject", "action"), ("camera", "shot"), ("setting", "lighting"), ("style", "quality")):
        for place, part in enumerate(told):
            if part.slot in slots and place not in kept and used + len(part.text) <= most:
                kept.add(place)
                used += len(part.text) + 2
    if not kept:
        return prompt[:most].rsplit(" ", 1)[0]
    mark = "，" if any("\u3400" <= c <= "\u9fff" for c in prompt) else ", "
    return mark.join(part.text for place, part in enumerate(told) if place in kept)


def _found(case: Case, code: str) -> list[Finding]:
    return [f for f in case.lint.findings if f.rule.code == code]


def _missed(case: Case) -> list[PartScore]:
    return [p for p in case.review.parts if p.score < MISSING_MAX] if case.review else []


def _meets(prompt: str, finding: Finding, part: PartScore) -> bool:
    """Whether a rule marks the very words a judge misses."""
    at = prompt.find(part.text)
    return at >= 0 and finding.start < at + len(part.text) and at < finding.end and finding.end - finding.start < 200


def _quoted(prompt: str, finding: Finding) -> str:
    words = prompt[finding.start : finding.end]
    quoted = f"“{words[:80]}{'…' if len(words) > 80 else ''}”: " if words.strip() else ""
    return f"{quoted}{finding.message} ({finding.rule.code})"


def _without(prompt: str, finding: Finding) -> str:
    """The prompt without the marked words, its commas in order."""
    if finding.end - finding.start >= len(prompt) * 0.8:
        return prompt
    rest = prompt[: finding.start] + prompt[finding.end :]
    rest = re.sub(r"\s*([,，])(?:\s*[,，])+", r"\1", rest)
    return re.sub(r"\s{2,}", " ", rest).strip(" ,，")


def _first_shot(case: Case) -> str:
    prompt = case.job.request.prompt
    first = re.split(
        r"(?<=[.。;；\n])\s*|(?=第\s*[二2]\s*个?镜头)|(?=\b[Ss](?:hot|cene) 2\b)|,? (?:then )?cut to", prompt
    )[0]
    return _order(case, (first or prompt).strip() + _single(case))


def _single(case: Case) -> str:
    """The vendor's own words for one shot (FS §12)."""
    return "，生成单镜头" if _chinese(case) else ". Generate single shot."


def _motion(case: Case) -> str:
    return "，镜头缓慢推进" if _chinese(case) else ", slow push in"


def _chinese(case: Case) -> bool:
    return any("\u3400" <= c <= "\u9fff" for c in case.job.request.prompt)


def _unlike(first: Stored, last: Stored) -> bool:
    """Whether two pictures have different shapes; no, where one of them is not known."""
    if not (first.width and first.height and last.width and last.height):
        return False
    return abs(first.width * last.height / (first.height * last.width) - 1) > SAME_RATIO


def _again(case: Case) -> str:
    return f"wanreel jobs replace {case.job.id}"


def _order(case: Case, prompt: str, **changes: object) -> str:
    """The command that orders this clip again, with what differs. Local pictures are named as they were given."""
    request: Request = case.job.request
    changed = replace(request, **{k: v for k, v in changes.items() if k in ("negative_prompt", "prompt_extend")})
    said = ["wanreel", "generate", prompt, "--model", request.asked_model or request.model]
    for name, value in (
        ("--size", changed.size),
        ("--resolution", changed.resolution),
        ("--ratio", changed.ratio),
        ("--duration", changed.duration_s),
        ("--seed", changed.seed),
        ("--negative-prompt", changed.negative_prompt),
    ):
        if value not in (None, ""):
            said += [name, str(value)]
    if changed.prompt_extend is not None:
        said.append("--prompt-extend" if changed.prompt_extend else "--no-prompt-extend")
    for role, flag in ((FIRST_FRAME, "--first-frame"), (LAST_FRAME, "--last-frame")):
        source = request.source(role)
        if source is not None:
            said += [flag, source.name or "PICTURE" if isinstance(source, Stored) else source.url]
        elif role in changes:
            said += [flag, str(changes[role])]
    return shlex.join(said)


def is_ended(job: Job) -> bool:
    """Whether there is anything to say of it yet."""
    return isinstance(job.state, (Succeeded, Failed, Cancelled))
