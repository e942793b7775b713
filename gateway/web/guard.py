"""Which requests the local web server answers at all, and what it tells every browser.

A page elsewhere must not read the status page through somebody's browser, so only requests that
name this machine are answered (DNS rebinding), and a browser is told to run nothing but ours.
"""

from __future__ import annotations

import secrets

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.web.problem import ProblemError

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Answers only requests that name this machine, and adds the headers a browser obeys."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], *, has_hooks: bool = False) -> None:
        self._app = app
        self._hosts = hosts
        self._has_hooks = has_hooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        is_for_us = host_of(Headers(scope=scope).get("host", "")) in self._hosts
        if is_for_us or (self._has_hooks and is_push(scope)):
            await self._app(scope, receive, send_with_headers)
        else:
            answer = ProblemError(421, "ask for this machine by its own address").answer()
            await answer(scope, receive, send_with_headers)


def is_push(scope: Scope) -> bool:
    """Whether a request is a provider's push: a program's, which proves itself by its address."""
    path: str = scope["path"]
    return scope["method"] == "POST" and path.startswith("/hooks/") and path.count("/") == 3


def host_of(header: str) -> str:
    """Return the host of a `Host` header without its port, and IPv6 without brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()


def brought(authorization: str | None) -> str:
    """Return the token in an `Authorization` header; nothing where there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def is_token(brought_one: str, token: str) -> bool:
    """Say whether it is this token, in the same time for whatever is brought."""
    return bool(token) and secrets.compare_digest(brought_one.encode(), token.encode())


def stranger() -> HTTPException:
    """Return what is told to who brings no token that is known."""
    return HTTPException(
        401, "bring the token as `Authorization: Bearer …`", {"WWW-Authenticate": "Bearer"}
    )
