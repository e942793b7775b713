"""Every PDU vector, both ways. They were agreed on by independent implementations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alerts.channels.gsm import pdu, submit
from alerts.channels.gsm.submit import Submit
from gateway.cli import pdu as command

VECTORS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "fixtures/pdu/vectors.jsonl").read_text().splitlines()
]
SUBMITS = [vector for vector in VECTORS if vector["dir"] == "submit"]


def by_id(vectors: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", vectors, ids=[v["id"] for v in vectors])


@by_id(VECTORS)
def test_r24_a_vector_decodes(vector: dict[str, Any]) -> None:
    wanted = {key: vector[key] for key in ("dir", "number", "text", "encoding")}
    if vector["dir"] == "status_report":
        wanted |= {"mr": vector["mr"], "status": vector["st"]}

    assert command.decode(vector["parts"]) == wanted
    assert command.decode(vector["parts"][::-1]) == wanted  # parts come in any order


@by_id(SUBMITS)
def test_r24_a_vector_encodes_to_the_same_octets(vector: dict[str, Any]) -> None:
    first = pdu.decode(vector["parts"][0])
    assert isinstance(first, Submit)
    concat = first.user.concat
    ref, bits = (concat.ref, concat.bits) if concat else (0, 8)

    parts = submit.encode(vector["number"], vector["text"], ref=ref, ref_bits=bits)

    assert [part.hex().upper() for part in parts] == vector["parts"]
    assert [submit.tpdu_octets(part) for part in parts] == vector["tpdu_len"]
    singles = [pdu.decode(part.hex()) for part in parts]
    texts = [part.user.body for part in singles if isinstance(part, Submit)]
    assert len(texts) == len(vector["part_texts"])
