"""Keys of orders that are over, held apart until they are destroyed; only a contest opens one.

A held key is sealed under a key that stays in the key store, so that this file alone opens nothing,
and no screen, export, log or API finds the key where it looks for keys. Each change is on the disk,
whole, when it returns; repeating any of them changes nothing.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from gateway.privacy import KeyStore, KeyStoreError, write_private

CONTEST: Final = "contest"
"""Owner of the key under which held keys are sealed."""
_VERSION: Final = 1


def beside(keys_file: Path) -> Path:
    """Return where the held keys of a key store are."""
    return keys_file.with_name(f"{keys_file.stem}-held{keys_file.suffix}")


class Escrow:
    """The keys that are held. Safe to use from any thread."""

    def __init__(self, keys: KeyStore) -> None:
        """Read them. Raises `KeyStoreError` where the file is damaged."""
        self.path = beside(keys.path)
        self._keys = keys
        self._lock = threading.Lock()
        self._held = _read(self.path)

    def owners(self) -> frozenset[str]:
        """Return whose keys are held."""
        return frozenset(self._held)

    def hold(self, owners: Iterable[str]) -> None:
        """Take copies of these keys; the key store still has its own."""
        with self._lock:
            new = [owner for owner in owners if owner not in self._held]
            if new:
                self._keys.ensure([CONTEST])
                sealed = {owner: self._keys.key_under(CONTEST, owner) for owner in new}
                self._replace(self._held | sealed)

    def opened(self, owner: str) -> KeyStore:
        """Return what reads this owner's alone. Raises `UnreadableError` where none is held.

        Whoever calls this has written the reason into the audit.
        """
        return self._keys.of_one(CONTEST, owner, self._held.get(owner, b""))

    def destroy(self, owners: Iterable[str]) -> None:
        """Destroy held keys; the old file is overwritten as well as the medium allows."""
        with self._lock:
            gone = self._held.keys() & set(owners)
            if not gone:
                return
            with self.path.open("r+b") as old:
                self._replace({each: key for each, key in self._held.items() if each not in gone})
                old.write(b"\0" * os.fstat(old.fileno()).st_size)
                old.flush()
                os.fsync(old.fileno())

    def _replace(self, held: dict[str, bytes]) -> None:
        written = {owner: base64.b64encode(sealed).decode() for owner, sealed in held.items()}
        document = {"version": _VERSION, "keys": written}
        write_private(self.path, json.dumps(document, indent=0).encode())
        self._held = held


def _read(path: Path) -> dict[str, bytes]:
    try:
        document = json.loads(path.read_bytes())
        if document["version"] != _VERSION:
            raise KeyStoreError(f"{path} is of another version: use the program that wrote it")
        return {each: base64.b64decode(key) for each, key in document["keys"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise KeyStoreError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyStoreError(
            f"{path} is damaged: put back its copy, or take it away: then orders that are over"
            " cannot be contested any more"
        ) from None
