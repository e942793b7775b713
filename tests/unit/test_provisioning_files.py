"""The broker's files say what the accounts mean, whatever accounts there are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.provisioning import user_of_bridge, user_of_device
from gateway.provisioning.accounts import Account, AccountKind, Standing
from gateway.provisioning.files import (
    HEADER,
    read_passwords,
    render_access,
    render_passwords,
)
from gateway.provisioning.hashing import hashed, is_password
from tests.fakes.accounts import NOW

DEVICES = st.from_regex(r"[A-Za-z0-9_-]{4,12}", fullmatch=True)
ENDS = st.sampled_from([None, NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)])


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    device = draw(DEVICES)
    has_certificate = draw(st.booleans())
    return Account(
        user_of_device(device, draw(st.integers(1, 3))),
        device,
        AccountKind.DEVICE,
        NOW,
        "test",
        hash=None if has_certificate else hashed(device, b"twelve bytes"),
        serial="ab" if has_certificate else None,
        expires_at=draw(ENDS) if has_certificate else None,
        retires_at=draw(ENDS),
        revoked_at=draw(st.sampled_from([None, NOW])),
    )


def bridge(name: str, *bases: str) -> Account:
    return Account(user_of_bridge(name), name, AccountKind.BRIDGE, NOW, "test", bases=bases)


@given(st.lists(accounts(), unique_by=lambda account: account.user))
def test_the_password_file_lets_in_exactly_who_is_let_in(found: list[Account]) -> None:
    text = render_passwords(found, NOW)
    assert text.startswith(HEADER)
    assert read_passwords(text) == {
        each.user: each.hash for each in found if each.hash and each.is_let_in(NOW)
    }


@given(st.lists(accounts(), unique_by=lambda account: account.user), st.randoms())
def test_the_order_of_accounts_changes_no_byte(found: list[Account], dice: object) -> None:
    shuffled = sorted(found, key=lambda _: dice.random())  # type: ignore[attr-defined]
    assert render_passwords(found, NOW) == render_passwords(shuffled, NOW)
    assert render_access(found, NOW, ["z"]) == render_access(shuffled, NOW, ["z"])


@given(st.lists(accounts(), unique_by=lambda account: account.user))
def test_every_line_of_the_access_file_is_one_that_mosquitto_knows(found: list[Account]) -> None:
    words = {line.partition(" ")[0] for line in render_access(found, NOW, ["z"]).splitlines()}
    assert words <= {"#", "", "pattern", "user", "topic"}


@given(accounts())
def test_a_user_has_rules_of_its_own_where_the_pattern_would_not_do(account: Account) -> None:
    text = render_access([account], NOW, [])
    has_section = f"\nuser {account.user}\n" in text
    needs_one = account.is_barred(NOW) or (account.is_let_in(NOW) and account.user != account.owner)
    assert has_section == needs_one
    if account.is_barred(NOW):
        assert f"\nuser {account.user}\ntopic deny #\n" in text


def test_a_bridge_that_is_revoked_has_no_rules_left() -> None:
    standing = bridge("east", "z2m")
    assert "topic readwrite z2m/#" in render_access([standing], NOW, [])
    gone = Account(
        standing.user, "east", AccountKind.BRIDGE, NOW, "test", bases=("z2m",), revoked_at=NOW
    )
    assert "z2m" not in render_access([gone], NOW, [])


@given(st.text(max_size=200))
def test_any_text_is_read_as_a_password_file(text: str) -> None:
    found = read_passwords(text)
    assert all(user and "\n" not in user + written for user, written in found.items())


# ---- hashes ----


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_a_hash_knows_its_password_and_no_other(one: str, other: str) -> None:
    written = hashed(one, b"twelve bytes")
    assert is_password(other, written) == (one == other)
    assert ":" not in written
    assert "\n" not in written


@pytest.mark.parametrize(
    "written",
    [
        *("", "x", "$6$a$b", "$7$101$!!!$AAAA", "$7$0$AAAA$AAAA", "$7$-1$AAAA$AAAA", "$7$1$AAAA"),
        *("$7$99999999999$AAAA$AAAA", "$7$x$AAAA$AAAA", "plain"),
    ],
)
def test_what_is_no_hash_is_nobodys(written: str) -> None:
    assert not is_password("x", written)


def test_a_salt_that_mosquitto_would_refuse_is_refused() -> None:
    with pytest.raises(ValueError, match="12 bytes"):
        hashed("x", b"sixteen bytes!!!")


# ---- standing ----


@pytest.mark.parametrize(
    ("changed", "standing"),
    [
        ({}, Standing.VALID),
        ({"retires_at": NOW + timedelta(seconds=1)}, Standing.RETIRING),
        ({"retires_at": NOW}, Standing.OVER),
        ({"expires_at": NOW}, Standing.OVER),
        ({"revoked_at": NOW, "retires_at": NOW}, Standing.REVOKED),
    ],
)
def test_what_an_account_is_good_for(changed: dict[str, object], standing: Standing) -> None:
    account = Account("door-1", "door-1", AccountKind.DEVICE, NOW, "test", **changed)  # type: ignore[arg-type]
    assert account.standing(NOW) is standing
