"""`/api/v1`: the end of orders, for the machine's own token and who may release in that area.

What has no place any more that an area could be compared with is for who sees every area.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy import select

from gateway.accounts.areas import place_of_building
from gateway.accounts.rights import Place, Right
from gateway.homes.store import standing_orders
from gateway.release import codes
from gateway.release.certificate import Certificate
from gateway.release.contest import Contest, ContestState
from gateway.release.hearing import Hearing, TooLateError
from gateway.release.office import ReleaseOffice, UnknownError
from gateway.release.releasing import NotReleasedError
from gateway.release.shapes import (
    Answered,
    Because,
    CertificateShown,
    CodeMade,
    ContestInFull,
    ContestShown,
    FreedShown,
    Name,
    Release,
    ReleaseDone,
    contest_in_full,
)
from gateway.schema.tables import homes
from gateway.web.account_caller import By, Callers
from gateway.web.asked import watch_meant
from gateway.web.idempotency import Once
from gateway.web.ports import GatewayView
from gateway.web.problem import ProblemError, responses
from gateway.web.v1 import V1, Key, Page, Turned
from gateway.web.v1_once import CREATED, Try
from gateway.web.v1_shapes import Done

T = TypeVar("T")
Told = dict[str, Any]
REFUSED: Final = 409
GONE: Final = 410

Id = Annotated[str, Path(max_length=40)]
Device = Annotated[str, Path(max_length=128)]
Home = Annotated[Name, Path(description="House code or address.")]


def routes(
    office: ReleaseOffice, hearing: Hearing, view: GatewayView, callers: Callers, once: Once
) -> APIRouter:
    """Serve it."""
    router = APIRouter(prefix=V1, tags=["release"])
    _releases(router, office, view, callers, once)
    _certificates(router, office)
    _codes(router, office, view, callers, once)
    _devices(router, office, callers)
    _contests(router, hearing, callers)
    return router


def _releases(
    router: APIRouter, office: ReleaseOffice, view: GatewayView, callers: Callers, once: Once
) -> None:
    @router.post(
        "/releases",
        status_code=CREATED,
        dependencies=[Depends(callers.having(Right.RELEASE))],
        response_model=ReleaseDone,
        responses=responses(404, 409),
    )
    async def release_home(asked: Release, tried: Try) -> Response:
        """Release a home: watch it no more, free its devices, and end what was known of it."""

        async def release() -> ReleaseDone:
            watch, _, place = _home(view, asked.home)
            await callers.demand(tried.by, Right.RELEASE, place)
            why = f"{asked.why} ({asked.by})" if asked.by else asked.why
            released = await _asked(office.release(watch, tried.by.id, why))
            certificate = CertificateShown.model_validate(released.certificate)
            return ReleaseDone(
                ok=True,
                text=f"released; certificate {certificate.id}",
                certificate=certificate,
                code=codes.shown(released.code) if released.code else None,
            )

        return await tried.make(once, asked, release)


def _certificates(router: APIRouter, office: ReleaseOffice) -> None:
    # What was never said is left out: a field more, and the signature would not hold.
    @router.get(
        "/certificates/{id_}",
        response_model=CertificateShown,
        response_model_exclude_unset=True,
    )
    async def show_certificate(id_: Id) -> Certificate:
        """Show a certificate of deletion, to whoever has its id."""
        try:
            return office.certificate(id_)
        except UnknownError as error:
            raise ProblemError(404, str(error)) from None


def _codes(
    router: APIRouter, office: ReleaseOffice, view: GatewayView, callers: Callers, once: Once
) -> None:
    @router.post(
        "/homes/{home}/record-code",
        status_code=CREATED,
        dependencies=[Depends(callers.having(Right.RELEASE))],
        response_model=CodeMade,
        responses=responses(409),
    )
    async def make_record_code(home: Home, tried: Try) -> Response:
        """Make a code by which a resident sees the own record; an older one is good no more."""

        async def make() -> CodeMade:
            watch, house_code, place = _home(view, home)
            await callers.demand(tried.by, Right.RELEASE, place)
            code = codes.shown(await _asked(office.give_code(watch, house_code, tried.by.id)))
            text = f"code {code}: give it to the resident; it is shown once"
            return CodeMade(ok=True, reason="", text=text, code=code)

        return await tried.make(once, None, make)


def _devices(router: APIRouter, office: ReleaseOffice, callers: Callers) -> None:
    may = Depends(callers.having(Right.INSTALL, everywhere=True))

    @router.get("/freed-devices", dependencies=[may], response_model=Page[FreedShown])
    async def list_freed_devices(turned: Turned) -> dict[str, Any]:
        """List devices of released homes that wait to be wiped, the longest waiting first."""
        page = turned.cut(office.unwiped(), lambda each: (each.freed_at.isoformat(), each.device))
        return {**page, "items": [each._asdict() for each in page["items"]]}

    @router.post("/freed-devices/{device:path}/wiped", dependencies=[may])
    async def say_device_wiped(device: Device, by: By) -> Done:
        """Say that a device of a released home was reset, and may be used again."""
        await _asked(office.wiped(device, by.id))
        return Done(ok=True, text=f"{device} may be used again")


def _contests(router: APIRouter, hearing: Hearing, callers: Callers) -> None:
    may = Depends(callers.having(Right.RELEASE, everywhere=True))

    @router.get("/contests", dependencies=[may], response_model=Page[ContestShown])
    async def list_contests(turned: Turned) -> dict[str, Any]:
        """List records that residents contest, those that wait first; nothing of them is read."""
        page = turned.cut(hearing.contests(), _waiting_first)
        return {**page, "items": [each._asdict() for each in page["items"]]}

    @router.post(
        "/contests/{id_}/open",
        dependencies=[may],
        response_model=ContestInFull,
        responses=responses(410),
    )
    async def open_contest(id_: Id, asked: Because, by: By) -> Told:
        """Read a contest and the record it is about; who and why goes into the audit."""
        record = await _asked(hearing.open_contest(id_, by.id, asked.why))
        return contest_in_full(record, id_)

    @router.post("/contests/{id_}/answer", dependencies=[may], responses=responses(410))
    async def answer_contest(id_: Id, asked: Answered, by: By) -> Done:
        """Answer a contest; the resident sees it by the code."""
        await _asked(hearing.answer_contest(id_, by.id, asked.answer))
        return Done(ok=True, text="answered; the resident sees it by the code")


def _waiting_first(each: Contest) -> Key:
    is_answered = each.state is not ContestState.OPEN
    return f"{is_answered:d}", each.at.isoformat(), each.id


def _home(view: GatewayView, home: str) -> tuple[str, str, Place]:
    """Return the watch, house code and place of a home. Raises 404 or 409."""
    with view.read() as connection:
        watch = watch_meant(connection, view.keys, home)
        orders = standing_orders(connection, view.keys)
        code = next(order.code for order in orders if order.watch == watch)
        building = connection.scalar(select(homes.c.building).where(homes.c.code == code))
        return watch, code, place_of_building(connection, building or "")


async def _asked(answer: Awaitable[T]) -> T:
    """Return the answer. Raises 404, 409 or 410."""
    try:
        return await answer
    except UnknownError as error:
        raise ProblemError(404, str(error)) from None
    except NotReleasedError as error:
        raise ProblemError(REFUSED, str(error)) from None
    except TooLateError:
        raise ProblemError(GONE, "the time for contesting is over") from None
