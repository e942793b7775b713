"""The administrator's page of accounts: create, change, disable, and tokens of programs.

Only accounts of the own area are shown; what is asked of others is refused, and audited.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.accounts import keeping, passwords, store
from gateway.accounts.areas import names, parents, place_of
from gateway.accounts.office import Visitor
from gateway.accounts.rights import Kind, Refusal, Right, Role
from gateway.accounts.store import Stored
from gateway.accounts.turn import Turn
from gateway.web.account_screen import Screen, Shown, chosen

REFUSED = 403
MISSING = 404


def routes(screen: Screen) -> APIRouter:
    """Serve the list, the page of each account, and what their forms do."""
    router = APIRouter(prefix="/accounts", include_in_schema=False)
    _list(router, screen)
    _changes(router, screen)
    _secrets(router, screen)
    return router


def _list(router: APIRouter, screen: Screen) -> None:
    @router.get("")
    async def page(request: Request) -> Response:
        return _listed(screen, request, await _keeper(screen, request))

    @router.post("")
    async def create(request: Request) -> Response:
        visitor = await _keeper(screen, request)
        fields = await screen.form(request, visitor.ticket)
        role, kind = chosen(fields, "role", Role), chosen(fields, "kind", Kind)
        login, area = fields.get("login", ""), fields.get("area", "")
        first = passwords.make() if kind is Kind.PERSON else ""
        encoded = await screen.office.hasher.hash(first) if first else None
        became = await screen.office.turn(
            visitor.account,
            lambda turn: keeping.create(turn, login, role, area, kind, encoded),
        )
        if isinstance(became, Refusal):
            problem = screen.words(request).refusals[became]
            return _listed(screen, request, visitor, problem, REFUSED)
        if not first:
            return screen.to(f"/accounts/{became.id}", request, done="created")
        return screen.page(
            "account_secret.html",
            request,
            visitor,
            login=became.login,
            what="first_password",
            secret=first,
            onward=f"/accounts/{became.id}",
        )

    @router.get("/{account}")
    async def one(request: Request, account: str) -> Response:
        return _one(screen, request, await _keeper(screen, request), account)


def _changes(router: APIRouter, screen: Screen) -> None:
    async def changed(
        request: Request, account: str, done: str, change: Callable[[Turn], Refusal | None]
    ) -> Response:
        visitor = await _keeper(screen, request)
        refusal = await screen.office.turn(visitor.account, change)
        if refusal is None:
            return screen.to(f"/accounts/{account}", request, done=done)
        problem = screen.words(request).refusals[refusal]
        return _one(screen, request, visitor, account, problem, REFUSED)

    async def checked(request: Request) -> dict[str, str]:
        visitor = await _keeper(screen, request)
        return await screen.form(request, visitor.ticket)

    @router.post("/{account}/rights")
    async def rights(request: Request, account: str) -> Response:
        fields = await checked(request)
        role, area = chosen(fields, "role", Role), fields.get("area", "")
        return await changed(
            request, account, "rights", lambda turn: keeping.set_rights(turn, account, role, area)
        )

    @router.post("/{account}/disable")
    async def disable(request: Request, account: str) -> Response:
        await checked(request)
        return await changed(
            request, account, "disabled", lambda turn: keeping.disable(turn, account)
        )

    @router.post("/{account}/enable")
    async def enable(request: Request, account: str) -> Response:
        await checked(request)
        return await changed(
            request, account, "enabled", lambda turn: keeping.enable(turn, account)
        )

    @router.post("/{account}/reset-factor")
    async def reset_factor(request: Request, account: str) -> Response:
        await checked(request)
        return await changed(
            request, account, "factor_reset", lambda turn: keeping.reset_factor(turn, account)
        )

    @router.post("/{account}/tokens/{token}/revoke")
    async def revoke(request: Request, account: str, token: str) -> Response:
        await checked(request)
        return await changed(
            request, account, "revoked", lambda turn: keeping.revoke_token(turn, token)
        )


def _secrets(router: APIRouter, screen: Screen) -> None:
    @router.post("/{account}/password")
    async def reset_password(request: Request, account: str) -> Response:
        visitor = await _keeper(screen, request)
        await screen.form(request, visitor.ticket)
        first = passwords.make()
        encoded = await screen.office.hasher.hash(first)
        refusal = await screen.office.turn(
            visitor.account, lambda turn: keeping.reset_password(turn, account, encoded)
        )
        if refusal is not None:
            problem = screen.words(request).refusals[refusal]
            return _one(screen, request, visitor, account, problem, REFUSED)
        return _secret(screen, request, visitor, account, "first_password", first)

    @router.post("/{account}/tokens")
    async def make_token(request: Request, account: str) -> Response:
        visitor = await _keeper(screen, request)
        fields = await screen.form(request, visitor.ticket)
        try:
            scopes = frozenset(map(Right, fields.get("scope", "").split()))
            lasts = timedelta(days=max(1, min(int(fields.get("days", "")), 366)))
        except ValueError:
            raise Shown(Response(status_code=400)) from None
        expires_at = screen.view.now() + lasts
        area = fields.get("area", "")
        became = await screen.office.turn(
            visitor.account,
            lambda turn: keeping.make_token(turn, account, scopes, area, expires_at),
        )
        if isinstance(became, Refusal):
            problem = screen.words(request).refusals[became]
            return _one(screen, request, visitor, account, problem, REFUSED)
        return _secret(screen, request, visitor, account, "token", became[1])


async def _keeper(screen: Screen, request: Request) -> Visitor:
    """Return who keeps accounts; the area is looked at with each account."""
    visitor = await screen.visitor(request)
    area = visitor.account.area
    return await screen.allowed(request, Right.KEEP_ACCOUNTS, (area,) if area else ())


def _listed(
    screen: Screen, request: Request, visitor: Visitor, problem: str = "", status: int = 200
) -> Response:
    with screen.view.read() as connection:
        above = parents(connection)
        called = names(connection)
        known = store.every(connection)
    mine = [each for each in known if _is_kept(visitor, each, above)]
    area = visitor.account.area
    choices = {a: name for a, name in called.items() if not area or area in place_of(a, above)}
    return screen.page(
        "account_list.html",
        request,
        visitor,
        status=status,
        problem=problem,
        stored=mine,
        areas=choices,
        called=called,
        sees_all=not area,
        roles=list(Role),
        kinds=list(Kind),
    )


def _one(
    screen: Screen,
    request: Request,
    visitor: Visitor,
    account: str,
    problem: str = "",
    status: int = 200,
) -> Response:
    with screen.view.read() as connection:
        stored = store.by_id(connection, account)
        above = parents(connection)
        called = names(connection)
        tokens = store.tokens_of(connection, account)
    if stored is None or not _is_kept(visitor, stored, above):
        # To whoever may not keep it, an account of elsewhere is as one that is not there.
        unknown = screen.words(request).refusals[Refusal.UNKNOWN_ACCOUNT]
        problem, status = problem or unknown, status if problem else MISSING
        return screen.page("account_refused.html", request, visitor, status=status, problem=problem)
    area = visitor.account.area
    choices = {a: name for a, name in called.items() if not area or area in place_of(a, above)}
    return screen.page(
        "account_one.html",
        request,
        visitor,
        status=status,
        problem=problem,
        stored=stored,
        is_own=stored.account.id == visitor.account.id,
        tokens=tokens,
        now=screen.view.now(),
        areas=choices,
        called=called,
        sees_all=not area,
        roles=list(Role),
        scopes=[right for right in Right if right in stored.account.rights],
    )


def _secret(
    screen: Screen, request: Request, visitor: Visitor, account: str, what: str, secret: str
) -> Response:
    """Show a secret, this once."""
    with screen.view.read() as connection:
        stored = store.by_id(connection, account)
    return screen.page(
        "account_secret.html",
        request,
        visitor,
        login=stored.account.login if stored else account,
        what=what,
        secret=secret,
        onward=f"/accounts/{account}",
    )


def _is_kept(visitor: Visitor, stored: Stored, above: dict[str, str | None]) -> bool:
    mine = visitor.account.area
    return not mine or mine in place_of(stored.account.area, above)
