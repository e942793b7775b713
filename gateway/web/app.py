"""The local web server: status page, health and metrics for everybody here, the API by token."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.staticfiles import StaticFiles

from gateway import metrics
from gateway.health import assess
from gateway.homes.look import count
from gateway.web import api, page, sms
from gateway.web.guard import LOOPBACK, Guard
from gateway.web.hooks import Hooks
from gateway.web.picture import incidents_by_state
from gateway.web.ports import GatewayActs, GatewayView

STATIC = Path(__file__).parent / "static"


def create_app(
    view: GatewayView, act: GatewayActs, host: str = "127.0.0.1", hooks: Hooks | None = None
) -> FastAPI:
    """Put the server together; requests must name `host` or this machine's loopback.

    Only what providers push to `hooks` comes by other names: their secret is the proof.
    """
    app = FastAPI(title="Menshen", openapi_url=None)
    app.include_router(page.routes(view))
    app.include_router(_watchers(view))
    app.include_router(api.routes(view, act))
    app.include_router(sms.routes(view, act))
    if hooks is not None:
        app.include_router(hooks.routes())
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_middleware(Guard, hosts=LOOPBACK | {host}, has_hooks=hooks is not None)
    return app


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
