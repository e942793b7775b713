"""Who and what is registered: read from the homes file to the tables, and from there to the engine.

The file is read again when the gateway is told to (SIGHUP). A file with an error in it changes
nothing: the gateway goes on, and starts, with what it was told last, and says what is wrong. Once
the registry was adopted the file is read no more (docs/adr/0022).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from alerts.ways import Way
from devices.profile import DeviceSettings
from gateway.config import Config
from gateway.homes import watching
from gateway.homes.store import FILE_DIGEST, refresh, require_keys, store
from gateway.homes.street import Street
from gateway.homes.watching import PhoneBook
from gateway.homes.ways import Means, means_of, ways_in_own_words, ways_of
from gateway.privacy import KeyStore
from gateway.recall import Registered
from gateway.registry import truth
from gateway.registry.history import follow_file
from gateway.registry.tables import bindings
from gateway.release.farewell import Farewells
from gateway.schema.tables import meta
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
    is_adopted: bool = False
    """Whether the tables themselves are the truth, and no file."""
    farewells: Farewells = field(default_factory=Farewells)
    on_loaded: list[Callable[[], None]] = field(default_factory=list)
    """Called whenever the tables were read again; on the thread that reads them."""
    means: tuple[Means, ...] = field(init=False)
    """The configured channels, for the ways of each person."""

    def __post_init__(self) -> None:
        """Raise `SettingsError` where the file of a channel's address holds none."""
        self.means = means_of(self.config)

    @property
    def is_managed_by_file(self) -> bool:
        """Say whether a homes file, or a street given instead, is the truth."""
        return self.street is not None or not self.is_adopted

    def adopt(self, connection: Connection) -> bool:
        """Make the tables the truth, as they are; say whether they were not before."""
        is_new = truth.adopt(connection, self.now())
        self.is_adopted, self.problem = True, ""
        return is_new

    def take_in(self, connection: Connection) -> None:
        """Bring the tables in line with the file.

        Raises:
            SettingsError: the file has an error, and no earlier one was ever taken in.
            KeyStoreError: the keys do not fit the database.
        """
        now = self.now()
        if self.street is not None:
            store(connection, self.street, self.keys, now)
            follow_file(connection, now)
            return
        self.is_adopted = truth.is_registry(connection, self.config)
        if self.is_adopted:
            require_keys(connection, self.keys)
            return
        try:
            with connection.begin_nested():
                is_changed = refresh(connection, self.config.homes_file, self.keys, now, self.means)
                if is_changed or connection.scalar(select(bindings.c.id).limit(1)) is None:
                    follow_file(connection, now)
        except SettingsError as error:
            if connection.scalar(select(meta.c.value).where(meta.c.key == FILE_DIGEST)) is None:
                raise
            self.problem = str(error)
            logger.error("going on with the homes known before: %s", error)  # noqa: TRY400
        else:
            self.problem = ""

    def load(self, connection: Connection) -> Registered:
        """Read the tables for the engine, and refresh phones and settings."""
        watched = watching.watches(connection, self.keys, self.config.policy)
        self.book = watching.phone_book(connection, self.keys)
        # Read on other threads meanwhile: what stays is never away.
        for gone in self.settings.keys() - watched.settings.keys():
            del self.settings[gone]
        self.settings.update(watched.settings)
        for told in self.on_loaded:
            told()
        return Registered(watched.watches, watched.teams, watched.devices)

    def phones(self, contact: str) -> tuple[str, ...]:
        """Return a contact's phones, the preferred one first."""
        return self.farewells.phones(contact) or self.book.phones(contact)

    def ways(self, contact: str) -> tuple[Way, ...]:
        """Return the ways of a contact, best first; none for one who is known no more."""
        if leaving := self.farewells.phones(contact):
            return ways_in_own_words(leaving, self.means)
        reach = self.book.reach(contact)
        return ways_of(reach, self.means) if reach else ()

    def contacts(self, phone: str) -> tuple[str, ...]:
        """Return whose phone this is; nobody for a stranger's."""
        return self.book.contacts(phone)
