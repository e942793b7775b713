"""The simulator's own codec against the vectors that independent implementations agree on."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.sms_alphabet import Alphabet, read
from firmware_sim.sms_pdu import (
    PduError,
    Submit,
    decode_submit,
    encode_deliver,
    encode_report,
    join_text,
    tpdu_length,
)

VECTORS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "fixtures/pdu/vectors.jsonl").read_text().splitlines()
]
BEIJING = timezone(timedelta(hours=8))


def of(direction: str) -> Any:
    vectors = [vector for vector in VECTORS if vector["dir"] == direction]
    assert vectors
    return pytest.mark.parametrize("vector", vectors, ids=[each["id"] for each in vectors])


@of("submit")
def test_a_submit_vector_is_read(vector: dict[str, Any]) -> None:
    octets = [bytes.fromhex(part) for part in vector["parts"]]
    parts = [
        decode_submit(each, length) for each, length in zip(octets, vector["tpdu_len"], strict=True)
    ]
    assert {part.number for part in parts} == {vector["number"]}
    assert all(part.wants_report for part in parts)
    assert {part.alphabet.value for part in parts} == {vector["encoding"]}
    assert join_text(reversed(parts)) == vector["text"]


@of("deliver")
def test_a_deliver_vector_is_written_octet_for_octet(vector: dict[str, Any]) -> None:
    note = vector["note"]
    tpdu = bytes.fromhex(vector["parts"][0])[9:]
    address_octets = 2 + (tpdu[1] + 1) // 2
    dcs = tpdu[1 + address_octets + 1]
    is_west = "negative time zone" in note
    at = datetime(2025, 3, 9, 14, 5, 33, tzinfo=BEIJING)
    if is_west:
        at = datetime(2025, 3, 9, 1, 5, 33, tzinfo=timezone(timedelta(hours=-5)))
    is_wide = "16-bit" in note
    written = encode_deliver(
        vector["number"],
        vector["text"],
        at,
        type_of_address=tpdu[2],
        alphabet=Alphabet(vector["encoding"]),
        message_class=dcs & 3 if dcs & 0x10 else None,
        reference=0xBEEF if is_wide else 0x4A,
        wide_reference=is_wide,
        report_follows="SRI" in note,
    )
    assert [each.hex().upper() for each in written] == vector["parts"]
    assert [tpdu_length(each) for each in written] == vector["tpdu_len"]


@of("status_report")
def test_a_status_report_vector_is_written_octet_for_octet(vector: dict[str, Any]) -> None:
    sent_at = datetime(2025, 3, 9, 14, 5, 33, tzinfo=BEIJING)
    settled_at = datetime(2025, 3, 9, 14, 5, 42, tzinfo=BEIJING)
    written = encode_report(vector["mr"], vector["number"], sent_at, settled_at, vector["st"])
    assert [written.hex().upper()] == vector["parts"]


def test_a_surrogate_pair_that_a_program_cut_between_parts_is_whole_again() -> None:
    halves = "水😀".encode("utf-16-be")
    parts = [Submit("1", False, Alphabet.UCS2, body) for body in (halves[:4], halves[4:])]
    assert join_text(parts) == "水😀"


def test_an_alphanumeric_sender_is_packed_as_septets() -> None:
    [pdu] = encode_deliver("MENSHEN", "hi", datetime(2025, 3, 9, tzinfo=BEIJING))
    length, kind, *packed = pdu[10:]
    assert kind == 0xD0
    assert length == 14
    bits = int.from_bytes(bytes(packed[:7]), "little")
    septets = bytes(bits >> 7 * index & 0x7F for index in range(7))
    assert read(septets, Alphabet.GSM7) == "MENSHEN"


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\x00",
        bytes.fromhex("0021000D91683119325476F80008"),
        bytes.fromhex("0021000D91683119325476F800080C6C346D78"),
        bytes.fromhex("0004000D91683119325476F80008026C34"),
        bytes.fromhex("0021000091000800"),
        bytes.fromhex("0061000D91683119325476F8000802FF34"),
    ],
)
def test_a_damaged_submit_is_refused(damaged: bytes) -> None:
    with pytest.raises(PduError):
        decode_submit(damaged)
