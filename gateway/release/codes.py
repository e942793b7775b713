"""The code by which a resident sees the own record: shown once, kept as a salted digest.

Twelve letters and figures that nobody confuses, 60 bits: nobody guesses one, and who tries is made
to wait. It ends when the key of the record is destroyed.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from alerts.tables import micros
from gateway.audit.chain import digest_of
from gateway.audit.store import known_salt
from gateway.privacy import KeyStore
from gateway.release.certificate import tie_of
from gateway.release.tables import record_codes

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U."""
LENGTH: Final = 12
GROUP: Final = 4
_READ_AS: Final = str.maketrans("ILOU", "110V", " -\u2013\u2014")


def give(connection: Connection, keys: KeyStore, watch: str, house_code: str, now: datetime) -> str:
    """Make a new code for a home and return it; an older one is good no more.

    What is audited comes before: the audit's salt is used.
    """
    salt = known_salt(connection, keys)
    assert salt is not None
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    connection.execute(delete(record_codes).where(record_codes.c.watch == watch))
    connection.execute(
        insert(record_codes).values(
            watch=watch,
            digest=_digest(salt, code),
            tie=tie_of(code, house_code),
            made_at=micros(now),
        )
    )
    return code


def watch_of(connection: Connection, keys: KeyStore, written: str) -> str | None:
    """Return whose record a code opens; None for any other text."""
    code = read(written)
    salt = known_salt(connection, keys)
    if code is None or salt is None:
        return None
    found = select(record_codes.c.watch).where(record_codes.c.digest == _digest(salt, code))
    watch: str | None = connection.scalar(found)
    return watch


def tie(connection: Connection, watch: str) -> str:
    """Return what ties a certificate to the home of a watch; nothing where it has no code."""
    return connection.scalar(select(record_codes.c.tie).where(record_codes.c.watch == watch)) or ""


def read(written: str) -> str | None:
    """Return the code in what somebody typed, None where it cannot be one."""
    code = written[:64].upper().translate(_READ_AS)
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def shown(code: str) -> str:
    """Return a code as people read it: `7K2M-9QX4-AB3D`."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def _digest(salt: bytes, code: str) -> str:
    return digest_of(salt, "code of a record", code)
