"""`/api/v1/audit`: who did what, and where the chain stood each day."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends

from gateway.accounts.rights import Right
from gateway.audit import store as audit
from gateway.web.account_caller import By, Callers
from gateway.web.asked import Day
from gateway.web.ports import GatewayView
from gateway.web.told import Told
from gateway.web.v1 import V1, Page, Turned
from gateway.web.v1_account_shapes import AuditRow, ChainHead

_LONGEST = timedelta(days=366)


def routes(callers: Callers, view: GatewayView) -> APIRouter:
    """Serve it."""
    seeing = [Depends(callers.having(Right.SEE_AUDIT))]
    router = APIRouter(prefix=f"{V1}/audit", tags=["audit"], dependencies=seeing)

    @router.get("", response_model=Page[AuditRow])
    def list_audit(by: By, turned: Turned) -> Told:
        """List who did what, the latest first."""
        after = turned.after(int)
        before = int(after[0]) if after else 0
        with view.read() as connection:
            keys = None if by.area else view.keys  # what it is about may be of any area
            rows = audit.latest(connection, keys, turned.limit + 1, before=before)
        page = turned.page(rows, lambda row: (row.seq,))
        return {**page, "items": [row._asdict() for row in page["items"]]}

    @router.get("/heads", response_model=Page[ChainHead])
    def list_audit_heads(
        turned: Turned, from_day: Day | None = None, until_day: Day | None = None
    ) -> Told:
        """List where the chain stood when each day ended, of a year at most; today if left out."""
        today = view.now().astimezone(ZoneInfo(view.timezone)).date()
        last = min(until_day or today, today)
        first = from_day or last
        if last - first > _LONGEST:
            first = last - _LONGEST
        with view.read() as connection:
            found = audit.heads(connection, first, last, view.timezone)
        page = turned.cut(found, lambda head: (f"{head.day}",))
        shown = [{"day": each.day, "seq": each.seq, "hash": each.hash} for each in page["items"]]
        return {**page, "items": shown}

    return router
