"""`/api/v1/broker`: the broker's accounts; what it answers to making one holds its only secret."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from pydantic import Field

from devices.provisioning import Label, NameRefusedError, read_short_code, short_code
from gateway.accounts.rights import MACHINE, Account, Right
from gateway.provisioning.accounts import Account as BrokerAccount
from gateway.provisioning.accounts import AccountKind
from gateway.provisioning.authority import AuthorityError
from gateway.provisioning.issuing import MOST_AT_ONCE, AccountRefusedError, Credential
from gateway.provisioning.keeper import KeeperError
from gateway.provisioning.service import Provisioning
from gateway.web.account_caller import By as Caller
from gateway.web.account_caller import Callers
from gateway.web.asked import By, Ref
from gateway.web.idempotency import Once
from gateway.web.problem import responses
from gateway.web.v1 import V1, Key, Page, Turned
from gateway.web.v1_broker_shapes import BrokerAccountShown, CredentialMade, CredentialsMade
from gateway.web.v1_once import CREATED, Try
from gateway.web.v1_shapes import Done

Told = dict[str, Any]
T = TypeVar("T")

Name = Annotated[str, Field(min_length=1, max_length=128)]
Code = Annotated[str, Query(max_length=40, description="The short code of a label.")]
REFUSED = 409


class Devices(By):
    """Devices that are to have an account."""

    devices: Annotated[list[Name], Field(min_length=1, max_length=MOST_AT_ONCE)]


class Renewal(By):
    """How long the old credential is let in beside the new one; as configured if left out."""

    grace_s: Annotated[float | None, Field(ge=0, le=31 * 86400, strict=True)] = None

    def grace(self) -> timedelta | None:
        """Return it as a duration."""
        return None if self.grace_s is None else timedelta(seconds=self.grace_s)


class Bridge(By):
    """A bridge, and the base topics that are its own."""

    bridge: Name
    bases: Annotated[list[Name], Field(min_length=1, max_length=16)]


def routes(accounts: Provisioning, callers: Callers, once: Once) -> APIRouter:
    """Serve the accounts to who may make them, for devices of all areas."""
    may = [Depends(callers.having(Right.PROVISION, everywhere=True))]
    router = APIRouter(prefix=f"{V1}/broker", tags=["broker"], dependencies=may)
    _devices(router, accounts)
    _credentials(router, accounts, once)
    _bridges(router, accounts, once)

    @router.post("/sync", responses=responses(409))
    async def sync_broker(_: By) -> Done:
        """Write the broker's files anew where they differ, and have them read."""
        kept = await _asked(accounts.sync())
        changed = ", ".join(kept.changed) or "nothing had to be changed"
        said = "and mosquitto was told" if kept.is_reloaded else "and mosquitto knows"
        return Done(ok=True, text=f"{changed}, {said}")

    @router.post("/renewed", responses=responses(409))
    async def use_renewed_certificates(_: By) -> Done:
        """Use certificates that somebody renewed."""
        await _asked(accounts.use_renewed())
        return Done(ok=not accounts.problem, text=f"in use{_but(accounts)}")

    return router


def _who(caller: Account, asked: By) -> str:
    """Return who did it: the machine says so itself, a service can be nobody else."""
    return asked.actor if caller is MACHINE else caller.login


def _devices(router: APIRouter, accounts: Provisioning) -> None:
    @router.get("/devices", response_model=Page[BrokerAccountShown])
    def list_device_accounts(turned: Turned, code: Code = "") -> Told:
        """List the accounts of devices, or those of one short code."""
        shown = _shown(accounts, AccountKind.DEVICE)
        if code:
            printed = read_short_code(code)
            found = accounts.by_code(printed) if printed else []
            shown = [each for each in shown if each["owner"] in found]
        return turned.cut(shown, _owner)

    @router.post("/devices/{device}/revoke", responses=responses(409))
    async def revoke_device_account(device: Ref, asked: By, caller: Caller) -> Done:
        """End every account of a device now, and cut it off."""
        return await _revoked(accounts, device, AccountKind.DEVICE, _who(caller, asked))


def _credentials(router: APIRouter, accounts: Provisioning, once: Once) -> None:
    made: dict[str, Any] = {
        "status_code": CREATED,
        "response_model": CredentialsMade,
        "responses": responses(409),
    }

    @router.post("/devices", **made)
    async def add_device_accounts(asked: Devices, tried: Try) -> Response:
        """Make accounts of devices; each password is shown this once."""

        async def add() -> CredentialsMade:
            found = accounts.add_devices(asked.devices, _who(tried.by, asked))
            return _told(accounts, *await _asked(found))

        return await tried.make(once, asked, add)

    @router.post("/devices/{device}/rotate", **made)
    async def rotate_device_account(device: Ref, asked: Renewal, tried: Try) -> Response:
        """Make a new password of a device; the old one is let in for a while."""

        async def rotate() -> CredentialsMade:
            found = accounts.rotate(device, _who(tried.by, asked), asked.grace())
            return _told(accounts, await _asked(found))

        return await tried.make(once, asked, rotate)

    @router.post("/devices/{device}/certificate", **made)
    async def certify_device(device: Ref, asked: Renewal, tried: Try) -> Response:
        """Make a certificate of a device; its old credential is let in for a while."""

        async def certify() -> CredentialsMade:
            found = accounts.certify(device, _who(tried.by, asked), asked.grace())
            return _told(accounts, await _asked(found))

        return await tried.make(once, asked, certify)


def _bridges(router: APIRouter, accounts: Provisioning, once: Once) -> None:
    @router.get("/bridges", response_model=Page[BrokerAccountShown])
    def list_bridges(turned: Turned) -> Told:
        """List the accounts of bridges, and the topics of each."""
        return turned.cut(_shown(accounts, AccountKind.BRIDGE), _owner)

    @router.post(
        "/bridges",
        status_code=CREATED,
        response_model=CredentialsMade,
        responses=responses(409),
    )
    async def add_bridge(asked: Bridge, tried: Try) -> Response:
        """Make the account of a bridge, confined to its base topics; shown this once."""

        async def add() -> CredentialsMade:
            found = accounts.add_bridge(asked.bridge, asked.bases, _who(tried.by, asked))
            return _told(accounts, await _asked(found))

        return await tried.make(once, asked, add)

    @router.post("/bridges/{bridge}/revoke", responses=responses(409))
    async def revoke_bridge(bridge: Ref, asked: By, caller: Caller) -> Done:
        """End the account of a bridge now, and cut it off."""
        return await _revoked(accounts, bridge, AccountKind.BRIDGE, _who(caller, asked))


async def _revoked(accounts: Provisioning, owner: str, kind: AccountKind, by: str) -> Done:
    users = await _asked(accounts.revoke(owner, kind, by))
    text = f"revoked: {', '.join(users)}{_but(accounts)}"
    return Done(ok=not accounts.problem, text=text)


async def _asked(answer: Awaitable[T]) -> T:
    """Return the answer. Raises 422 for a name that cannot be, 409 for what cannot be done."""
    try:
        return await answer
    except NameRefusedError as error:
        raise HTTPException(422, str(error)) from None
    except (AccountRefusedError, KeeperError, AuthorityError) as error:
        raise HTTPException(REFUSED, str(error)) from None


def _told(accounts: Provisioning, *made: Credential) -> CredentialsMade:
    broker, authority = accounts.label_facts()
    credentials = [
        CredentialMade(
            user=each.user,
            owner=each.owner,
            password=each.password,
            certificate=each.certificate,
            key=each.key,
            label=Label(each.owner, each.user, each.password, broker, authority).uri(),
        )
        for each in made
    ]
    return CredentialsMade(text=f"{len(made)} made{_but(accounts)}", credentials=credentials)


def _owner(shown: Told) -> Key:
    return str(shown["owner"]), str(shown["user"])


def _but(accounts: Provisioning) -> str:
    return f"; but {accounts.problem}" if accounts.problem else ""


def _shown(accounts: Provisioning, kind: AccountKind) -> list[Told]:
    now = accounts.clock.now()
    return [
        _account(account) | {"standing": account.standing(now)}
        for account in accounts.accounts(kind)
    ]


def _account(account: BrokerAccount) -> Told:
    return {
        "owner": account.owner,
        "user": account.user,
        "by": "certificate" if account.serial else "password",
        "code": short_code(account.owner) if account.kind is AccountKind.DEVICE else None,
        "bases": list(account.bases),
        "made_at": account.made_at,
        "made_by": account.made_by,
        "retires_at": account.retires_at,
        "expires_at": account.expires_at,
        "revoked_at": account.revoked_at,
    }
