"""The gateway's authority and a real mosquitto: certificates let in, and revoked ones do not."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway import tls
from gateway.broker import free_port
from gateway.provisioning.accounts import AccountKind
from gateway.provisioning.authority import SERVER_FOR
from gateway.provisioning.issuing import Credential
from gateway.provisioning.service import Provisioning
from tests.fakes.accounts import GATEWAY_PASSWORD, Access, Client, StoppedClock
from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_wait import soon

SHIPPED = Path(__file__).parents[2] / "deploy" / "mosquitto" / "accounts.conf"

pytestmark = pytest.mark.mosquitto


@dataclass
class Certified:
    """A broker whose second listener takes certificates alone."""

    service: Provisioning
    access: Access
    port: int
    password_port: int
    gateway: Client
    _there: list[Client] = field(default_factory=list)

    def enter(self, made: Credential) -> Client:
        folder = self.access.home
        file = folder / f"{made.user}.pem"
        file.write_text(made.certificate + made.key, encoding="ascii")
        trusted = ssl.create_default_context(cafile=str(folder / "broker" / "ca.crt"))
        trusted.load_cert_chain(file)
        client = Client(self.port, "whoever-it-says", tls=trusted)
        self._there.append(client)
        return client

    def close(self) -> None:
        for client in [self.gateway, *self._there]:
            client.leave()


@pytest.fixture
async def certified(tmp_path: Path) -> AsyncIterator[Certified]:
    clock = StoppedClock(datetime.now(UTC))
    access = Access(tmp_path, clock=clock)
    made_at = clock.now() - SERVER_FOR + timedelta(days=27)  # so it is due to be renewed
    tls.create(access.config.tls_dir, "test", ["gate.local", "192.168.1.5"], made_at)
    async with access as service:
        pid_file, folder, port = tmp_path / "m.pid", access.directory, free_port()
        broker = Mosquitto(tmp_path / "mosquitto", pid_file=str(pid_file))
        ports = {1883: broker.port, 8883: free_port(), 8884: port}
        broker.also(as_shipped(folder, ports))
        with broker:
            access.tell(pid_file, broker.port)
            gateway = Client(broker.port, "gateway", GATEWAY_PASSWORD).listen("menshen/v1/#")
            found = Certified(service, access, port, ports[8883], gateway)
            yield found
            found.close()


def as_shipped(folder: Path, ports: dict[int, int]) -> str:
    """Return the shipped settings with every mark taken away, on other ports, for `folder`."""
    text = re.sub(r"^#(?=\w)", "", SHIPPED.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for number, port in ports.items():
        text = re.sub(
            rf"^listener {number}.*", f"listener {port} 127.0.0.1", text, flags=re.MULTILINE
        )
    return text.replace("/etc/mosquitto/menshen", str(folder))


async def test_a_password_over_tls_is_let_in_under_the_name_of_its_account(
    certified: Certified,
) -> None:
    (made,) = await certified.service.add_devices(["door-1"], "test")
    trusted = ssl.create_default_context(cafile=str(certified.access.directory / "ca.crt"))
    how = {"tls": trusted, "client_id": "menshen-test"}
    first = Client(certified.password_port, made.user, made.password, **how)  # type: ignore[arg-type]
    second = Client(certified.password_port, made.user, made.password, **how)  # type: ignore[arg-type]
    await soon(lambda: not first.is_connected, "one account is one client")
    assert certified.gateway.is_connected
    for each in (first, second):
        each.leave()


async def test_a_certificate_is_a_device_and_nobody_else(certified: Certified) -> None:
    made = await certified.service.certify("door-1", "test")
    device = certified.enter(made)
    assert device.is_connected
    device.say("menshen/v1/door-2/event", b"forged")
    device.say("menshen/v1/whoever-it-says/event", b"forged")
    device.say("menshen/v1/door-1/event")
    await soon(lambda: certified.gateway.heard, "the device")
    assert certified.gateway.topics == ["menshen/v1/door-1/event"]


async def test_a_revoked_certificate_is_refused_and_who_holds_it_is_heard_no_more(
    certified: Certified,
) -> None:
    made = await certified.service.certify("door-1", "test")
    connected = certified.enter(made)
    await certified.service.revoke("door-1", AccountKind.DEVICE, "test")
    assert not gets_in(certified, made)
    again = await certified.service.certify("door-1", "test")
    assert again.user != made.user  # or the old one would be heard again
    connected.say("menshen/v1/door-1/event", b"forged")
    certified.enter(again).say("menshen/v1/door-1/event", b"own")
    await soon(lambda: certified.gateway.heard, "the new one")
    assert certified.gateway.heard == [("menshen/v1/door-1/event", b"own")]


async def test_a_renewed_certificate_is_served_without_a_restart(certified: Certified) -> None:
    before = serial_of(certified)
    device = certified.enter(await certified.service.certify("door-1", "test"))
    await certified.service._tick()
    assert serial_of(certified) != before
    assert device.is_connected


def gets_in(certified: Certified, made: Credential) -> bool:
    try:
        return certified.enter(made).is_connected
    except (OSError, AssertionError):  # hung up on, before or after the client's part is done
        return False


def serial_of(certified: Certified) -> str:
    """The serial of the certificate that the broker's listener shows."""
    trusted = ssl.create_default_context(cafile=str(certified.access.directory / "ca.crt"))
    with (
        socket.create_connection(("127.0.0.1", certified.port)) as raw,
        trusted.wrap_socket(raw, server_hostname="gate.local") as wrapped,
    ):
        return str(wrapped.getpeercert()["serialNumber"])
