"""The local web server: what everybody here may see, pages by login, and the API by token."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Request, params
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from gateway import metrics
from gateway.accounts.office import Office
from gateway.accounts.rights import Right
from gateway.config import LOOPBACK
from gateway.export.office import ExportOffice
from gateway.health import assess
from gateway.homes.look import count
from gateway.installing.office import InstallingOffice
from gateway.provisioning import page as certificate
from gateway.provisioning.service import Provisioning
from gateway.registry.imports import Imports
from gateway.release.hearing import Releases
from gateway.web import (
    account,
    account_audit,
    account_list,
    install,
    login,
    page,
    problem,
    record,
    registry,
    reports,
    v1_parts,
    v1_schema,
)
from gateway.web import certificate as proof
from gateway.web.account_caller import Callers
from gateway.web.account_screen import SESSION, Screen, Shown
from gateway.web.guard import Guard
from gateway.web.hooks import Hooks
from gateway.web.picture import incidents_by_state
from gateway.web.ports import GatewayActs, GatewayView
from gateway.web.v1 import V1
from gateway.web.v1_door import Door

STATIC = Path(__file__).parent / "static"


def create_app(
    view: GatewayView,
    act: GatewayActs,
    host: str = "127.0.0.1",
    accounts: Provisioning | None = None,
    imports: Imports | None = None,
    releases: Releases | None = None,
    installing: InstallingOffice | None = None,
    hooks: Hooks | None = None,
    exports: ExportOffice | None = None,
) -> FastAPI:
    """Put the server together; requests must name `host` or this machine's loopback.

    `accounts`: of the broker, where this gateway keeps them. `imports`: with the registry. Only
    what providers push to `hooks` comes by other names: their secret is the proof.
    """
    app = FastAPI(title="Menshen", openapi_url=None)
    problem.speak(app, V1)
    office = Office(view, act)
    screen, callers = Screen(view, office), Callers(office, view.token)
    app.add_exception_handler(Shown, _shown)
    app.include_router(page.routes(view, SESSION), dependencies=_status_for(screen))
    for pages in (login, account, account_list, account_audit, reports):
        app.include_router(pages.routes(screen))
    app.include_router(_watchers(view))
    app.include_router(v1_schema.routes(app))
    for router in v1_parts.routers(view, act, callers, accounts, imports, releases, exports):
        app.include_router(router)
    if hooks is not None:
        app.include_router(hooks.routes())
    if releases is not None:
        app.include_router(record.routes(releases.hearing, view))
        app.include_router(proof.routes(releases.office, view))
    if installing is not None:
        app.include_router(install.routes(screen, installing))
    names: tuple[str, ...] = ()
    if accounts is not None:
        app.include_router(certificate.routes(accounts.config.tls_dir, view.name, view.language))
        names = accounts.names()
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_middleware(Door, under=V1, files=frozenset({registry.IMPORTS}))
    app.add_middleware(Guard, hosts=LOOPBACK | {host, *names}, has_hooks=hooks is not None)
    return app


def _status_for(screen: Screen) -> list[params.Depends]:
    """Ask for a login where the settings say so."""

    async def check(request: Request) -> None:
        await screen.allowed(request, Right.SEE_STATUS)

    return [Depends(check)] if screen.view.asks_login else []


async def _shown(_request: Request, shown: Exception) -> Response:
    """Answer what was decided further down."""
    assert isinstance(shown, Shown)
    return shown.response


def _watchers(view: GatewayView) -> APIRouter:
    """Serve what monitoring reads; nothing personal is in it."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    def healthz() -> JSONResponse:
        health = assess(view.facts())
        findings = [
            {
                "part": each.part,
                "level": each.level,
                "reason": each.reason,
                "detail": each.detail,
            }
            for each in health.findings
        ]
        body = {"ok": health.is_well, "name": view.name, "findings": findings}
        return JSONResponse(body, 200 if health.is_well else 503)

    @router.get("/metrics")
    async def prometheus() -> PlainTextResponse:
        homes = {standing.value: number for standing, number in count(await view.looks()).items()}
        with view.read() as connection:
            incidents = incidents_by_state(connection)
        text = metrics.render(view.facts(), homes, incidents)
        return PlainTextResponse(text, media_type=metrics.CONTENT_TYPE)

    return router
