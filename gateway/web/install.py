"""Installing on a phone: from the label in hand to a device in service, one question a page.

Rendered here and complete without any script; with one labels are scanned, ticks renew themselves
and a form waits for the link to come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.accounts.office import Visitor
from gateway.installing import places, store
from gateway.installing.admission import Refused
from gateway.installing.checklist import CONFIRMED, Tick, next_of
from gateway.installing.kinds import CALLED, PLACES, DeviceKind, Place, guess
from gateway.installing.late import is_late
from gateway.installing.office import InstallingOffice, Turned
from gateway.installing.places import Home
from gateway.installing.store import Installing
from gateway.web import install_devices
from gateway.web.account_screen import Screen, Shown
from gateway.web.install_screen import InstallScreen, TurnedError, demand, device_path, missing


def routes(screen: Screen, office: InstallingOffice) -> APIRouter:
    """Serve the pages and what their forms do."""
    router = APIRouter(prefix="/install", include_in_schema=False)
    install = InstallScreen(screen, office)
    _today(router, install)
    _steps(router, install)
    _before_service(router, install)
    _ends(router, install)
    install_devices.add(router, install)
    return router


def _today(router: APIRouter, install: InstallScreen) -> None:
    office = install.office

    @router.get("")
    async def today(request: Request) -> Response:
        visitor = await install.visitor(request)
        values = await asyncio.to_thread(_look_at_today, install, visitor)
        return install.page(
            "install_today.html",
            request,
            visitor,
            chosen=office.home(request.query_params.get("home", "")),
            device_path=device_path,
            **values,
        )

    @router.post("/begin")
    async def begin(request: Request) -> Response:
        async def work(visitor: Visitor, fields: Mapping[str, str]) -> str:
            device = await office.read_label(fields.get("code", ""))
            if device is None:
                raise TurnedError(Turned(Refused.UNREADABLE))
            begun = await office.begin(visitor.account, device)
            if isinstance(begun, Turned):
                raise TurnedError(begun)
            if home := fields.get("home", ""):
                await _choose(install, request, begun, home)
            return f"/install/do/{begun}"

        return await install.take(request, "/install", work)


def _look_at_today(install: InstallScreen, visitor: Visitor) -> dict[str, Any]:
    """Return what is to be done; beside the event loop, for there may be 100,000 homes."""
    office = install.office
    now, index = office.view.now(), office.registry.index
    with office.view.read() as connection:
        within = places.buildings_in(connection, visitor.account.area)
        homes = places.to_install(connection, index, within, now)
        returning = places.to_take_back(connection, within, now)
        named = [each.building for each in homes] + [each.building for each in returning]
        begun = store.going_on(connection)
        return {
            "homes": homes,
            "returning": returning,
            "called": places.building_names(connection, named),
            "mine": [each for each in begun if each.account == visitor.account.id],
            "most": places.MOST,
        }


def _steps(router: APIRouter, install: InstallScreen) -> None:
    @router.get("/do/{id_}")
    async def step(request: Request, id_: str) -> Response:
        visitor, installing, home = await _open(install, request, id_)
        if installing.ended_at is not None:
            is_done = installing.outcome == "in_service"
            if not is_done:
                return install.to(request, "/install")
            return install.page(
                "install_done.html", request, visitor, installing=installing, home=home
            )
        if home is None or "home" in request.query_params:
            return await _home_page(install, request, visitor, installing)
        if installing.mounted_at is None or installing.kind is None:
            return _place_page(install, request, visitor, installing, home)
        values = await _checklist(install, installing, home)
        return install.page("install_check.html", request, visitor, **values)

    @router.get("/do/{id_}/ticks")
    async def ticks(request: Request, id_: str) -> Response:
        visitor, installing, home = await _open(install, request, id_)
        if installing.ended_at is not None or home is None or installing.kind is None:
            return Response(status_code=409)  # the page is stale: its script opens it again
        values = await _checklist(install, installing, home)
        return install.page("install_ticks.html", request, visitor, **values)


def _before_service(router: APIRouter, install: InstallScreen) -> None:
    office = install.office

    @router.post("/do/{id_}/home")
    async def home(request: Request, id_: str) -> Response:
        async def work(_visitor: Visitor, fields: Mapping[str, str]) -> str:
            await _choose(install, request, id_, fields.get("home", ""))
            return f"/install/do/{id_}"

        return await install.take(request, f"/install/do/{id_}", work)

    @router.post("/do/{id_}/mount")
    async def mount(request: Request, id_: str) -> Response:
        async def work(visitor: Visitor, fields: Mapping[str, str]) -> str:
            _, installing, _ = await _open(install, request, id_)
            kind, _, place = fields.get("where", "").partition(":")
            if kind not in set(DeviceKind) or place not in set(Place):
                raise TurnedError(Turned(Refused.WRONG_KIND))
            demand(await office.mount(visitor.account, installing, DeviceKind(kind), Place(place)))
            return f"/install/do/{id_}"

        return await install.take(request, f"/install/do/{id_}", work)

    @router.post("/do/{id_}/confirm")
    async def confirm(request: Request, id_: str) -> Response:
        async def work(_visitor: Visitor, fields: Mapping[str, str]) -> str:
            _, installing, _ = await _open(install, request, id_)
            answered = {
                tick: fields[tick.value] == "yes" for tick in CONFIRMED if tick.value in fields
            }
            demand(await office.confirm(installing, answered))
            return f"/install/do/{id_}"

        return await install.take(request, f"/install/do/{id_}", work)


def _ends(router: APIRouter, install: InstallScreen) -> None:
    office = install.office

    @router.post("/do/{id_}/sign-off")
    async def sign_off(request: Request, id_: str) -> Response:
        async def work(visitor: Visitor, fields: Mapping[str, str]) -> str:
            _, installing, _ = await _open(install, request, id_)
            is_served = fields.get("served") == "yes"
            demand(await office.sign_off(visitor.account, installing, is_served=is_served))
            return f"/install/do/{id_}"

        return await install.take(request, f"/install/do/{id_}", work)

    @router.post("/do/{id_}/leave")
    async def leave(request: Request, id_: str) -> Response:
        async def work(visitor: Visitor, _fields: Mapping[str, str]) -> str:
            _, installing, _ = await _open(install, request, id_)
            if installing.mounted_at is None:
                await office.give_up(installing)
                return "/install?said=given_up"
            device, watch = installing.device, installing.watch
            demand(await office.take_back(visitor.account, device, watch))
            return "/install?said=taken_back"

        return await install.take(request, f"/install/do/{id_}", work)


async def _open(
    install: InstallScreen, request: Request, id_: str
) -> tuple[Visitor, Installing, Home | None]:
    """Return an installing with its home, for whoever may install there. Raises `Shown`."""
    visitor = await install.visitor(request)
    installing = install.office.get(id_)
    if installing is None:
        raise missing()
    home = install.office.home_under(installing.watch)
    if home is not None:
        await install.demand_at(request, home.building)
    elif installing.account != visitor.account.id:
        raise missing()
    return visitor, installing, home


async def _choose(install: InstallScreen, request: Request, id_: str, code: str) -> None:
    """Choose a home for an installing. Raises `Shown` or `TurnedError`."""
    office = install.office
    found = office.home(code)
    if found is None:
        raise TurnedError(Turned(Refused.UNKNOWN_HOME))
    await install.demand_at(request, found.building)
    installing = office.get(id_)
    if installing is None:
        raise Shown(Response(status_code=404))
    chosen = await office.choose_home(installing, code)
    if isinstance(chosen, Turned):
        raise TurnedError(chosen)


async def _home_page(
    install: InstallScreen, request: Request, visitor: Visitor, installing: Installing
) -> Response:
    asked = request.query_params.get("q", "")[:60]
    homes, called = await asyncio.to_thread(_find_homes, install, visitor, asked)
    return install.page(
        "install_home.html",
        request,
        visitor,
        installing=installing,
        homes=homes,
        called=called,
        asked=asked,
        once=install.token(installing.id, "home"),
    )


def _find_homes(
    install: InstallScreen, visitor: Visitor, asked: str
) -> tuple[list[Home], dict[str, str]]:
    """Return homes that were asked for, else those of today; with the names of buildings."""
    office = install.office
    index = office.registry.index
    with office.view.read() as connection:
        within = places.buildings_in(connection, visitor.account.area)
        homes = (
            places.search(connection, index, within, asked)
            if asked
            else places.to_install(connection, index, within, office.view.now())
        )
        return homes, places.building_names(connection, [each.building for each in homes])


def _place_page(
    install: InstallScreen,
    request: Request,
    visitor: Visitor,
    installing: Installing,
    home: Home,
) -> Response:
    with install.office.view.read() as connection:
        known = store.last_kind(connection, installing.device)
        model = places.model_of(connection, installing.device)
    likely = known or guess(model, installing.device)
    return install.page(
        "install_place.html",
        request,
        visitor,
        installing=installing,
        home=home,
        likely=likely,
        kinds=[each for each in DeviceKind if each is not likely],
        places=PLACES,
        called=CALLED[install.screen.language(request)],
        once=install.token(installing.id, "mount", home.code),
        other_home=f"/install/do/{quote(installing.id)}?home=",
    )


async def _checklist(install: InstallScreen, installing: Installing, home: Home) -> dict[str, Any]:
    """Return what the checklist shows."""
    office = install.office
    ticks = await office.ticks(installing)
    assert installing.mounted_at is not None
    waited = office.view.now() - installing.mounted_at
    answers = tuple(sorted(installing.answers.items()))
    return {
        "installing": installing,
        "home": home,
        "ticks": ticks,
        "following": next_of(ticks),
        "asks": [each.tick for each in ticks if each.tick in CONFIRMED and not each.is_met],
        "minutes": int(waited.total_seconds() // 60),
        "is_late": is_late(installing, office.within, office.view.now()),
        "place": CALLED[office.view.language][installing.place] if installing.place else "",
        "outside": Tick.LOOKS_OUTSIDE,
        "confirm_once": install.token(installing.id, "confirm", answers),
        "sign_once": install.token(installing.id, "sign", installing.mounted_at),
        "leave_once": install.token(installing.id, "leave"),
    }
