"""Passwords as mosquitto keeps them: `$7$iterations$salt$hash`, PBKDF2 with SHA-512."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

ITERATIONS = 101
"""mosquitto_passwd's own. The broker repeats them for each connected client at every reload, on its
one thread: a thousand would hold 4,000 devices up for 2 s, and guard a password of 128 random bits
against nothing."""
SALT_BYTES = 12
"""mosquitto 2.0 takes no other length: it drops the line, and with it the user."""
MOST_ITERATIONS = 1_000_000
_HASH_BYTES = 64


def hashed(password: str, salt: bytes) -> str:
    """Return a password's hash for the broker's password file. ValueError for another salt."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"mosquitto's salts have {SALT_BYTES} bytes")
    return f"$7${ITERATIONS}${_text(salt)}${_text(_derive(password, salt, ITERATIONS))}"


def is_password(password: str, written: str) -> bool:
    """Say whether this is the password of a hash; False for a hash of another form."""
    try:
        _, kind, iterations, salt, wanted = written.split("$")
        if kind != "7" or not 1 <= int(iterations) <= MOST_ITERATIONS:
            return False
        derived = _derive(password, base64.b64decode(salt, validate=True), int(iterations))
        return hmac.compare_digest(derived, base64.b64decode(wanted, validate=True))
    except (ValueError, binascii.Error):
        return False


def _derive(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations, _HASH_BYTES)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
