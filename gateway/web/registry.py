"""`/api/v1/registry`: areas, buildings, teams, homes and devices, entry by entry.

An entry has the fields of its list's columns, written as in a file, and is checked as a row of one;
personal ones are masked in each answer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from gateway.accounts.areas import place_of_building
from gateway.accounts.rights import EVERYWHERE, Account, Place, Right
from gateway.registry import history
from gateway.registry.columns import COLUMNS, KEYS, Kind
from gateway.registry.imports import Imports
from gateway.registry.lifecycle import DeviceState
from gateway.registry.listing import Listing, Shown, key_of
from gateway.registry.service import Registry, RegistryError
from gateway.registry.staging import WHAT, Change
from gateway.web import registry_lists
from gateway.web.account_caller import By, Callers
from gateway.web.idempotency import Key, Once, Said, digest_of
from gateway.web.ports import GatewayView
from gateway.web.problem import ProblemError, responses
from gateway.web.registry_lists import may, mistakes, refused
from gateway.web.v1 import V1, Page, Turned

PREFIX: Final = f"{V1}/registry"
IMPORTS: Final = f"{PREFIX}/imports"
"""Where files are sent to."""
KeyPath = Annotated[str, Path(max_length=200, description="The key of an entry.")]
_LONGEST: Final = 4_000
_AND: Final = dict.fromkeys(Kind, "and what was changed of it") | {
    Kind.DEVICES: "what was changed of it, and where it hung"
}
_LEFT_OUT: Final = "What is left out or empty stays as it is; `-` empties it."


class Happened(BaseModel):
    """One change of an entry."""

    at: datetime
    actor: str
    change: str
    fields: str


class Hung(BaseModel):
    """Where a device hung; of another order than the present one of a home, its watch alone."""

    house_code: str
    watch: str
    building: str
    place: str
    from_at: datetime
    until_at: datetime | None


class NewState(BaseModel):
    """A state a device goes to."""

    model_config = ConfigDict(extra="forbid")

    device: Annotated[str, Field(min_length=1, max_length=128)]
    state: DeviceState


class Standing(BaseModel):
    """Who is the truth about homes."""

    is_managed_by_file: bool
    homes_file: str


class Entered(BaseModel):
    """What became of an entry."""

    change: Change


def routes(imports: Imports, callers: Callers, view: GatewayView, once: Once) -> APIRouter:
    """Serve the registry."""
    router = APIRouter(prefix=PREFIX, tags=["registry"])
    registry = imports.registry
    _truth(router, registry, callers, once)
    _states(router, registry, callers, once)
    router.include_router(registry_lists.routes(imports, callers, view, once))
    for kind in Kind:
        _entries(router, kind, registry, callers, once)
    return router


def _truth(router: APIRouter, registry: Registry, callers: Callers, once: Once) -> None:
    @router.get("", dependencies=[may(callers, Right.SEE_HOMES)])
    def show_registry() -> Standing:
        """Say whether a homes file or the registry is the truth."""
        file = registry.config.gateway.homes_file
        is_managed = registry.register.is_managed_by_file
        return Standing(is_managed_by_file=is_managed, homes_file=file if is_managed else "")

    @router.post(
        "/adopt",
        dependencies=[may(callers, Right.REGISTER)],
        responses=responses(409),
        response_model=Standing,
    )
    async def adopt_registry(request: Request, by: By, key: Key = None) -> Response:
        """Make the registry the truth, with what the homes file said last."""
        await callers.demand(by, Right.REGISTER, EVERYWHERE)

        async def work() -> Said:
            await registry.adopt()
            return Said(200, show_registry().model_dump())

        return await once.do(request, by.id, key, "", work)


def _states(router: APIRouter, registry: Registry, callers: Callers, once: Once) -> None:
    @router.post(
        "/device-states",
        dependencies=[may(callers, Right.INSTALL)],
        responses=responses(404, 409),
        response_model=Entered,
    )
    async def set_device_state(
        asked: NewState, request: Request, by: By, key: Key = None
    ) -> Response:
        """Let a device go to another state of its life."""
        place = _place_of(registry, Kind.DEVICES, asked.device, {})
        await callers.demand(by, Right.INSTALL, place)
        if _one(registry, by, Kind.DEVICES, asked.device) is None:
            raise ProblemError(404, "there is no such device: enter or import it first")
        values = {"device": asked.device, "state": asked.state.value}

        async def work() -> Said:
            return await _enter(registry, Kind.DEVICES, _unbinding(values), by.login)

        return await once.do(request, by.id, key, digest_of(values), work)


def _unbinding(values: dict[str, str]) -> dict[str, str]:
    """A device that is taken away, or goes back to the store, hangs nowhere any more."""
    leaves = values["state"] in {DeviceState.REMOVED, DeviceState.REGISTERED}
    return {**values, "house_code": "-", "building": "-"} if leaves else values


def _entries(
    router: APIRouter, kind: Kind, registry: Registry, callers: Callers, once: Once
) -> None:
    entry_model, given_model = _models(kind)
    one_model = create_model(
        f"{kind.title()}Entry",
        entry=(entry_model, ...),
        changes=(list[Happened], ...),
        bindings=(list[Hung], ...),
    )
    key_path = f"/{kind.value}/{{key:path}}"
    see = [may(callers, Right.SEE_HOMES)]

    @router.get(
        f"/{kind.value}",
        dependencies=see,
        response_model=Page[entry_model],  # type: ignore[valid-type]  # made above
        name=f"list_registered_{kind.value}",
        description=f"List {kind.value} on record, in the order of their keys.",
    )
    def page(by: By, turned: Turned) -> dict[str, Any]:
        """List entries in the order of their keys."""
        after = turned.after(str)
        start = str(after[0]) if after else ""
        with registry.database.read() as connection:
            found = _listing(registry, connection, by).page(kind, start, turned.limit + 1)
        return turned.page(found, lambda entry: (key_of(kind, entry),))

    @router.get(
        key_path,
        dependencies=see,
        response_model=one_model,
        name=f"show_registered_{kind.value}",
        description=f"Show one of the {kind.value} on record, {_AND[kind]}.",
    )
    def one(key: KeyPath, by: By) -> dict[str, Any]:
        """Show an entry with what was changed of it; a device with where it hung."""
        found = _one(registry, by, kind, key)
        if found is None:
            raise ProblemError(404, f"there is no such entry among {kind.value}")
        return {"entry": found, **_history(registry, kind, key)}

    async def put(
        key: KeyPath, asked: BaseModel, request: Request, by: By, idempotency: Key = None
    ) -> Response:
        """Enter or change an entry; what is left out or empty stays, `-` empties it."""
        values = _values(kind, key, asked)
        for place in (_place_of(registry, kind, key, {}), _place_of(registry, kind, key, values)):
            await callers.demand(by, Right.REGISTER, place)

        async def work() -> Said:
            return await _enter(registry, kind, values, by.login)

        return await once.do(request, by.id, idempotency, digest_of(values), work)

    put.__annotations__["asked"] = given_model  # made from the columns, so it has no name to write
    router.put(
        key_path,
        dependencies=[may(callers, Right.REGISTER)],
        response_model=Entered,
        responses={201: {"model": Entered}, **responses(409)},
        name=f"enter_registered_{kind.value}",
        description=f"Enter or change one of the {kind.value}.\n{_LEFT_OUT}",
    )(put)


def _models(kind: Kind) -> tuple[type[BaseModel], type[BaseModel]]:
    """Return the models of an entry as it is shown, and as it is given."""
    name = {Kind.TEAMS: "Member"}.get(kind, kind.value.removesuffix("s").title())
    shown: dict[str, Any] = {}
    given: dict[str, Any] = {}
    for column in COLUMNS[kind]:
        what = f"{column.chinese}. {column.what}"
        shown[column.key] = (str, Field(description=what, examples=[column.example]))
        if column.key not in KEYS[kind]:
            text = Annotated[str, Field(max_length=_LONGEST, description=what)]
            given[column.key] = (text | None, Field(None, examples=[column.example]))
    config = ConfigDict(extra="forbid")
    return create_model(name, **shown), create_model(f"{name}Given", __config__=config, **given)


def _values(kind: Kind, key: str, asked: Any) -> dict[str, str]:
    given = {name: value for name, value in asked.model_dump().items() if value is not None}
    parts = key.split("/", 1) if len(KEYS[kind]) > 1 else [key]
    return {**dict(zip(KEYS[kind], parts, strict=False)), **given}


def _listing(registry: Registry, connection: Any, by: Account) -> Listing:
    return Listing(connection, registry.keys, registry.index, registry.zone, by.area)


def _one(registry: Registry, by: Account, kind: Kind, key: str) -> Shown | None:
    with registry.database.read() as connection:
        return _listing(registry, connection, by).one(kind, key)


def _history(registry: Registry, kind: Kind, key: str) -> dict[str, Any]:
    index = registry.index
    with registry.database.read() as connection:
        changes = history.changes_of(connection, WHAT[kind], key)
        if kind is Kind.HOMES and (watch := index.watch_of().get(key)):
            changes += history.changes_of(connection, "order", watch)
        hung = history.bindings_of(connection, key) if kind is Kind.DEVICES else []
    bindings = [
        {
            **each._asdict(),
            "watch": each.watch or "",
            "house_code": (index.code_of(each.watch) or "") if each.watch else "",
        }
        for each in hung
    ]
    return {"changes": sorted(changes, key=lambda each: each["at"]), "bindings": bindings}


def _place_of(registry: Registry, kind: Kind, key: str, values: dict[str, str]) -> Place:
    """Return where in the area tree an entry stands, or is to stand by what is given."""
    with registry.database.read() as connection:
        shown: dict[str, str] = {}
        if not values:
            found = Listing(connection, registry.keys, registry.index, registry.zone).one(kind, key)
            shown = found or {}
        said = values or shown
        building = said.get("building", "")
        if kind is Kind.BUILDINGS:
            building = key
        elif kind is Kind.DEVICES and said.get("house_code"):
            listing = Listing(connection, registry.keys, registry.index, registry.zone)
            home = listing.one(Kind.HOMES, said["house_code"])
            building = home["building"] if home else ""
        return place_of_building(connection, building) if building else EVERYWHERE


async def _enter(registry: Registry, kind: Kind, values: dict[str, str], actor: str) -> Said:
    try:
        report = await registry.enter(kind, values, actor)
    except RegistryError as error:
        raise refused(error) from None
    if not report.is_good:
        raise ProblemError(422, "nothing was changed: correct what is named", mistakes(report))
    (change,) = (each for each in Change if report.counts[each])
    return Said(201 if change is Change.NEW else 200, {"change": change.value})
