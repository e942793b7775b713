"""The second factor: a code of the moment from a person's own device, or one of ten kept on paper.

TOTP (RFC 6238): six digits every 30 s, from a secret of 160 bits; one step early or late is taken,
and a step that was used, or one before it, never again.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from datetime import datetime
from typing import Final

import pyotp
import segno

STEP_S: Final = 30
DRIFT: Final = 1
"""Steps a phone's clock may be early or late (RFC 6238, 5.2)."""
RECOVERY_CODES: Final = 10
_RECOVERY: Final = re.compile(r"[a-z2-7]{16}")


def new_secret() -> str:
    """Return a secret of 160 bits in base32 (RFC 4226, 4: the recommended length)."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, last_step: int, now: datetime) -> int | None:
    """Return the time step a code is of, or None where it is none, too old or used already."""
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    totp, here = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    for step in range(here - DRIFT, here + DRIFT + 1):
        if step > last_step and secrets.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def address(secret: str, login: str, gateway: str) -> str:
    """Return what an authenticator reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=f"Menshen {gateway}")


def picture(text: str) -> str:
    """Return a QR code as SVG to stand in a page; it has no style of its own."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", border=4, xmldecl=False, svgns=False, light="#fff", omitsize=True
    )
    return out.getvalue().decode("ascii")


def new_recovery_codes() -> list[str]:
    """Return ten codes of 80 bits, each good once."""
    return [_grouped(_base32(16)) for _ in range(RECOVERY_CODES)]


def recovery_hash(account: str, code: str) -> str | None:
    """Return what is kept of a recovery code; None for what is none.

    80 random bits need no slow hash: there is nothing to guess them from.
    """
    plain = re.sub(r"[\s-]", "", code).lower()
    if not _RECOVERY.fullmatch(plain):
        return None
    return hashlib.sha256(f"{account}:{plain}".encode()).hexdigest()


def _base32(length: int) -> str:
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(length))


def _grouped(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
