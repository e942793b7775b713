"""A certificate says what went, and leads to nobody; whoever changes a letter of it is found out.

It holds no name, house, watch or team: days, counts, where the audit stood, and a tie that only who
has the resident's code and the house code can make. It is signed with the gateway's own key, and
verified with the public one, offline.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization as written_as
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.audit.chain import Head
from gateway.privacy import write_private

VERSION: Final = 1
LARGEST: Final = 16_384
"""Bytes; ours take under one thousand."""
_TIE_ROUNDS: Final = 100_000
"""Of PBKDF2: a code of 60 bits cannot be tried out, even by who knows the house."""
_DOMAIN: Final = b"menshen certificate 1\n"

Certificate = dict[str, Any]


class Stage(StrEnum):
    """How far the end has come."""

    PROMISED = "promised"
    """Released: nothing is shown any more, and the key will be destroyed."""
    DESTROYED = "destroyed"
    """The key is destroyed."""


class Copies(StrEnum):
    """What became of the copies in InfluxDB."""

    NONE = "none"  # there were none
    DELETED = "deleted"  # and a query found nothing any more
    NOT_PROVEN = "not_proven"


class Fate(NamedTuple):
    """What a certificate says of them."""

    copies: Copies
    on: date | None = None  # when nothing was found


class Fault(StrEnum):
    """Why a certificate proves nothing."""

    NOT_ONE = "not_one"
    OTHER_KEY = "other_key"
    ALTERED = "altered"
    OTHER_HOME = "other_home"


def issue(
    key: Ed25519PrivateKey,
    *,
    id_: str,
    stage: Stage,
    released_on: date,
    destroyed_on: date | None,
    counts: Mapping[str, int],
    head: Head,
    tie: str,
    copies: Fate | None = None,
) -> Certificate:
    """Make a certificate and sign it. `copies`: what became of those in InfluxDB, once asked."""
    body: Certificate = {
        "menshen_certificate": VERSION,
        "id": id_,
        "stage": stage.value,
        "released_on": released_on.isoformat(),
        "destroyed_on": destroyed_on.isoformat() if destroyed_on else None,
        "counts": dict(counts),
        "audit": {"day": head.day.isoformat(), "row": head.seq, "hash": head.hash},
        "tie": _tied(id_, tie) if tie else "",
        "copies": _told(copies),
    }
    return _sign(key, body)


def renew(key: Ed25519PrivateKey, certificate: Certificate, copies: Fate) -> Certificate:
    """Sign a certificate anew once more is known of the copies; all else stays as it is."""
    body = {name: value for name, value in certificate.items() if name != "signature"}
    return _sign(key, body | {"copies": _told(copies)})


def _told(copies: Fate | None) -> dict[str, str | None] | None:
    if copies is None:
        return None
    return {"state": copies.copies.value, "on": copies.on.isoformat() if copies.on else None}


def _sign(key: Ed25519PrivateKey, body: Certificate) -> Certificate:
    signed = body | {"key": fingerprint(key.public_key())}
    return signed | {"signature": base64.b64encode(key.sign(_signed(signed))).decode()}


def why_not(certificate: object, public: Ed25519PublicKey, tie: str | None = None) -> Fault | None:
    """Return why a certificate proves nothing; None where it holds.

    `tie`: of `tie_of`, to see that it is about that home.
    """
    if not isinstance(certificate, dict) or certificate.get("menshen_certificate") != VERSION:
        return Fault.NOT_ONE
    body = {name: value for name, value in certificate.items() if name != "signature"}
    try:
        signature = base64.b64decode(certificate["signature"], validate=True)
        if body["key"] != fingerprint(public):
            return Fault.OTHER_KEY
        # Written otherwise it may still decode to the same: it is not what was issued.
        if base64.b64encode(signature).decode() != certificate["signature"]:
            return Fault.ALTERED
        public.verify(signature, _signed(body))
    except (InvalidSignature, ValueError):
        return Fault.ALTERED
    except (KeyError, TypeError):
        return Fault.NOT_ONE
    if tie is not None and not hmac.compare_digest(str(body["tie"]), _tied(str(body["id"]), tie)):
        return Fault.OTHER_HOME
    return None


def tie_of(code: str, house_code: str) -> str:
    """Return what ties a certificate to a home: slow to make, and only with the resident's code."""
    made = hashlib.pbkdf2_hmac("sha256", code.encode(), house_code.encode(), _TIE_ROUNDS)
    return made.hex()


def digest(certificate: Certificate) -> str:
    """Return the digest that is printed on the page, as hex."""
    return hashlib.sha256(_canonical(certificate)).hexdigest()


def dump(certificate: Certificate) -> str:
    """Write a certificate for a file."""
    return json.dumps(certificate, indent=2, ensure_ascii=True) + "\n"


def load(text: bytes | str) -> object:
    """Read a certificate; None for anything that is no JSON, or says a thing twice."""
    if len(text) > LARGEST:
        return None
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None


# ---- the gateway's key ----


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Return the gateway's key, made at first need. Raises `OSError` or `ValueError`."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        key = Ed25519PrivateKey.generate()
        none = written_as.NoEncryption()
        pem = key.private_bytes(written_as.Encoding.PEM, written_as.PrivateFormat.PKCS8, none)
        write_private(path, pem)
        return key
    found = written_as.load_pem_private_key(content, None)
    if not isinstance(found, Ed25519PrivateKey):
        raise ValueError(f"{path} is no Ed25519 key")  # noqa: TRY004 - the file is wrong
    return found


def public_pem(public: Ed25519PublicKey) -> bytes:
    """Write the public key for who verifies."""
    form = written_as.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(written_as.Encoding.PEM, form)


def read_public(content: bytes) -> Ed25519PublicKey:
    """Read a public key. Raises `ValueError` for anything else."""
    found = written_as.load_pem_public_key(content)
    if not isinstance(found, Ed25519PublicKey):
        raise ValueError("that is no Ed25519 key")  # noqa: TRY004 - the file is wrong
    return found


def fingerprint(public: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a public key, as hex; half of it, for people to compare."""
    raw = public.public_bytes(written_as.Encoding.Raw, written_as.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:32]


def _signed(body: Mapping[str, Any]) -> bytes:
    return _DOMAIN + _canonical(body)


def _canonical(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _tied(id_: str, tie: str) -> str:
    return hashlib.sha256(f"menshen tie 1\n{id_}\n{tie}".encode()).hexdigest()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
