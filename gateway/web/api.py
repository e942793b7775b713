"""The local API, by which the command line asks and acts; every call brings the token."""

from __future__ import annotations

from enum import StrEnum

from fastapi import APIRouter, HTTPException

from alerts.commands import Acknowledge, Answer, Command, OnSite, Reopen, Resolve, Review
from alerts.permits import AddSilence, EndSilence, GrantPermit, PermitCommand, RevokePermit
from gateway.web import told
from gateway.web.asked import Act, By, Grant, Hush, incident_meant, watch_meant
from gateway.web.guard import only_with
from gateway.web.ports import GatewayActs, GatewayView
from gateway.web.told import Told

REFUSED = 409


class Do(StrEnum):
    """What can be done to an incident."""

    ACK = "ack"
    ONSITE = "onsite"
    RESOLVE = "resolve"
    REVIEW = "review"
    REOPEN = "reopen"


def routes(view: GatewayView, act: GatewayActs) -> APIRouter:
    """Serve the API."""
    router = APIRouter(prefix="/api", dependencies=only_with(view.token))
    _incidents(router, view, act)
    _homes_and_permits(router, view, act)
    _silences(router, view, act)
    return router


def _incidents(router: APIRouter, view: GatewayView, act: GatewayActs) -> None:
    @router.get("/incidents")
    def incident_list(reviewed: bool = False) -> list[Told]:
        with view.read() as connection:
            return told.incident_list(connection, view.keys, reviewed=reviewed)

    @router.get("/incidents/{ref}")
    def incident(ref: str) -> Told:
        with view.read() as connection:
            return told.incident_in_full(connection, view.keys, incident_meant(connection, ref))

    @router.post("/incidents/{ref}/{do}")
    async def do_to_incident(ref: str, do: Do, asked: Act) -> Told:
        with view.read() as connection:
            incident = incident_meant(connection, ref)
        return await _done(act, _command(do, incident, asked))


def _homes_and_permits(router: APIRouter, view: GatewayView, act: GatewayActs) -> None:
    @router.get("/homes")
    async def home_list() -> list[Told]:
        looks = await view.looks()
        with view.read() as connection:
            return told.home_list(connection, view.keys, looks)

    @router.get("/permits")
    def permit_list() -> list[Told]:
        with view.read() as connection:
            return told.permit_list(connection, view.keys, view.now())

    @router.post("/permits")
    async def grant(asked: Grant) -> Told:
        with view.read() as connection:
            watch = watch_meant(connection, view.keys, asked.home)
        span = (asked.from_at, asked.until_at)
        command = GrantPermit(watch, *span, asked.purpose, asked.actor, asked.asked_by)
        return await _done(act, command)

    @router.post("/permits/{permit}/revoke")
    async def revoke(permit: str, asked: By) -> Told:
        return await _done(act, RevokePermit(permit, asked.actor))


def _silences(router: APIRouter, view: GatewayView, act: GatewayActs) -> None:
    @router.get("/silences")
    def silence_list() -> list[Told]:
        with view.read() as connection:
            return told.silence_list(connection, view.keys, view.now())

    @router.post("/silences")
    async def add(asked: Hush) -> Told:
        subject = f"{asked.kind}:{asked.of}"
        if asked.kind == "home":
            with view.read() as connection:
                subject = watch_meant(connection, view.keys, asked.of)
        span = (asked.from_at, asked.until_at)
        return await _done(act, AddSilence(subject, *span, asked.actor, asked.why))

    @router.post("/silences/{silence}/end")
    async def end(silence: str, asked: By) -> Told:
        return await _done(act, EndSilence(silence, asked.actor))


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


async def _done(act: GatewayActs, command: Command | PermitCommand) -> Told:
    answer: Answer = await act.command(command)
    if not answer.ok:
        raise HTTPException(REFUSED, f"{answer.text} ({answer.reason})")
    return {"ok": True, "reason": answer.reason, "text": answer.text}
