"""A form read to its end: one that breaks off before it is refused, since what is missing may change what is bought."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from wanreel.api.problems import Refusal


class _ToTheEnd(MultiPartParser):
    """Starlette's parser, which takes what came as the whole, with a memory of the closing boundary."""

    ended = False

    def on_end(self) -> None:
        self.ended = True


@asynccontextmanager
async def reading_form(
    request: Request, kind: str, *, files: int, fields: int, part_bytes: int
) -> AsyncGenerator[FormData]:
    """The form of a request of a media type, its files open until the end. Raises Refusal: it breaks off, is none."""
    if kind != "multipart/form-data":
        async with request.form(max_files=files, max_fields=fields, max_part_size=part_bytes) as form:
            yield form
        return
    async with aclosing(request.stream()) as stream:
        parser = _ToTheEnd(request.headers, stream, max_files=files, max_fields=fields, max_part_size=part_bytes)
        try:
            form = await parser.parse()
        except MultiPartException as why:
            raise Refusal("malformed", f"The form cannot be read: {why.message}") from None
    try:
        if not parser.ended:
            raise Refusal("malformed", "The form breaks off before its closing boundary: send all of it.")
        yield form
    finally:
        await form.close()
