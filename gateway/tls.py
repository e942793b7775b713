"""The certificates this gateway and its broker serve under, made by its own authority and renewed.

Keys are readable by the gateway's user alone; mosquitto gets a copy of its own (`provisioning`).
"""

from __future__ import annotations

import base64
import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from gateway.config import Config
from gateway.privacy import write_private
from gateway.provisioning.authority import (
    RENEW_BEFORE,
    SHARED_MODE,
    Authority,
    AuthorityError,
    fingerprint,
    names_in,
)

AUTHORITY = "ca.crt"
BROKER, WEB = "broker.pem", "web.pem"
"""Certificate and key in one file: both are renewed, or neither."""
SERVERS = (BROKER, WEB)
OTHER = "server.pem"
"""The same for another server on this machine, in a directory that its group reads."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be told of the certificates to anybody."""

    pem: bytes  # of the authority
    digest: bytes  # SHA-256 of the authority's certificate
    names: tuple[str, ...]  # of this machine, loopback left out
    ends_at: datetime  # the first of the servers' certificates

    @property
    def fingerprint(self) -> str:
        """The digest as phones show it: pairs of hex digits."""
        return self.digest.hex(":").upper()

    @property
    def short(self) -> str:
        """The digest as labels carry it."""
        return base64.urlsafe_b64encode(self.digest).decode().rstrip("=")


def create(folder: Path, gateway: str, names: Sequence[str], now: datetime) -> list[Path]:
    """Make an authority, and certificates for broker and web page. Return what was written.

    Raises `AuthorityError`, before anything is written for a name that is none.
    """
    authority = Authority.create(folder, gateway, names, now)
    return [folder / AUTHORITY, *_issue(folder, authority, names, now)]


def renew(folder: Path, now: datetime, names: Sequence[str] | None = None) -> list[Path]:
    """Make the servers' certificates anew, for the same names unless others are given.

    Raises `AuthorityError`.
    """
    wanted = look(folder).names if names is None else names
    return _issue(folder, Authority.open(folder), wanted, now)


def renew_if_due(folder: Path, now: datetime) -> list[Path]:
    """Renew what ends soon. Raises `AuthorityError`."""
    return renew(folder, now) if look(folder).ends_at - now < RENEW_BEFORE else []


def keep_others(config: Config, now: datetime) -> list[Path]:
    """Give each other server on this machine a certificate, a new one in time. Return the new.

    Raises `AuthorityError`, or `OSError` where its directory cannot be written.
    """
    due = others_due(config, now)
    if due:
        authority, names = Authority.open(config.tls_dir), look(config.tls_dir).names
        for path in due:
            issued = authority.issue_server(names, now)
            write_private(path, f"{issued.certificate}{issued.key}".encode(), SHARED_MODE)
            write_private(path.parent / AUTHORITY, read(config.tls_dir / AUTHORITY), SHARED_MODE)
    return due


def others_due(config: Config, now: datetime) -> list[Path]:
    """Return the other servers' certificates that are missing, end soon or are for other names.

    Raises `AuthorityError`.
    """
    if not config.tls_others:
        return []
    names = list(look(config.tls_dir).names)
    return [
        path
        for path in (folder / OTHER for folder in config.tls_others)
        if not path.exists() or _is_due(_certificate(path), names, now)
    ]


def _is_due(certificate: x509.Certificate, names: list[str], now: datetime) -> bool:
    return certificate.not_valid_after_utc - now < RENEW_BEFORE or names_in(certificate) != names


def is_made(folder: Path) -> bool:
    """Say whether there is an authority."""
    return (folder / AUTHORITY).exists()


def look(folder: Path) -> Shown:
    """Read the certificates, no key. Raises `AuthorityError`."""
    pem = read(folder / AUTHORITY)
    servers = [_certificate(folder / server) for server in SERVERS]
    return Shown(
        pem,
        fingerprint(_certificate(folder / AUTHORITY)),
        tuple(names_in(servers[-1])),
        min(each.not_valid_after_utc for each in servers),
    )


class Serving:
    """TLS for the web page; new connections see a renewed certificate without a restart."""

    def __init__(self, folder: Path) -> None:
        """Raises `AuthorityError`."""
        self._folder = folder
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.refresh()

    def refresh(self) -> None:
        """Read the certificate again. Raises `AuthorityError`."""
        try:
            self.context.load_cert_chain(self._folder / WEB)
        except (OSError, ssl.SSLError) as error:
            raise AuthorityError(
                f"{self._folder}: no certificate for the web page ({error}); `menshen init --tls`"
                " makes one, `menshen tls renew` mends it"
            ) from None


def trust(config: Config) -> ssl.SSLContext | bool:
    """Return what a program on this machine trusts when it asks this gateway: itself alone."""
    if config.web.tls:
        with contextlib.suppress(OSError, ssl.SSLError):
            return ssl.create_default_context(cafile=str(config.tls_dir / AUTHORITY))
    return True


def _issue(folder: Path, authority: Authority, names: Sequence[str], now: datetime) -> list[Path]:
    made = {server: authority.issue_server(names, now) for server in SERVERS}
    for server, issued in made.items():
        write_private(folder / server, f"{issued.certificate}{issued.key}".encode())
    return [folder / server for server in made]


def read(path: Path) -> bytes:
    """Return a file of certificates. Raises `AuthorityError`."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise AuthorityError(f"{path}: no such file; `menshen init --tls` makes it") from None
    except OSError as error:
        raise AuthorityError(f"{path}: cannot be read: {error.strerror}") from None


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(read(path))
    except ValueError:
        raise AuthorityError(
            f"{path}: is no certificate; `menshen tls renew` makes it anew"
        ) from None
