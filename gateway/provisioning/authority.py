"""The gateway's own certificate authority: for its broker, its web page, and devices that want one.

It may vouch for this machine's names, for local ones and for private addresses, and for nothing
else: whoever steals its key cannot pass for a bank on an installer's phone (RFC 5280, 4.2.1.10).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from gateway.privacy import write_private
from gateway.settings import SettingsError

AUTHORITY_FOR = timedelta(days=3652)
"""Ten years: putting it on every phone again is what costs."""
SERVER_FOR = timedelta(days=397)
"""Browsers take no longer one (CA/Browser Forum, ballot SC31: 398 days)."""
CLIENT_FOR = timedelta(days=3652)
"""A device is not reached for a renewal; one that must go is revoked."""
RENEW_BEFORE = timedelta(days=30)
BACKDATED = timedelta(days=1)
"""A phone or device whose clock is behind must not find it too new."""

SHARED_MODE = 0o640
"""Of a file for another server: readable by its directory's group, which is that server's."""

LONGEST_NAME = 64
"""Characters of a common name (RFC 5280, ub-common-name)."""

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_LOCAL_DOMAINS = ("localhost", "local", "lan", "internal", "home.arpa")  # RFC 6762, RFC 8375
_PRIVATE = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"),
    *("fc00::/7", "fe80::/10", "::1/128"),
)


class AuthorityError(SettingsError):
    """Certificates that cannot be made, or used as they are; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key, as PEM. `repr` never shows the key."""

    certificate: str
    key: str
    serial: str
    ends_at: datetime

    def __repr__(self) -> str:
        return f"Issued({self.serial!r})"


@dataclass(frozen=True, slots=True)
class Authority:
    """A key that vouches, and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, folder: Path, gateway: str, names: Sequence[str], now: datetime) -> Authority:
        """Make one, and write its key and certificate. Never overwrites one.

        Raises `AuthorityError` where there is one, or a name is no name.
        """
        key_file, certificate_file = folder / "ca.key", folder / "ca.crt"
        if key_file.exists() or certificate_file.exists():
            raise AuthorityError(f"{folder} holds an authority already; it is left as it is")
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(f"Menshen {gateway}")
        builder = _begun(subject, subject, key.public_key(), now, AUTHORITY_FOR)
        builder = builder.add_extension(x509.BasicConstraints(True, 0), True)
        builder = builder.add_extension(_usage("key_cert_sign", "crl_sign"), True)
        builder = builder.add_extension(x509.NameConstraints(_permitted(names), None), True)
        certificate = builder.sign(key, hashes.SHA256())
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(key_file, _key_pem(key))
        write_private(certificate_file, _pem(certificate))
        return cls(key, certificate)

    @classmethod
    def open(cls, folder: Path) -> Authority:
        """Read one. Raises `AuthorityError`."""
        try:
            key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
            certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        except FileNotFoundError:
            raise AuthorityError(
                f"there is no authority in {folder}; `menshen init --tls` makes one"
            ) from None
        except (OSError, ValueError) as error:
            raise AuthorityError(f"the authority in {folder} cannot be read: {error}") from None
        if (
            not isinstance(key, ec.EllipticCurvePrivateKey)
            or key.public_key() != certificate.public_key()
        ):
            raise AuthorityError(f"{folder}: ca.key is not the key of ca.crt; put back the copies")
        return cls(key, certificate)

    def issue_server(self, names: Sequence[str], now: datetime) -> Issued:
        """Vouch for a server under these host names and addresses, and on loopback.

        Raises `AuthorityError` for a name that this authority may not vouch for.
        """
        wanted = list(dict.fromkeys((*names, *LOOPBACK)))
        permitted = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        for name in wanted:
            if not any(_lies_in(name, each) for each in permitted.permitted_subtrees or ()):
                raise AuthorityError(
                    f"this authority was not made for {name}: it vouches for the names given to"
                    " `menshen init --tls`, for local ones and for private addresses"
                )
        other = x509.SubjectAlternativeName([_general_name(name) for name in wanted])
        return self._issue(
            wanted[0][:LONGEST_NAME], now, SERVER_FOR, ExtendedKeyUsageOID.SERVER_AUTH, other
        )

    def issue_client(self, user: str, now: datetime) -> Issued:
        """Vouch for a user of the broker. Raises `AuthorityError` for a name too long."""
        if len(user) > LONGEST_NAME:
            raise AuthorityError(
                f"{user}: a certificate names at most {LONGEST_NAME} characters; use a password"
            )
        return self._issue(user, now, CLIENT_FOR, ExtendedKeyUsageOID.CLIENT_AUTH)

    def revocations(self, serials: Iterable[str]) -> bytes:
        """Return the list of certificates that are good for nothing any more, as PEM.

        It never gets out of date: mosquitto would then refuse every certificate. The same serials
        give the same bytes.
        """
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(self.certificate.not_valid_before_utc)
        builder = builder.next_update(self.certificate.not_valid_after_utc)
        for serial in sorted(serials):
            revoked = x509.RevokedCertificateBuilder().serial_number(int(serial, 16))
            builder = builder.add_revoked_certificate(
                revoked.revocation_date(self.certificate.not_valid_before_utc).build()
            )
        signed = builder.sign(self.key, hashes.SHA256(), ecdsa_deterministic=True)
        return signed.public_bytes(serialization.Encoding.PEM)

    def _issue(
        self,
        subject: str,
        now: datetime,
        lasts: timedelta,
        purpose: ObjectIdentifier,
        names: x509.SubjectAlternativeName | None = None,
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        lasts = min(lasts, self.certificate.not_valid_after_utc - now)
        issuer = self.certificate.subject
        builder = _begun(_name(subject), issuer, key.public_key(), now, lasts)
        builder = builder.add_extension(x509.BasicConstraints(False, None), True)
        builder = builder.add_extension(_usage("digital_signature"), True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False)
        mine = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(mine, False)
        if names is not None:
            builder = builder.add_extension(names, False)
        made = builder.sign(self.key, hashes.SHA256())
        return Issued(
            _pem(made).decode(),
            _key_pem(key).decode(),
            f"{made.serial_number:x}",
            made.not_valid_after_utc,
        )


def fingerprint(certificate: x509.Certificate) -> bytes:
    """Return the SHA-256 of a certificate."""
    return certificate.fingerprint(hashes.SHA256())


def names_in(certificate: x509.Certificate) -> list[str]:
    """Return the host names and addresses that a server's certificate is for, loopback left out."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    found = [str(each.value) for each in names]
    return [name for name in found if name not in LOOPBACK]


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    lasts: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


_USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def _usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in allowed for use in _USES})


def _permitted(names: Iterable[str]) -> list[x509.GeneralName]:
    own = [_general_name(name) for name in names]
    wanted = dict.fromkeys(
        (
            *(each.value for each in own if isinstance(each, x509.DNSName)),
            *_LOCAL_DOMAINS,
            *(ip_network(each.value) for each in own if isinstance(each, x509.IPAddress)),
            *map(ip_network, _PRIVATE),
        )
    )
    return [
        x509.DNSName(each) if isinstance(each, str) else x509.IPAddress(each) for each in wanted
    ]


def _general_name(name: str) -> x509.DNSName | x509.IPAddress:
    """Read a host name or an address. Raises `AuthorityError`."""
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        pass
    labels = name.split(".")
    is_host = name.isascii() and len(name) <= 253
    if not is_host or not all(
        each.replace("-", "").isalnum() and len(each) < 64 for each in labels
    ):
        raise AuthorityError(f"{name!r} is neither a host name nor an address")
    return x509.DNSName(name.lower())


def _lies_in(name: str, permitted: x509.GeneralName) -> bool:
    wanted = _general_name(name).value
    within = permitted.value
    if isinstance(wanted, IPv4Address | IPv6Address):
        return not isinstance(within, str) and wanted in within
    return isinstance(within, str) and f".{wanted}".endswith(f".{within}")


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
