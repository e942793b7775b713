"""What is personal is readable only with the key of its owner, and with nothing once that is gone.

An owner is a watch (by its random id), `team:<id>`, `account:<id>` or `gateway`. Keys are kept in a
file apart from the database, so that neither tells anything alone; a key is on the disk before the
first row that needs it, and shredding it makes every such row unreadable, in backups of the
database too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from sys import intern
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

GATEWAY: Final = "gateway"
"""Owner of what belongs to no watch and no team, such as texts from strangers."""

_FORMAT: Final = b"\x01"
_NONCE_BYTES: Final = 12  # NIST SP 800-38D: 96 bits
_KEY_BYTES: Final = 32
_STORE_VERSION: Final = 1
_DIGEST: Final = b"digest:"  # what a key seals is never what it digests


class KeyStoreError(Exception):
    """The key store is lost, damaged or of another version; the message says what to do."""


class UnreadableError(Exception):
    """Something sealed that cannot be opened: its key is shredded or lost, or it was altered."""


def team_owner(team: str) -> str:
    """Return the owner of a team's names and phones."""
    return f"team:{team}"


class KeyStore:
    """Seals and unseals texts, each under the key of its owner. Safe to use from any thread."""

    def __init__(self, path: Path, keys: Mapping[str, bytes]) -> None:
        """Use `open` or `create`."""
        self.path = path
        self._lock = threading.Lock()
        self._keys = dict(keys)

    @classmethod
    def open(cls, path: Path) -> KeyStore:
        """Read the key store. Raises `KeyStoreError` where it is absent or damaged."""
        try:
            document = json.loads(path.read_bytes())
            version, written, digest = document["version"], document["keys"], document["digest"]
            keys = {
                intern(owner): base64.b64decode(key, validate=True)
                for owner, key in written.items()
            }
        except FileNotFoundError:
            raise KeyStoreError(
                f"the key store {path} is missing: without it nothing personal in the database can"
                " be read. Put back its copy, or run `menshen init` for a new gateway"
            ) from None
        except OSError as error:
            raise KeyStoreError(f"the key store {path} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            raise KeyStoreError(_damaged(path)) from None
        if version != _STORE_VERSION:
            raise KeyStoreError(
                f"the key store {path} is of version {version}, this program knows"
                f" {_STORE_VERSION}: use the program that wrote it, or a newer one"
            )
        if digest != _digest(keys) or any(len(key) != _KEY_BYTES for key in keys.values()):
            raise KeyStoreError(_damaged(path))
        return cls(path, keys)

    @classmethod
    def create(cls, path: Path) -> KeyStore:
        """Make a new key store with a key for the gateway. Never overwrites one."""
        if path.exists():
            raise KeyStoreError(f"the key store {path} exists already and is left as it is")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        store = cls(path, {})
        store.ensure([GATEWAY])
        return store

    def owners(self) -> frozenset[str]:
        """Return everybody who has a key."""
        return frozenset(self._keys)

    def ensure(self, owners: Iterable[str]) -> None:
        """Give a key to each owner without one; on return all are on the disk."""
        with self._lock:
            wanted = sorted(set(owners) - self._keys.keys())
            if wanted:
                self._replace(
                    self._keys | {owner: secrets.token_bytes(_KEY_BYTES) for owner in wanted}
                )

    def shred(self, *owners: str) -> None:
        """Destroy owners' keys: what was sealed under them can never be read again.

        The old file is overwritten as well as the medium allows.
        """
        with self._lock:
            gone = self._keys.keys() & set(owners)
            if not gone:
                return
            with self.path.open("r+b") as old:
                self._replace({name: key for name, key in self._keys.items() if name not in gone})
                old.write(b"\0" * os.fstat(old.fileno()).st_size)
                old.flush()
                os.fsync(old.fileno())

    def seal(self, owner: str, text: str) -> bytes:
        """Encrypt a text under its owner's key. Raises `UnreadableError` without one."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(owner).encrypt(nonce, text.encode(), owner.encode())
        return _FORMAT + nonce + sealed

    def unseal(self, owner: str, blob: bytes) -> str:
        """Return what was sealed. Raises `UnreadableError` where key, owner or bytes are wrong."""
        if blob[:1] != _FORMAT or len(blob) <= _NONCE_BYTES:
            raise UnreadableError(f"sealed for {owner}: of an unknown format")
        nonce, sealed = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
        try:
            return self._cipher(owner).decrypt(nonce, sealed, owner.encode()).decode()
        except InvalidTag:
            raise UnreadableError(f"sealed for {owner}: altered, or under another key") from None

    def digest(self, owner: str, text: str) -> str:
        """Return 16 hex digits that stand for a text, and lead nowhere once the key is destroyed.

        Raises `UnreadableError` without one.
        """
        key = self._keys.get(owner)
        if key is None:
            raise _no_key(owner)
        return hmac.digest(key, _DIGEST + text.encode(), "sha256")[:8].hex()

    def key_under(self, guard: str, owner: str) -> bytes:
        """Return an owner's key, sealed under another's. Raises `UnreadableError` without it."""
        if owner not in self._keys:
            raise _no_key(owner)
        return self.seal(guard, base64.b64encode(self._keys[owner]).decode())

    def of_one(self, guard: str, owner: str, sealed: bytes) -> KeyStore:
        """Return a store, in memory alone, of one owner whose key `key_under` sealed."""
        return KeyStore(self.path, {owner: base64.b64decode(self.unseal(guard, sealed))})

    def _cipher(self, owner: str) -> AESGCM:
        try:
            # Made anew each time, in 2 us: kept, they take 3 KB an owner.
            return AESGCM(self._keys[owner])
        except KeyError:
            raise _no_key(owner) from None

    def _replace(self, keys: dict[str, bytes]) -> None:
        document = {
            "version": _STORE_VERSION,
            "digest": _digest(keys),
            "keys": {owner: base64.b64encode(key).decode() for owner, key in keys.items()},
        }
        write_private(self.path, json.dumps(document, indent=0).encode())
        self._keys = keys


def write_private(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file that only its owner may read, whole or not at all, down to the disk.

    With another `mode` others may too; it is not narrowed by the umask.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _digest(keys: Mapping[str, bytes]) -> str:
    """Tell a damaged file from a whole one; it guards against accident, not malice."""
    summed = hashlib.sha256()
    for owner in sorted(keys):
        summed.update(f"{len(owner)}:{owner}".encode() + keys[owner])
    return summed.hexdigest()


def _no_key(owner: str) -> UnreadableError:
    return UnreadableError(f"{owner} has no key: shredded, or never given one")


def _damaged(path: Path) -> str:
    return (
        f"the key store {path} is damaged: put back its copy. Without it nothing personal in the"
        " database can be read, and no text can be sent to anybody"
    )
