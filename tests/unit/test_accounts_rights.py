"""Each right belongs to some roles, in their area; everybody else is refused, with the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.accounts.areas import place_of
from gateway.accounts.rights import (
    AT_NO_PLACE,
    EVERYWHERE,
    FACTOR_HOLDS,
    MACHINE,
    PERSONS_ONLY,
    RIGHTS,
    Account,
    Kind,
    Refusal,
    Right,
    Role,
    why_not,
)

NOW = datetime(2026, 11, 21, 6, 35, tzinfo=UTC)
ABOVE = {
    "city": None,
    "longgang": "city",
    "nanwan": "longgang",
    "nanling": "nanwan",
    "buji": "city",
}
NANLING = place_of("nanling", ABOVE)


def account(role: Role, area: str = "", **more: object) -> Account:
    """An account with everything that its rights ask for."""
    shown = replace(Account("a1", "chen", role, area=area), has_factor=True, factor_at=NOW)
    return replace(shown, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("right", Right)
def test_who_has_a_right_may_and_everybody_else_is_told_that_the_role_may_not(
    role: Role, right: Right
) -> None:
    wanted = None if right in RIGHTS[role] else Refusal.NOT_OF_ROLE
    assert why_not(account(role), right, NANLING, NOW) is wanted


def test_nobody_both_keeps_accounts_and_unmasks() -> None:
    for rights in RIGHTS.values():
        assert not {Right.KEEP_ACCOUNTS, Right.UNMASK} <= rights


def test_an_auditor_changes_nothing() -> None:
    reading = {Right.OWN_ACCOUNT, Right.SEE_STATUS, Right.SEE_AUDIT}
    assert RIGHTS[Role.AUDITOR] == reading


@pytest.mark.parametrize(
    ("area", "place", "refusal"),
    [
        ("", EVERYWHERE, None),
        ("", NANLING, None),
        ("nanling", NANLING, None),
        ("nanwan", NANLING, None),
        ("city", NANLING, None),
        ("buji", NANLING, Refusal.OTHER_AREA),
        ("nanling", place_of("nanwan", ABOVE), Refusal.OTHER_AREA),
        ("nanling", EVERYWHERE, Refusal.OTHER_AREA),
        ("gone", NANLING, Refusal.OTHER_AREA),
    ],
)
@pytest.mark.parametrize("right", [Right.SEE_HOMES, Right.RELEASE, Right.UNMASK])
def test_a_street_sees_its_own_and_what_lies_below(
    area: str, place: tuple[str, ...], refusal: Refusal | None, right: Right
) -> None:
    assert why_not(account(Role.SUPERVISOR, area), right, place, NOW) is refusal


@pytest.mark.parametrize("right", sorted(AT_NO_PLACE))
def test_what_is_at_no_place_is_not_refused_for_the_area(right: Right) -> None:
    assert why_not(account(Role.SUPERVISOR, "buji"), right, NANLING, NOW) is None


@pytest.mark.parametrize("right", Right)
def test_a_disabled_account_may_nothing(right: Right) -> None:
    disabled = account(Role.SUPERVISOR, is_disabled=True)
    assert why_not(disabled, right, NANLING, NOW) is Refusal.DISABLED


@pytest.mark.parametrize("role", Role)
def test_a_first_password_is_good_for_nothing_but_changing_it(role: Role) -> None:
    new = account(role, must_change=True)
    assert why_not(new, Right.OWN_ACCOUNT, EVERYWHERE, NOW) is None
    for right in RIGHTS[role] - {Right.OWN_ACCOUNT}:
        assert why_not(new, right, NANLING, NOW) is Refusal.PASSWORD_TO_CHANGE


@pytest.mark.parametrize("role", [role for role in Role if Right.UNMASK in RIGHTS[role]])
def test_who_may_unmask_may_nothing_without_a_second_factor(role: Role) -> None:
    without = account(role, has_factor=False, factor_at=None)
    assert why_not(without, Right.OWN_ACCOUNT, EVERYWHERE, NOW) is None
    for right in RIGHTS[role] - {Right.OWN_ACCOUNT}:
        assert why_not(without, right, NANLING, NOW) is Refusal.FACTOR_MISSING


@pytest.mark.parametrize(
    ("ago", "refusal"),
    [
        (timedelta(0), None),
        (FACTOR_HOLDS - timedelta(seconds=1), None),
        (FACTOR_HOLDS, Refusal.FACTOR_TOO_OLD),
        (timedelta(hours=-1), Refusal.FACTOR_TOO_OLD),
    ],
)
def test_unmasking_asks_for_a_code_of_the_last_quarter_of_an_hour(
    ago: timedelta, refusal: Refusal | None
) -> None:
    asking = account(Role.SUPERVISOR, factor_at=NOW - ago)
    assert why_not(asking, Right.UNMASK, NANLING, NOW) is refusal
    assert why_not(asking, Right.SEE_HOMES, NANLING, NOW) is None


def test_a_session_without_a_code_unmasks_nothing() -> None:
    asking = account(Role.SUPERVISOR, factor_at=None)
    assert why_not(asking, Right.UNMASK, NANLING, NOW) is Refusal.FACTOR_TOO_OLD


@pytest.mark.parametrize("right", Right)
def test_a_token_gives_its_scopes_and_nothing_that_the_role_lacks(right: Right) -> None:
    scopes = frozenset({Right.SEE_HOMES, Right.KEEP_ACCOUNTS})
    asking = account(Role.SUPERVISOR, kind=Kind.SERVICE, scopes=scopes)
    wanted = (
        Refusal.NOT_OF_ROLE
        if right not in RIGHTS[Role.SUPERVISOR]
        else None
        if right is Right.SEE_HOMES
        else Refusal.OUT_OF_SCOPE
    )
    assert why_not(asking, right, NANLING, NOW) is wanted


def test_a_token_ends_at_its_time() -> None:
    asking = account(Role.AUDITOR, kind=Kind.SERVICE, expires_at=NOW)
    assert why_not(asking, Right.SEE_AUDIT, EVERYWHERE, NOW) is Refusal.EXPIRED
    before = NOW - timedelta(seconds=1)
    assert why_not(asking, Right.SEE_AUDIT, EVERYWHERE, before) is None


@pytest.mark.parametrize("right", sorted(PERSONS_ONLY))
def test_a_program_never_unmasks_whatever_its_token_says(right: Right) -> None:
    program = account(Role.SUPERVISOR, kind=Kind.SERVICE, scopes=frozenset(Right))
    assert why_not(program, right, NANLING, NOW) is Refusal.OUT_OF_SCOPE


def test_the_machine_is_an_administrator_of_all() -> None:
    assert MACHINE.rights == RIGHTS[Role.ADMINISTRATOR]
    assert why_not(MACHINE, Right.KEEP_ACCOUNTS, EVERYWHERE, NOW) is None
    assert why_not(MACHINE, Right.UNMASK, EVERYWHERE, NOW) is Refusal.NOT_OF_ROLE


def test_a_ring_of_areas_ends() -> None:
    assert place_of("a", {"a": "b", "b": "a"}) == ("a", "b")
    assert place_of("nowhere", ABOVE) == ()
    assert place_of("", ABOVE) == ()
