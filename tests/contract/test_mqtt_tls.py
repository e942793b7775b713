"""The source over TLS against a real mosquitto: bursts, silence, strangers, and coming back."""

from __future__ import annotations

import logging
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from selectors import DefaultSelector

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion

from gateway.broker import free_port, is_taken, mosquitto_settings
from gateway.mqtt import RECEIVE_MAXIMUM, Broker, MqttSource, trusting
from gateway.settings import SettingsError
from gateway.wire import Arrival
from tests.fakes.programs import need

pytestmark = pytest.mark.mosquitto

WITHIN_S = 10.0
RECORD = 16 * 1024
"""Bytes in the largest TLS record (RFC 8446, 5.1)."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of this test's own."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, name: str) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        builder = _certificate(subject, subject, key)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            **dict.fromkeys(
                (
                    *("content_commitment", "key_encipherment", "data_encipherment"),
                    *("key_agreement", "encipher_only", "decipher_only"),
                ),
                False,
            ),
        )
        builder = builder.add_extension(usage, True)
        return cls(key, builder.sign(key, hashes.SHA256()))

    def write(self, path: Path) -> Path:
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def issue(self, folder: Path, host: str) -> tuple[Path, Path]:
        """Write a server's certificate and key for an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
        builder = _certificate(_name(host), self.certificate.subject, key)
        builder = builder.add_extension(names, False)
        signed = builder.sign(self.key, hashes.SHA256())
        certificate, secret = folder / "server.crt", folder / "server.key"
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate, secret


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
    )


class TlsMosquitto:
    """A broker with the shipped settings, whose one listener speaks TLS."""

    def __init__(self, folder: Path, authority: Authority, host: str = "127.0.0.1") -> None:
        self.port = free_port()
        certificate, key = authority.issue(folder, host)
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(
            mosquitto_settings(folder, self.port) + f"certfile {certificate}\nkeyfile {key}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._program = need("mosquitto")

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._settings)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + WITHIN_S
        while not is_taken(self.port):
            assert time.monotonic() < until
            time.sleep(0.01)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


class Driven:
    """A source, and the loop that the writer thread would be: it sleeps in `select` alone."""

    def __init__(self, port: int, tls: ssl.SSLContext, host: str = "127.0.0.1") -> None:
        self.source = MqttSource(Broker(host, port, "menshen-tls", tls=tls), ["t/+"])
        self.taken: list[Arrival] = []
        self._selector = DefaultSelector()
        self.source.start(self._selector)

    def until(self, is_done: Callable[[], bool], within_s: float = WITHIN_S) -> None:
        until = time.monotonic() + within_s
        while not is_done():
            assert time.monotonic() < until, (len(self.taken), self.source.counts)
            self.taken += self.source.take()
            assert self.left_decrypted() == 0, "select would sleep on these bytes"
            self._selector.select(self.source.wait_s())

    def left_decrypted(self) -> int:
        """Bytes that have left the kernel and were not taken."""
        wire = self.source._wire
        if wire is None:
            return 0
        assert isinstance(wire._sock, ssl.SSLSocket)
        return wire._sock.pending()

    def connect(self) -> Driven:
        self.until(lambda: self.source.is_connected)
        settled = time.monotonic() + 0.1
        self.until(lambda: time.monotonic() > settled)
        return self

    def confirm_all(self) -> None:
        self.source.confirm([each.mid for each in self.taken], self.source.epoch)

    def close(self) -> None:
        self.source.stop()
        self._selector.close()


@pytest.fixture
def authority() -> Authority:
    return Authority.create("Menshen test authority")


@pytest.fixture
def tls(tmp_path: Path, authority: Authority) -> ssl.SSLContext:
    """As `[mqtt] ca_file` makes it."""
    return trusting(authority.write(tmp_path / "ca.crt"))


@pytest.fixture
def mosquitto(tmp_path: Path, authority: Authority) -> Iterator[TlsMosquitto]:
    broker = TlsMosquitto(tmp_path, authority)
    broker.start()
    yield broker
    broker.kill()


def publish(port: int, tls: ssl.SSLContext, payloads: list[bytes]) -> None:
    """Send everything in one go, and wait until the broker has it."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(len(payloads))
    client.tls_set_context(tls)
    client.connect("127.0.0.1", port)
    client.loop_start()
    sent = [client.publish("t/1", payload, qos=1) for payload in payloads]
    for each in sent:
        each.wait_for_publish(WITHIN_S)
    client.disconnect()
    client.loop_stop()


def test_a_burst_of_many_records_arrives_whole_and_then_nothing_is_kept_back(
    mosquitto: TlsMosquitto, tls: ssl.SSLContext
) -> None:
    """Bytes decrypted already are not seen by `select`: asleep on them, the source would stall."""
    driven = Driven(mosquitto.port, tls).connect()
    payloads = [b"%05d" % number + b"x" * 2000 for number in range(RECEIVE_MAXIMUM)]
    assert sum(map(len, payloads)) > 50 * RECORD
    publish(mosquitto.port, tls, payloads)
    driven.until(lambda: len(driven.taken) == len(payloads))
    assert [each.payload for each in driven.taken] == payloads
    driven.confirm_all()
    driven.taken.clear()
    publish(mosquitto.port, tls, [b"after the silence"])
    driven.until(lambda: len(driven.taken) == 1)
    driven.close()


def test_one_message_larger_than_a_record_arrives(
    mosquitto: TlsMosquitto, tls: ssl.SSLContext
) -> None:
    driven = Driven(mosquitto.port, tls).connect()
    publish(mosquitto.port, tls, [b"y" * (RECORD + 2000), b"z"])
    driven.until(lambda: len(driven.taken) == 2)
    assert [len(each.payload) for each in driven.taken] == [RECORD + 2000, 1]
    driven.close()


def test_what_is_not_confirmed_comes_again_after_the_broker_hung_up(
    mosquitto: TlsMosquitto, tls: ssl.SSLContext
) -> None:
    driven = Driven(mosquitto.port, tls).connect()
    publish(mosquitto.port, tls, [b"a", b"b"])
    driven.until(lambda: len(driven.taken) == 2)
    driven.source.confirm([driven.taken[0].mid], driven.source.epoch)
    driven.source._drop()
    driven.taken.clear()
    driven.until(lambda: len(driven.taken) == 1)
    assert driven.taken[0].payload == b"b"
    driven.close()


def test_a_broker_that_was_restarted_is_found_again(
    mosquitto: TlsMosquitto, tls: ssl.SSLContext
) -> None:
    driven = Driven(mosquitto.port, tls).connect()
    mosquitto.kill()
    driven.until(lambda: not driven.source.is_connected)
    mosquitto.start()
    driven.connect()
    publish(mosquitto.port, tls, [b"after"])
    driven.until(lambda: len(driven.taken) == 1)
    driven.close()


def test_a_broker_of_another_authority_is_refused_with_what_to_do(
    mosquitto: TlsMosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = Authority.create("somebody else").write(tmp_path / "other.crt")
    driven = Driven(mosquitto.port, trusting(other))
    driven.until(lambda: "mqtt.ca_file" in caplog.text)
    assert "certificate" in caplog.text
    assert not driven.source.is_connected
    assert driven.source.counts["mqtt_connects"] == 0
    driven.close()


def test_a_certificate_for_another_host_is_refused_with_what_to_do(
    tmp_path: Path, authority: Authority, tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    broker = TlsMosquitto(tmp_path, authority, host="127.0.0.2")
    broker.start()
    driven = Driven(broker.port, tls)
    driven.until(lambda: "mqtt.host" in caplog.text)
    assert not driven.source.is_connected
    driven.close()
    broker.kill()


def test_a_refusal_that_repeats_is_said_once(
    mosquitto: TlsMosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = Authority.create("somebody else").write(tmp_path / "other.crt")
    driven = Driven(mosquitto.port, trusting(other))
    driven.until(lambda: driven.source._failures > 2)
    said = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(said) == 1
    driven.close()


def test_a_broker_without_tls_is_refused_with_what_to_do(
    tmp_path: Path, tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    settings, port = tmp_path / "mosquitto.conf", free_port()
    settings.write_text(mosquitto_settings(tmp_path, port))
    process = subprocess.Popen([need("mosquitto"), "-c", str(settings)], stderr=subprocess.DEVNULL)
    until = time.monotonic() + WITHIN_S
    while not is_taken(port):
        assert time.monotonic() < until
        time.sleep(0.01)
    driven = Driven(port, tls)
    try:
        driven.until(lambda: "mqtt.port" in caplog.text)
    finally:
        driven.close()
        process.kill()
        process.wait()


def test_an_authority_that_cannot_be_read_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"mqtt\.ca_file: .*absent\.crt: cannot be read: No such"
    ):
        trusting(tmp_path / "absent.crt")
    (tmp_path / "empty.crt").write_text("nothing\n")
    with pytest.raises(SettingsError, match=r"empty\.crt: holds no certificate; write"):
        trusting(tmp_path / "empty.crt")
