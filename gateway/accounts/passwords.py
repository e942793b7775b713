"""Passwords: which will do, and how they are kept.

Length and a list of what everybody tries, nothing about kinds of characters (NIST SP 800-63B-4,
3.1.1.2). Kept as argon2id with OWASP's parameters for small memory: 19 MiB, two passes, one lane.
RFC 9106's 64 MiB would be 128 MiB for two people at once, on a machine whose gateway has 1 GiB.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB: Final = 19_456
PASSES: Final = 2
LANES: Final = 1
"""OWASP Password Storage Cheat Sheet: m=19456 (19 MiB), t=2, p=1."""
AT_ONCE: Final = 2
"""Passwords being hashed at the same time, others wait: 38 MiB at most (ours)."""

SHORTEST: Final = 10
LONGEST: Final = 128
"""In characters. NIST asks for at least 64 to be taken; the end keeps a hostile form cheap."""

FIRST_LASTS: Final = timedelta(days=7)
"""A password that somebody else made is good for a first login this long (ours)."""

_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like another

_TRIED_FIRST: Final = """
    1234567890 12345678910 123456789a 0123456789 0987654321 9876543210 1234512345 1122334455
    1111111111 0000000000 1212121212 1231231234 5201314520 1314520520 qwertyuiop qwerty1234
    qwerty12345 qwerty123456 1qaz2wsx3edc 1q2w3e4r5t 1q2w3e4r5t6y zaq12wsxcde asdfghjkl;
    asdfghjkl1 abcd123456 abc1234567 abcdefghij abc123456789 a123456789 aa12345678 aa123456789
    q123456789 woaini1314 woaini520520 woaini1314520 password12 password123 password1234
    password12345 passw0rd123 passw0rd1234 p@ssw0rd123 p@ssword123 letmein1234 welcome123
    welcome1234 iloveyou12 iloveyou123 admin12345 admin123456 admin888888 administrator
    root123456 test123456 changeme123 changeme1234 raspberry1 raspberry123 raspberrypi
    shenzhen2020 shenzhen123 longgang123 huizhou123 shantou123 sunshine123 football123
    dragon12345 monkey12345 superman123 master12345 princess123 charlie123 michael123
"""
"""From the lists of leaked passwords that are tried first, as far as they are long enough."""
_EVERYBODYS: Final = frozenset(_TRIED_FIRST.split())
_OURS: Final = ("menshen", "门神")


class Fault(StrEnum):
    """Why a password will not do."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_COMMON = "too_common"
    LIKE_LOGIN = "like_login"


def why_not(password: str, login: str) -> Fault | None:
    """Return why a password will not do for this account; None where it will."""
    plain = normalised(password)
    if len(plain) < SHORTEST:
        return Fault.TOO_SHORT
    if len(plain) > LONGEST:
        return Fault.TOO_LONG
    folded = plain.casefold()
    if folded in _EVERYBODYS or len(set(folded)) <= 3 or _is_run(folded):
        return Fault.TOO_COMMON
    rest = folded
    for word in (login.casefold(), *_OURS):
        rest = rest.replace(word, "")
    return Fault.LIKE_LOGIN if len(rest) < SHORTEST // 2 else None


def normalised(password: str) -> str:
    """Return the same characters for the same password, from whatever keyboard (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def make() -> str:
    """Return a password to be changed at the first login: four groups of four, 79 bits."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


class Hasher:
    """Hashes and compares passwords away from the event loop, a few at once."""

    def __init__(
        self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES, lanes: int = LANES
    ) -> None:
        self._argon2 = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        self._nobodys = self._argon2.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        """Return a password as it is kept: encoded with salt and parameters."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._argon2.hash, normalised(password))

    async def is_it(self, password: str, kept: str | None) -> bool:
        """Compare; where nothing is kept (no such account) it takes as long and is not."""
        loop = asyncio.get_running_loop()
        is_same = await loop.run_in_executor(
            self._threads, self._compare, kept or self._nobodys, normalised(password)
        )
        return is_same and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Say whether it was kept with other parameters than today's."""
        return self._argon2.check_needs_rehash(kept)

    def _compare(self, kept: str, password: str) -> bool:
        try:
            return self._argon2.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def _is_run(text: str) -> bool:
    """Say whether each character is the one after, or before, the last."""
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return len(steps) == 1 and abs(next(iter(steps))) <= 1
