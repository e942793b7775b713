"""Which watch is of which home, in memory: in the tables it is sealed, each under its own key.

Built when first asked for, and brought up to date where something changed: an order whose home is
known is not unsealed again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress

from sqlalchemy import Connection, select

from gateway.homes.store import RELEASED
from gateway.privacy import KeyStore, UnreadableError
from gateway.schema.tables import orders


class HomeIndex:
    """Safe to use from any thread."""

    def __init__(
        self, read: Callable[[], AbstractContextManager[Connection]], keys: KeyStore
    ) -> None:
        self._read = read
        self._keys = keys
        self._lock = threading.Lock()
        self._is_fresh = False
        self._code_of: dict[str, str] = {}
        self._watch_of: dict[str, str] = {}

    def invalidate(self) -> None:
        """Say that orders were entered or released."""
        self._is_fresh = False

    def known_watch(self, code: str) -> str | None:
        """Return the watch a home had when last looked."""
        return self._watch_of.get(code)

    def watch_of(self) -> Mapping[str, str]:
        """Return the watch of each home's standing order, by house code; not to be changed."""
        with self._lock:
            if not self._is_fresh:
                self._is_fresh = True  # before reading: what changes meanwhile makes it stale again
                self._refresh()
            return self._watch_of

    def code_of(self, watch: str) -> str | None:
        """Return the house code of a standing order."""
        self.watch_of()
        return self._code_of.get(watch)

    def _refresh(self) -> None:
        with self._read() as connection:
            standing = set(
                connection.scalars(select(orders.c.watch).where(orders.c.state != RELEASED))
            )
            new = standing - self._code_of.keys()
            codes = {watch: self._code_of[watch] for watch in standing - new}
            every = len(new) > len(codes)
            query = select(orders.c.watch, orders.c.sealed_home)
            for one in [query] if every else [query.where(orders.c.watch == each) for each in new]:
                for row in connection.execute(one):
                    if row.watch in new:
                        with suppress(UnreadableError):  # its key is shredded: it is nobody's now
                            codes[row.watch] = self._keys.unseal(row.watch, row.sealed_home)
        self._code_of = codes
        self._watch_of = {code: watch for watch, code in codes.items()}
