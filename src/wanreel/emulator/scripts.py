"""Fault scripts with accounting: each matching call uses up one instruction, and what was never met is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from wanreel.emulator.objects import as_list, as_object

OPERATIONS = ("create", "query", "list", "cancel", "policy", "upload", "limits", "models", "detect", "download")

#: kind -> does the call still take effect, unless the instruction says otherwise
KINDS: Mapping[str, bool] = {
    "pass": True,  # nothing goes wrong (but a task's fate may still be set)
    "status": False,  # answer status/code/message
    "drop_before": False,  # close the connection, nothing happened
    "drop_after": True,  # it happened, then close the connection without an answer
    "error_after": True,  # it happened, then answer an error
    "slow": True,  # it happens at once, the answer comes delay_s later
    "slow_before": True,  # it happens delay_s later, then the answer comes
    "half_body": True,  # it happened; the answer stops in the middle
    "html": False,  # a proxy's HTML page
    "empty": True,  # 200 with no body at all
    "top_code": False,  # 200 with a top-level code and no task
    "blank": True,  # 200 with neither an id nor a code
    "down": False,  # the vendor is gone for for_s seconds, for every operation
    "unknown": True,  # a query answers UNKNOWN
    "cut": True,  # a download ends early, at `fraction` of the announced length
    "corrupt": True,  # a download of the right length with wrong bytes
    "zero": True,  # a download of no bytes
    "xml": True,  # a download answers 200 with an XML error for a video
    "wrong_length": True,  # a download whose Content-Length is off by length_delta, ended cleanly
}
ONLY = {"unknown": ("query",), **dict.fromkeys(("cut", "corrupt", "zero", "xml", "wrong_length"), ("download",))}
SECONDS_MAX = 1e10
"""No instruction reaches further: three centuries."""
_OUTCOMES = ("", "ok", "failed", "no_url", "stuck", "content_block")


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a task that a create is about to make."""

    outcome: str = ""  # "" (as drawn), ok, failed, no_url, stuck, content_block
    code: str = ""
    message: str = ""
    queue_s: float | None = None
    run_s: float | None = None
    url_life_s: float | None = None


@dataclass(frozen=True, slots=True)
class Instruction:
    """One thing to go wrong, ``times`` times (None: always)."""

    fault: str = "pass"
    times: int | None = 1
    status: int = 0
    code: str = ""
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay_s: float = 0.0
    for_s: float = 0.0
    fraction: float = 0.5
    length_delta: int = -1000
    processed: bool | None = None
    body: Any = None  # the answer itself, as JSON, for status and error_after
    fate: Fate | None = None

    @property
    def label(self) -> str:
        """What counters and log call it: a create that only fixes a task's fate goes by the fate."""
        return (self.fate.outcome or "fate") if self.fault == "pass" and self.fate else self.fault

    @property
    def takes_effect(self) -> bool:
        """Whether the call is carried out although it goes wrong."""
        return KINDS[self.fault] if self.processed is None else self.processed


@dataclass(slots=True)
class Step:
    """An instruction in a script, with how often it was met."""

    instruction: Instruction
    met: int = 0

    @property
    def open(self) -> bool:
        """Whether a further call would meet it."""
        return self.instruction.times is None or self.met < self.instruction.times

    @property
    def satisfied(self) -> bool:
        """Whether it was met as often as it asked; an endless one, at least once."""
        return self.met >= (1 if self.instruction.times is None else self.instruction.times)


@dataclass(slots=True)
class Script:
    """Instructions by operation, bound to an account, a key, everyone, or to nobody but its own id."""

    id: str
    steps: dict[str, list[Step]]
    account: str | None = None
    key: str | None = None
    spec: dict[str, Any] = field(default_factory=dict[str, Any])  # as it was given

    def take(self, operation: str) -> tuple[Script, str, int] | None:
        """Use up the next instruction for this operation: this script, the list it stood in and its place there."""
        for name in (operation, "*"):
            for index, step in enumerate(self.steps.get(name, ())):
                if step.open:
                    step.met += 1
                    return self, name, index
        return None

    def met_again(self, operation: str, index: int, times: int) -> None:
        """Count what an earlier life met."""
        self.steps[operation][index].met += times

    def report(self) -> dict[str, Any]:
        """What was met and what was not, for the test to judge."""
        unmet = {
            operation: [
                {"fault": step.instruction.fault, "met": step.met, "times": step.instruction.times or "always"}
                for step in steps
                if not step.satisfied
            ]
            for operation, steps in self.steps.items()
        }
        unmet = {operation: rows for operation, rows in unmet.items() if rows}
        met = {operation: sum(step.met for step in steps) for operation, steps in self.steps.items()}
        return {"id": self.id, "account": self.account, "complete": not unmet, "met": met, "unmet": unmet}


class ScriptBook:
    """All scripts, and which of them a call meets."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self._made = 0

    def add(self, spec: Mapping[str, Any]) -> Script:
        """Make a script from its JSON form. Raises ValueError in words."""
        unknown = set(spec) - {"script", "account", "key", "id"}
        if unknown:
            raise ValueError(f"a script has no field {', '.join(sorted(unknown))}; it has script, account, key, id")
        for name in ("account", "key", "id"):
            if not isinstance(spec.get(name), str | None):
                raise ValueError(f"a script's {name} is a text")
        lists = as_object(spec.get("script"))
        if not lists:
            raise ValueError('a script needs "script": {operation: [instruction, ...]}')
        self._made += 1
        script = Script(
            id=str(spec.get("id") or f"script-{self._made}"),
            steps={str(name): parse_steps(str(name), rows) for name, rows in lists.items()},
            account=spec.get("account"),
            key=spec.get("key"),
            spec=dict(spec),
        )
        self.scripts[script.id] = script
        return script

    def take(self, operation: str, script_id: str, account: str, key: str) -> tuple[Script, str, int] | None:
        """The instruction this call meets: a named script alone, else those bound to its key, account or everyone."""
        if script_id:
            script = self.scripts.get(script_id)
            return script.take(operation) if script else None
        for script in self.scripts.values():
            bound = (script.key is not None and script.key == key) or (
                script.account is not None and script.account in (account, "*")
            )
            if bound and (found := script.take(operation)):
                return found
        return None

    def unmet(self) -> dict[str, dict[str, Any]]:
        """Every script that is not completely used, by id."""
        reports = (script.report() for script in self.scripts.values())
        return {report["id"]: report["unmet"] for report in reports if not report["complete"]}


def parse_steps(operation: str, rows: object) -> list[Step]:
    """Read the instructions of one operation. Raises ValueError in words."""
    if operation != "*" and operation not in OPERATIONS:
        raise ValueError(f"no operation {operation!r}; there are {', '.join(OPERATIONS)} and *")
    if not isinstance(rows, list):
        raise ValueError(f"{operation}: a list of instructions is needed")
    return [Step(parse_instruction(operation, row)) for row in as_list(cast("object", rows))]


def parse_instruction(operation: str, row: object) -> Instruction:
    """Read one instruction from its JSON form. Raises ValueError in words."""
    given = as_object(row)
    if given is None:
        raise ValueError(f"{operation}: an instruction is an object")
    known = set(Instruction.__dataclass_fields__)
    unknown = set(given) - known
    if unknown:
        raise ValueError(f"{operation}: no field {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    values: dict[str, Any] = dict(given)
    kind = values.get("fault", "pass")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"{operation}: no fault {kind!r}; there are {', '.join(KINDS)}")
    if operation not in ONLY.get(kind, (operation,)):
        raise ValueError(f"{kind} is for {', '.join(ONLY[kind])}, not {operation}")
    times = values.get("times", 1)
    values["times"] = None if times == "always" else times
    if values["times"] is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise ValueError(f'{operation}: times is a count from 1, or "always"')
    _check(operation, values, _INSTRUCTION)
    if values.get("fate") is not None:
        if operation not in ("create", "*"):
            raise ValueError("only a create gives a task its fate")
        values["fate"] = parse_fate(values["fate"])
    return Instruction(**values)


def parse_fate(row: object) -> Fate:
    """Read a task's fate from its JSON form. Raises ValueError in words."""
    given = as_object(row)
    if given is None or set(given) - set(Fate.__dataclass_fields__):
        raise ValueError(f"a fate has the fields {', '.join(Fate.__dataclass_fields__)}")
    _check("a fate", given, _FATE)
    fate = Fate(**given)
    if fate.outcome not in _OUTCOMES:
        raise ValueError(f"no outcome {fate.outcome!r}; there are {', '.join(_OUTCOMES[1:])}")
    return fate


def is_status(value: object) -> bool:
    """Whether an answer can carry this status; 0 stands for none asked for."""
    return isinstance(value, int) and not isinstance(value, bool) and (value == 0 or 200 <= value <= 599)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _headers(value: object) -> bool:
    fields = as_object(value)
    return fields is not None and all(
        _HEADER.fullmatch(str(name)) and isinstance(text, str) and text.isprintable() for name, text in fields.items()
    )


def _between(low: float, high: float) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high

    return fits


def _or_none(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or fits(value)


_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_SECONDS = (_between(0, SECONDS_MAX), "a number of seconds from 0")
_MAYBE_SECONDS = (_or_none(_SECONDS[0]), _SECONDS[1])
_WORDS = (_text, "a text")
_Rules = Mapping[str, tuple[Callable[[Any], bool], str]]
#: What a field must be, so that a script that could not be carried out is refused when it is given.
_INSTRUCTION: _Rules = {
    "status": (is_status, "a status of HTTP, from 200 to 599"),
    "code": _WORDS,
    "message": _WORDS,
    "headers": (_headers, "an object of texts by header name"),
    "delay_s": _SECONDS,
    "for_s": _SECONDS,
    "fraction": (_between(0, 1), "a number from 0 to 1"),
    "length_delta": (lambda value: isinstance(value, int) and abs(value) <= 10**12, "a whole number of bytes"),
    "processed": (lambda value: isinstance(value, bool | None), "true or false"),
}
_FATE: _Rules = {
    "outcome": _WORDS,
    "code": _WORDS,
    "message": _WORDS,
    "queue_s": _MAYBE_SECONDS,
    "run_s": _MAYBE_SECONDS,
    "url_life_s": _MAYBE_SECONDS,
}


def _check(where: str, given: Mapping[str, Any], rules: _Rules) -> None:
    """Raise ValueError in words for the first field that is not what it must be."""
    for name, (fits, words) in rules.items():
        if name in given and not fits(given[name]):
            raise ValueError(f"{where}: {name} is {words}, not {given[name]!r}")
