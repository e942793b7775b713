"""Orders that are over but still stand in the homes file: they begin again for nobody.

Kept as salted digests, and no longer than the file names them.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, delete, insert, select

from alerts.tables import micros
from gateway.audit.chain import digest_of
from gateway.audit.store import known_salt
from gateway.homes.street import HomeRow, Street
from gateway.privacy import KeyStore
from gateway.release import freed
from gateway.release.tables import spent_orders
from gateway.settings import SettingsError


def spend(connection: Connection, keys: KeyStore, code: str, starts_at: int) -> None:
    """Note that the order of a home that began then is over. What is audited comes before."""
    salt = known_salt(connection, keys)
    assert salt is not None
    spent = _digest(salt, code, starts_at)
    connection.execute(delete(spent_orders).where(spent_orders.c.digest == spent))
    connection.execute(insert(spent_orders).values(digest=spent))


def without_spent(connection: Connection, keys: KeyStore, street: Street) -> Street:
    """Return a street without the homes whose order is over, their devices and permits.

    Raises `SettingsError` for a device that is to hang elsewhere before it was wiped.
    """
    known = set(connection.scalars(select(spent_orders.c.digest)))
    salt = known_salt(connection, keys) if known else None
    named = _digests(salt, street) if salt is not None else {}
    over = {code for code, digest in named.items() if digest in known}
    gone = known - set(named.values())
    if gone:
        connection.execute(delete(spent_orders).where(spent_orders.c.digest.in_(gone)))
    if over:
        street = msgspec.structs.replace(
            street,
            homes=tuple(home for home in street.homes if home.code not in over),
            devices=tuple(each for each in street.devices if each.home not in over),
            permits=tuple(each for each in street.permits if each.home not in over),
        )
    _refuse_unwiped(connection, street)
    return street


def _refuse_unwiped(connection: Connection, street: Street) -> None:
    waiting = {each.device for each in freed.unwiped(connection)}
    for device in street.devices if waiting else ():
        if device.id in waiting:
            raise SettingsError(
                f'devices (id "{device.id}"): was at a home that was released, and is not wiped'
                f" yet: reset it to factory settings, then say `menshen device wiped {device.id}`"
            )


def _digests(salt: bytes, street: Street) -> Mapping[str, str]:
    return {home.code: _digest(salt, home.code, _starts_at(home)) for home in street.homes}


def _digest(salt: bytes, code: str, starts_at: int) -> str:
    return digest_of(salt, "order that is over", code, str(starts_at))


def _starts_at(home: HomeRow) -> int:
    return micros(home.order.starts_at)
