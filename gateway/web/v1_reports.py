"""`/api/v1/reports`: the daily logs and weekly reports that are kept, and any made now."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gateway.accounts.rights import Right
from gateway.masking import LONGEST_REASON
from gateway.reports.office import Asked, period_of, render
from gateway.reports.page import policy
from gateway.reports.period import Kind
from gateway.reports.shelf import MEDIA, Format, Shelf
from gateway.web.account_caller import By, Callers
from gateway.web.asked import Day
from gateway.web.ports import GatewayView
from gateway.web.problem import Mistake, ProblemError
from gateway.web.registry_lists import why_not_out
from gateway.web.v1 import V1, Page, Turned

_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {media: {} for media in MEDIA.values()}, "description": "A file"}
}


class KeptReport(BaseModel):
    """A report that is kept: masked, of everything."""

    name: str
    kind: Kind
    first: date
    last: date
    made_at: datetime
    language: Literal["zh", "en"]


class WantedReport(BaseModel):
    """A report to be taken out."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    date: Day | None = Field(
        default=None,
        description="The day, or the first of a week; the latest one if left out.",
    )
    format: Format = Format.HTML
    language: Literal["zh", "en"] = "zh"
    unmask: Annotated[bool, Field(strict=True)] = False
    why: Annotated[str, Field(max_length=LONGEST_REASON)] = ""


def routes(callers: Callers, view: GatewayView) -> APIRouter:
    """Serve them."""
    router = APIRouter(
        prefix=f"{V1}/reports",
        tags=["reports"],
        dependencies=[Depends(callers.having(Right.EXPORT))],
    )

    @router.get("", response_model=Page[KeptReport])
    def list_reports(turned: Turned) -> dict[str, Any]:
        """List the reports that are kept."""
        shelf = Shelf(view.reports_dir)
        found = []
        for period in shelf.periods():
            kept = shelf.kept(period)
            if kept is not None:
                found.append(
                    KeptReport(
                        name=period.name,
                        kind=period.kind,
                        first=period.first,
                        last=period.last,
                        made_at=kept.made_at,
                        language=kept.language,
                    )
                )
        return turned.cut(found, lambda each: (each.name,))

    @router.post("", response_class=Response, responses=_FILE)
    async def make_report(asked: WantedReport, by: By) -> Response:
        """Return a report, masked; in full only with a reason, which is audited."""
        shelf = Shelf(view.reports_dir)
        period = period_of(view, shelf, asked.kind, asked.date)
        if period is None:
            wrong = Mistake(row=None, column="date", wrong="lies ahead or too far back", instead="")
            raise ProblemError(422, "there is no such report", [wrong])
        subject, in_full = f"report:{period.name}", asked.unmask
        refusal = await callers.office.turn(
            by, lambda turn: why_not_out(turn, by, subject, asked.why, in_full=in_full)
        )
        if refusal is not None:
            raise refusal
        wanted = Asked(period, asked.format, asked.language, by.area, not in_full)
        return answer(wanted, await asyncio.to_thread(render, view, shelf, wanted))

    return router


def answer(asked: Asked, content: bytes, *, is_shown: bool = False) -> Response:
    """Return a report as a file, or as a page to be looked at."""
    how = "inline" if is_shown and asked.form is Format.HTML else "attachment"
    headers = {
        "Content-Disposition": f'{how}; filename="{asked.file_name}"',
        "Content-Security-Policy": policy(),
    }
    return Response(content, media_type=MEDIA[asked.form], headers=headers)
