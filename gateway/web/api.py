"""`/api/v1`: incidents, homes, permits and silences, by which the command line asks and acts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from alerts.commands import Acknowledge, Answer, Command, OnSite, Reopen, Resolve, Review
from alerts.permits import AddSilence, EndSilence, GrantPermit, PermitCommand, RevokePermit
from alerts.tables import micros
from gateway.accounts.rights import Right
from gateway.web import told
from gateway.web.account_caller import Callers
from gateway.web.asked import Act, By, Grant, Hush, Ref, incident_meant, watch_meant
from gateway.web.idempotency import Once
from gateway.web.ports import GatewayActs, GatewayView
from gateway.web.problem import responses
from gateway.web.told import Told
from gateway.web.v1 import V1, Key, Page, Turned
from gateway.web.v1_once import CREATED, Try
from gateway.web.v1_shapes import (
    Done,
    HomeShown,
    IncidentInFull,
    IncidentShown,
    PermitShown,
    SilenceShown,
)

REFUSED = 409


class Do(StrEnum):
    """What can be done to an incident."""

    ACK = "ack"
    ONSITE = "onsite"
    RESOLVE = "resolve"
    REVIEW = "review"
    REOPEN = "reopen"


def routes(view: GatewayView, act: GatewayActs, callers: Callers, once: Once) -> APIRouter:
    """Serve it: services may read what their rights allow, if they see all areas; it tells of all.

    Whoever acts is named in the body, so that the machine's own token alone may.
    """
    seeing = [Depends(callers.having(Right.SEE_INCIDENTS, everywhere=True))]
    homes = [Depends(callers.having(Right.SEE_HOMES, everywhere=True))]
    acting = [Depends(callers.machine())]
    router = APIRouter(prefix=V1)
    router.include_router(_incidents(view), dependencies=seeing)
    router.include_router(_homes(view), dependencies=homes)
    router.include_router(_permits(view), dependencies=seeing)
    router.include_router(_silences(view), dependencies=seeing)
    router.include_router(_incidents_dealt_with(view, act), dependencies=acting)
    router.include_router(_permits_changed(view, act, once), dependencies=acting)
    router.include_router(_silences_changed(view, act, once), dependencies=acting)
    return router


def _incidents(view: GatewayView) -> APIRouter:
    router = APIRouter(prefix="/incidents", tags=["incidents"])

    @router.get("", response_model=Page[IncidentShown])
    def list_incidents(
        turned: Turned,
        reviewed: Annotated[bool, Query(description="Reviewed ones too.")] = False,
    ) -> Told:
        """List incidents that are not reviewed yet, the latest first."""
        with view.read() as connection:
            found = told.incident_list(connection, view.keys, turned, reviewed=reviewed)
        return turned.page(found, _by("opened_at"))

    @router.get("/{ref}", response_model=IncidentInFull, responses=responses(409))
    def show_incident(ref: Ref) -> Told:
        """Show an incident, by its id or number, with what was found, decided and said."""
        with view.read() as connection:
            return told.incident_in_full(connection, view.keys, incident_meant(connection, ref))

    return router


def _incidents_dealt_with(view: GatewayView, act: GatewayActs) -> APIRouter:
    router = APIRouter(prefix="/incidents", tags=["incidents"])

    @router.post("/{ref}/{do}", responses=responses(409))
    async def deal_with_incident(ref: Ref, do: Do, asked: Act) -> Done:
        """Report in, arrive, resolve, review or reopen."""
        with view.read() as connection:
            incident = incident_meant(connection, ref)
        return await _done(act, _command(do, incident, asked))

    return router


def _homes(view: GatewayView) -> APIRouter:
    router = APIRouter(prefix="/homes", tags=["homes"])

    @router.get("", response_model=Page[HomeShown], responses=responses(404, 409))
    async def list_homes(
        turned: Turned,
        home: Annotated[
            str, Query(max_length=200, description="This one alone, by house code or address.")
        ] = "",
    ) -> Told:
        """List what is known of each home under an order right now."""
        looks = await view.looks()
        with view.read() as connection:
            if home:
                watch = watch_meant(connection, view.keys, home)
                looks = [each for each in looks if each.watch == watch]
            page = turned.cut(looks, lambda look: (look.watch,))
            return {**page, "items": told.home_list(connection, view.keys, page["items"])}

    return router


def _permits(view: GatewayView) -> APIRouter:
    router = APIRouter(prefix="/permits", tags=["permits"])

    @router.get("", response_model=Page[PermitShown])
    def list_permits(turned: Turned) -> Told:
        """List announced openings, the latest first."""
        with view.read() as connection:
            found = told.permit_list(connection, view.keys, turned, view.now())
        return turned.page(found, _by("until_at"))

    return router


def _permits_changed(view: GatewayView, act: GatewayActs, once: Once) -> APIRouter:
    router = APIRouter(prefix="/permits", tags=["permits"])

    @router.post("", status_code=CREATED, response_model=Done, responses=responses(404, 409))
    async def grant_permit(asked: Grant, tried: Try) -> Response:
        """Announce an opening of the door of one home."""

        async def grant() -> Done:
            with view.read() as connection:
                watch = watch_meant(connection, view.keys, asked.home)
            span = (asked.from_at, asked.until_at)
            command = GrantPermit(watch, *span, asked.purpose, asked.actor, asked.asked_by)
            return await _done(act, command)

        return await tried.make(once, asked, grant)

    @router.post("/{permit}/revoke", responses=responses(409))
    async def revoke_permit(permit: Ref, asked: By) -> Done:
        """Take a permit back."""
        return await _done(act, RevokePermit(permit, asked.actor))

    return router


def _silences(view: GatewayView) -> APIRouter:
    router = APIRouter(prefix="/silences", tags=["silences"])

    @router.get("", response_model=Page[SilenceShown])
    def list_silences(turned: Turned) -> Told:
        """List silences, the latest first."""
        with view.read() as connection:
            found = told.silence_list(connection, view.keys, turned, view.now())
        return turned.page(found, _by("until_at"))

    return router


def _silences_changed(view: GatewayView, act: GatewayActs, once: Once) -> APIRouter:
    router = APIRouter(prefix="/silences", tags=["silences"])

    @router.post("", status_code=CREATED, response_model=Done, responses=responses(404, 409))
    async def add_silence(asked: Hush, tried: Try) -> Response:
        """Record, but tell nobody of, a home, building, bridge or device. Help is always told."""

        async def add() -> Done:
            subject = f"{asked.kind}:{asked.of}"
            if asked.kind == "home":
                with view.read() as connection:
                    subject = watch_meant(connection, view.keys, asked.of)
            span = (asked.from_at, asked.until_at)
            return await _done(act, AddSilence(subject, *span, asked.actor, asked.why))

        return await tried.make(once, asked, add)

    @router.post("/{silence}/end", responses=responses(409))
    async def end_silence(silence: Ref, asked: By) -> Done:
        """End a silence early."""
        return await _done(act, EndSilence(silence, asked.actor))

    return router


def _by(column: str) -> Any:
    """Return how a list is ordered: by a moment, then by id."""

    def key(each: Told) -> Key:
        return micros(each[column]), str(each["id"])

    return key


def _command(do: Do, incident: str, asked: Act) -> Command:
    by = (incident, asked.actor, "cli")
    match do:
        case Do.ACK:
            return Acknowledge(*by)
        case Do.ONSITE:
            return OnSite(*by)
        case Do.RESOLVE:
            return Resolve(*by, asked.cause)
        case Do.REVIEW:
            return Review(*by)
        case Do.REOPEN:
            return Reopen(*by)


async def _done(act: GatewayActs, command: Command | PermitCommand) -> Done:
    answer: Answer = await act.command(command)
    if not answer.ok:
        raise HTTPException(REFUSED, f"{answer.text} ({answer.reason})")
    return Done(ok=True, reason=answer.reason, text=answer.text)
