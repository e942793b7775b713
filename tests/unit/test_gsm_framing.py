"""Bytes to lines: requirements R2, R3 and R6, without a modem."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.gsm.framing import PROMPT, Framing, final_of, is_unsolicited

ANSWER = b"\r\n+CMGS: 7\r\n\r\nOK\r\n"


@pytest.mark.parametrize(
    "data",
    [
        ANSWER,
        b"+CMGS: 7\nOK\n",
        b"+CMGS: 7\r\nOK\r\n",
        b"+CMGS: 7\rOK\r",
        b"\n\r\n+CMGS: 7\r\r\nOK\n",
    ],
)
def test_r03_any_line_end_is_one(data: bytes) -> None:
    assert Framing().feed(data) == ["+CMGS: 7", "OK"]


@given(st.lists(st.integers(1, 5)))
def test_r03_lines_are_the_same_however_the_bytes_arrive(sizes: list[int]) -> None:
    framing, rest, lines = Framing(), ANSWER, []
    for size in [*sizes, len(ANSWER)]:
        lines += framing.feed(rest[:size])
        rest = rest[size:]

    assert lines == ["+CMGS: 7", "OK"]


@given(st.lists(st.binary(max_size=300)), st.booleans())
def test_r02_no_bytes_end_the_reader(pieces: list[bytes], is_prompt_wanted: bool) -> None:
    framing = Framing()
    for piece in pieces:
        for line in framing.feed(piece, is_prompt_wanted=is_prompt_wanted):
            assert line.isascii()
            assert line.isprintable()
    framing.feed(b"\r\n")

    assert framing.feed(ANSWER) == ["+CMGS: 7", "OK"]


def test_r02_noise_around_a_line_is_dropped() -> None:
    assert Framing().feed(b"\xff\xfe\0OK\x80\r\n") == ["OK"]


def test_r02_a_line_without_end_is_given_up() -> None:
    framing = Framing()
    for _ in range(100):
        framing.feed(b"x" * 1000)

    assert framing.dropped >= 90_000
    assert len(framing._rest) <= 5_000


@pytest.mark.parametrize("prompt", [b"\r\n> ", b">", b"> ", b"\r\n>\r\n", b"\n>"])
def test_a_prompt_needs_neither_space_nor_line_end(prompt: bytes) -> None:
    assert Framing().feed(prompt, is_prompt_wanted=True) == [PROMPT]


def test_a_line_before_and_an_echo_behind_the_prompt_are_lines() -> None:
    framing = Framing()

    assert framing.feed(b'\r\n+CMTI: "SM",1\r\n\r\n> ', is_prompt_wanted=True) == [
        '+CMTI: "SM",1',
        PROMPT,
    ]
    assert framing.feed(b"0021AB\x1a\r\n") == ["0021AB"]


def test_a_greater_sign_is_no_prompt_where_none_is_wanted() -> None:
    assert Framing().feed(b"> x\r\n") == ["> x"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("OK", "ok"),
        ("ERROR", "error"),
        ("COMMAND NOT SUPPORT", "error"),
        ("+CMS ERROR: 38", "cms_38"),
        ("+CMS ERROR:321", "cms_321"),
        ("+CME ERROR: 14", "cme_14"),
        ("+CME ERROR: SIM busy", "cme"),
    ],
)
def test_r06_what_ends_an_answer(line: str, reason: str) -> None:
    final = final_of(line)

    assert final is not None
    assert final.reason == reason


@pytest.mark.parametrize("line", ["OKAY", "ERRORS", "+CMS ERROR", "+CMGS: 1", "NOT OK", ""])
def test_r06_what_only_looks_like_an_end_is_none(line: str) -> None:
    assert final_of(line) is None


def test_r04_an_expected_line_is_an_answer_and_the_same_unexpected_is_not() -> None:
    assert not is_unsolicited("+CPIN: READY", "+CPIN:")
    assert is_unsolicited("+CPIN: READY", "+CMGS:")
