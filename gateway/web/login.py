"""The way in and out: one form, one answer for everything that may be wrong with it."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from gateway.accounts import signing, tickets
from gateway.accounts.office import Wait
from gateway.accounts.sessions import LONGEST
from gateway.web.account_screen import (
    BEFORE_LOGIN,
    KNOWN,
    SESSION,
    Screen,
    Shown,
    give,
    our_path,
    take,
)

KNOWN_FOR_S: Final = 180 * 86_400
"""A browser that nobody logs in with for half a year is a stranger again (ours)."""


def routes(screen: Screen) -> APIRouter:
    """Serve login and logout."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    async def login_page(request: Request) -> Response:
        return _shown(screen, request)

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        try:
            fields = await screen.form(request, request.cookies.get(BEFORE_LOGIN, ""))
        except Shown as other:
            # An old page of ours, or a page elsewhere: a new form, and nothing was looked at.
            if other.response.status_code == 303:
                return _shown(screen, request)
            raise
        signed_in = await screen.office.sign_in(
            fields.get("login", ""),
            fields.get("password", ""),
            fields.get("code", ""),
            screen.browser(request),
            known=request.cookies.get(KNOWN, ""),
            replaces=request.cookies.get(SESSION, ""),
        )
        if isinstance(signed_in, Wait):
            return _shown(screen, request, screen.wait(request, signed_in), 429)
        if signed_in is None:
            return _shown(screen, request, screen.words(request).wrong, 403)
        account = signed_in.account
        wants_more = account.must_change or (account.needs_factor and not account.has_factor)
        onward = "/account" if wants_more else our_path(request.query_params.get("next", "/"))
        answer = screen.to(onward, request)
        give(answer, request, SESSION, signed_in.ticket, int(LONGEST.total_seconds()))
        give(answer, request, KNOWN, screen.office.known_browser(account), KNOWN_FOR_S)
        take(answer, BEFORE_LOGIN)
        return answer

    @router.post("/logout")
    async def log_out(request: Request) -> Response:
        visitor = await screen.visitor(request)
        await screen.form(request, visitor.ticket)
        session = visitor.session
        await screen.office.turn(visitor.account, lambda turn: signing.sign_out(turn, session))
        answer = screen.to("/login", request)
        take(answer, SESSION)
        return answer

    return router


def _shown(screen: Screen, request: Request, problem: str = "", status: int = 200) -> HTMLResponse:
    """Show the form, with a token of a cookie that is good for nothing else."""
    ticket = request.cookies.get(BEFORE_LOGIN) or tickets.new()
    onward = our_path(request.query_params.get("next", "/"))
    answer = screen.page(
        "account_login.html",
        request,
        None,
        status=status,
        problem=problem,
        onward=onward,
        login_form=tickets.form_token(ticket),
    )
    give(answer, request, BEFORE_LOGIN, ticket)
    return answer
