"""The page of the audit: whether its last rows fit, where it stood each midnight, what was done."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.accounts import store as accounts
from gateway.accounts.rights import Right
from gateway.audit import heads, store
from gateway.audit.chain import Broken, Head
from gateway.web.account_screen import Screen

ROWS: Final = 50
DAYS: Final = 7
LOOKED_AT: Final = 1000
"""Rows verified for a page, in 50 ms; `menshen audit verify` looks at all of them."""


def routes(screen: Screen) -> APIRouter:
    """Serve the page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/audit")
    async def page(request: Request) -> Response:
        visitor = await screen.allowed(request, Right.SEE_AUDIT)
        before = request.query_params.get("before", "")
        seq = int(before) if before.isdecimal() and len(before) < 16 else 0
        count, broken, given = await asyncio.to_thread(_look, screen)
        with screen.view.read() as connection:
            # What rows are about may be of any area: whoever sees one alone reads no words.
            area = visitor.account.area
            keys = None if area else screen.view.keys
            rows = store.latest(connection, keys, ROWS, before=seq)
            logins = accounts.logins(connection, area)
        words = screen.words(request)
        return screen.page(
            "account_audit.html",
            request,
            visitor,
            rows=rows,
            actors={**words.actors, **logins},
            subject=lambda said: _subject(said, logins),
            action=lambda each: {a.value: name for a, name in words.actions.items()}.get(
                each, each
            ),
            count=count,
            broken=broken,
            heads=given,
        )

    return router


def _look(screen: Screen) -> tuple[int, Broken | None, list[Head]]:
    """Verify its last rows; return how many, what is wrong, and the heads of a week."""
    view = screen.view
    today = view.now().astimezone(ZoneInfo(view.timezone)).date()
    with view.read() as connection:
        broken = store.verify(
            connection, view.keys, heads.read(view.audit_heads_file), newest=LOOKED_AT
        )
        newest = store.last(connection)
        first = today - timedelta(days=DAYS - 1)
        given = store.heads(connection, first, today, view.timezone)
    return (
        min(newest.seq if newest else 0, LOOKED_AT),
        broken,
        [head for head in reversed(given) if head.seq],
    )


def _subject(said: str, logins: dict[str, str]) -> str:
    """Return an account's login in place of its id; anything else as it is."""
    kind, _, name = said.partition(":")
    return logins.get(name, name) if kind == "account" else said
