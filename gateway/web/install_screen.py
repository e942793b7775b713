"""What the pages of installing share: who may, where, in which words, and each form once.

A form carries a token of its own beside that of the session: sent twice, by an impatient thumb or
by a link that came back, it is entered once, and both get the same answer. What is refused is not
kept, so that it can be tried again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import Response

from gateway.accounts.areas import place_of_building
from gateway.accounts.office import Visitor
from gateway.accounts.rights import EVERYWHERE, Right, why_not
from gateway.installing.admission import Refused
from gateway.installing.office import InstallingOffice, Turned
from gateway.web.account_screen import HEADERS, Screen, Shown
from gateway.web.guard import HEADERS as GUARDED
from gateway.web.idempotency import Once, Said, digest_of
from gateway.web.install_terms import InstallWords
from gateway.web.install_words import LANGUAGES
from gateway.web.problem import ProblemError

POLICY: Final = {
    "Content-Security-Policy": GUARDED["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    )
}
"""The status page's, with forms that go to us alone: unlike those of accounts they have a script,
which scans labels and renews what arrived."""

UNREAD: Final = frozenset({"form", "once"})


class TurnedError(Exception):
    """A step that was refused."""

    def __init__(self, turned: Turned) -> None:
        super().__init__(turned.why)
        self.turned = turned


def demand(turned: Turned | None) -> None:
    """Raise `TurnedError` where something was refused."""
    if turned is not None:
        raise TurnedError(turned)


@dataclass(slots=True)
class InstallScreen:
    """Renders pages, lets in who may, and takes forms."""

    screen: Screen
    office: InstallingOffice
    once: Once = field(init=False)

    def __post_init__(self) -> None:
        """Forms are entered once by what the API's idempotency keys are kept in."""
        self.once = Once(self.office.view, self.office.act)

    # ---- who ----

    async def visitor(self, request: Request, right: Right = Right.INSTALL) -> Visitor:
        """Return who is logged in and has a right somewhere. Raises `Shown`."""
        visitor = await self.screen.visitor(request)
        area = visitor.account.area
        return await self.screen.allowed(request, right, (area,) if area else EVERYWHERE)

    async def demand_at(
        self, request: Request, building: str, right: Right = Right.INSTALL
    ) -> None:
        """Raise `Shown` for whoever has no right at a building; that is audited."""
        with self.office.view.read() as connection:
            place = place_of_building(connection, building)
        await self.screen.allowed(request, right, place)

    def may_at(self, visitor: Visitor, building: str) -> bool:
        """Say whether somebody may install at a building."""
        with self.office.view.read() as connection:
            place = place_of_building(connection, building)
        return why_not(visitor.account, Right.INSTALL, place, self.office.view.now()) is None

    # ---- what is shown ----

    def words(self, request: Request) -> InstallWords:
        """Return the words of the request's language."""
        return LANGUAGES[self.screen.language(request)]

    def page(
        self,
        template: str,
        request: Request,
        visitor: Visitor,
        *,
        status: int = 200,
        **values: Any,
    ) -> Response:
        """Render a page; what was refused or done before stands on top."""
        words, now = self.words(request), self.office.view.now()
        zone = ZoneInfo(self.office.view.timezone)

        def short(at: datetime) -> str:
            local = at.astimezone(zone)
            is_today = local.date() == now.astimezone(zone).date()
            return f"{local:%H:%M}" if is_today else f"{local:%m-%d %H:%M}"

        answer = self.screen.page(
            template,
            request,
            visitor,
            status=status,
            problem=self._problem(request),
            i=words,
            now=now,
            short=short,
            fresh=secrets.token_hex(8),
            word=words.said.get(request.query_params.get("said", ""), ""),
            **values,
        )
        answer.headers["Content-Security-Policy"] = POLICY["Content-Security-Policy"]
        return answer

    def _problem(self, request: Request) -> str:
        """Say what was refused, as an earlier answer led here."""
        asked = request.query_params
        try:
            why = Refused(asked.get("refused", ""))
        except ValueError:
            return ""
        named = {key: asked.get(key, "")[:120] for key in ("device", "since", "detail")}
        return self.words(request).refused[why].format(**named)

    # ---- forms ----

    async def take(
        self,
        request: Request,
        back: str,
        work: Callable[[Visitor, Mapping[str, str]], Awaitable[str]],
    ) -> Response:
        """Take a form once; lead to where `work` says, or back with what was refused."""
        visitor = await self.visitor(request)
        fields = await self.screen.form(request, visitor.ticket)
        said = {name: value for name, value in fields.items() if name not in UNREAD}

        async def enter() -> Said:
            return Said(200, {"to": await work(visitor, fields)})

        given = fields.get("once", "")[:200] or secrets.token_hex(8)
        try:
            kept = await self.once.do(request, visitor.account.id, given, digest_of(said), enter)
        except TurnedError as error:
            return self.back(request, back, error.turned)
        except ProblemError:
            return self.back(request, back, Turned(Refused.STALE))
        return self.to(request, str(json.loads(bytes(kept.body))["to"]))

    def back(self, request: Request, path: str, turned: Turned) -> Response:
        """Lead back with what was refused."""
        query = {"refused": turned.why.value}
        if turned.detail:
            query["detail" if turned.why is Refused.REGISTRY else "device"] = turned.detail
        if turned.since is not None:
            local = turned.since.astimezone(ZoneInfo(self.office.view.timezone))
            query["since"] = f"{local:%Y-%m-%d %H:%M}"
        joined = "&" if "?" in path else "?"
        return self.to(request, f"{path}{joined}{urlencode(query)}")

    def to(self, request: Request, path: str) -> Response:
        """Lead to a page of ours, in the same language."""
        lang = request.query_params.get("lang")
        if lang in LANGUAGES:
            path += f"{'&' if '?' in path else '?'}lang={lang}"
        answer = Response(status_code=303, headers={"Location": path})
        answer.headers["Content-Security-Policy"] = HEADERS["Content-Security-Policy"]
        return answer

    def token(self, *parts: object) -> str:
        """Return the token of a form that does the same whenever it was rendered."""
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def device_path(device: str) -> str:
    """Return the page of a device."""
    return f"/install/device/{quote(device)}"


def missing() -> Shown:
    """Return the answer to a page that is not there."""
    return Shown(Response(status_code=404))
