"""Each fault does what it says, alone and with others, and the same for the same seed."""

import json
import random
from collections.abc import Sequence

import pytest

from firmware_sim import faults
from firmware_sim.faults import Fault, FaultKind, Stream
from firmware_sim.wire import Outgoing


def sent(stream: Stream, count: int, *, step_s: float = 1.0) -> list[Outgoing]:
    out: list[Outgoing] = []
    for n in range(count):
        message = Outgoing("menshen/v1/dev-1/event", {"seq": n, "at": 1000.0 + n})
        out += stream.pass_on(message, n * step_s)
    return out


def seqs(messages: Sequence[Outgoing]) -> list[int]:
    return [json.loads(m.payload)["seq"] for m in messages]


def stream(*on: Fault, seed: int = 1) -> Stream:
    return Stream(random.Random(seed), on)


def test_without_faults_everything_passes_unchanged() -> None:
    assert seqs(sent(stream(), 5)) == [0, 1, 2, 3, 4]


def test_drop_loses_its_share() -> None:
    assert len(sent(stream(Fault(FaultKind.DROP, 0.25)), 2000)) == pytest.approx(1500, abs=80)


def test_repeat_sends_the_same_bytes_twice() -> None:
    out = sent(stream(Fault(FaultKind.REPEAT, 1.0)), 2)
    assert seqs(out) == [0, 0, 1, 1]
    assert out[0].payload == out[1].payload


def test_reorder_lets_the_next_message_pass_and_loses_none() -> None:
    out = seqs(sent(stream(Fault(FaultKind.REORDER, 1.0, until_s=1.0)), 3))
    assert out == [1, 0, 2]


def test_skew_moves_the_clock_and_nothing_else() -> None:
    out = sent(stream(Fault(FaultKind.SKEW, -3600.0)), 1)
    assert json.loads(out[0].payload) == {"seq": 0, "at": -2600.0}


def test_skew_leaves_a_message_without_a_time_alone() -> None:
    message = Outgoing("t", "online")
    assert stream(Fault(FaultKind.SKEW, 60.0)).pass_on(message, 0.0) == [message]


def test_a_fault_is_on_between_its_seconds_only() -> None:
    out = sent(stream(Fault(FaultKind.DROP, 1.0, from_s=2.0, until_s=4.0)), 6)
    assert seqs(out) == [0, 1, 4, 5]


def test_faults_combine() -> None:
    out = sent(stream(Fault(FaultKind.REPEAT, 1.0), Fault(FaultKind.SKEW, 1.0)), 1)
    assert [json.loads(m.payload)["at"] for m in out] == [1001.0, 1001.0]


def test_floods_add_up() -> None:
    both = stream(Fault(FaultKind.FLOOD, 100.0), Fault(FaultKind.FLOOD, 50.0, until_s=10.0))
    assert (both.flood_rate(5.0), both.flood_rate(15.0)) == (150.0, 100.0)


def test_one_seed_gives_one_stream() -> None:
    lossy = Fault(FaultKind.DROP, 0.5)
    assert seqs(sent(stream(lossy, seed=4), 50)) == seqs(sent(stream(lossy, seed=4), 50))
    assert seqs(sent(stream(lossy, seed=4), 50)) != seqs(sent(stream(lossy, seed=5), 50))


def test_a_pattern_chooses_the_devices() -> None:
    on = (Fault(FaultKind.DROP, 1.0, devices="mag-*"),)
    assert faults.stream_for("mag-1", on, random.Random(1)).faults == on
    assert faults.stream_for("cam-1", on, random.Random(1)).faults == ()


def test_the_command_line_form_is_read() -> None:
    assert faults.parse("drop=0.01") == Fault(FaultKind.DROP, 0.01)
    assert faults.parse("flood=1000@cam-*") == Fault(FaultKind.FLOOD, 1000.0, devices="cam-*")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("drop", "write kind=value"),
        ("melt=1", "kind one of drop"),
        ("drop=much", "'much' in 'drop=much' is no number"),
        ("drop=2", "a chance from 0 to 1"),
        ("flood=-1", "messages a second"),
    ],
)
def test_a_wrong_fault_says_what_is_right(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        faults.parse(text)
