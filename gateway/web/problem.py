"""Errors of `/api/v1` that say what to mend, as RFC 9457 writes them.

`speak` has an app answer each error under a path so, its own and the framework's. What was sent is
never said back: it may be about somebody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from gateway.writer import WriterStoppedError

MEDIA: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5
"""When to ask again where the database cannot be written now; about what a restart takes."""
_OURS = re.compile(r"[a-z][a-z_]{0,39}")


class Mistake(BaseModel):
    """One thing to mend."""

    row: int | None = Field(description="In which row of a file; 1 is its first.")
    column: str = Field(description="In which column or field.")
    wrong: str = Field(description="What is wrong with it.")
    instead: str = Field(description="What to write instead.")
    pointer: str = Field(
        default="", description="Where in the body it stands, as RFC 6901 writes it."
    )


class Problem(BaseModel):
    """Why something was not done."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(default="", description="What to do about it.")
    errors: list[Mistake] = Field(default=[], description="Each thing to mend.")


class ProblemError(Exception):
    """A request that is answered by a problem."""

    def __init__(self, status: int, detail: str, errors: list[Mistake] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors or []

    def answer(self, headers: Mapping[str, str] | None = None) -> Response:
        """Return the response."""
        said = Problem(
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            errors=self.errors,
        )
        content = said.model_dump(mode="json")
        return JSONResponse(content, self.status, headers, media_type=MEDIA)


def speak(app: FastAPI, under: str) -> None:
    """Have an app answer each error under a path with a problem, and elsewhere as it did."""

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if not _is_under(request, under):
            return await http_exception_handler(request, error)
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return _not_allowed(request)
        return ProblemError(error.status_code, str(error.detail)).answer(error.headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if not _is_under(request, under):
            return await request_validation_exception_handler(request, error)
        return _invalid(error.errors()).answer()

    async def problem(_request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        return error.answer()

    async def unwritable(request: Request, error: Exception) -> Response:
        if not _is_under(request, under):
            raise error
        detail = "the database cannot be read or written now: ask again, and see `menshen doctor`"
        return ProblemError(503, detail).answer({"Retry-After": str(RETRY_AFTER_S)})

    async def fault(request: Request, _error: Exception) -> Response:
        if not _is_under(request, under):
            return PlainTextResponse("Internal Server Error", 500)
        return ProblemError(500, "a fault of the gateway: its log says which").answer()

    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(ProblemError, problem)
    app.add_exception_handler(WriterStoppedError, unwritable)
    app.add_exception_handler(OperationalError, unwritable)
    app.add_exception_handler(Exception, fault)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what an operation may answer besides, for its description."""
    return {status: described(status) for status in statuses}


def described(status: int) -> dict[str, Any]:
    """Return the description of a problem."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": HTTPStatus(status).phrase, "content": {MEDIA: {"schema": schema}}}


def _not_allowed(request: Request) -> Response:
    """Name every method of a path; the framework names those of its first route alone."""
    found = [
        context.methods or ()
        for context in iter_route_contexts(request.app.routes)
        if isinstance(context.original_route, APIRoute)
        and context.path_regex.match(request.scope["path"])
    ]
    allowed = ", ".join(sorted({method for methods in found for method in methods}))
    return ProblemError(405, f"ask by {allowed}").answer({"Allow": allowed})


def _is_under(request: Request, path: str) -> bool:
    return request.url.path == path or request.url.path.startswith(f"{path}/")


def _invalid(errors: Sequence[Mapping[str, Any]]) -> ProblemError:
    if any(each["type"] == "json_invalid" for each in errors):
        return ProblemError(422, "the body is no JSON")
    return ProblemError(422, "correct what is named", [_mistake(each) for each in errors])


def _mistake(error: Mapping[str, Any]) -> Mistake:
    """Name a field by its path; where the name is not ours, by what it stands in."""
    where, *path = error["loc"] or ("body",)
    if error["type"] == "extra_forbidden" and not _OURS.fullmatch(str(path[-1])):
        path.pop()
    named = [str(step)[:40] for step in path]
    pointer = "#" + "".join(f"/{step}" for step in named) if where == "body" else ""
    column = ".".join(named) or str(where)
    return Mistake(row=None, column=column, wrong=str(error["msg"]), instead="", pointer=pointer)
