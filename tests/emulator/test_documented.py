"""The reference page names every switch with its default, every fault, operation, option and control path."""

from dataclasses import fields
from pathlib import Path

import pytest

from wanreel.emulator.events import EventOptions
from wanreel.emulator.options import EmulatorOptions
from wanreel.emulator.quirks import CHOICES, Quirks, parse_quirk
from wanreel.emulator.scripts import KINDS, OPERATIONS, Fate, Instruction

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "emulator.md").read_text("utf-8")


@pytest.mark.parametrize("quirk", fields(Quirks), ids=lambda quirk: quirk.name)
def test_switches(quirk: object) -> None:
    """A row for each switch: its name, its default, and its other answers."""
    name, default = getattr(quirk, "name", ""), getattr(quirk, "default", None)
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` | `{default}` |")]

    assert rows
    for answer in CHOICES.get(name, ()):
        assert f"`{answer}`" in rows[-1]


@pytest.mark.parametrize("name", [*KINDS, *OPERATIONS])
def test_faults_and_operations(name: str) -> None:
    """Each is on the page."""
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("kind", [Fate, Instruction, EmulatorOptions, EventOptions])
def test_fields(kind: type) -> None:
    """Every field of what a user fills in is on the page."""
    missing = [name for name in kind.__dataclass_fields__ if f"{name}" not in PAGE]

    assert [] == [name for name in missing if name != "token"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("over_limit=reject", ("over_limit", "reject")),
        ("queued_max=3", ("queued_max", 3)),
        ("list_lag_s=2.5", ("list_lag_s", 2.5)),
        ("resign=yes", ("resign", True)),
    ],
)
def test_switches_on_a_command_line(text: str, expected: tuple[str, object]) -> None:
    """NAME=VALUE is read as the switch's own kind of value."""
    assert expected == parse_quirk(text)


@pytest.mark.parametrize("text", ["over_limit", "overlimit=queue", "queued_max=many"])
def test_wrong_switches(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match=r".+"):
        parse_quirk(text)


def test_wrong_answers() -> None:
    """A switch takes its own answers only, and says them."""
    with pytest.raises(ValueError, match="queue, reject"):
        EmulatorOptions(over_limit="explode").all_quirks()
