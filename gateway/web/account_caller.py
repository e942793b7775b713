"""Programs that ask the API: by the machine's own token, or by that of a service account.

A service sees by its token what its role, the token's scopes and its area allow, and what else it
asks for is refused and audited. No cookie is ever looked at here, so no other page can act through
somebody's browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Request

from gateway.accounts.office import Office
from gateway.accounts.rights import EVERYWHERE, MACHINE, Account, Place, Refusal, Right
from gateway.web.account_words import ENGLISH
from gateway.web.guard import brought, is_token, stranger
from gateway.web.v1_pace import Pace

Authorization = Annotated[str | None, Header(include_in_schema=False)]
"""What a request brings; it is described as the security of the whole API."""


class Callers:
    """Knows who brings which token."""

    def __init__(self, office: Office, token: str) -> None:
        self.office = office
        self._token = token
        self._pace = Pace()

    def known(self, authorization: str | None) -> Account:
        """Return whose token it is. Raises 401."""
        token = brought(authorization)
        if is_token(token, self._token):
            return MACHINE
        service = self.office.service(token) if token else None
        if service is None:
            raise stranger()
        return service

    def having(self, right: Right, *, everywhere: bool = False) -> Check:
        """Return a dependency that lets in who has a right somewhere, or in every area.

        The machine may all. `By` says who it is.
        """
        return Check(self, right, is_everywhere=everywhere)

    def machine(self) -> Check:
        """Return a dependency that lets in the machine's own token alone."""
        return Check(self, None)

    def require_pace(self, account: Account) -> None:
        """Raise 429 where a program asks too often."""
        if wait_s := self._pace.wait_s(account.id, self.office.view.now()):
            headers = {"Retry-After": str(wait_s)}
            raise HTTPException(429, f"too many requests: ask again in {wait_s} s", headers)

    async def demand(self, account: Account, right: Right, area: Place) -> None:
        """Raise 403 with the reason where the account has no such right; that is audited.

        The machine may all.
        """
        if account is MACHINE:
            return
        refusal = await self.office.why_not(account, right, area)
        if refusal is not None:
            raise HTTPException(403, told(refusal))


@dataclass(frozen=True, slots=True)
class Check:
    """Lets in who has a right, as a dependency; without a right, the machine alone."""

    callers: Callers
    right: Right | None
    is_everywhere: bool = False

    async def __call__(self, request: Request, authorization: Authorization = None) -> None:
        """Note who asks. Raises 401, 403 with the reason, which is audited, and 429."""
        account = self.callers.known(authorization)
        request.state.by = account
        if account is MACHINE:
            return
        self.callers.require_pace(account)
        if self.right is None:
            raise HTTPException(403, "only the machine's own token may do this")
        own: Place = (account.area,) if account.area and not self.is_everywhere else EVERYWHERE
        await self.callers.demand(account, self.right, own)


def _by(request: Request) -> Account:
    account: Account = request.state.by
    return account


By = Annotated[Account, Depends(_by)]
"""Who asks, in a router that `Callers.having` guards."""


def told(refusal: Refusal) -> str:
    """Return a refusal in words, with its reason."""
    return f"{ENGLISH.refusals[refusal]} ({refusal})"
