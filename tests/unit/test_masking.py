"""What is personal is masked until who may asks with a reason, and that is audited first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.rights import EVERYWHERE, Account, Refusal, Role
from gateway.masking import mask_address, mask_name, mask_phone, unmask
from gateway.privacy import GATEWAY
from tests.fakes.clerk import Clerk
from tests.fakes.gateway import NOW

HOME = "home:440307006031203"


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13912345678", "139****5678"),
        ("+8613912345678", "+86139****5678"),
        ("+4915112345678", "+49****5678"),
        ("10086", "****"),
        ("", "****"),
    ],
)
def test_a_masked_phone_cannot_be_called(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


def test_a_masked_name_shows_its_first_letter() -> None:
    assert mask_name("王小明") == "王**"
    assert mask_name("") == "**"


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("南岭村3栋1203", "南岭村3栋**"),
        ("南岭村3栋2单元1203", "南岭村3栋2单元**"),
        ("布吉街道大芬村12号楼A座804室", "布吉街道大芬村12号楼A座**"),
        ("老街巷17号", "老街巷**"),
        ("大芬村17号", "大芬村**"),
        ("Building 3, 1203", "Building 3**"),
        ("Nanling 3-1203", "Nanling **"),
        ("1203", "**"),
        ("", "**"),
        ("南岭村3栋", "南岭村**"),
    ],
)
def test_a_masked_address_ends_at_the_building(address: str, masked: str) -> None:
    assert mask_address(address) == masked


@given(door=st.integers(100, 9999), building=st.integers(1, 99))
def test_no_door_is_left_in_a_masked_address(door: int, building: int) -> None:
    for written in (f"南岭村{building}栋{door}", f"南岭村{building}栋{door}室", f"南岭村{door}"):
        assert str(door) not in mask_address(written).replace(f"{building}栋", "")


@pytest.fixture
def clerk(tmp_path: Path) -> Clerk:
    return Clerk(tmp_path)


@pytest.fixture
def asking(clerk: Clerk) -> Account:
    made = clerk.person("chen", Role.SUPERVISOR, "nanwan")
    return replace(made, must_change=False, has_factor=True, factor_at=NOW)


def asked(
    clerk: Clerk, by: Account, reason: str = "核对送餐地址", owner: str = GATEWAY
) -> Refusal | None:
    place = ("nanling", "nanwan", "longgang", "city")
    return clerk.turn(lambda turn: unmask(turn, place, HOME, reason, owner=owner), by)


def test_an_unmasking_is_in_the_audit_with_its_reason(clerk: Clerk, asking: Account) -> None:
    assert asked(clerk, asking) is None
    row = clerk.audited()[-1]
    assert (row.actor, row.action) == (asking.id, "unmasked")
    assert (row.subject, row.detail) == (HOME, "核对送餐地址")


def test_what_was_unmasked_is_readable_with_the_key_of_its_owner_alone(
    clerk: Clerk, asking: Account
) -> None:
    clerk.gateway.keys.ensure(["watch-9"])
    assert asked(clerk, asking, owner="watch-9") is None
    clerk.gateway.keys.shred("watch-9")
    row = clerk.audited()[-1]
    assert (row.action, row.subject, row.detail) == ("unmasked", "", "")


def test_nothing_is_shown_that_cannot_be_audited(clerk: Clerk, asking: Account) -> None:
    with pytest.raises(Exception, match="no key"):
        asked(clerk, asking, owner="a watch without a key")
    assert "unmasked" not in clerk.actions()


@pytest.mark.parametrize(
    ("change", "reason", "refusal"),
    [
        ({"role": Role.ADMINISTRATOR}, "核对送餐地址", Refusal.NOT_OF_ROLE),
        ({"area": "buji"}, "核对送餐地址", Refusal.OTHER_AREA),
        ({"has_factor": False}, "核对送餐地址", Refusal.FACTOR_MISSING),
        ({"factor_at": NOW - timedelta(minutes=15)}, "核对送餐地址", Refusal.FACTOR_TOO_OLD),
        ({}, "看看", Refusal.REASON_TOO_SHORT),
        ({}, "  x    \n ", Refusal.REASON_TOO_SHORT),
    ],
)
def test_who_may_not_unmask_is_refused_and_that_is_audited(
    clerk: Clerk, asking: Account, change: dict[str, object], reason: str, refusal: Refusal
) -> None:
    assert asked(clerk, replace(asking, **change), reason) is refusal  # type: ignore[arg-type]
    row = clerk.audited()[-1]
    assert (row.action, row.subject) == ("refused", HOME)
    assert row.detail == f"unmask: {refusal}"


def test_somebody_unknown_unmasks_nothing(clerk: Clerk) -> None:
    found = clerk.turn(lambda turn: unmask(turn, EVERYWHERE, HOME, "核对送餐地址"), None)
    assert found is Refusal.UNKNOWN_ACCOUNT
    assert clerk.audited()[-1].actor == "nobody"
