"""The resident's own record, by code: no login, no script, readable on any phone.

The code is the only way in, so it travels in the body of a form, never in an address, and nothing
of the page is kept by a browser.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from alerts.model import ConditionKind
from alerts.wording import WORDINGS
from gateway.release.hearing import Hearing, TooLateError, Wait
from gateway.release.office import UnknownError
from gateway.release.record import Record
from gateway.web.account_screen import HEADERS, fields_of
from gateway.web.page import TEMPLATES
from gateway.web.ports import GatewayView, Language
from gateway.web.record_words import LANGUAGES, RecordWords

MOST: Final = 30
"""Lines of each list that are shown at first: the page stays under 30 KB on a weak link."""


def routes(hearing: Hearing, view: GatewayView) -> APIRouter:
    """Serve the page."""
    router = APIRouter(include_in_schema=False)

    def shown(
        request: Request,
        found: Record | Wait | None = None,
        *,
        fields: dict[str, str] | None = None,
        problem: str = "",
        done: str = "",
    ) -> HTMLResponse:
        language = _language(request, view)
        words, asked = LANGUAGES[language], fields or {}
        status = 200
        if isinstance(found, Wait):
            problem, status = words.wait.format(time=_minutes(found, language)), 429
        elif found is None and fields is not None and not problem:
            problem, status = words.wrong, 404
        page = TEMPLATES.get_template("record.html").render(
            t=words,
            lang=language,
            name=view.name,
            record=found if isinstance(found, Record) else None,
            code=asked.get("code", "")[:64],
            most=None if asked.get("all") else MOST,
            problem=problem,
            done=done,
            clock=_clock(view.timezone),
            what=_what(language),
        )
        return HTMLResponse(page, status, HEADERS)

    @router.get("/record")
    def empty(request: Request) -> HTMLResponse:
        return shown(request)

    @router.post("/record")
    async def by_code(request: Request) -> HTMLResponse:
        fields = await fields_of(request)
        found = await hearing.record(fields.get("code", ""), _address(request))
        return shown(request, found, fields=fields)

    @router.post("/record/contest")
    async def contest(request: Request) -> HTMLResponse:
        fields, words = await fields_of(request), LANGUAGES[_language(request, view)]
        code, address = fields.get("code", ""), _address(request)
        problem = done = ""
        try:
            found = await hearing.contest(code, fields.get("words", ""), address)
            done = words.sent if isinstance(found, Record) else ""
        except TooLateError:
            problem, found = words.too_late, await hearing.record(code, address)
        except UnknownError:
            problem, found = words.too_many, await hearing.record(code, address)
        return shown(request, found, fields=fields, problem=problem, done=done)

    return router


def language_of(asked: str | None, otherwise: Language) -> Language:
    """Return the language a page is asked for in."""
    return "en" if asked == "en" else "zh" if asked == "zh" else otherwise


def _language(request: Request, view: GatewayView) -> Language:
    return language_of(request.query_params.get("lang"), view.language)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _minutes(wait: Wait, language: Language) -> str:
    minutes = max(1, -(-int(wait.time.total_seconds()) // 60))
    return f"{minutes} 分钟" if language == "zh" else f"{minutes} min"


def _clock(timezone: str) -> Callable[[datetime], str]:
    zone = ZoneInfo(timezone)
    return lambda at: f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _what(language: Language) -> Callable[[ConditionKind], str]:
    """Return what names a kind; figures of a policy stand in some phrases, and are left out."""
    phrases = WORDINGS[language].what

    def name(kind: ConditionKind) -> str:
        phrase = phrases[kind]
        return (phrase.standing or phrase.shortest) if "{" in phrase.full else phrase.full

    return name


__all__ = ["LANGUAGES", "RecordWords", "language_of", "routes"]
