"""Devices that hang somewhere: the daily check with its log, replacing, moving and taking back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from gateway.accounts import store as accounts
from gateway.accounts.office import Visitor
from gateway.accounts.rights import Right
from gateway.db import driver_of
from gateway.installing import places, store
from gateway.installing.ears import LastWord
from gateway.installing.late import is_late
from gateway.installing.places import MOST, Hung
from gateway.installing.store import Check
from gateway.registry import history
from gateway.release import freed
from gateway.web.install_screen import InstallScreen, demand, device_path, missing

LOG: Final = 20
"""Checks and changes shown of one device."""


@dataclass(frozen=True, slots=True)
class Line:
    """One device on the list of the daily check."""

    hung: Hung
    home: str
    """House code; empty for a device of the building."""
    heard_at: datetime | None
    word: LastWord | None
    check: Check | None


def add(router: APIRouter, install: InstallScreen) -> None:
    """Serve the pages of devices."""
    _lists(router, install)
    _device(router, install)
    _forms(router, install)
    _wiped(router, install)


def _lists(router: APIRouter, install: InstallScreen) -> None:
    office = install.office

    @router.get("/devices")
    async def devices(request: Request) -> Response:
        visitor = await install.visitor(request)
        with office.view.read() as connection:
            within = places.buildings_in(connection, visitor.account.area)
            after = request.query_params.get("after", "")
            found = places.hung(connection, within, after=after)
            called = places.building_names(connection, [each.building for each in found])
            logins = accounts.logins(connection)
        lines = await _lines(install, found)
        is_last = len(found) < MOST
        return install.page(
            "install_devices.html",
            request,
            visitor,
            lines=lines,
            called=called,
            logins=logins,
            onward="" if is_last else f"/install/devices?after={quote(found[-1].device)}",
            device_path=device_path,
        )

    @router.get("/open")
    async def going_on(request: Request) -> Response:
        visitor = await install.visitor(request, Right.SEE_HOMES)
        now = office.view.now()
        with office.view.read() as connection:
            within = places.buildings_in(connection, visitor.account.area)
            found = store.going_on(connection)
            logins = accounts.logins(connection)
        homes = {each.id: office.home_under(each.watch) for each in found}
        shown = [
            each
            for each in found
            if within is None or ((home := homes[each.id]) is not None and home.building in within)
        ]
        late = {each.id for each in shown if is_late(each, office.within, now)}
        return install.page(
            "install_open.html",
            request,
            visitor,
            found=sorted(shown, key=lambda each: (each.id not in late, each.begun_at)),
            homes=homes,
            late=late,
            logins=logins,
            may_install=Right.INSTALL in visitor.account.rights,
        )


def _device(router: APIRouter, install: InstallScreen) -> None:
    office = install.office

    @router.get("/device/{device:path}")
    async def one(request: Request, device: str) -> Response:
        visitor = await install.visitor(request)
        with office.view.read() as connection:
            found = places.hung(connection, None, device=device)
            is_unwiped = freed.waits_to_be_wiped(driver_of(connection), device)
            was_at = history.bindings_of(connection, device)
            building = was_at[-1].building if was_at else ""
            called = places.building_names(connection, [each.building for each in was_at])
            changes = history.changes_of(connection, "device", device)[-LOG:]
            checks = store.checks_of(connection, device, LOG)
            logins = accounts.logins(connection)
        if building:
            await install.demand_at(request, building)
        elif not is_unwiped:
            raise missing()
        lines = await _lines(install, found)
        return install.page(
            "install_device.html",
            request,
            visitor,
            device=device,
            line=lines[0] if lines else None,
            is_unwiped=is_unwiped,
            was_at=[each for each in was_at if install.may_at(visitor, each.building)][-LOG:],
            called=called,
            changes=changes[::-1],
            checks=checks,
            logins=logins,
            device_path=device_path,
        )


def _forms(router: APIRouter, install: InstallScreen) -> None:
    office = install.office

    @router.post("/check/{device:path}")
    async def check(request: Request, device: str) -> Response:
        async def work(visitor: Visitor, fields: Mapping[str, str]) -> str:
            hung = await _bound(install, request, device)
            is_good = fields.get("outcome") == "good"
            by = visitor.account
            demand(await office.check(by, device, hung.watch, is_good=is_good))
            listed = fields.get("after", "")
            if fields.get("from") == "list":
                return f"/install/devices?said=checked&after={quote(listed)}"
            return f"{device_path(device)}?said=checked"

        return await install.take(request, device_path(device), work)

    @router.post("/take-back/{device:path}")
    async def take_back(request: Request, device: str) -> Response:
        async def work(visitor: Visitor, fields: Mapping[str, str]) -> str:
            hung = await _bound(install, request, device)
            code = office.registry.index.code_of(hung.watch) if hung.watch else None
            demand(await office.take_back(visitor.account, device, hung.watch))
            if fields.get("then") == "replace" and code:
                return f"/install?said=taken_back&home={quote(code)}"
            if fields.get("then") == "move":
                begun = await office.begin(visitor.account, device)
                return f"/install/do/{begun}?said=taken_back"
            return "/install?said=taken_back"

        return await install.take(request, device_path(device), work)


def _wiped(router: APIRouter, install: InstallScreen) -> None:
    office = install.office

    @router.post("/wiped/{device:path}")
    async def wiped(request: Request, device: str) -> Response:
        async def work(visitor: Visitor, _fields: Mapping[str, str]) -> str:
            with office.view.read() as connection:
                was_at = history.bindings_of(connection, device)
            if was_at:
                await install.demand_at(request, was_at[-1].building)
            await office.wiped(visitor.account, device)
            return "/install?said=wiped"

        return await install.take(request, "/install", work)


async def _bound(install: InstallScreen, request: Request, device: str) -> Hung:
    """Return where a device hangs, for whoever may install there. Raises `Shown`."""
    with install.office.view.read() as connection:
        found = places.hung(connection, None, device=device)
    if not found:
        raise missing()
    await install.demand_at(request, found[0].building)
    return found[0]


async def _lines(install: InstallScreen, found: Sequence[Hung]) -> list[Line]:
    """Put together what is known of some devices."""
    office = install.office
    names = [each.device for each in found]
    heard = await install.office.heard_at(names)
    words = office.ears.last_words(names) if names else {}
    today = _today_began(install)
    with office.view.read() as connection:
        checks = _checks(connection, names, today)
    code_of = office.registry.index.code_of
    return [
        Line(
            each,
            (code_of(each.watch) or "") if each.watch else "",
            heard.get(each.device),
            words.get(each.device),
            checks.get(each.device),
        )
        for each in found
    ]


def _checks(connection: Connection, devices: list[str], since: datetime) -> dict[str, Check]:
    return store.latest_checks(connection, devices, since) if devices else {}


def _today_began(install: InstallScreen) -> datetime:
    view = install.office.view
    local = view.now().astimezone(ZoneInfo(view.timezone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
