"""What a browser or a program is known by: 256 random bits, of which we keep the hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

_BYTES: Final = 32
TOKEN_PREFIX: Final = "msv1_"  # noqa: S105 - what a token begins with, so that scanners know it


def new() -> str:
    """Return a secret that nobody guesses."""
    return secrets.token_urlsafe(_BYTES)


def new_token() -> str:
    """Return a secret for a program."""
    return TOKEN_PREFIX + new()


def new_id() -> str:
    """Return a public name for something, which tells nothing."""
    return secrets.token_hex(6)


def hash_of(ticket: str) -> str:
    """Return what is kept; 256 random bits need no slow hash."""
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()


def form_token(ticket: str) -> str:
    """Return what each form of this session carries, and no other page can know.

    Bound to the session's secret, so it changes with it and is not stored.
    """
    return hmac.new(ticket.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


def is_form_token(ticket: str, brought: str) -> bool:
    """Say whether a form came from a page of this session."""
    return bool(ticket) and hmac.compare_digest(form_token(ticket).encode(), brought.encode())
