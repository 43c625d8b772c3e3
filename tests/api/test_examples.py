"""Tests of the document's examples: every body has one, and each is what its schema says."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from wanreel.api.app import document

DOCUMENT = document()


def bodies() -> list[tuple[str, dict[str, Any]]]:
    """Every body that is asked or answered, with a name for it."""
    found: list[tuple[str, dict[str, Any]]] = []
    for path, verbs in DOCUMENT["paths"].items():
        for verb, operation in verbs.items():
            asked = operation.get("requestBody", {}).get("content", {})
            found += [(f"{verb} {path} takes {kind}", media) for kind, media in asked.items()]
            for status, answer in operation["responses"].items():
                told = answer.get("content", {})
                found += [(f"{verb} {path} answers {status} {kind}", media) for kind, media in told.items()]
    return found


def is_file(media: dict[str, Any]) -> bool:
    """Whether it is bytes that no example could show."""
    return media.get("schema", {}).get("format") == "binary"


def test_every_body_has_an_example() -> None:
    """Orders, answers and problems alike; files have none."""
    assert [] == [name for name, media in bodies() if not is_file(media) and not {"example", "examples"} & media.keys()]


def test_every_operation_has_an_answer_and_words() -> None:
    """What it does in a line, and what it says when it has done it."""
    for path, verbs in DOCUMENT["paths"].items():
        for verb, operation in verbs.items():
            assert operation.get("description"), f"{verb} {path}"
            assert any(status.startswith("2") for status in operation["responses"]), f"{verb} {path}"


def test_every_example_is_what_its_schema_says() -> None:
    """Checked by a validator that knows nothing of how the examples were made."""
    wrong: list[str] = []
    for name, media in bodies():
        if is_file(media) or "schema" not in media:
            continue
        schema = {**media["schema"], "components": DOCUMENT["components"]}
        examples = [media["example"]] if "example" in media else [one["value"] for one in media["examples"].values()]
        for example in examples:
            faults = Draft202012Validator(schema).iter_errors(example)
            wrong += [f"{name}: {list(fault.absolute_path)} {fault.message[:200]}" for fault in faults]
    assert [] == wrong


@pytest.mark.parametrize("schema", sorted(DOCUMENT["components"]["schemas"]))
def test_what_a_schema_shows_of_itself_fits_it(schema: str) -> None:
    """The examples of single fields, too."""
    for name, field in DOCUMENT["components"]["schemas"][schema].get("properties", {}).items():
        for example in field.get("examples", ()):
            checked = Draft202012Validator({**field, "components": DOCUMENT["components"]})
            assert [] == [fault.message for fault in checked.iter_errors(example)], name
