"""`/api/v1/export`: how the export to InfluxDB stands, and what is sent to it once more."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Response

from gateway.accounts.rights import Right
from gateway.export import refused
from gateway.export.office import ExportOffice
from gateway.export.progress import ExportStatus
from gateway.export.rewinding import RewindError
from gateway.export.status import behind, words
from gateway.health import Facts
from gateway.web.account_caller import By, Callers
from gateway.web.idempotency import Once
from gateway.web.ports import GatewayView
from gateway.web.problem import ProblemError, responses
from gateway.web.told import Told
from gateway.web.v1 import V1, Page, Turned
from gateway.web.v1_export_shapes import (
    Asked,
    ExportShown,
    HomeKey,
    HomeKeys,
    RefusedLine,
    RetriedShown,
    Rewind,
    RewoundShown,
)
from gateway.web.v1_once import CREATED, Try

NOT_POSSIBLE = 409
AWAY = 503
NOT_SET = "nothing is exported: set influx.url, and restart the gateway"


def routes(
    office: ExportOffice | None, callers: Callers, view: GatewayView, once: Once
) -> APIRouter:
    """Serve it. `office` None: nothing is exported."""
    router = APIRouter(prefix=f"{V1}/export", tags=["export"])
    _looking(router, callers, view)
    _sending(router, office, callers, once)
    _naming(router, office, callers)
    return router


def _looking(router: APIRouter, callers: Callers, view: GatewayView) -> None:
    @router.get(
        "", response_model=ExportShown, dependencies=[Depends(callers.having(Right.SEE_STATUS))]
    )
    def show_export() -> Told:
        """Show how far InfluxDB is behind, what is the matter, and what to do."""
        return _shown(view.facts())

    @router.get(
        "/refused",
        response_model=Page[RefusedLine],
        dependencies=[Depends(callers.having(Right.EXPORT, everywhere=True))],
    )
    def list_refused_lines(turned: Turned) -> Told:
        """List the lines that InfluxDB refused, the latest first, and why."""
        after = turned.after(int)
        before = int(after[0]) if after else 0
        with view.read() as connection:
            found = refused.read(connection, view.keys, turned.limit + 1, before)
        page = turned.page(found, lambda line: (line.id,))
        return {**page, "items": [_line(each) for each in page["items"]]}


def _sending(router: APIRouter, office: ExportOffice | None, callers: Callers, once: Once) -> None:
    allowed = [Depends(callers.having(Right.EXPORT, everywhere=True))]

    @router.post(
        "/rewind",
        status_code=CREATED,
        response_model=RewoundShown,
        responses=responses(NOT_POSSIBLE),
        dependencies=allowed,
    )
    async def rewind_export(asked: Rewind, made: Try) -> Response:
        """Send again what is since a time, or from a record on; nothing is doubled by it."""

        async def work() -> RewoundShown:
            known = _required(office)
            try:
                done = await callers.office.turn(
                    made.by, lambda turn: known.rewind(turn, asked.since_at, asked.from_seq)
                )
            except RewindError as error:
                raise ProblemError(NOT_POSSIBLE, str(error)) from None
            known.wake()
            return RewoundShown(
                cursor_was=done.from_seq,
                cursor_is=done.to_seq,
                records=done.records,
                rows_waiting=done.rows_noted,
                text=f"{done.records} records and {done.rows_noted} rows are sent again",
            )

        return await made.make(once, asked, work)

    @router.post(
        "/retry",
        status_code=CREATED,
        response_model=RetriedShown,
        responses=responses(NOT_POSSIBLE, AWAY),
        dependencies=allowed,
    )
    async def retry_refused_lines(made: Try) -> Response:
        """Offer the lines that InfluxDB refused to it again."""

        async def work() -> RetriedShown:
            done = await _required(office).retry()
            if done.obstacle is not None:
                said = f"InfluxDB takes nothing now ({done.obstacle.detail}): try again later"
                raise ProblemError(AWAY, said)
            text = f"{done.taken} lines were taken, {done.refused} refused again"
            return RetriedShown(taken=done.taken, refused=done.refused, text=text)

        return await made.make(once, None, work)


def _naming(router: APIRouter, office: ExportOffice | None, callers: Callers) -> None:
    @router.post(
        "/homes",
        response_model=HomeKeys,
        responses=responses(NOT_POSSIBLE),
        dependencies=[Depends(callers.machine())],
    )
    async def tell_exported_homes(asked: Asked, by: By) -> HomeKeys:
        """Tell which key in InfluxDB is which home; audited, with the reason."""
        known = _required(office)
        found = await callers.office.turn(by, lambda turn: known.homes(turn, asked.why))
        return HomeKeys(homes=[HomeKey(**home._asdict()) for home in found])


def _required(office: ExportOffice | None) -> ExportOffice:
    if office is None:
        raise ProblemError(NOT_POSSIBLE, NOT_SET)
    return office


def _shown(facts: Facts) -> dict[str, Any]:
    status = facts.export or ExportStatus(is_configured=False, state="off")
    left = facts.export_left
    return {
        "is_configured": status.is_configured,
        "state": status.state,
        "since": status.since,
        "server_version": status.server_version,
        "cursor_seq": status.cursor_seq,
        "journal_seq": status.journal_seq,
        "rows_waiting": status.feed_waiting,
        "samples_waiting": status.samples_waiting,
        "behind_s": behind(status, facts.now).total_seconds(),
        "last_written_at": status.last_written_at,
        "points_written": status.points_written,
        "points_refused": status.points_refused,
        "points_too_old": status.points_too_old,
        "lines_refused": left.refused,
        "erasures_unproven": left.erasures,
        "records_removed": left.removed,
        "matters": [each._asdict() for each in words(status, left, facts.now)],
    }


def _line(line: refused.Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "at": line.at,
        "bucket": line.bucket,
        "measurement": line.measurement,
        "why": line.why,
    }
