"""The page of reports: those that are kept, opened or taken along, and any made now.

Who sees one area alone gets it of that area, made when it is opened. Each that is taken out is
audited; one in full only goes out with the right to unmask, a fresh code and a reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.accounts.office import Visitor
from gateway.accounts.rights import EVERYWHERE, Place, Refusal, Right
from gateway.accounts.turn import Turn
from gateway.audit.chain import Action
from gateway.masking import unmask
from gateway.reports.office import Asked, period_of, render
from gateway.reports.period import Kind, named
from gateway.reports.shelf import Format, Shelf
from gateway.web.account_screen import Screen, Shown, chosen
from gateway.web.report_words import LANGUAGES
from gateway.web.v1_reports import answer

MISSING: Final = 404
SHOWN: Final = 31
"""Reports listed: a month's days; older ones can be asked for by their date."""


def routes(screen: Screen) -> APIRouter:
    """Serve the page, what is kept, and what is made."""
    router = APIRouter(prefix="/reports", include_in_schema=False)

    @router.get("")
    async def page(request: Request) -> Response:
        return _listed(screen, request, await _visitor(screen, request))

    @router.get("/{name}/{form}")
    async def kept(request: Request, name: str, form: str) -> Response:
        visitor = await _visitor(screen, request)
        period = named(name)
        shelf = Shelf(screen.view.reports_dir)
        if period is None or form not in {each.value for each in Format}:
            return _none(screen, request, visitor)
        known = shelf.kept(period)
        language = screen.language(request) if known is None else known.language
        if known is None and period_of(screen.view, shelf, period.kind, period.first) is None:
            return _none(screen, request, visitor)
        return await _taken(
            screen, visitor, Asked(period, Format(form), language, visitor.account.area)
        )

    @router.post("")
    async def make(request: Request) -> Response:
        visitor = await _visitor(screen, request)
        fields = await screen.form(request, visitor.ticket)
        kind, form = chosen(fields, "kind", Kind), chosen(fields, "format", Format)
        day = _day(fields)
        period = period_of(screen.view, Shelf(screen.view.reports_dir), kind, day)
        if period is None:
            return _none(screen, request, visitor)
        is_masked = fields.get("in_full") != "yes"
        asked = Asked(period, form, screen.language(request), visitor.account.area, is_masked)
        if not is_masked:
            why, place = fields.get("why", ""), _place(visitor)
            refusal = await screen.office.turn(
                visitor.account, lambda turn: unmask(turn, place, _subject(asked), why)
            )
            if refusal is Refusal.FACTOR_TOO_OLD:
                return screen.page("account_code.html", request, visitor, status=403)
            if refusal is not None:
                problem = screen.words(request).refusals[refusal]
                return _listed(screen, request, visitor, problem, 403)
        return await _taken(screen, visitor, asked)

    return router


async def _visitor(screen: Screen, request: Request) -> Visitor:
    """Return who may take reports out, of all or of their own area."""
    visitor = await screen.visitor(request)
    return await screen.allowed(request, Right.EXPORT, _place(visitor))


def _place(visitor: Visitor) -> Place:
    return (visitor.account.area,) if visitor.account.area else EVERYWHERE


def _subject(asked: Asked) -> str:
    return f"report:{asked.period.name}"


async def _taken(screen: Screen, visitor: Visitor, asked: Asked) -> Response:
    """Hand a report out; a masked one is audited here, one in full was before."""

    def note(turn: Turn) -> None:
        turn.note(Action.EXPORTED, _subject(asked), asked.form.value)

    if asked.is_masked:
        await screen.office.turn(visitor.account, note)
    shelf = Shelf(screen.view.reports_dir)
    content = await asyncio.to_thread(render, screen.view, shelf, asked)
    return answer(asked, content, is_shown=True)


def _listed(
    screen: Screen, request: Request, visitor: Visitor, problem: str = "", status: int = 200
) -> Response:
    shelf = Shelf(screen.view.reports_dir)
    found = [(period, shelf.kept(period)) for period in shelf.periods()[:SHOWN]]
    return screen.page(
        "reports.html",
        request,
        visitor,
        status=status,
        problem=problem,
        r=LANGUAGES[screen.language(request)],
        found=[(period, kept) for period, kept in found if kept is not None],
        kinds=list(Kind),
    )


def _none(screen: Screen, request: Request, visitor: Visitor) -> Response:
    problem = LANGUAGES[screen.language(request)].no_such
    return _listed(screen, request, visitor, problem, MISSING)


def _day(fields: Mapping[str, str]) -> date | None:
    """Return the day a form names; None where it names none. Raises `Shown` for what is no day."""
    written = fields.get("day", "")
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Shown(Response(status_code=400)) from None
