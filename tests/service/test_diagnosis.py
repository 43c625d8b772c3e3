"""Diagnosis: in a table of made cases, one or more per known cause, the right cause comes first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.factories import make_job, make_outcome
from wanreel.domain.job import Failed, Job, Succeeded
from wanreel.domain.request import Media, Stored
from wanreel.domain.verdict import Check, Opinion, PartScore, Review, Severity, score_of
from wanreel.prompt import Subject, lint, mend
from wanreel.prompt.explain import parts
from wanreel.service.diagnosis import Case, Diagnosis, diagnose, shorter

GOOD = (
    "Medium shot, an old fisherman with a paper lantern, mends a net, misty harbour at dawn, soft light, "
    "slow push in, watercolour style, high detail"
)


@dataclass
class Made:
    """A clip that looks wrong, and why it does."""

    cause: str
    prompt: str = GOOD
    actual: str | None = None
    request: dict[str, Any] = field(default_factory=dict[str, Any])
    wrong: tuple[Check, ...] = ()
    missing: dict[str, str] = field(default_factory=dict[str, str])
    siblings: tuple[float, ...] = ()
    command: str = ""


def bad(name: str, words: str, severity: Severity = Severity.FAIL) -> Check:
    """A check that found something."""
    return Check(name, ok=False, words=words, severity=severity)


def picture(width: int, height: int, name: str) -> Stored:
    """A kept input."""
    return Stored(name, "image/png", 1000, width, height, name)


FRAMES = (Media("first_frame", picture(1280, 720, "a.png")), Media("last_frame", picture(1280, 720, "b.png")))
MISFITS = (Media("first_frame", picture(1280, 720, "a.png")), Media("last_frame", picture(720, 1280, "b.png")))
LONG = ", ".join(["a quiet village street with lanterns and cats"] * 60)

CASES = {
    "the last frame is missed": Made(
        "wrong_frame",
        "slow push in, the lake turns to night",
        request={"mode": "kf2v", "media": FRAMES},
        wrong=(bad("last_frame", "ends unlike the picture that was given (0.31 of 1)"),),
        command="wanreel jobs replace",
    ),
    "the first frame is missed": Made(
        "wrong_frame",
        "slow push in, the lantern sways",
        request={"mode": "i2v", "media": FRAMES[:1]},
        wrong=(bad("first_frame", "begins unlike the picture that was given (0.4 of 1)"),),
    ),
    "frames of two shapes": Made(
        "wrong_frame", "slow push in, the lake turns to night", request={"mode": "kf2v", "media": MISFITS}
    ),
    "black": Made("defect", wrong=(bad("black", "black for 4.9 s"),), command="wanreel jobs replace"),
    "frozen": Made("defect", wrong=(bad("frozen", "still for 3.2 s"),)),
    "another size": Made("defect", wrong=(bad("size", "832*480, asked was 1280*720"),)),
    "a cut nobody asked for": Made("defect", wrong=(bad("cut", "a cut at 2.4 s"),), command="Generate single shot"),
    "shots of a single-shot model": Made(
        "several_shots",
        "Shot 1: an old fisherman mends a net at dawn. Shot 2: the boat leaves the harbour at noon.",
        wrong=(bad("cut", "a cut at 2.5 s, where one shot was asked for"),),
        command="Generate single shot",
    ),
    "speaks of a picture": Made(
        "wrong_mode", "Animate this image, the woman in the photo turns her head and smiles", command="--first-frame"
    ),
    "describes the picture": Made(
        "wrong_mode",
        "misty harbour at dawn, soft light, watercolour style",
        request={"mode": "i2v", "media": FRAMES[:1]},
        command="slow push in",
    ),
    "too long": Made("too_long", LONG, command="wanreel generate"),
    "too long, the end missing": Made(
        "too_long", LONG + ", a red kite in the sky", missing={"a red kite in the sky": "there is no kite"}
    ),
    "day and night": Made(
        "contradictory",
        "Wide shot, a fisherman in bright midday sunlight, under a starry night sky, slow push in, soft light",
        command="wanreel generate",
    ),
    "static and orbiting": Made(
        "contradictory", "Wide shot, a fisherman mends a net, static camera, fast orbit around him, soft light"
    ),
    "upright in a wide frame": Made(
        "contradictory", "Vertical 9:16 portrait video, a dancer turns on a stage, soft light, slow push in"
    ),
    "too many subjects": Made(
        "crowded",
        "Wide shot, a fisherman, a dancer, a soldier, a baker, a nurse and a knight talk in a harbour, soft light, "
        "slow push in",
    ),
    "said what not": Made(
        "negation",
        "Medium shot, an old fisherman mends a net, no text on screen, soft light, slow push in",
        missing={},
        command="--negative-prompt",
    ),
    "words in Arabic": Made(
        "script", "Medium shot, a shop sign that reads “مرحبا” in Arabic, soft light, slow push in"
    ),
    "a brand": Made("named", "Close-up, a Coca-Cola bottle on a marble table, soft light, slow push in"),
    "rewritten, the lantern lost": Made(
        "rewritten",
        actual="An old man sits by the sea and repairs his net in the soft morning light, cinematic, slow push in",
        missing={"an old fisherman with a paper lantern": "the lantern is missing"},
        command="--no-prompt-extend",
    ),
    "rewritten, the camera lost": Made(
        "rewritten",
        actual=GOOD.replace("slow push in", "the scene is calm and full of atmosphere"),
        command="--no-prompt-extend",
    ),
    "rewritten in Chinese": Made(
        "rewritten",
        "中景，一位老渔夫提着纸灯笼，修补渔网，清晨薄雾的港口，柔光，镜头缓慢推进",
        actual="一位老人坐在海边，阳光洒在他的脸上，画面温暖而宁静",
        command="--no-prompt-extend",
    ),
    "the lantern is missing": Made(
        "missing",
        missing={"an old fisherman with a paper lantern": "the lantern is missing"},
        command="wanreel generate 'an old fisherman",
    ),
    "the camera did nothing": Made(
        "camera", wrong=(bad("camera", "the camera stays where it is; asked was: slow push in", Severity.WARN),)
    ),
    "an unlucky seed": Made("seed", siblings=(0.95, 0.5), command="wanreel jobs pick"),
    "nothing found": Made("none"),
}


def case_of(made: Made) -> Case:
    """The case as the service would put it together."""
    state: dict[str, Any] = {"outcome": make_outcome()}
    if made.actual:
        from dataclasses import replace

        state["outcome"] = replace(make_outcome(), orig_prompt=made.prompt, actual_prompt=made.actual)
    job: Job = make_job(Succeeded, prompt=made.prompt, **made.request, **state)
    judged = [PartScore(p.slot, p.text, 0.1 if p.text in made.missing else 0.9, "") for p in parts(made.prompt)]
    told = tuple(PartScore(p.slot, p.text, p.score, made.missing.get(p.text, "as asked")) for p in judged)
    assert set(made.missing) <= {p.text for p in told}, "the missing part is a part"
    opinions = (Opinion("local", 0.6, made.wrong), Opinion("vision", 0.9, parts=told))
    review = Review(job.id, 0.0, score_of(opinions), opinions)
    siblings = tuple(Review(f"job_{n}", 0.0, score) for n, score in enumerate(made.siblings))
    subject = Subject(made.prompt, mode=job.request.mode, size=job.request.size)
    found = lint(subject)
    return Case(job, found, mend(subject, found=found), review, siblings)


def test_there_are_more_than_twenty_cases_and_every_cause_is_among_them() -> None:
    """The table is as large as promised; a cause without a case could be anything."""
    assert len(CASES) >= 20
    known = {"wrong_frame", "defect", "several_shots", "wrong_mode", "too_long", "contradictory", "crowded"}
    known |= {"negation", "script", "named", "rewritten", "missing", "camera", "seed", "none"}
    assert known == {made.cause for made in CASES.values()}


@pytest.mark.parametrize("made", CASES.values(), ids=list(CASES))
def test_the_right_cause_comes_first(made: Made) -> None:
    """With its evidence, and the one command for a better try."""
    found: Diagnosis = diagnose(case_of(made))
    assert made.cause == found.causes[0].code, [(c.code, round(c.weight, 2), c.evidence) for c in found.causes]
    assert found.causes[0].evidence
    assert made.command in found.causes[0].command


def test_a_failed_job_is_told_as_what_it_is() -> None:
    """There is no clip to look at: the vendor's own words, and a retry."""
    job = make_job(Failed)
    found = diagnose(Case(job, lint(Subject(GOOD)), mend(Subject(GOOD))))
    assert "failed" == found.causes[0].code
    assert f"wanreel jobs retry {job.id}" == found.command


def test_a_rewriting_is_told_word_by_word() -> None:
    """What was kept, left out and put in, in the order of the two texts."""
    made = Made("rewritten", "a red kite over the sea", actual="a blue kite over the calm sea")
    words = diagnose(case_of(made)).words
    told = [(w.text, w.what) for w in words if w.what != "kept"]
    assert [("red", "lost"), ("blue", "added"), ("calm", "added")] == told


def test_a_shorter_prompt_is_made_of_the_authors_words() -> None:
    """Nothing is invented, the subject stays, and it is much shorter."""
    short = shorter(LONG + ", " + GOOD)
    assert len(short) < len(LONG) / 2
    assert all(part.text in LONG + ", " + GOOD for part in parts(short))
