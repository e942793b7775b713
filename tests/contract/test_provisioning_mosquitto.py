"""Accounts as the gateway makes them, in a real mosquitto: each its own, and nobody another's."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.provisioning import witness
from gateway.provisioning.accounts import AccountKind
from gateway.provisioning.contents import contents
from gateway.provisioning.files import read_passwords
from gateway.provisioning.hashing import is_password
from gateway.provisioning.issuing import Credential
from gateway.provisioning.service import Provisioning
from gateway.provisioning.witness import Answer
from tests.fakes.accounts import GATEWAY_PASSWORD, Access, Client
from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_wait import soon
from tests.fakes.programs import need

pytestmark = pytest.mark.mosquitto

LEAVES = ("event", "heartbeat", "status", "result", "received", "command")


@dataclass
class Street:
    """A broker with the gateway's files, and whoever has connected to it."""

    broker: Mosquitto
    service: Provisioning
    access: Access
    _there: list[Client] = field(default_factory=list)

    def enter(self, credential: Credential, **how: object) -> Client:
        return self.client(credential.user, credential.password, **how)

    def gateway(self) -> Client:
        return self.client("gateway", GATEWAY_PASSWORD)

    def client(self, user: str, password: str, **how: object) -> Client:
        client = Client(self.broker.port, user, password, **how)  # type: ignore[arg-type]
        self._there.append(client)
        return client

    async def device(self, name: str, **how: object) -> Client:
        (made,) = await self.service.add_devices([name], "test")
        return self.enter(made, **how)

    def close(self) -> None:
        for client in self._there:
            client.leave()


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    access = Access(tmp_path)
    async with access as service:
        pid_file = tmp_path / "mosquitto.pid"
        changed = {
            "allow_anonymous": "false",
            "password_file": str(access.directory / "passwd"),
            "acl_file": str(access.directory / "acl"),
            "pid_file": str(pid_file),
        }
        with Mosquitto(tmp_path / "mosquitto", **changed) as broker:
            access.tell(pid_file, broker.port)
            found = Street(broker, service, access)
            yield found
            found.close()


async def last_word(gateway: Client, device: Client, topic: str) -> list[str]:
    """Return all topics the gateway heard up to a device's last word, without that one."""
    device.say(topic, b"last word")
    await soon(lambda: (topic, b"last word") in gateway.heard, "the last word")
    return [each for each, payload in gateway.heard if payload != b"last word"]


# ---- each its own ----


@pytest.mark.parametrize("version", [4, 5])
async def test_a_device_is_heard_in_its_own_name_and_in_no_other(
    street: Street, version: int
) -> None:
    gateway = street.gateway().listen("menshen/v1/#")
    await street.service.add_devices(["door-2"], "test")
    device = await street.device("door-1", version=version)
    for leaf in LEAVES:
        device.say(f"menshen/v1/door-2/{leaf}", b"forged")
        device.say(f"menshen/v1/door-2/{leaf}", b"forged", retain=True)
        device.say(f"menshen/v1/door-1/{leaf}", b"own")
    for other in ("menshen/v1/door-1", "menshen/v1/door-1/event/x", "zigbee2mqtt/a", "x"):
        device.say(other, b"forged")
    heard = await last_word(gateway, device, "menshen/v1/door-1/event")
    assert heard == [f"menshen/v1/door-1/{leaf}" for leaf in LEAVES[:4]]


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize(
    "topic_filter",
    [
        "#",
        "+/+/+/+",
        "$SYS/#",
        "menshen/#",
        "menshen/v1/door-2/#",
        "menshen/v1/+/received",
        "$share/door-1/menshen/v1/#",
        "$share/menshen/menshen/v1/+/command",
        "zigbee2mqtt/#",
    ],
)
async def test_a_device_hears_nothing_that_is_not_for_it(
    street: Street, version: int, topic_filter: str
) -> None:
    bridge = street.enter(await street.service.add_bridge("z", ["zigbee2mqtt"], "test"))
    other = await street.device("door-2")
    gateway = street.gateway()
    other.say("menshen/v1/door-2/status", b"online", retain=True)
    device = await street.device("door-1", version=version)
    device.listen(topic_filter, "menshen/v1/door-1/command")
    for leaf in LEAVES[:4]:
        other.say(f"menshen/v1/door-2/{leaf}")
        device.say(f"menshen/v1/door-1/{leaf}")
    bridge.say("zigbee2mqtt/door", b"{}", retain=True)
    gateway.say("menshen/v1/door-2/received")
    gateway.say("menshen/v1/door-2/command")
    gateway.say("menshen/v1/door-1/command", b"mine")
    await soon(lambda: ("menshen/v1/door-1/command", b"mine") in device.heard, "what is for it")
    assert set(device.topics) == {"menshen/v1/door-1/command"}


@pytest.mark.parametrize("version", [4, 5])
async def test_a_will_in_anothers_name_is_never_said(street: Street, version: int) -> None:
    await street.service.add_devices(["door-2"], "test")
    gateway = street.gateway().listen("menshen/v1/#")
    forger = await street.device("door-1", version=version, will="menshen/v1/door-2/status")
    if forger.is_connected:
        forger.die()
    honest = await street.device("door-3", version=version, will="menshen/v1/door-3/status")
    honest.die()
    await soon(lambda: "menshen/v1/door-3/status" in gateway.topics, "the honest will")
    assert gateway.topics == ["menshen/v1/door-3/status"]


async def test_another_password_or_no_name_is_refused(street: Street) -> None:
    await street.device("door-1")
    for user, password in (("door-1", "wrong"), ("door-9", "x"), ("", "")):
        assert not street.client(user, password).is_connected


async def test_what_the_gateway_may_say_is_what_devices_hear(street: Street) -> None:
    device = (await street.device("door-1")).listen("menshen/v1/door-1/#")
    gateway = street.gateway().listen("menshen/v1/#")
    gateway.say("menshen/v1/door-1/event", b"forged")
    gateway.say("menshen/v1/door-1/received", b"1")
    gateway.say("menshen/v1/door-1/command", b"2")
    await soon(lambda: len(device.heard) == 2, "both words of the gateway")
    assert "menshen/v1/door-1/event" not in gateway.topics


async def test_the_witness_is_let_in_with_this_versions_password_and_may_do_nothing(
    street: Street,
) -> None:
    gateway = street.gateway().listen("menshen/v1/#")
    device = await street.device("door-1")
    accounts, now = street.service.accounts(), street.access.clock.now()
    version = contents(street.service.config, accounts, now).version
    assert witness.ask(street.service.config, version) is Answer.LOADED
    assert witness.ask(street.service.config, "x") is Answer.OTHER_VERSION
    spy = street.client(witness.USER, version).listen("#")
    spy.say(f"menshen/v1/{witness.USER}/event", b"forged")
    spy.say("menshen/v1/door-1/event", b"forged")
    heard = await last_word(gateway, device, "menshen/v1/door-1/event")
    assert heard == []
    assert spy.heard == []


# ---- bridges ----


async def test_a_bridge_is_confined_to_its_base_and_to_no_device(street: Street) -> None:
    gateway = street.gateway().listen("zigbee2mqtt/#", "east/#", "menshen/v1/#")
    made = await street.service.add_bridge("east", ["east/z2m"], "test")
    bridge = street.enter(made).listen("#", "menshen/v1/#")
    device = await street.device("door-1")
    for topic in ("zigbee2mqtt/door", "east/other", "menshen/v1/door-1/event"):
        bridge.say(topic, b"forged")
    bridge.say(f"menshen/v1/{made.user}/event", b"forged")
    bridge.say("east/z2m/door", b"own")
    device.say("menshen/v1/door-1/event")
    await soon(lambda: len(gateway.heard) == 2, "both")
    assert gateway.topics == ["east/z2m/door", "menshen/v1/door-1/event"]
    bridge.say("east/z2m/last")
    await soon(lambda: "east/z2m/last" in bridge.topics, "its own last word")
    assert set(bridge.topics) == {"east/z2m/door", "east/z2m/last"}


# ---- changes ----


async def test_a_revoked_device_is_cut_off_and_the_others_stay(street: Street) -> None:
    gateway = street.gateway().listen("menshen/v1/#")
    (one, two) = await street.service.add_devices(["door-1", "door-2"], "test")
    first, second = street.enter(one), street.enter(two, version=5)
    first.say("menshen/v1/door-1/event")
    await street.service.revoke("door-1", AccountKind.DEVICE, "test")
    await soon(lambda: not first.is_connected, "cut off")
    assert not street.enter(one).is_connected
    assert await last_word(gateway, second, "menshen/v1/door-2/event") == [
        "menshen/v1/door-1/event"
    ]
    assert second.is_connected
    assert gateway.is_connected


async def test_while_a_password_is_changed_both_are_let_in_and_then_the_new_one_alone(
    street: Street,
) -> None:
    gateway = street.gateway().listen("menshen/v1/#")
    (old,) = await street.service.add_devices(["door-1"], "test")
    before = street.enter(old)
    new = await street.service.rotate("door-1", "test", timedelta(days=7))
    after = street.enter(new, version=5).listen("menshen/v1/#")
    before.say("menshen/v1/door-1/event", b"old")
    heard = await last_word(gateway, after, "menshen/v1/door-1/event")
    assert heard == ["menshen/v1/door-1/event"]
    gateway.say("menshen/v1/door-1/command", b"to the device")
    await soon(lambda: after.topics == ["menshen/v1/door-1/command"], "under its new name too")
    street.access.clock.passes(days=7)
    await street.service.sync()
    await soon(lambda: not before.is_connected, "the old one is cut off")
    assert after.is_connected
    assert not street.enter(old).is_connected


async def test_a_hundred_reloads_lose_no_message_and_no_connection(street: Street) -> None:
    gateway = street.gateway().listen("menshen/v1/#")
    device = await street.device("door-1")
    for number in range(100):
        await street.service.add_devices([f"other-{number}"], "test")
        device.say("menshen/v1/door-1/event", b"%d" % number)
    await soon(lambda: len(gateway.heard) == 100, "every message")
    assert [payload for _, payload in gateway.heard] == [b"%d" % each for each in range(100)]
    assert device.is_connected


def test_a_password_that_mosquitto_hashed_is_checked_as_mosquitto_does(tmp_path: Path) -> None:
    made = tmp_path / "made"
    command = [need("mosquitto_passwd"), "-b", "-c", str(made), "u", "päss wörd"]
    subprocess.run(command, check=True)
    written = read_passwords(made.read_text())["u"]
    assert is_password("päss wörd", written)
    assert not is_password("päss word", written)


@contextmanager
def network_listener(access: Access, home: Path) -> Iterator[Mosquitto]:
    changed = {
        "allow_anonymous": "false",
        "password_file": str(access.directory / "passwd"),
        "acl_file": str(access.directory / "acl"),
        "use_username_as_clientid": "true",
    }
    with Mosquitto(home / "network", **changed) as broker:
        yield broker


async def test_nobody_takes_over_anothers_session_on_the_listener_for_devices(
    street: Street, tmp_path: Path
) -> None:
    """By client id alone a device could end the gateway's session, and its queue with it."""
    one, two = await street.service.add_devices(["door-1", "door-2"], "test")
    with network_listener(street.access, tmp_path) as broker:
        victim = Client(broker.port, one.user, one.password, client_id="door-1", is_kept=True)
        victim.listen("menshen/v1/door-1/command")
        thief = Client(broker.port, two.user, two.password, client_id="door-1").listen("#")
        gateway = Client(broker.port, "gateway", GATEWAY_PASSWORD)
        gateway.say("menshen/v1/door-1/command", b"1")
        await soon(lambda: victim.heard, "the victim is still there")
        assert thief.is_connected
        assert not thief.heard
        for each in (victim, thief, gateway):
            each.leave()
