"""The load generator: its packets are MQTT, its mix is what was asked for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim import broker, load_cli, mix, mqtt_packets
from firmware_sim.load import Plan
from firmware_sim.mix import Batch, Mix, Prepared


def unpacked(batch: Batch) -> list[tuple[str, int, dict[str, object]]]:
    """Read a batch's packets by their own lengths: topic, packet id, body."""
    found, begin = [], 0
    data = bytes(batch.packets)
    for end in batch.ends:
        packet, begin = data[begin:end], end
        assert packet[0] == 0x32
        size, shift, at = 0, 0, 1
        while True:
            size |= (packet[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if packet[at - 1] < 0x80:
                break
        assert size == len(packet) - at
        length = int.from_bytes(packet[at : at + 2], "big")
        topic = packet[at + 2 : at + 2 + length].decode()
        rest = packet[at + 2 + length :]
        found.append((topic, int.from_bytes(rest[:2], "big"), json.loads(rest[2:])))
    assert begin == len(data)
    return found


def prepared(
    devices: int, messages: int, connections: int, *, seed: int = 1, shares: Mix | None = None
) -> Prepared:
    return mix.prepare(
        devices=devices,
        messages=messages,
        connections=connections,
        prefix="dev",
        boot="b",
        seed=seed,
        mix=shares or Mix(),
        starts_at=1_795_280_000.0,
        rate=None,
    )


@given(st.integers(1, 30), st.integers(1, 300), st.integers(1, 8), st.integers(0, 99))
def test_every_id_speaks_like_one_device(
    devices: int, messages: int, connections: int, seed: int
) -> None:
    made = prepared(devices, messages, min(connections, devices, messages), seed=seed)
    seqs: dict[str, int] = {}
    doors: dict[str, object] = {}
    count = 0
    for batch in made.batches:
        for n, (topic, packet_id, fields) in enumerate(unpacked(batch)):
            count += 1
            device, leaf = topic.split("/")[2:]
            assert packet_id == n + 1
            if leaf == "event":
                seqs[device] = seqs.get(device, 0) + 1
                assert fields["seq"] == seqs[device]
                if fields["state"] == "open":
                    assert doors.get(device) != "open"
                doors[device] = fields["state"]
            else:
                assert fields["seq"] == seqs.get(device, 0)
                assert fields["states"] == {
                    "door": doors.get(device, "closed"),
                    "tamper": "off",
                }
    assert count == messages == made.counts.total()


def test_the_mix_is_the_one_asked_for() -> None:
    counts = prepared(1000, 20_000, 10).counts
    assert counts["heartbeats"] / 20_000 == pytest.approx(0.5, abs=0.02)
    assert counts["openings"] / 20_000 == pytest.approx(0.05, abs=0.01)


def test_one_seed_prepares_the_same_bytes() -> None:
    first, second, other = (prepared(20, 200, 4, seed=s) for s in (3, 3, 4))
    assert [b.packets for b in first.batches] == [b.packets for b in second.batches]
    assert [b.packets for b in first.batches] != [b.packets for b in other.batches]


def test_a_new_run_has_a_boot_of_its_own() -> None:
    assert Plan(devices=1, messages=1).boot != Plan(devices=1, messages=1).boot


def test_pubacks_are_counted_and_anything_else_is_refused() -> None:
    puback = b"\x40\x02\x00\x01"
    assert mqtt_packets.pubacks(puback * 3) == 3
    assert mqtt_packets.pubacks(b"") == 0
    with pytest.raises(ValueError, match="something else"):
        mqtt_packets.pubacks(puback + b"\xe0\x02\x00\x01")


@pytest.mark.parametrize(
    ("connack", "said"),
    [
        (b"\x20\x02\x00\x00", None),
        (b"\x20\x02\x00\x05", "not authorised"),
        (b"\x20\x02\x00\x04", "user name"),
        (b"", "no CONNACK"),
    ],
)
def test_a_refusal_is_said_in_words(connack: bytes, said: str | None) -> None:
    reason = mqtt_packets.refusal(connack)
    assert (reason is None) if said is None else (reason is not None and said in reason)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("open=1.5", "add up to 1"),
        ("shout=1", "'shout=1' is no share"),
        ("open", "'open' is no share"),
    ],
)
def test_a_wrong_mix_says_what_is_right(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        mix.parse(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"devices": 0},
        {"messages": 0},
        {"connections": 201},
        {"rate": 0.0},
        {"window": 70_000},
    ],
)
def test_a_plan_that_cannot_be_sent_is_refused(wrong: dict[str, int]) -> None:
    sound: dict[str, int] = {"devices": 1, "messages": 1}
    with pytest.raises(ValueError, match=r"least 1|at most 200|above 0|below"):
        Plan(**{**sound, **wrong})  # type: ignore[arg-type]


def test_no_broker_is_an_error_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    nobody = "mqtt://127.0.0.1:1"
    wrong = ["--broker", nobody, "--devices", "1", "--messages", "1"]
    assert load_cli.main(wrong) == 1
    assert "no broker at 127.0.0.1" in capsys.readouterr().err


def test_a_broker_address_carries_credentials_unless_others_are_given() -> None:
    assert broker.parse("mqtt://u:p%40@pi:1884") == broker.Broker("pi", 1884, "u", "p@")
    assert broker.parse("mqtt://u:p@pi", username="x").username == "x"
    for wrong in ("pi:1883", "http://pi", "mqtt://", "mqtt://pi:x"):
        with pytest.raises(ValueError, match=r"broker address|valid port"):
            broker.parse(wrong)
