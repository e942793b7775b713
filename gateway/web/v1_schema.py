"""`/api/v1/openapi.json`: the API described by itself, for anyone: it tells nothing of anybody.

What every operation has in common is added here once: the token, the errors, and who may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from gateway.web.account_caller import Check
from gateway.web.problem import Problem, described
from gateway.web.v1 import V1

ANYONE: Final = "anyone"
MACHINE: Final = "machine"
"""The right of an operation that no right opens: the machine's own token alone."""

_ALWAYS: Final = (421, 503)
_WITH_TOKEN: Final = (401, 403, 429)
_WRITING: Final = (413, 415)
_WITH_BODY: Final = (400, 422)
_HEADERS: Final[Mapping[int, tuple[str, str]]] = {
    401: ("WWW-Authenticate", "How to say who asks."),
    429: ("Retry-After", "Seconds."),
    503: ("Retry-After", "Seconds."),
}
_ABOUT: Final = """\
What the gateway knows and does, for its command line and for programs. Lists are turned over by
`next`; what makes something is done once for each `Idempotency-Key`; each error is a problem
(RFC 9457) that says what to mend."""


def routes(app: FastAPI) -> APIRouter:
    """Serve the description of an app's API."""
    router = APIRouter(include_in_schema=False)

    @cache
    def written() -> bytes:
        return bytes(JSONResponse(describe(app)).body)

    @router.get(f"{V1}/openapi.json")
    def openapi() -> Response:
        return Response(written(), media_type="application/json")

    return router


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description, in OpenAPI 3.1."""
    found = list(_operations(app))
    document = get_openapi(
        title="Menshen",
        version=version("menshen"),
        openapi_version="3.1.0",
        description=_ABOUT,
        routes=found,
        separate_input_output_schemas=False,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for framework in ("HTTPValidationError", "ValidationError"):
        schemas.pop(framework, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**problem.pop("$defs"), "Problem": problem}
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    components["responses"] = {}
    for route in found:
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            _complete(operation, route, method, components["responses"])
    return document


def right_of(route: Any) -> str:
    """Return the right that lets in whoever brings a token, or `ANYONE`, or `MACHINE`."""
    checks = [each.call for each in route.dependant.dependencies if isinstance(each.call, Check)]
    if not checks:
        return ANYONE
    return next((str(check.right) for check in checks if check.right is not None), MACHINE)


def _operations(app: FastAPI) -> Iterator[RouteContext]:
    for route in iter_route_contexts(app.routes):
        original: Any = route
        if (
            isinstance(route.original_route, APIRoute)
            and original.include_in_schema
            and original.path.startswith(f"{V1}/")
        ):
            yield route


def _complete(operation: dict[str, Any], route: Any, method: str, shared: dict[str, Any]) -> None:
    """Add what the framework does not know."""
    summary, _, more = (operation.pop("description", "") or route.name).partition("\n")
    operation["operationId"] = route.name
    operation["summary"] = summary.strip().rstrip(".")
    if said := " ".join(more.split()):
        operation["description"] = said
    right = right_of(route)
    operation["x-right"] = right
    operation["security"] = [] if right == ANYONE else [{"token": []}]
    errors = {int(each) for each in operation["responses"] if int(each) >= HTTPStatus.BAD_REQUEST}
    errors |= set(_statuses(operation, route.path_format, right))
    for status in sorted(errors | set(_WRITING if method != "GET" else ())):
        name = re.sub(r"\W", "", HTTPStatus(status).phrase.title())
        shared[name] = _response(status)
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}


def _statuses(operation: Mapping[str, Any], path: str, right: str) -> Iterator[int]:
    """Yield each error that an operation may answer by what it is made of."""
    yield from _ALWAYS
    if right != ANYONE:
        yield from _WITH_TOKEN
    if "{" in path:
        yield HTTPStatus.NOT_FOUND
    if "requestBody" in operation:
        yield from _WITH_BODY
    names = {each["name"] for each in operation.get("parameters", ())}
    if names:
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    if "Idempotency-Key" in names:
        yield HTTPStatus.CONFLICT


def _response(status: int) -> dict[str, Any]:
    response = described(status)
    if status in _HEADERS:
        name, what = _HEADERS[status]
        response["headers"] = {name: {"description": what, "schema": {"type": "string"}}}
    return response
