"""The few MQTT 3.1.1 packets that a publisher of QoS 1 needs, as bytes.

A client library spends some 40 microseconds on a message, which would make the load generator the
slowest part of what it measures.
"""

PUBACK_SIZE = 4
DISCONNECT = b"\xe0\x00"
PINGREQ = b"\xc0\x00"

_CONNACK = b"\x20\x02"
_REFUSALS = {
    1: "protocol version",
    2: "client id",
    3: "server unavailable",
    4: "user name or password",
    5: "not authorised",
}


def connect(client_id: str, username: str | None, password: str | None) -> bytes:
    """Return CONNECT with a clean session and no keepalive."""
    flags = 0x02
    payload = _text(client_id)
    if username is not None:
        flags |= 0x80
        payload += _text(username)
        if password is not None:
            flags |= 0x40
            payload += _text(password)
    body = _text("MQTT") + bytes((4, flags, 0, 0)) + payload
    return b"\x10" + _length(len(body)) + body


def refusal(connack: bytes) -> str | None:
    """Return why the broker refused, None where it accepted."""
    if len(connack) != 4 or connack[:2] != _CONNACK:
        return f"no CONNACK but {connack!r}"
    code = connack[3]
    return None if code == 0 else _REFUSALS.get(code, f"code {code}")


def publish_head(topic: bytes, packet_id: int, body_length: int) -> bytes:
    """Return everything of a QoS 1 PUBLISH up to its body."""
    size = len(topic)
    return b"\x32%b%b%b%b" % (
        _length(size + 4 + body_length),
        size.to_bytes(2, "big"),
        topic,
        packet_id.to_bytes(2, "big"),
    )


def pubacks(data: bytes) -> int:
    """Return how many PUBACKs lie in a whole number of them; ValueError for anything else."""
    kinds = data[::PUBACK_SIZE]
    if kinds.count(0x40) != len(kinds):
        raise ValueError("the broker sent something else than PUBACK")
    return len(kinds)


def _text(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def _length(size: int) -> bytes:
    if size < 128:
        return bytes((size,))
    out = bytearray()
    while True:
        size, digit = divmod(size, 128)
        out.append(digit | 0x80 if size else digit)
        if not size:
            return bytes(out)
