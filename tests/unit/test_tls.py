"""The gateway's own authority: what it vouches for, for how long, and what it never overwrites."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway import tls
from gateway.init import init
from gateway.provisioning.authority import (
    AUTHORITY_FOR,
    RENEW_BEFORE,
    SERVER_FOR,
    Authority,
    AuthorityError,
)

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
NAMES = ["gate.street.example", "192.168.1.5", "203.0.113.7"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tls.create(tmp_path / "tls", "east", NAMES, NOW)
    return tmp_path / "tls"


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_keys_are_their_owners_alone(folder: Path) -> None:
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ("ca.key", "ca.crt", "broker.pem", "web.pem"), 0o600
    )
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("server", tls.SERVERS)
def test_a_server_has_every_name_and_loopback(folder: Path, server: str) -> None:
    found = certificate(folder / server)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["gate.street.example", "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [
        ip_address(each) for each in ("192.168.1.5", "203.0.113.7", "127.0.0.1", "::1")
    ]
    purposes = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert found.not_valid_after_utc == NOW + SERVER_FOR
    assert found.not_valid_after_utc - found.not_valid_before_utc <= timedelta(days=398)


def test_the_authority_lasts_ten_years_and_may_sign_no_other(folder: Path) -> None:
    found = certificate(folder / "ca.crt")
    assert found.not_valid_after_utc == NOW + AUTHORITY_FOR
    basic = found.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value) == (True, x509.BasicConstraints(True, 0))
    limits = found.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical


@pytest.mark.parametrize(
    ("name", "is_vouched_for"),
    [
        ("gate.street.example", True),
        ("web.gate.street.example", True),
        ("street.example", False),
        ("evilgate.street.example", False),
        ("pi.local", True),
        ("192.168.77.1", True),
        ("203.0.113.7", True),
        ("203.0.113.8", False),
        ("fd00::1", True),
        ("2001:db8::1", False),
        ("bank.example", False),
        ("notlocal", False),
    ],
)
def test_it_vouches_for_this_machine_and_for_private_names_alone(
    folder: Path, name: str, is_vouched_for: bool
) -> None:
    authority = Authority.open(folder)
    if is_vouched_for:
        authority.issue_server([name], NOW)
    else:
        with pytest.raises(AuthorityError, match="was not made for"):
            authority.issue_server([name], NOW)


def test_a_phone_refuses_what_a_stolen_key_signs_for_somebody_else(tmp_path: Path) -> None:
    """What holds is the limit in the certificate, as OpenSSL reads it, and not our own check."""
    now = datetime.now(UTC)
    folder = tmp_path / "tls"
    tls.create(folder, "east", [], now)
    mine = Authority.open(folder)
    whole = tmp_path / "other"
    unlimited = Authority.create(whole, "east", ["bank.example"], now)
    thief = Authority(mine.key, unlimited.certificate)  # our key, signing without our check
    forged = thief.issue_server(["bank.example"], now)
    honest = mine.issue_server(["pi.local"], now)
    assert shakes_hands(folder, tmp_path, honest.certificate + honest.key, "pi.local")
    assert not shakes_hands(folder, tmp_path, forged.certificate + forged.key, "bank.example")


def shakes_hands(folder: Path, scratch: Path, pem: str, name: str) -> bool:
    """Let a client that trusts the authority meet a server, in memory."""
    (scratch / "server.pem").write_text(pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(scratch / "server.pem")
    asking = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = asking.wrap_bio(back, there, server_hostname=name)
    server = serving.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return True


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "*.local", "x" * 300, "门.local", "a..b"])
def test_what_is_no_name_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(AuthorityError, match="neither a host name nor an address"):
        tls.create(tmp_path / "tls", "east", [name], NOW)
    assert not (tmp_path / "tls").exists()


def test_an_authority_is_never_overwritten(folder: Path) -> None:
    before = (folder / "ca.key").read_bytes()
    with pytest.raises(AuthorityError, match="left as it is"):
        tls.create(folder, "east", [], NOW)
    assert (folder / "ca.key").read_bytes() == before


def test_it_is_renewed_thirty_days_before_its_end_for_the_same_names(folder: Path) -> None:
    before = certificate(folder / "web.pem").serial_number
    due = NOW + SERVER_FOR - RENEW_BEFORE
    assert tls.renew_if_due(folder, due) == []
    later = due + timedelta(seconds=1)
    assert [path.name for path in tls.renew_if_due(folder, later)] == ["broker.pem", "web.pem"]
    assert certificate(folder / "web.pem").serial_number != before
    assert tls.look(folder).names == tuple(NAMES)
    assert tls.look(folder).ends_at == later + SERVER_FOR


def test_nothing_outlives_the_authority(folder: Path) -> None:
    late = NOW + AUTHORITY_FOR - timedelta(days=10)
    tls.renew(folder, late)
    assert tls.look(folder).ends_at == NOW + AUTHORITY_FOR


def test_a_key_of_another_authority_is_said(folder: Path, tmp_path: Path) -> None:
    tls.create(tmp_path / "other", "west", [], NOW)
    (folder / "ca.key").write_bytes((tmp_path / "other" / "ca.key").read_bytes())
    with pytest.raises(AuthorityError, match="is not the key of"):
        Authority.open(folder)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\nx\n"])
def test_a_damaged_certificate_is_said(folder: Path, content: bytes) -> None:
    (folder / "web.pem").write_bytes(content)
    with pytest.raises(AuthorityError, match=r"web\.pem"):
        tls.look(folder)
    with pytest.raises(AuthorityError, match="menshen tls renew"):
        tls.Serving(folder)


def test_the_same_revocations_are_the_same_bytes(folder: Path) -> None:
    authority = Authority.open(folder)
    serials = [authority.issue_client(f"door-{n}", NOW).serial for n in range(3)]
    assert authority.revocations(serials) == authority.revocations(reversed(serials))
    listed = x509.load_pem_x509_crl(authority.revocations(serials))
    assert {f"{each.serial_number:x}" for each in listed} == set(serials)


def test_a_name_too_long_for_a_certificate_is_said(folder: Path) -> None:
    with pytest.raises(AuthorityError, match="use a password"):
        Authority.open(folder).issue_client(f"{'x' * 64}~2", NOW)


def test_init_makes_certificates_once_where_it_is_asked_to(tmp_path: Path) -> None:
    file = tmp_path / "menshen.toml"
    assert not any("certificates" in each.what for each in init(file))
    made = init(file, ["gate.local"])[-1]
    again = init(file, ["other.local"])[-1]
    assert (made.is_new, again.is_new) == (True, False)
    assert made.what == again.what
    assert tls.look(made.path).names == ("gate.local",)
