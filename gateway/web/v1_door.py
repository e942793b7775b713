"""What is refused before anybody reads it: bodies too large, and bodies that are no JSON."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.web.problem import ProblemError

LARGEST: Final = 2**20
"""Bytes of a body; the longest list of devices takes a tenth of it."""
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


class Door:
    """Stands before an API under a path; bodies of `files` are no JSON, and measured there."""

    def __init__(self, app: ASGIApp, under: str, files: frozenset[str]) -> None:
        self._app = app
        self._under = under
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if (
            scope["type"] != "http"
            or not scope["path"].startswith(f"{self._under}/")
            or scope["path"] in self._files
        ):
            await self._app(scope, receive, send)
            return
        refusal = _why_not(scope["method"], Headers(scope=scope))
        if refusal is not None:
            await refusal.answer()(scope, receive, send)
            return
        await self._app(scope, _measured(receive), send)


def _why_not(method: str, headers: Headers) -> ProblemError | None:
    """Return why a body is not read, by what is said of it."""
    said = headers.get("content-length", "0")
    has_body = said != "0" or "transfer-encoding" in headers
    if not has_body:
        return None
    if said.isdecimal() and int(said[:12]) > LARGEST:
        return _too_large()
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if method in _WITH_BODY and media != "application/json":
        return ProblemError(415, "send JSON, and say so: `Content-Type: application/json`")
    return None


def _measured(receive: Receive) -> Receive:
    """Return what receives a body of any announced length, up to the largest. Raises 413."""
    received = 0

    async def receive_some() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > LARGEST:
            raise HTTPException(413, _too_large().detail)  # the only one that passes the framework
        return message

    return receive_some


def _too_large() -> ProblemError:
    return ProblemError(413, f"a body has at most {LARGEST // 1024} KiB: send less at once")
