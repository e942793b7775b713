"""The authority's certificate for phones, with its fingerprint to compare; asks no login.

A phone must trust it before it lets a page use the camera, so it cannot be behind a page that does.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from gateway import tls
from gateway.provisioning.authority import AuthorityError
from gateway.web.page import TEMPLATES
from gateway.web.ports import Language


def routes(folder: Path, name: str, language: Language) -> APIRouter:
    """Serve `/ca.crt`, and `/ca`, which says what to do with it."""
    router = APIRouter(include_in_schema=False)

    @router.get("/ca.crt")
    def certificate() -> Response:
        file = {"Content-Disposition": 'attachment; filename="menshen-ca.crt"'}
        return Response(_look(folder).pem, media_type="application/x-x509-ca-cert", headers=file)

    @router.get("/ca")
    def explained(request: Request) -> HTMLResponse:
        wanted = request.query_params.get("lang")
        lang = wanted if wanted in ("zh", "en") else language
        page = TEMPLATES.get_template("ca.html")
        return HTMLResponse(page.render(shown=_look(folder), name=name, lang=lang))

    return router


def _look(folder: Path) -> tls.Shown:
    try:
        return tls.look(folder)
    except AuthorityError:
        raise HTTPException(404, "this gateway has no authority of its own") from None
