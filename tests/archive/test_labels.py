"""What a clip's file tells of its job: enough to find it, within what a bucket takes, and none of its words."""

from __future__ import annotations

from tests.factories import make_job, make_request
from wanreel.archive.labels import label_of, read, written
from wanreel.domain.job import Archiving


def test_a_label_names_the_job_and_not_its_words() -> None:
    """Job, task, model and seed are told; of the prompt only a hash."""
    job = make_job(Archiving, name="Bootsfahrt über den See/2")
    label = label_of(job)
    facts = read(label.facts)
    assert "Bootsfahrt-über-den-See-2.mp4" == label.filename
    assert (job.id, job.request.model, "7") == (facts["job"], facts["model"], facts["seed"])
    assert 64 == len(facts["prompt-sha256"])
    assert job.request.prompt not in repr(label)


def test_facts_are_what_a_bucket_takes() -> None:
    """Printable ASCII, short names, less than two kilobytes however long the words, and readable again."""
    job = make_job(Archiving, name="影" * 500, group="g" * 500, request=make_request(model="m" * 500))
    facts = label_of(job).facts
    assert all(value.isascii() and value.isprintable() and value == value.strip() for _, value in facts)
    assert 2000 > sum(len(name) + len(value) for name, value in facts)
    assert {"name": "纸船 100%\n"} == read(written([("name", "纸船 100%\n"), ("none", None)]))
