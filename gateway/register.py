"""Who and what is registered: read from the homes file to the tables, and from there to the engine.

The file is read again when the gateway is told to (SIGHUP). A file with an error in it changes
nothing: the gateway goes on, and starts, with what it was told last, and says what is wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from alerts.ways import Way
from devices.profile import DeviceSettings
from gateway.config import Config
from gateway.homes import watching
from gateway.homes.store import refresh, store
from gateway.homes.street import Street
from gateway.homes.watching import PhoneBook
from gateway.homes.ways import Means, means_of, ways_of
from gateway.privacy import KeyStore
from gateway.recall import Registered
from gateway.schema.tables import orders
from gateway.settings import SettingsError

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Register:
    """What the tables of homes say, for those who need it while the gateway runs."""

    config: Config
    keys: KeyStore
    now: Callable[[], datetime]
    street: Street | None = None  # instead of the file's: the demo's own
    book: PhoneBook = field(default_factory=PhoneBook)
    settings: dict[str, DeviceSettings] = field(default_factory=dict)
    """By device, for decoding; the same dict for the gateway's life."""
    problem: str = ""
    """What is wrong with the file, while the tables still have what an earlier one said."""
    means: tuple[Means, ...] = field(init=False)
    """The configured channels, for the ways of each person."""

    def __post_init__(self) -> None:
        """Raise `SettingsError` where the file of a channel's address holds none."""
        self.means = means_of(self.config)

    def take_in(self, connection: Connection) -> None:
        """Bring the tables in line with the file.

        Raises:
            SettingsError: the file has an error, and no earlier one was ever taken in.
            KeyStoreError: the keys do not fit the database.
        """
        if self.street is not None:
            store(connection, self.street, self.keys, self.now())
            return
        try:
            with connection.begin_nested():
                refresh(connection, self.config.homes_file, self.keys, self.now(), self.means)
        except SettingsError as error:
            if connection.scalar(select(func.count()).select_from(orders)) == 0:
                raise
            self.problem = str(error)
            logger.error("going on with the homes known before: %s", error)  # noqa: TRY400
        else:
            self.problem = ""

    def load(self, connection: Connection) -> Registered:
        """Read the tables for the engine, and refresh phones and settings."""
        watched = watching.watches(connection, self.keys, self.config.policy)
        self.book = watching.phone_book(connection, self.keys)
        self.settings.clear()
        self.settings.update(watched.settings)
        return Registered(watched.watches, watched.teams, watched.devices)

    def phones(self, contact: str) -> tuple[str, ...]:
        """Return a contact's phones, the preferred one first."""
        return self.book.phones(contact)

    def ways(self, contact: str) -> tuple[Way, ...]:
        """Return the ways of a contact, best first; none for one who is known no more."""
        reach = self.book.reach(contact)
        return ways_of(reach, self.means) if reach else ()

    def contacts(self, phone: str) -> tuple[str, ...]:
        """Return whose phone this is; nobody for a stranger's."""
        return self.book.contacts(phone)
