"""`/api/v1`: accounts and tokens, for the command line and for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.accounts import keeping, passwords, store
from gateway.accounts.areas import parents, place_of
from gateway.accounts.keeping import login_of
from gateway.accounts.rights import Account, Kind, Refusal, Right, Role
from gateway.accounts.store import Stored, Token
from gateway.web.account_caller import By, Callers, told
from gateway.web.asked import Ref
from gateway.web.idempotency import Once
from gateway.web.problem import responses
from gateway.web.told import Told
from gateway.web.v1 import V1, Page, Turned
from gateway.web.v1_account_shapes import (
    AccountShown,
    FirstPassword,
    TokenMade,
    TokenShown,
)
from gateway.web.v1_once import CREATED, Try
from gateway.web.v1_shapes import Done

REFUSED = 403
MISSING = 404
CONFLICT = 409

_STATUS = {
    Refusal.UNKNOWN_ACCOUNT: MISSING,
    Refusal.UNKNOWN_AREA: MISSING,
    Refusal.LOGIN_TAKEN: CONFLICT,
    Refusal.LOGIN_WRONG: 422,
    Refusal.LAST_ADMINISTRATOR: CONFLICT,
    Refusal.NO_SERVICE: CONFLICT,
    Refusal.NO_PERSON: CONFLICT,
}

Area = Annotated[str, Field(max_length=64)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAccount(_Asked):
    """An account to be created."""

    login: Annotated[str, Field(min_length=1, max_length=64)]
    role: Role
    area: Area = ""
    kind: Kind = Kind.PERSON


class NewRights(_Asked):
    """Another role or area."""

    role: Role
    area: Area = ""


class NewToken(_Asked):
    """A token to be made."""

    rights: Annotated[list[Right], Field(min_length=1)]
    area: Area = ""
    days: Annotated[int, Field(ge=1, le=366, strict=True)] = 90


def routes(callers: Callers, once: Once) -> APIRouter:
    """Serve the API."""
    accounts = APIRouter(
        prefix=V1, tags=["accounts"], dependencies=[Depends(callers.having(Right.KEEP_ACCOUNTS))]
    )
    _accounts(accounts, callers, once)
    _changes(accounts, callers)
    _passwords(accounts, callers, once)
    _tokens(accounts, callers, once)
    return accounts


def _accounts(router: APIRouter, callers: Callers, once: Once) -> None:
    office = callers.office

    @router.get("/accounts", response_model=Page[AccountShown])
    def list_accounts(by: By, turned: Turned) -> Told:
        """List accounts by login."""
        with office.view.read() as connection:
            above = parents(connection)
            seen = [
                each
                for each in store.every(connection)
                if not by.area or by.area in place_of(each.account.area, above)
            ]
            page = turned.cut(seen, lambda each: (each.account.login,))
            shown = [
                _told(each, len(store.tokens_of(connection, each.account.id)))
                for each in page["items"]
            ]
        return {**page, "items": shown}

    @router.post(
        "/accounts",
        status_code=CREATED,
        response_model=FirstPassword,
        responses=responses(404, 409),
    )
    async def create_account(asked: NewAccount, tried: Try) -> Response:
        """Create an account; a person's first password is shown this once."""

        async def create() -> FirstPassword:
            first = passwords.make() if asked.kind is Kind.PERSON else None
            encoded = await office.hasher.hash(first) if first else None
            became = await office.turn(
                tried.by,
                lambda turn: keeping.create(
                    turn, asked.login, asked.role, asked.area, asked.kind, encoded
                ),
            )
            if isinstance(became, Refusal):
                raise _refused(became)
            text = f"created {became.login}, {became.role}"
            told = f"{text}\n{_first(first)}" if first else text
            return FirstPassword(ok=True, text=told, password=first)

        return await tried.make(once, asked, create)


def _changes(router: APIRouter, callers: Callers) -> None:
    async def change(by: Account, login: str, job: Callable[..., Refusal | None], *to: str) -> None:
        account = _meant(callers, login)
        _raise_if(await callers.office.turn(by, lambda turn: job(turn, account, *to)))

    @router.post("/accounts/{login}/rights", responses=responses(409))
    async def set_account_rights(login: Ref, asked: NewRights, by: By) -> Done:
        """Give an account another role or area; it is logged out everywhere."""
        await change(by, login, keeping.set_rights, asked.role, asked.area)
        return _ok(f"{login} is {asked.role} now, and logged out everywhere")

    @router.post("/accounts/{login}/disable", responses=responses(409))
    async def disable_account(login: Ref, by: By) -> Done:
        """End an account: it is logged out everywhere, and none of its tokens is taken."""
        await change(by, login, keeping.disable)
        return _ok(f"{login} is disabled, and logged out everywhere")

    @router.post("/accounts/{login}/enable", responses=responses(409))
    async def enable_account(login: Ref, by: By) -> Done:
        """Take a disabled account into use again."""
        await change(by, login, keeping.enable)
        return _ok(f"{login} is enabled")

    @router.post("/accounts/{login}/reset-factor", responses=responses(409))
    async def reset_account_factor(login: Ref, by: By) -> Done:
        """Forget the second factor of somebody whose phone and recovery codes are lost."""
        await change(by, login, keeping.reset_factor)
        return _ok(f"{login} has no second factor any more, and is logged out everywhere")


def _passwords(router: APIRouter, callers: Callers, once: Once) -> None:
    office = callers.office

    @router.post(
        "/accounts/{login}/password",
        status_code=CREATED,
        response_model=FirstPassword,
        responses=responses(409),
    )
    async def reset_account_password(login: Ref, tried: Try) -> Response:
        """Make a new first password, shown this once; the account is logged out everywhere."""

        async def reset() -> FirstPassword:
            account, first = _meant(callers, login), passwords.make()
            encoded = await office.hasher.hash(first)
            refusal = await office.turn(
                tried.by, lambda turn: keeping.reset_password(turn, account, encoded)
            )
            _raise_if(refusal)
            text = f"{login} is logged out everywhere\n{_first(first)}"
            return FirstPassword(ok=True, text=text, password=first)

        return await tried.make(once, None, reset)


def _tokens(router: APIRouter, callers: Callers, once: Once) -> None:
    office = callers.office

    @router.get("/accounts/{login}/tokens", response_model=Page[TokenShown])
    async def list_tokens(login: Ref, by: By, turned: Turned) -> Told:
        """List the tokens of a program's account, the oldest first."""
        account = _meant(callers, login)
        with office.view.read() as connection:
            stored = store.by_id(connection, account)
            place = place_of(stored.account.area if stored else "", parents(connection))
            found = store.tokens_of(connection, account)
        await callers.demand(by, Right.KEEP_ACCOUNTS, place)
        page = turned.cut(found, lambda token: (token.created_at.isoformat(), token.id))
        return {**page, "items": [_token_told(token) for token in page["items"]]}

    @router.post(
        "/accounts/{login}/tokens",
        status_code=CREATED,
        response_model=TokenMade,
        responses=responses(409),
    )
    async def make_token(login: Ref, asked: NewToken, tried: Try) -> Response:
        """Make a token of a program's account, shown this once."""

        async def make() -> TokenMade:
            account = _meant(callers, login)
            expires_at = office.view.now() + timedelta(days=asked.days)
            scopes = frozenset(asked.rights)
            became = await office.turn(
                tried.by,
                lambda turn: keeping.make_token(turn, account, scopes, asked.area, expires_at),
            )
            if isinstance(became, Refusal):
                raise _refused(became)
            token, secret = became
            text = f"token {token.id}, good until {token.expires_at:%Y-%m-%d}, shown this once:"
            return TokenMade(ok=True, text=f"{text}\n{secret}", id=token.id, token=secret)

        return await tried.make(once, asked, make)

    @router.post("/tokens/{token}/revoke", responses=responses(409))
    async def revoke_token(token: Ref, by: By) -> Done:
        """Revoke a token, by its id."""
        _raise_if(await office.turn(by, lambda turn: keeping.revoke_token(turn, token)))
        return _ok("revoked")


def _meant(callers: Callers, login: str) -> str:
    """Return the id of the account with a login. Raises 404."""
    with callers.office.view.read() as connection:
        stored = store.by_login(connection, login_of(login))
    if stored is None:
        raise _refused(Refusal.UNKNOWN_ACCOUNT)
    return stored.account.id


def _raise_if(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise _refused(refusal)


def _refused(refusal: Refusal) -> HTTPException:
    return HTTPException(_STATUS.get(refusal, REFUSED), told(refusal))


def _ok(text: str) -> Done:
    return Done(ok=True, text=text)


def _first(password: str) -> str:
    return (
        f"first password, to be changed at the first login, within"
        f" {passwords.FIRST_LASTS.days} days, shown this once:\n{password}"
    )


def _told(stored: Stored, tokens: int) -> Told:
    account = stored.account
    return {
        "login": account.login,
        "id": account.id,
        "kind": account.kind,
        "role": account.role,
        "area": account.area,
        "is_disabled": account.is_disabled,
        "has_factor": account.has_factor,
        "waits_for_login": account.must_change,
        "tokens": tokens,
        "created_at": stored.created_at,
    }


def _token_told(token: Token) -> Told:
    return {
        "id": token.id,
        "rights": sorted(token.scopes),
        "area": token.area,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "is_revoked": token.is_revoked,
    }
