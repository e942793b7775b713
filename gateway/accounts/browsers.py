"""Browsers in which somebody logged in before, known by a cookie that lets nobody in.

Failures in them are counted apart, so that those of strangers do not shut the owner of a login out
(OWASP calls it a device cookie).
"""

from __future__ import annotations

import hmac

from sqlalchemy import Connection

from gateway.accounts import tickets
from gateway.accounts.store import Stored
from gateway.audit import store as audit
from gateway.audit.chain import digest_of
from gateway.privacy import KeyStore


def make(connection: Connection, keys: KeyStore, account: str) -> str:
    """Return what the browser keeps."""
    name = tickets.new_id()
    return f"{name}.{_proof(connection, keys, account, name)}"


def of_login(connection: Connection, keys: KeyStore, stored: Stored | None, kept: str) -> str:
    """Return the browser's name where this account logged in in it before; else nothing."""
    name, _, proof = kept.partition(".")
    if stored is None or not name or not proof:
        return ""
    wanted = _proof(connection, keys, stored.account.id, name)
    return name if hmac.compare_digest(wanted.encode(), proof.encode()) else ""


def _proof(connection: Connection, keys: KeyStore, account: str, name: str) -> str:
    salt = audit.known_salt(connection, keys) or b""  # made with the first row: a login is one
    return digest_of(salt, "known browser", account, name) if salt else ""
