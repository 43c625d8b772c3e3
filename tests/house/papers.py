"""What the papers promise: commands listed, questions that lead to files, decisions linked, locks whole."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

QUESTIONS_MIN = 10
DECISION = re.compile(r"^(\d{4})-[a-z0-9-]+\.md$")
DECISION_PARTS = ("## Context", "## Decision", "## Consequences", '## What not to "fix"')
FRAGMENT = re.compile(r"^(\d+|\+[a-z0-9-]+)\.(added|changed|fixed|removed|security)(\.\d+)?\.md$")
TARGET = re.compile(r"^([a-z0-9][a-z0-9-]*):(?!=)(.*)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def undocumented_targets(root: Path) -> Iterator[str]:
    """Make targets without a word of their own, and those CONTRIBUTING does not name."""
    makefile = (root / "Makefile").read_text("utf-8")
    contributing = _text(root / "CONTRIBUTING.md")
    for name, rest in TARGET.findall(makefile):
        if " ## " not in rest:
            yield f"Makefile: `{name}` has no `## …` saying what it does; bare `make` would not list it."
        if f"make {name}" not in contributing:
            yield f"CONTRIBUTING.md: name `make {name}`, so that nobody has to read the Makefile to find it."
        if not re.search(rf"^\.PHONY:.*\b{name}\b", makefile, re.MULTILINE):
            yield f"Makefile: `{name}` is not .PHONY; a file of that name would silence it."


def lost_questions(root: Path) -> Iterator[str]:
    """Rows of ARCHITECTURE's "Where do I change …?" that are too few or lead nowhere."""
    section = _section(_text(root / "ARCHITECTURE.md"), "## Where do I change …?")
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in section if line.startswith("|")]
    rows = [row for row in rows if len(row) >= 2 and not set(row[0]) <= set("-: ") and row[0].lower() != "question"]
    if len(rows) < QUESTIONS_MIN:
        yield f"ARCHITECTURE.md: {len(rows)} rows under `## Where do I change …?`; at least {QUESTIONS_MIN} are needed."
    for question, files, *_ in rows:
        named = re.findall(r"`([^`]+)`", files)
        if not named:
            yield f"ARCHITECTURE.md: `{question}` names no file; put its path in backticks."
        for name in named:
            if not (root / name).is_file():
                yield f"ARCHITECTURE.md: `{question}` leads to {name}, which is not there. Name the file of today."


def loose_decisions(root: Path) -> Iterator[str]:
    """Decision records out of number, without their parts, or that ARCHITECTURE does not link."""
    folder = root / "docs" / "decisions"
    linked = "\n".join(_section(_text(root / "ARCHITECTURE.md"), "## Decisions"))
    numbers: list[int] = []
    for path in sorted(folder.glob("*.md")):
        if path.name == "README.md":
            continue
        named = DECISION.match(path.name)
        if not named:
            yield f"{path}: call it NNNN-short-title.md."
            continue
        numbers.append(int(named[1]))
        text = path.read_text("utf-8")
        if not text.startswith(f"# {named[1]} "):
            yield f"{path}: open it with `# {named[1]} …`, its number and title."
        if not re.search(r"^Date: \d{4}-\d\d-\d\d", text, re.MULTILINE):
            yield f"{path}: say `Date: YYYY-MM-DD`."
        for part in DECISION_PARTS:
            if part not in text:
                yield f"{path}: lacks `{part}`."
        if f"docs/decisions/{path.name}" not in linked:
            yield f"ARCHITECTURE.md: link docs/decisions/{path.name} under `## Decisions`, in one line."
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{folder}: numbers run 0001, 0002, … without a gap or a double; here they are {numbers}."


def broken_links(root: Path, pages: list[Path]) -> Iterator[str]:
    """Relative links in the pages that lead to no file."""
    for page in pages:
        for target in LINK.findall(page.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                yield f"{page}: links {target}, which is not there."
    if not (root / "README.md").is_file():
        yield "README.md is missing."


def reasonless_dependencies(root: Path) -> Iterator[str]:
    """Dependencies in pyproject.toml without a reason on their line."""
    text = _text(root / "pyproject.toml")
    for requirement in _requirements(tomllib.loads(text)):
        line = next((line for line in text.splitlines() if f'"{requirement}"' in line), "")
        reason = line.partition("#")[2].strip()
        if len(reason.split()) < 3:
            yield f"pyproject.toml: say beside {requirement} in a few words why it is here."


def misnamed_fragments(root: Path) -> Iterator[str]:
    """Changelog fragments the changelog would not find, or that say nothing."""
    for path in sorted((root / "changes").iterdir()):
        if path.name in {"README.md", ".gitignore", ".gitkeep"}:
            continue
        if not FRAGMENT.match(path.name):
            yield f"{path}: call it ISSUE.KIND.md or +words.KIND.md; KIND: added, changed, fixed, removed, security."
        elif not path.read_text("utf-8").strip():
            yield f"{path}: say in a sentence what changes for users."


def unlocked(root: Path) -> Iterator[str]:
    """Locks that name a source, lack a hash, or miss a dependency."""
    project = tomllib.loads(_text(root / "pyproject.toml"))
    groups = project.get("dependency-groups", {})
    run = {*project["project"]["dependencies"], *_plain(groups.get("build", []))}
    extras = {entry for group in project["project"].get("optional-dependencies", {}).values() for entry in group}
    image = {*project["project"]["dependencies"], *extras}
    dev, engine = (set(_plain(groups.get(name, []))) for name in ("dev", "engine"))
    for name, wanted in (("run.txt", run), ("dev.txt", run | dev), ("image.txt", image), ("engine.txt", engine)):
        text = _text(root / "requirements" / name)
        entries = re.findall(r"^([A-Za-z0-9][\w.-]*)==[^\n]*((?:\n +--hash=\S+(?: \\)?)*)", text, re.MULTILINE)
        locked = {_canonical(package) for package, _ in entries}
        for package, hashes in entries:
            if "--hash=sha256:" not in hashes:
                yield f"requirements/{name}: {package} has no hash. Run `make lock`."
        for line in text.splitlines():
            if re.match(r"\s*(--(extra-)?index-url|--find-links|-i |-f |-e |\S+ @ )", line) or "://" in line:
                yield f"requirements/{name}: `{line.strip()}` names a source; pip's configuration decides where from."
        for requirement in sorted(wanted):
            package = re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]
            if _canonical(package) not in locked:
                yield f"requirements/{name}: lacks {package}. Run `make lock`."


def _requirements(project: dict[str, Any]) -> Iterator[str]:
    yield from project["project"].get("dependencies", [])
    for group in project["project"].get("optional-dependencies", {}).values():
        yield from group
    for group in project.get("dependency-groups", {}).values():
        yield from _plain(group)


def _plain(group: list[Any]) -> list[str]:
    return [entry for entry in group if isinstance(entry, str)]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _section(text: str, heading: str) -> list[str]:
    """The lines below a heading, up to the next of its level."""
    lines = text.splitlines()
    if heading not in lines:
        return []
    below = lines[lines.index(heading) + 1 :]
    end = next((number for number, line in enumerate(below) if line.startswith("## ")), len(below))
    return below[:end]


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""
