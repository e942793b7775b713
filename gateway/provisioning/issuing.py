"""Makes and ends accounts: a password is returned once, to whoever asked, and only its hash kept.

Mosquitto knows one password for a user, so a change of password is a change of user name: the new
one is let in beside the old one until its grace is over. A user name is given again only once
nobody can hold a certificate in it. It never commits.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import Connection

from devices import provisioning
from gateway.provisioning.accounts import Account, AccountKind, load, load_named, put
from gateway.provisioning.authority import Authority
from gateway.provisioning.hashing import SALT_BYTES, hashed, is_password
from gateway.settings import SettingsError

MOST_AT_ONCE = 1000
"""Accounts made by one request (ours: storing them holds the writer thread for 0.15 s)."""

Draw = Callable[[], tuple[str, str]]
"""Returns a new password and its hash."""


class AccountRefusedError(Exception):
    """An account that cannot be made or ended; the message says why and what to do instead."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What its owner must be told, once. `repr` never shows the secret."""

    user: str
    owner: str
    password: str = ""
    certificate: str = ""  # PEM
    key: str = ""  # PEM

    def __repr__(self) -> str:
        return f"Credential({self.user!r})"


def draw() -> tuple[str, str]:
    """Return a new password and its hash, which takes 0.1 ms."""
    password = provisioning.password(secrets.token_bytes(provisioning.PASSWORD_BYTES))
    return password, hashed(password, secrets.token_bytes(SALT_BYTES))


@dataclass(frozen=True, slots=True)
class Issuer:
    """One turn of making accounts: by whom, when, and where passwords come from."""

    connection: Connection
    by: str
    now: datetime
    draw: Draw = draw

    def add_devices(self, devices: Sequence[str]) -> list[Credential]:
        """Make an account with a password for each device: for all of them, or for none.

        Raises `AccountRefusedError` or `NameRefusedError`.
        """
        if len(devices) > MOST_AT_ONCE:
            raise AccountRefusedError(f"more than {MOST_AT_ONCE} at once; ask several times")
        if len(set(devices)) != len(devices):
            twice = next(each for each in devices if devices.count(each) > 1)
            raise AccountRefusedError(f"{twice} stands there twice")
        known = self._named(*devices)
        for device in devices:
            provisioning.require_device(device)
            if self._let_in(known, device, AccountKind.DEVICE):
                raise AccountRefusedError(
                    f"{device} has an account; `menshen device rotate {device}` makes another"
                )
        made = [self._with_password(self._device(known, device)) for device in devices]
        put(self.connection, (account for account, _ in made))
        return [credential for _, credential in made]

    def rotate(self, device: str, grace: timedelta) -> Credential:
        """Make a new password; what was let in before is let in for `grace` more.

        Raises `AccountRefusedError`.
        """
        known = self._named(device)
        before = self._require_account(known, device)
        account, credential = self._with_password(self._device(known, device))
        put(self.connection, [account, *(each.retired(self.now + grace) for each in before)])
        return credential

    def certify(self, device: str, grace: timedelta, authority: Authority) -> Credential:
        """Issue a certificate in place of a password, or as the first credential of a device.

        Raises `AccountRefusedError` or `NameRefusedError`.
        """
        known = self._named(device)
        fresh = self._device(known, provisioning.require_device(device))
        issued = authority.issue_client(fresh.user, self.now)
        account = replace(fresh, serial=issued.serial, expires_at=issued.ends_at)
        before = self._let_in(known, device, AccountKind.DEVICE)
        put(self.connection, [account, *(each.retired(self.now + grace) for each in before)])
        return Credential(fresh.user, device, certificate=issued.certificate, key=issued.key)

    def add_bridge(self, bridge: str, bases: Sequence[str]) -> Credential:
        """Make the account of a bridge, confined to base topics that are nobody else's.

        Raises `AccountRefusedError` or `NameRefusedError`.
        """
        known = self._by_user(load(self.connection, AccountKind.BRIDGE))
        user = provisioning.user_of_bridge(bridge)
        if user in known and known[user].is_let_in(self.now):
            raise AccountRefusedError(f"there is a bridge {bridge}; revoke it first")
        if not bases:
            raise AccountRefusedError("name at least one base topic")
        for base in bases:
            provisioning.require_base(base)
            self._refuse_overlap(known, base)
        fresh = Account(user, bridge, AccountKind.BRIDGE, self.now, self.by, bases=tuple(bases))
        account, credential = self._with_password(fresh)
        put(self.connection, [account])
        return credential

    def revoke(self, owner: str, kind: AccountKind) -> list[str]:
        """End every account of a device or bridge at once; return their user names.

        Raises `AccountRefusedError`.
        """
        found = [
            account
            for account in self._named(owner).values()
            if account.owner == owner and account.kind is kind and account.revoked_at is None
        ]
        if not found:
            raise AccountRefusedError(f"{kind} {owner} has no account that could be revoked")
        put(self.connection, (replace(each, revoked_at=self.now) for each in found))
        return [each.user for each in found]

    def keep_gateway(self, user: str, password: str) -> None:
        """Have one account for the gateway, with the password that stands in its own file.

        Raises `SettingsError` where the name is no name, or somebody else's.
        """
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", user):
            raise SettingsError("mqtt.username: letters, digits, `_`, `.` and `-` alone")
        accounts = (*load(self.connection, AccountKind.GATEWAY), *self._named(user).values())
        known = self._by_user(accounts)
        before = known.get(user)
        if before is not None and before.kind is not AccountKind.GATEWAY:
            raise SettingsError(f"mqtt.username: {user} is the account of a {before.kind}")
        others = [
            replace(each, revoked_at=self.now)
            for each in known.values()
            if each.kind is AccountKind.GATEWAY and each.user != user and each.revoked_at is None
        ]
        put(self.connection, others)
        if before is None or before.revoked_at or not is_password(password, before.hash or ""):
            written = hashed(password, secrets.token_bytes(SALT_BYTES))
            fresh = Account(user, "", AccountKind.GATEWAY, self.now, self.by, hash=written)
            put(self.connection, [fresh])

    def _named(self, *names: str) -> dict[str, Account]:
        return self._by_user(load_named(self.connection, names))

    @staticmethod
    def _by_user(accounts: Iterable[Account]) -> dict[str, Account]:
        return {account.user: account for account in accounts}

    def _let_in(self, known: Mapping[str, Account], owner: str, kind: AccountKind) -> list[Account]:
        return [
            account
            for account in known.values()
            if account.owner == owner and account.kind is kind and account.is_let_in(self.now)
        ]

    def _require_account(self, known: Mapping[str, Account], device: str) -> list[Account]:
        found = self._let_in(known, device, AccountKind.DEVICE)
        if not found:
            raise AccountRefusedError(f"{device} has no account; `menshen device add {device}`")
        return found

    def _device(self, known: Mapping[str, Account], device: str) -> Account:
        """Return a new account in the first user name of a device that is free."""
        first = known.get(device)
        if first is not None and first.kind is not AccountKind.DEVICE:
            raise AccountRefusedError(f"{device} is the user name of the {first.kind}")
        for generation in count(1):
            user = provisioning.user_of_device(device, generation)
            before = known.get(user)
            if before is None or not (before.is_let_in(self.now) or before.is_barred(self.now)):
                return Account(user, device, AccountKind.DEVICE, self.now, self.by)
        raise AssertionError("there is always another number")

    def _with_password(self, account: Account) -> tuple[Account, Credential]:
        password, written = self.draw()
        credential = Credential(account.user, account.owner, password)
        return replace(account, hash=written), credential

    def _refuse_overlap(self, known: Mapping[str, Account], base: str) -> None:
        for account in known.values():
            for other in account.bases if account.is_let_in(self.now) else ():
                if provisioning.overlap(base, other):
                    raise AccountRefusedError(
                        f"{base} is within reach of the bridge {account.owner} ({other}); give each"
                        " bridge a base topic of its own"
                    )


def gateway_bases(accounts: Iterable[Account], configured: Iterable[str]) -> list[str]:
    """Return the base topics that the gateway reads: of its configuration and of all bridges."""
    return sorted({*configured, *(base for account in accounts for base in account.bases)})
