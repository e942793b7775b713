"""The own account: password, second factor, recovery codes, and where one is logged in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.accounts import factor, sessions, signing, store
from gateway.accounts.areas import names
from gateway.accounts.office import Visitor, Wait
from gateway.accounts.passwords import Fault
from gateway.accounts.rights import Refusal
from gateway.accounts.sessions import LONGEST
from gateway.web.account_screen import SESSION, Screen, Shown, give

REFUSED = 403


def routes(screen: Screen) -> APIRouter:
    """Serve the page and what its forms do."""
    router = APIRouter(prefix="/account", include_in_schema=False)
    _page_and_password(router, screen)
    _factor(router, screen)
    return router


def _page_and_password(router: APIRouter, screen: Screen) -> None:
    office = screen.office

    @router.get("")
    async def own(request: Request) -> Response:
        return _own(screen, request, await screen.visitor(request))

    @router.post("/password")
    async def password(request: Request) -> Response:
        visitor = await screen.visitor(request)
        fields = await screen.form(request, visitor.ticket)
        became = await office.change_password(visitor, fields.get("old", ""), fields.get("new", ""))
        words = screen.words(request)
        if isinstance(became, Wait):
            return _own(screen, request, visitor, screen.wait(request, became), 429)
        if isinstance(became, Fault):
            return _own(screen, request, visitor, words.faults[became], REFUSED)
        if isinstance(became, Refusal):
            return _own(screen, request, visitor, words.refusals[became], REFUSED)
        return _renewed(screen, request, became, "password")

    @router.post("/sessions/{session}/end")
    async def end(request: Request, session: str) -> Response:
        visitor = await screen.visitor(request)
        await screen.form(request, visitor.ticket)
        account = visitor.account
        await office.turn(account, lambda turn: signing.end_session(turn, account, session))
        return screen.to("/account", request, done="ended")


def _factor(router: APIRouter, screen: Screen) -> None:
    office = screen.office

    @router.post("/factor")
    async def begin(request: Request) -> Response:
        visitor = await screen.visitor(request)
        await screen.form(request, visitor.ticket)
        account = visitor.account
        secret = await office.turn(account, lambda turn: signing.begin_factor(turn, account))
        if isinstance(secret, Refusal):
            return _ask_code_or_say(screen, request, visitor, secret)
        return _scan(screen, request, visitor, secret)

    @router.post("/factor/code")
    async def set_up(request: Request) -> Response:
        visitor = await screen.visitor(request)
        fields = await screen.form(request, visitor.ticket)
        account, session = visitor.account, visitor.session
        code = fields.get("code", "")
        became = await office.turn(
            account, lambda turn: signing.set_up_factor(turn, account, session, code)
        )
        if isinstance(became, Refusal):
            secret = _pending(screen, visitor)
            if became is Refusal.FACTOR_WRONG and secret:
                problem = screen.words(request).refusals[became]
                return _scan(screen, request, visitor, secret, problem)
            return _ask_code_or_say(screen, request, visitor, became)
        codes, ticket = became
        return _codes(screen, request, visitor, codes, ticket)

    @router.post("/codes")
    async def renew_codes(request: Request) -> Response:
        visitor = await screen.visitor(request)
        await screen.form(request, visitor.ticket)
        account = visitor.account
        codes = await office.turn(account, lambda turn: signing.renew_recovery_codes(turn, account))
        if isinstance(codes, Refusal):
            return _ask_code_or_say(screen, request, visitor, codes)
        return _codes(screen, request, visitor, codes, visitor.ticket)

    @router.post("/code")
    async def show_code(request: Request) -> Response:
        visitor = await screen.visitor(request)
        fields = await screen.form(request, visitor.ticket)
        ticket = await office.show_code(visitor, fields.get("code", ""))
        if isinstance(ticket, Wait):
            problem = screen.wait(request, ticket)
            return screen.page("account_code.html", request, visitor, status=429, problem=problem)
        if ticket is None:
            problem = screen.words(request).refusals[Refusal.FACTOR_WRONG]
            return screen.page(
                "account_code.html", request, visitor, status=REFUSED, problem=problem
            )
        return _renewed(screen, request, ticket, "")

    @router.get("/code")
    async def code_page(request: Request) -> Response:
        return screen.page("account_code.html", request, await screen.visitor(request))


def _own(
    screen: Screen, request: Request, visitor: Visitor, problem: str = "", status: int = 200
) -> Response:
    account = visitor.account
    with screen.view.read() as connection:
        keys, now = screen.view.keys, screen.view.now()
        values = {
            "sessions": sessions.of_account(connection, keys, account.id, now),
            "codes_left": store.recovery_codes_left(connection, account.id),
            "area": names(connection).get(account.area, account.area),
            "browser_name": browser_name,
        }
    return screen.page(
        "account_own.html", request, visitor, status=status, problem=problem, **values
    )


def _scan(
    screen: Screen, request: Request, visitor: Visitor, secret: str, problem: str = ""
) -> Response:
    """Show a secret as a picture, and in letters for whoever cannot scan it."""
    address = factor.address(secret, visitor.account.login, screen.view.name)
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return screen.page(
        "account_factor.html",
        request,
        visitor,
        status=REFUSED if problem else 200,
        problem=problem,
        picture=factor.picture(address),
        secret=grouped,
    )


def _pending(screen: Screen, visitor: Visitor) -> str | None:
    with screen.view.read() as connection:
        account = visitor.account.id
        return store.factor_secret(connection, screen.view.keys, account, pending=True)


def _codes(
    screen: Screen, request: Request, visitor: Visitor, codes: list[str], ticket: str
) -> Response:
    """Show recovery codes, this once."""
    renewed = Visitor(visitor.account, visitor.session, ticket)
    answer = screen.page("account_codes.html", request, renewed, codes=codes)
    give(answer, request, SESSION, ticket, int(LONGEST.total_seconds()))
    return answer


def _ask_code_or_say(
    screen: Screen, request: Request, visitor: Visitor, refusal: Refusal
) -> Response:
    if refusal is not Refusal.FACTOR_TOO_OLD:
        raise Shown(screen.refused(request, visitor, refusal))
    return screen.page("account_code.html", request, visitor, status=REFUSED)


def _renewed(screen: Screen, request: Request, ticket: str, done: str) -> Response:
    """Go on with a session under its new secret."""
    answer = screen.to("/account", request, **({"done": done} if done else {}))
    give(answer, request, SESSION, ticket, int(LONGEST.total_seconds()))
    return answer


def browser_name(written: str) -> str:
    """Return what a person calls a browser, from what it calls itself."""
    makes = ("Edg", "MicroMessenger", "Firefox", "Chrome", "Safari")
    systems = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
    make = next((each for each in makes if each in written), "")
    system = next((each for each in systems if each in written), "")
    called = {"Edg": "Edge", "MicroMessenger": "WeChat", "Mac OS": "Mac"}
    return " · ".join(called.get(each, each) for each in (make, system) if each) or "?"
