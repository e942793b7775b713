"""Certificates of deletion for printing, and the key by which they are verified; asks no login.

A certificate's number is random and leads to nobody, so who has it may see it.
"""

from __future__ import annotations

import io
import json

import segno
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from gateway.release import certificate as made
from gateway.release.office import ReleaseOffice, UnknownError
from gateway.web.account_screen import HEADERS
from gateway.web.page import TEMPLATES
from gateway.web.ports import GatewayView
from gateway.web.record import language_of
from gateway.web.record_words import LANGUAGES


def routes(office: ReleaseOffice, view: GatewayView) -> APIRouter:
    """Serve certificates and the public key."""
    router = APIRouter(include_in_schema=False)

    def found(id_: str) -> made.Certificate:
        try:
            return office.certificate(id_)
        except UnknownError:
            raise HTTPException(404, "there is no such certificate") from None

    @router.get("/certificate-key")
    def key() -> Response:
        return Response(office.public_key, media_type="application/x-pem-file")

    @router.get("/certificates/{id_}.json")
    def as_json(id_: str) -> Response:
        file = {"Content-Disposition": f'attachment; filename="menshen-{found(id_)["id"]}.json"'}
        return Response(made.dump(found(id_)), media_type="application/json", headers=file)

    @router.get("/certificates/{id_}")
    def page(id_: str, request: Request) -> HTMLResponse:
        certificate = found(id_)
        language = language_of(request.query_params.get("lang"), view.language)
        digest = made.digest(certificate)
        shown = TEMPLATES.get_template("certificate.html").render(
            t=LANGUAGES[language],
            lang=language,
            certificate=certificate,
            copies=certificate.get("copies"),  # not in those of older versions
            is_destroyed=certificate["stage"] == made.Stage.DESTROYED,
            digest=digest,
            qr=_qr(json.dumps({"id": certificate["id"], "sha256": digest})),
        )
        return HTMLResponse(shown, headers=HEADERS)

    return router


def _qr(text: str) -> Markup:
    out = io.BytesIO()
    drawn = segno.make(text, error="m", micro=False)
    drawn.save(out, kind="svg", xmldecl=False, svgns=True, border=4, light="#fff", omitsize=True)
    return Markup(out.getvalue().decode())  # noqa: S704 - drawn by us, of our own letters
