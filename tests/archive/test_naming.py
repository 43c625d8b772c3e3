"""Keys are readable, unique by job, safe on every file system, and never lead out of the archive."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wanreel.archive.naming import Named, Naming, check_key, clip_key, safe_part, variant_key
from wanreel.domain.errors import Invalid

JOB = "job_01k6gq4m7c0123456789abcdef"
AT = 1790000000.0  # 2026-09-21 14:13:20 UTC


def test_a_key_says_project_day_and_job() -> None:
    """The default template, with the day in UTC."""
    assert f"default/2026/09/21/{JOB}.mp4" == clip_key(JOB, AT)


def test_a_template_may_use_the_callers_own_name() -> None:
    """A batch row's id can be in the key, in its own script, with what is unsafe replaced."""
    naming = Naming(project="Summer Sale", template="{project}/{name}-{job}.mp4")
    assert f"Summer-Sale/夏季-01-{JOB}.mp4" == clip_key(JOB, AT, Named("夏季/01"), naming)
    assert f"Summer-Sale/{JOB}.mp4" == clip_key(JOB, AT, None, naming)


@pytest.mark.parametrize("at", [-1e18, -1.0, 0.0, 1e18, float("inf")])
def test_an_absurd_clock_still_gives_a_key(at: float) -> None:
    """A job made by a clock gone mad is named all the same."""
    assert clip_key(JOB, at).endswith(f"/{JOB}.mp4")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{project}/clip.mp4", "{job} is missing"),
        ("{job}", "does not end in .mp4"),
        ("{user}/{job}.mp4", "{user} is not known"),
        ("x" * 300 + "{job}.mp4", "too long"),
        ("{name}{project}{job}.mp4", "too long"),
        ("inputs/{job}.mp4", "inputs/"),
        ("/inputs/{yyyy}/{job}.mp4", "inputs/"),
        ("/".join(["{name}"] * 12) + "/{job}.mp4", "too long"),
    ],
)
def test_a_template_that_could_mix_clips_up_is_refused(template: str, words: str) -> None:
    """Two jobs must never get one name, whatever the fields hold."""
    with pytest.raises(Invalid) as error:
        Naming(template=template)
    assert words in error.value.message


def test_a_template_cannot_lead_out_of_the_archive() -> None:
    """Dots and leading slashes in a template are dropped."""
    assert f"a/b/{JOB}.mp4" == clip_key(JOB, AT, None, Naming(template="/../a/./../b/{job}.mp4"))


@given(name=st.text(max_size=300), project=st.text(min_size=1, max_size=300))
@example(name="con", project="..")
@example(name=".hidden", project="a\\b/c:d")
@example(name="e\u0301" * 90, project="LPT1.txt")
@example(name="\ud800", project="\0")
def test_no_text_makes_an_unsafe_key(name: str, project: str) -> None:
    """Whatever a caller calls things, the key passes the archive's own check and is plain on every system."""
    key = clip_key(JOB, AT, Named(name, name, name), Naming(project, "{project}/{group}/{model}/{name}-{job}.mp4"))
    assert key == check_key(key)
    check_key(variant_key(key, "a" * 64, 64))
    assert key.endswith(f"{JOB}.mp4")
    for part in PurePosixPath(key).parts:
        assert not PureWindowsPath(part).is_reserved()
        assert not part.startswith((".", "-"))
        assert part == safe_part(part)


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x.mp4", "a/../x.mp4", "a//x.mp4", ".x.mp4", "a\\b.mp4", "C:x.mp4", "a\0b", "x" * 999]
)
def test_a_key_that_leads_elsewhere_is_refused(key: str) -> None:
    """Keys are checked again where they meet the file system: a database may have been tampered with."""
    with pytest.raises(Invalid):
        check_key(key)


def test_a_variant_is_named_by_its_bytes() -> None:
    """The same other bytes get the same other key, so keeping them twice is harmless."""
    assert "a/job.abcdefabcdef.mp4" == variant_key("a/job.mp4", "abcdef" * 11)
