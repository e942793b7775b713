"""A row of the audit fits the one before it or is found out: hashes alone, nothing stored here.

Each row carries the SHA-256 of itself and of the row before. Whoever changes, removes, inserts or
swaps rows must write every later hash anew, and then the last one differs from the head that was
given away at midnight.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

GENESIS = "0" * 64
"""What stands for the row before the first."""

_ENCODING = "menshen audit 1"


class Action(StrEnum):
    """What was done, or was refused."""

    LOGIN = "login"
    LOGIN_REFUSED = "login_refused"
    LOGOUT = "logout"
    SESSION_ENDED = "session_ended"
    REFUSED = "refused"
    FACTOR_SHOWN = "factor_shown"
    RECOVERY_CODE_USED = "recovery_code_used"
    UNMASKED = "unmasked"
    EXPORTED = "exported"
    EXPORT_REWOUND = "export_rewound"
    ACCOUNT_CREATED = "account_created"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    RIGHTS_CHANGED = "rights_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an action
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of an action
    FACTOR_SET_UP = "factor_set_up"
    FACTOR_RESET = "factor_reset"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    TOKEN_MADE = "token_made"  # noqa: S105 - the name of an action
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an action
    CREDENTIAL_MADE = "credential_made"
    CREDENTIAL_REVOKED = "credential_revoked"
    RELEASED = "released"
    KEY_DESTROYED = "key_destroyed"
    DEVICE_WIPED = "device_wiped"
    DEVICE_MOUNTED = "device_mounted"
    DEVICE_IN_SERVICE = "device_in_service"
    DEVICE_TAKEN_BACK = "device_taken_back"
    DEVICE_CHECKED = "device_checked"
    RECORD_CODE_MADE = "record_code_made"
    RECORD_SEEN = "record_seen"
    CONTESTED = "contested"
    CONTEST_OPENED = "contest_opened"
    CONTEST_ANSWERED = "contest_answered"


class Fault(StrEnum):
    """What is wrong with a row, or with what should follow it."""

    GAP = "gap"
    """Its number does not follow: rows were removed or inserted."""
    NOT_LINKED = "not_linked"
    """It was not written after the row that stands before it."""
    ALTERED = "altered"
    """It does not hash to what was noted with it."""
    HEAD_DIFFERS = "head_differs"
    """A head that was given away names another row here: everything up to it was rewritten."""
    MISSING = "missing"
    """A head that was given away names a row that is not there: the end was cut off."""
    WORDS_DIFFER = "words_differ"
    """What is kept in words is not what the row was made of."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was done. `at` in microseconds since 1970 UTC."""

    seq: int
    at: int
    actor: str
    action: str
    subject: str
    detail: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ended when a local day did. `seq` 0: nothing was in it."""

    day: date
    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.day} {self.seq} {self.hash}"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that does not fit, and why."""

    seq: int
    fault: Fault


def linked(
    before: Row | None, *, at: int, actor: str, action: str, subject: str, detail: str
) -> Row:
    """Return the row that follows `before`."""
    seq, previous = (before.seq + 1, before.hash) if before else (1, GENESIS)
    digest = _hash(seq, at, actor, action, subject, detail, previous)
    return Row(seq, at, actor, action, subject, detail, previous, digest)


def hash_of(row: Row) -> str:
    """Return what the row's hash must be, in hex."""
    return _hash(row.seq, row.at, row.actor, row.action, row.subject, row.detail, row.previous)


def check(
    rows: Iterable[Row], heads: Iterable[Head] = (), *, after: Row | None = None
) -> Broken | None:
    """Return the first row, from the first one up, that does not fit; None where all do.

    `rows` is the whole chain, or what follows the row `after`; each head of it must be the hash of
    the row it names.
    """
    seq, previous = (after.seq, after.hash) if after else (0, GENESIS)
    given = {at: hashes for at, hashes in _by_seq(heads).items() if at > seq}
    for row in rows:
        fault = _fault(row, seq, previous)
        if fault is not None:
            return Broken(min(row.seq, seq + 1), fault)
        seq, previous = row.seq, row.hash
        if given.pop(seq, {row.hash}) != {row.hash}:
            return Broken(seq, Fault.HEAD_DIFFERS)
    return Broken(seq + 1, Fault.MISSING) if given else None


def digest_of(salt: bytes, *parts: str) -> str:
    """Return what stands in the chain for something that must not: hex, of 128 bits."""
    return hmac.new(salt, _joined(parts), hashlib.sha256).hexdigest()[:32]


def _fault(row: Row, seq: int, previous: str) -> Fault | None:
    if row.seq != seq + 1:
        return Fault.GAP
    if row.previous != previous:
        return Fault.NOT_LINKED
    return None if hash_of(row) == row.hash else Fault.ALTERED


def _by_seq(heads: Iterable[Head]) -> dict[int, set[str]]:
    """Gather the hashes each row was given away with; that of an empty chain says nothing."""
    given: dict[int, set[str]] = {}
    for head in heads:
        if head.seq > 0:
            given.setdefault(head.seq, set()).add(head.hash)
    return given


def _hash(*fields: str | int) -> str:
    return hashlib.sha256(_joined((_ENCODING, *map(str, fields)))).hexdigest()


def _joined(parts: Iterable[str]) -> bytes:
    """Write each part with its length before it, so that no two lists of parts look alike."""
    encoded = (part.encode("utf-8", "surrogatepass") for part in parts)
    return b"".join(b"%d:%s," % (len(part), part) for part in encoded)


def words_differ(salt: bytes, row: Row, said: Mapping[str, str]) -> bool:
    """Say whether kept words are other than those the row was made of."""
    return (row.subject, row.detail) != digests(salt, row.seq, said["subject"], said["detail"])


def digests(salt: bytes, seq: int, subject: str, detail: str) -> tuple[str, str]:
    """Return what stands for a subject in every row, and for a detail in this one alone."""
    return (
        digest_of(salt, "subject", subject) if subject else "",
        digest_of(salt, "detail", str(seq), detail) if detail else "",
    )
