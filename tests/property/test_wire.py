"""The broker's stream, cut anywhere, gives the same messages, and paho the same packets."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire import Arrival, Wire, WireError

PINGRESP = b"\xd0\x00"


def length(size: int) -> bytes:
    """MQTT's variable byte integer, written apart from the one under test."""
    out = b""
    while True:
        size, digit = divmod(size, 128)
        out += bytes([digit | (128 if size else 0)])
        if not size:
            return out


def packet(message: Arrival, *, has_properties: bool, properties: bytes = b"") -> bytes:
    name = message.topic.encode()
    body = len(name).to_bytes(2, "big") + name
    if message.mid:
        body += message.mid.to_bytes(2, "big")
    if has_properties:
        body += length(len(properties)) + properties
    body += message.payload
    head = 0x30 | (2 if message.mid else 0) | int(message.retained)
    return bytes([head]) + length(len(body)) + body


class Ends:
    """A wire, and the broker's end of it."""

    def __init__(self, *, has_properties: bool = True) -> None:
        ours, self.broker = socket.socketpair()
        ours.setblocking(False)
        self.wire = Wire(ours, has_properties=has_properties)

    def close(self) -> None:
        self.wire.close()
        self.broker.close()

    def drain_for_paho(self) -> bytes:
        found = b""
        while self.wire.has_for_paho:
            found += self.wire.recv(1)
        return found


messages = st.builds(
    Arrival,
    topic=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    payload=st.binary(max_size=300),
    mid=st.integers(0, 65535),
    retained=st.booleans(),
)


@given(
    st.lists(st.one_of(messages, st.just(PINGRESP)), max_size=8),
    st.booleans(),
    st.binary(max_size=200),
    st.lists(st.integers(1, 400), max_size=8),
)
def test_a_stream_cut_anywhere_gives_the_same_messages(
    sent: list[Arrival | bytes], has_properties: bool, properties: bytes, cuts: list[int]
) -> None:
    stream = b"".join(
        each
        if isinstance(each, bytes)
        else packet(each, has_properties=has_properties, properties=properties)
        for each in sent
    )
    ends = Ends(has_properties=has_properties)
    taken: list[Arrival] = []
    for size in [*cuts, len(stream)]:
        chunk, stream = stream[:size], stream[size:]
        if chunk:
            ends.broker.sendall(chunk)
            taken += ends.wire.take()
    assert taken == [each for each in sent if isinstance(each, Arrival)]
    assert ends.drain_for_paho() == b"".join(each for each in sent if isinstance(each, bytes))
    ends.close()


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_are_messages_or_an_error(data: bytes) -> None:
    ends = Ends()
    ends.broker.sendall(data)
    try:
        taken = ends.wire.take()
    except WireError:
        taken = []
    assert all(isinstance(each, Arrival) for each in taken)
    ends.close()


def test_a_message_larger_than_one_receive_is_put_together() -> None:
    ends = Ends()
    large = Arrival("t", b"x" * 300_000, 7, retained=False)
    data = packet(large, has_properties=True)
    taken: list[Arrival] = []
    while data:
        sent = ends.broker.send(data[:50_000])
        data = data[sent:]
        taken += ends.wire.take()
    assert taken == [large]
    ends.close()


@pytest.mark.parametrize("head", [0x34, 0x36])
def test_qos_2_which_nobody_asked_for_is_an_error(head: int) -> None:
    ends = Ends()
    ends.broker.sendall(bytes([head, 6, 0, 1, ord("t"), 0, 1, 0]))
    with pytest.raises(WireError):
        ends.wire.take()
    ends.close()


def test_confirmations_and_publishes_go_out_in_order_between_pahos_packets() -> None:
    ends = Ends()
    ends.wire.send(b"\xc0\x00")
    ends.wire.confirm([1, 258])
    ends.wire.publish([("a/b", b"{}")])
    expected = b"\xc0\x00" + b"\x40\x02\x00\x01\x40\x02\x01\x02" + b"\x30\x08\x00\x03a/b\x00{}"
    assert ends.broker.recv(100) == expected
    ends.close()


def test_what_the_socket_does_not_take_is_sent_later_and_whole() -> None:
    ends = Ends()
    mids = [each % 65535 + 1 for each in range(100_000)]
    ends.wire.confirm(mids)
    assert ends.wire.has_unsent
    received = b""
    while len(received) < 4 * len(mids):
        received += ends.broker.recv(65536)
        ends.wire.flush()
    assert received == b"".join(b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids)
    assert not ends.wire.has_unsent
    ends.close()


def test_the_end_of_the_stream_is_pahos_to_notice() -> None:
    ends = Ends()
    ends.broker.close()
    assert ends.wire.take() == []
    assert ends.wire.has_for_paho
    assert ends.wire.recv(1) == b""
    ends.close()
