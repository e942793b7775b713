"""What every page of accounts shares: who asks, in which language, by a form of ours or not.

The pages run no script at all. Each form carries a token of its session, so no other page can send
it; each answer is kept by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from gateway.accounts import tickets
from gateway.accounts.office import Office, Visitor, Wait
from gateway.accounts.rights import EVERYWHERE, Place, Refusal, Right
from gateway.accounts.sessions import Browser
from gateway.web.account_words import LANGUAGES, AccountWords
from gateway.web.page import TEMPLATES
from gateway.web.ports import GatewayView, Language

SESSION: Final = "menshen_session"
BEFORE_LOGIN: Final = "menshen_form"
KNOWN: Final = "menshen_known"

LARGEST_FORM: Final = 16_384
"""Bytes; the longest form of ours is a twentieth of that."""

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    )
}
"""The status page's policy without its script, and with forms that go to us alone."""

_OUR_PATH = re.compile(r"/(?:[A-Za-z0-9_-]+/?)*")


class Shown(Exception):  # noqa: N818 - it is an answer, not an error
    """Ends a request with an answer from within."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Screen:
    """Renders pages, and lets in who may see them."""

    view: GatewayView
    office: Office

    # ---- who asks ----

    async def visitor(self, request: Request) -> Visitor:
        """Return who is logged in. Raises `Shown` with the way to the login for others."""
        found = await self.office.visitor(request.cookies.get(SESSION, ""))
        if found is not None:
            return found
        if (
            request.url.path == "/live"
        ):  # renewed by a script, which would show a login in its place
            raise Shown(Response(status_code=401))
        asked = request.url.path if request.method == "GET" else "/account"
        raise Shown(self.to("/login", request, next=asked))

    async def allowed(self, request: Request, right: Right, area: Place = EVERYWHERE) -> Visitor:
        """Return who is logged in and may. Raises `Shown`; a refusal is audited."""
        visitor = await self.visitor(request)
        refusal = await self.office.why_not(visitor.account, right, area)
        if refusal is None:
            return visitor
        if refusal in (Refusal.PASSWORD_TO_CHANGE, Refusal.FACTOR_MISSING):
            raise Shown(self.to("/account", request))
        raise Shown(self.refused(request, visitor, refusal))

    async def form(self, request: Request, ticket: str) -> dict[str, str]:
        """Return the fields of a form of ours. Raises `Shown` for any other."""
        fields = await fields_of(request)
        comes_from = request.headers.get("sec-fetch-site", "same-origin")
        is_ours = comes_from in ("same-origin", "none")
        if not is_ours or not tickets.is_form_token(ticket, fields.get("form", "")):
            raise Shown(self.to("/account", request))
        return fields

    def browser(self, request: Request) -> Browser:
        """Return where a request comes from."""
        address = request.client.host if request.client else ""
        return Browser(address, request.headers.get("user-agent", ""))

    # ---- what is answered ----

    def language(self, request: Request) -> Language:
        """Return the language that was asked for, else the gateway's."""
        wanted = request.query_params.get("lang")
        return "en" if wanted == "en" else "zh" if wanted == "zh" else self.view.language

    def words(self, request: Request) -> AccountWords:
        """Return the words of the request's language."""
        return LANGUAGES[self.language(request)]

    def page(
        self,
        template: str,
        request: Request,
        visitor: Visitor | None,
        *,
        status: int = 200,
        problem: str = "",
        **values: Any,
    ) -> HTMLResponse:
        """Render a page. `problem` says on top what was not done, and why."""
        words, language = self.words(request), self.language(request)
        asked_lang = request.query_params.get("lang")
        rendered = TEMPLATES.get_template(template).render(
            t=words,
            lang=language,
            query=f"?lang={language}" if asked_lang in LANGUAGES else "",
            path=_page_of(request),
            name=self.view.name,
            visitor=visitor,
            form=tickets.form_token(visitor.ticket) if visitor else "",
            may={right.value for right in visitor.account.rights} if visitor else set(),
            clock=self._clock,
            problem=problem,
            done=words.done.get(request.query_params.get("done", ""), ""),
            **values,
        )
        return HTMLResponse(rendered, status, HEADERS)

    def refused(self, request: Request, visitor: Visitor, refusal: Refusal) -> HTMLResponse:
        """Say why something may not be done."""
        problem = self.words(request).refusals[refusal]
        return self.page("account_refused.html", request, visitor, status=403, problem=problem)

    def wait(self, request: Request, wait: Wait) -> str:
        """Say how long the next try has to wait."""
        seconds = max(1, round(wait.time.total_seconds()))
        minutes, rest = divmod(seconds, 60)
        units = {"zh": (" 分钟", " 秒"), "en": (" min", " s")}[self.language(request)]
        time = f"{minutes + (rest > 0)}{units[0]}" if minutes else f"{rest}{units[1]}"
        return self.words(request).wait.format(time=time)

    def to(self, path: str, request: Request, **query: str) -> RedirectResponse:
        """Lead the browser to a page of ours, in the same language."""
        if request.query_params.get("lang") in LANGUAGES:
            query["lang"] = self.language(request)
        return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)

    def _clock(self, at: datetime) -> str:
        return f"{at.astimezone(ZoneInfo(self.view.timezone)):%Y-%m-%d %H:%M}"


def give(response: Response, request: Request, cookie: str, value: str, lasts_s: int = 0) -> None:
    """Let the browser keep something that no script and no other site gets at.

    `lasts_s` 0: until the browser is closed.
    """
    response.set_cookie(
        cookie,
        value,
        max_age=lasts_s or None,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def take(response: Response, cookie: str) -> None:
    """Let the browser forget a cookie."""
    response.delete_cookie(cookie, path="/", httponly=True, samesite="strict")


def _page_of(request: Request) -> str:
    """Return the page that a request belongs to, to be shown in the other language."""
    path = request.url.path
    if request.method == "GET" or path == "/login":
        return path
    return "/accounts" if path.startswith("/accounts") else "/account"


def our_path(asked: str) -> str:
    """Return a page of ours to go on to; our first page for anything else."""
    return asked if _OUR_PATH.fullmatch(asked) else "/"


def chosen(fields: Mapping[str, str], name: str, kind: type[Any]) -> Any:
    """Return the member of an enum that a form names. Raises `Shown` where it is none of it."""
    try:
        return kind(fields.get(name, ""))
    except ValueError:
        raise Shown(Response(status_code=400)) from None


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form. Raises `Shown` for what is too large, or none."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise Shown(Response(status_code=413))
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=50)
    except (UnicodeDecodeError, ValueError):
        raise Shown(Response(status_code=400)) from None
    fields = dict(pairs)
    rights = [value for name, value in pairs if name == "scope"]
    return {**fields, "scope": " ".join(rights)} if rights else fields
