"""The registry: who claims a topic, and ids that never collide."""

from __future__ import annotations

import pytest

from devices.decode import decode
from devices.model import LEFT_NETWORK, Decoded, Undecodable
from devices.profile import DeviceSettings
from devices.registry import standard


def test_an_unclaimed_topic_is_undecodable_by_name() -> None:
    assert decode("some/other", b"{}", False, standard()) == Undecodable("", "", "unclaimed_topic")


def test_the_subscriptions_leave_out_what_the_gateway_itself_sends() -> None:
    assert standard(zigbee2mqtt_bases=("zigbee2mqtt", "north")).subscriptions() == (
        "menshen/v1/+/event",
        "menshen/v1/+/heartbeat",
        "menshen/v1/+/status",
        "menshen/v1/+/result",
        "zigbee2mqtt/#",
        "north/#",
    )


def test_one_name_behind_two_bridges_is_two_devices() -> None:
    registry = standard(zigbee2mqtt_bases=("zigbee2mqtt", "north/z2m"))
    first = decode("zigbee2mqtt/door", b'{"contact":true}', False, registry)
    second = decode("north/z2m/door", b'{"contact":true}', False, registry)
    assert (first.device, second.device) == ("door", "north/z2m/door")


def test_a_device_that_left_has_the_id_it_spoke_under() -> None:
    registry = standard(zigbee2mqtt_bases=("north",))
    left = b'{"type":"device_leave","data":{"friendly_name":"door"}}'
    decoded = decode("north/bridge/event", left, False, registry)
    assert isinstance(decoded, Decoded)
    (status,) = decoded.observations
    assert (status.device, status.state, status.note) == ("north/door", "offline", LEFT_NETWORK)


def test_a_base_within_another_keeps_its_own_messages() -> None:
    registry = standard(zigbee2mqtt_bases=("z2m", "z2m/north"))
    claimants = [registry.find(topic) for topic in ("z2m/north/door", "z2m/door")]
    assert [each.prefix for each in claimants if each] == ["z2m/north/", "z2m/"]


@pytest.mark.parametrize("bases", [("",), ("z2m/#",), ("a/+/b",), ("/z2m",), ("z2m/",), ("a", "a")])
def test_a_base_that_is_no_topic_is_refused(bases: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="zigbee2mqtt base"):
        standard(zigbee2mqtt_bases=bases)


def test_settings_belong_to_one_device() -> None:
    registry = standard({"north": DeviceSettings(invert=True)})
    states = [
        decode(f"zigbee2mqtt/{name}", b'{"contact":true}', False, registry).observations[0].state  # type: ignore[union-attr]
        for name in ("north", "south")
    ]
    assert states == ["open", "closed"]
