"""Passwords, codes and failures: what is taken, what is kept, how long a guesser waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts import factor, lockout, tickets
from gateway.accounts.lockout import (
    FREE,
    LONGEST_DELAY,
    MOST_KEPT,
    Lockout,
    delay_after,
    network_of,
)
from gateway.accounts.passwords import (
    LANES,
    LONGEST,
    MEMORY_KIB,
    PASSES,
    Fault,
    Hasher,
    make,
    why_not,
)

NOW = datetime(2026, 11, 21, 6, 35, 12, tzinfo=UTC)


# ---- passwords ----


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("tidal copper lantern", None),
        ("correcthorse", None),
        ("门前有两棵柳树一棵枣树", None),
        ("short one", Fault.TOO_SHORT),
        ("门前有柳树", Fault.TOO_SHORT),
        ("x y" * LONGEST, Fault.TOO_LONG),
        ("Password123", Fault.TOO_COMMON),
        ("1234567890", Fault.TOO_COMMON),
        ("WoAiNi1314520", Fault.TOO_COMMON),
        ("5201314520", Fault.TOO_COMMON),
        ("aaaaaaaaaaaa", Fault.TOO_COMMON),
        ("abababababab", Fault.TOO_COMMON),
        ("klmnopqrstu", Fault.TOO_COMMON),
        ("chenxiaoming", Fault.LIKE_LOGIN),
        ("ChenXiaoMing99", Fault.LIKE_LOGIN),
        ("menshen2026", Fault.LIKE_LOGIN),
        ("ｐａｓｓｗｏｒｄ１２３", Fault.TOO_COMMON),
    ],
)
def test_length_and_a_list_decide_and_no_kind_of_character(
    password: str, fault: Fault | None
) -> None:
    assert why_not(password, "chenxiaoming") is fault


def test_a_made_password_will_do_and_is_never_the_same() -> None:
    made = {make() for _ in range(50)}
    assert len(made) == 50
    assert {why_not(each, "chen") for each in made} == {None}


async def test_a_password_is_known_again_however_it_was_typed() -> None:
    hasher = Hasher(memory_kib=64, passes=1)
    kept = await hasher.hash("Ångström café")
    assert kept.startswith("$argon2id$")
    assert await hasher.is_it("Ångström café", kept)
    assert not await hasher.is_it("angstrom cafe", kept)
    assert not await hasher.is_it("Ångström café", "no hash at all")


async def test_an_unknown_name_costs_what_a_wrong_password_costs() -> None:
    """The same function is run on a hash of the same parameters; no clock is needed to say so."""
    hasher = Hasher(memory_kib=64, passes=1)
    compared: list[str] = []
    compare = hasher._compare
    hasher._compare = lambda kept, typed: (compared.append(kept), compare(kept, typed))[1]  # type: ignore[method-assign, func-returns-value]
    kept = await hasher.hash("tidal copper lantern")
    assert not await hasher.is_it("wrong", kept)
    assert not await hasher.is_it("wrong", None)
    known, nobodys = (each.split("$")[1:4] for each in compared)
    assert known == nobodys


async def test_nobodys_password_lets_nobody_in() -> None:
    hasher = Hasher(memory_kib=64, passes=1)
    hasher._nobodys = await hasher.hash("guessed")
    assert not await hasher.is_it("guessed", None)


async def test_a_hash_of_other_parameters_is_outdated() -> None:
    old, today = Hasher(memory_kib=64, passes=1), Hasher(memory_kib=128, passes=1)
    kept = await old.hash("tidal copper lantern")
    assert await today.is_it("tidal copper lantern", kept)
    assert today.is_outdated(kept)
    assert not old.is_outdated(kept)


def test_two_logins_at_once_fit_a_small_machine() -> None:
    assert (MEMORY_KIB, PASSES, LANES) == (19_456, 2, 1)


# ---- codes ----


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(at: datetime) -> str:
    return pyotp.TOTP(SECRET).at(at)


@pytest.mark.parametrize(("early_s", "is_taken"), [(0, 1), (30, 1), (-30, 1), (61, 0), (-61, 0)])
def test_a_phone_may_be_one_step_early_or_late(early_s: int, is_taken: int) -> None:
    code = code_at(NOW + timedelta(seconds=early_s))
    assert (factor.step_of(SECRET, code, 0, NOW) is not None) == bool(is_taken)


@given(seconds=st.integers(0, 120), tries=st.integers(2, 6))
def test_no_code_is_ever_taken_twice(seconds: int, tries: int) -> None:
    last, taken = 0, 0
    code = code_at(NOW)
    for n in range(tries):
        step = factor.step_of(SECRET, code, last, NOW + timedelta(seconds=seconds * n / tries))
        if step is not None:
            taken, last = taken + 1, step
    assert taken <= 1


def test_no_code_older_than_the_last_one_is_taken() -> None:
    step = factor.step_of(SECRET, code_at(NOW), 0, NOW)
    assert step is not None
    assert factor.step_of(SECRET, code_at(NOW - timedelta(seconds=30)), step, NOW) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "-12345"])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert factor.step_of(SECRET, code, 0, NOW) is None


def test_a_code_may_be_typed_with_a_gap() -> None:
    code = code_at(NOW)
    assert factor.step_of(SECRET, f" {code[:3]} {code[3:]}", 0, NOW) is not None


def test_recovery_codes_are_known_by_their_hash_alone_however_typed() -> None:
    codes = factor.new_recovery_codes()
    assert len(set(codes)) == 10
    kept = factor.recovery_hash("a1", codes[0])
    assert kept == factor.recovery_hash("a1", f" {codes[0].upper().replace('-', ' ')} ")
    assert kept != factor.recovery_hash("a2", codes[0])
    assert factor.recovery_hash("a1", "123456") is None


def test_the_qr_code_has_no_style_that_the_policy_forbids() -> None:
    drawn = factor.picture(factor.address(SECRET, "chen", "street-3"))
    assert drawn.startswith("<svg")
    assert " style=" not in drawn


# ---- tickets ----


def test_a_form_token_is_of_one_session() -> None:
    first, second = tickets.new(), tickets.new()
    assert tickets.is_form_token(first, tickets.form_token(first))
    assert not tickets.is_form_token(second, tickets.form_token(first))
    assert not tickets.is_form_token("", tickets.form_token(""))


# ---- failures ----


def test_a_person_mistypes_without_waiting_and_then_ever_longer() -> None:
    waits = [delay_after(failures).total_seconds() for failures in range(20)]
    assert waits[: FREE + 1] == [0] * (FREE + 1)
    assert waits[FREE + 1 : FREE + 5] == [2, 4, 8, 16]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_DELAY.total_seconds()
    assert delay_after(10**6) == LONGEST_DELAY


def test_a_wait_passes_by_itself() -> None:
    doors = Lockout()
    for _ in range(FREE + 1):
        doors.failed(["x"], NOW)
    assert doors.wait(["x"], NOW) == timedelta(seconds=2)
    assert doors.wait(["x"], NOW + timedelta(seconds=2)) == timedelta()
    assert doors.wait(["x"], NOW - timedelta(hours=9)) == timedelta(seconds=2)


def test_strangers_who_fail_do_not_shut_out_a_browser_that_was_in_before() -> None:
    doors = Lockout()
    for n in range(500):
        doors.failed(lockout.names("chen", f"10.0.{n % 250}.1", ""), NOW)
    assert doors.wait(lockout.names("chen", "192.168.1.9", ""), NOW) == LONGEST_DELAY
    assert doors.wait(lockout.names("chen", "192.168.1.9", "b1"), NOW) == timedelta()
    assert doors.wait(lockout.names("li", "192.168.1.9", ""), NOW) == timedelta()


def test_one_address_waits_whatever_names_it_tries() -> None:
    doors = Lockout()
    for n in range(20):
        doors.failed(lockout.names(f"name{n}", "10.0.0.1", ""), NOW)
    assert doors.wait(lockout.names("another", "10.0.0.1", ""), NOW) > timedelta(minutes=1)
    assert doors.wait(lockout.names("another", "10.0.0.2", ""), NOW) == timedelta()


def test_whoever_tries_a_million_names_fills_no_memory() -> None:
    doors = Lockout()
    for n in range(MOST_KEPT + 500):
        doors.failed([f"login {n}"], NOW)
    assert len(doors._counts) == MOST_KEPT


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_one_customer_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
