"""Errors over HTTP: one table from our codes to statuses, and RFC 9457 problems made of it.

Every error of every route passes here; a face with another shape (`api/face`) gets the same `Told` and writes it
down in its own words. `GET /v1/problems/CODE`, the `type` of each problem, reads the same table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from wanreel.domain.errors import Internal, Invalid, Problem, WanreelError

MEDIA_TYPE = "application/problem+json"
TYPES = "/v1/problems/"
GIVEN_LETTERS_MAX = 200  # of what was given, in an answer
PROBLEMS_MAX = 100  # of a body, told in one answer


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of error: its HTTP status, its title, and what to do about it."""

    status: int
    title: str
    advice: str


TABLE: Mapping[str, Kind] = {
    "invalid": Kind(422, "What was asked cannot be done", "Each of `problems` names a field and what it may be."),
    "malformed": Kind(400, "The request cannot be read", "Mend its form: JSON, headers, the query."),
    "unauthorized": Kind(401, "A token is needed", "Send `Authorization: Bearer …` with a token of this server."),
    "forbidden": Kind(403, "This is not allowed", "The token's scopes, or the page it came from, do not allow this."),
    "not_found": Kind(404, "There is no such thing", "Check the id. What belongs to others looks the same."),
    "not_allowed": Kind(405, "The path knows no such method", "`Allow` says which it knows."),
    "too_slow": Kind(408, "The request took too long to come", "Send it again, faster."),
    "conflict": Kind(409, "The thing is in another state", "Look at it as it stands now."),
    "changed": Kind(412, "It has changed meanwhile", "Read it again; `If-Match` named an older version."),
    "too_large": Kind(413, "The request is too large", "Send less, or upload the file first."),
    "unsupported": Kind(415, "The content type cannot be read here", "Send `application/json`."),
    "bad_range": Kind(416, "There are no such bytes", "`Content-Range` says how many there are."),
    "wrong_host": Kind(421, "This server does not go by that name", "Use its address, or add the name to its hosts."),
    "rate_limited": Kind(429, "Not now", "Wait as long as `Retry-After` says."),
    "headers_too_large": Kind(431, "The headers are too large", "Send shorter headers; a cookie has no use here."),
    "internal": Kind(500, "A bug of ours", "Tell us, with the request id. What was ordered is stored."),
    "vendor_refused": Kind(502, "The vendor said no", "`detail` has its own words."),
    "unavailable": Kind(503, "A part that is needed cannot be used now", "Try again later."),
}
"""The one table of codes and statuses."""

CODE_OF_STATUS: Mapping[int, str] = {kind.status: code for code, kind in TABLE.items()}
"""The table read backwards, for what the framework raises itself."""


@dataclass(frozen=True, slots=True)
class Told:
    """An error as every face gets it, to be written in its own shape."""

    code: str
    message: str
    problems: tuple[Problem, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def kind(self) -> Kind:
        """Its row of the table."""
        return TABLE[self.code]


class Refusal(Exception):
    """An error of the edge itself (a header, a scope, a range), raised by a route or a guard."""

    def __init__(
        self, code: str, message: str, problems: Sequence[Problem] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.told = Told(code, message, tuple(problems), dict(headers or {}))


def told(error: Exception) -> Told:
    """What to say of anything that was raised; bugs are not quoted."""
    if isinstance(error, Refusal):
        return error.told
    if isinstance(error, Invalid):
        words = error.message if not error.problems else "This cannot be done as asked; nothing was stored or paid."
        return Told("invalid", words, error.problems)
    if isinstance(error, WanreelError) and not isinstance(error, Internal):
        headers = {"Retry-After": "5"} if error.code in {"unavailable", "rate_limited"} else {}
        return Told(error.code, error.message, headers=headers)
    if isinstance(error, RequestValidationError):
        return _unreadable(error)
    if isinstance(error, HTTPException) and isinstance(error.__cause__, Refusal | WanreelError):
        return told(error.__cause__)  # raised by the guard while the framework read the body
    if isinstance(error, HTTPException):
        code = CODE_OF_STATUS.get(error.status_code, "malformed" if error.status_code < 500 else "internal")
        return Told(code, _phrase(error), headers=dict(error.headers or {}))
    return Told("internal", "Something went wrong on our side. What was ordered is stored; nothing is paid twice.")


def _phrase(error: HTTPException) -> str:
    return {
        404: "There is nothing at this path.",
        405: "This path knows no such method.",
    }.get(error.status_code, str(error.detail))


def _unreadable(error: RequestValidationError) -> Told:
    """Pydantic's findings in our words."""
    problems: list[Problem] = []
    rows = error.errors()
    if isinstance(error.body, bytes):  # the framework leaves a body of another type as it came
        return Told("unsupported", "Send the body as JSON, with `Content-Type: application/json`.")
    for row in rows[:PROBLEMS_MAX]:
        where = [str(part) for part in row["loc"]]
        name = ".".join(where[1:] or where)
        if row["type"] == "json_invalid":
            return Told("malformed", f"The body is not JSON: {row['ctx']['error']}.")
        words = "is no field of this request" if row["type"] == "extra_forbidden" else row["msg"]
        given = "" if isinstance(row.get("input"), (dict, list)) else str(row.get("input", ""))
        problems.append(Problem(name, words.removeprefix("Value error, "), given, row["type"]))
    if len(rows) > PROBLEMS_MAX:
        problems.append(Problem("", f"and {len(rows) - PROBLEMS_MAX} more like these"))
    return Told("invalid", "The request cannot be done as written; nothing was stored or paid.", tuple(problems))


def response(what: Told, request_id: str = "") -> Response:
    """An error as an RFC 9457 problem."""
    body: dict[str, Any] = {
        "type": TYPES + what.code,
        "title": what.kind.title,
        "status": what.kind.status,
        "detail": what.message,
        "code": what.code,
    }
    if request_id:
        body["request_id"] = request_id
    if what.problems:
        body["problems"] = [
            {"field": p.field, "message": p.message, "given": p.given[:GIVEN_LETTERS_MAX], "code": p.code}
            for p in what.problems
        ]
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, what.kind.status, dict(what.headers), MEDIA_TYPE)


# --- as documented --------------------------------------------------------------------------------------------------


class ProblemField(BaseModel):
    """One thing wrong with a request."""

    field: str = Field(examples=["duration_s"])
    message: str = Field(examples=["must be 5 or 10 for wan2.5-t2v-preview"])
    given: str = Field(default="", examples=["7"])
    code: str = Field(default="", description="The rule, where it has a name.", examples=["duration"])


class ProblemBody(BaseModel):
    """An error, as RFC 9457 has it; `code` is stable."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(examples=["/v1/problems/invalid"])
    title: str = Field(examples=["What was asked cannot be done"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["This cannot be done as asked; nothing was stored or paid."])
    code: str = Field(examples=["invalid"])
    request_id: str | None = Field(default=None, examples=["req_01h8xgjt2k3m4n5p6q7r8s9t0v"])
    problems: list[ProblemField] | None = None


ALWAYS = (
    "malformed",
    "unauthorized",
    "forbidden",
    "invalid",
    "wrong_host",
    "rate_limited",
    "headers_too_large",
    "internal",
    "unavailable",
)
"""What any route may answer."""


def documented(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, for its entry in the OpenAPI document."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in (*ALWAYS, *codes):
        kind = TABLE[code]
        example = {
            "type": TYPES + code,
            "title": kind.title,
            "status": kind.status,
            "detail": kind.advice,
            "code": code,
        }
        schema = {"$ref": "#/components/schemas/Problem"}
        found[kind.status] = {
            "description": f"{kind.title}. {kind.advice}",
            "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
        }
    return found
