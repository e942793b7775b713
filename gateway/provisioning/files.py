"""The broker's password file and access file: the accounts, as mosquitto reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from devices.provisioning import (
    Rule,
    bridge_rules,
    device_rules,
    gateway_rules,
    pattern_rules,
)
from gateway.provisioning.accounts import Account, AccountKind
from gateway.provisioning.witness import USER as WITNESS

PASSWORDS = "passwd"
ACCESS = "acl"

NOTHING: tuple[Rule, ...] = (Rule("deny", "#"),)
HEADER = "# Written by Menshen, which writes it anew with every change of an account.\n"
"""A file without this line was written by somebody else and is left alone."""


def render_passwords(accounts: Iterable[Account], now: datetime) -> str:
    """Return the password file: everybody with a password who is let in now."""
    lines = (
        f"{account.user}:{account.hash}\n"
        for account in _by_user(accounts)
        if account.hash is not None and account.is_let_in(now)
    )
    return HEADER + "".join(lines)


def read_passwords(text: str) -> dict[str, str]:
    """Return each user's hash in a password file; what is no line of one is left out."""
    lines = (line.partition(":") for line in text.split("\n") if not line.startswith("#"))
    return {user: written for user, colon, written in lines if user and colon}


def render_access(accounts: Sequence[Account], now: datetime, bases: Iterable[str]) -> str:
    """Return the access file; `bases` are the topics that the gateway reads beside its own.

    Devices go by pattern. A user has lines of its own where its name is not the device's id, where
    it is no device, or where its certificate is good for nothing and its holder may be connected.
    """
    lines = [HEADER, *(f"pattern {access} {topic}\n" for access, topic in pattern_rules())]
    sections = [(WITNESS, NOTHING)]
    sections += ((each.user, _rules(each, now, bases)) for each in _by_user(accounts))
    for user, rules in sections:
        if rules:
            lines.append(f"\nuser {user}\n")
            lines += (f"topic {access} {topic}\n" for access, topic in rules)
    return "".join(lines)


def _rules(account: Account, now: datetime, bases: Iterable[str]) -> tuple[Rule, ...]:
    if not account.is_let_in(now):
        return NOTHING if account.is_barred(now) else ()
    match account.kind:
        case AccountKind.GATEWAY:
            return gateway_rules(bases)
        case AccountKind.BRIDGE:
            return bridge_rules(account.bases)
        case AccountKind.DEVICE:
            return () if account.user == account.owner else device_rules(account.owner)


def _by_user(accounts: Iterable[Account]) -> Iterator[Account]:
    yield from sorted(accounts, key=lambda account: account.user)
