"""The second factor over the web: set up with a code, shown again, never twice, and lost."""

from __future__ import annotations

import re
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select

from gateway.accounts import keeping
from gateway.accounts.rights import Refusal, Role
from gateway.accounts.tables import accounts, recovery_codes
from gateway.web.account_screen import SESSION
from tests.fakes.clerk import PASSWORD, Clerk


@pytest.fixture
def clerk(tmp_path: Path) -> Clerk:
    made = Clerk(tmp_path)
    made.person("chen", Role.SUPERVISOR)
    return made


def test_who_may_unmask_sets_up_a_factor_before_anything_else(clerk: Clerk) -> None:
    browser = clerk.logged_in("chen")
    assert "必须先启用两步验证" in browser.open("/audit")
    assert browser.path == "/account"
    assert clerk.audited()[-1].detail == "see_audit: factor_missing"
    browser.set_up_factor(clerk.gateway.now())
    assert (
        len(set(re.findall(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", browser.shown))) == 10
    )
    assert clerk.account("chen").has_factor
    assert clerk.actions()[-1] == "factor_set_up"
    browser.open("/audit")
    assert browser.path == "/audit"


def test_a_factor_counts_once_its_first_code_was_right(clerk: Clerk) -> None:
    browser = clerk.logged_in("chen")
    browser.open("/account")
    browser.submit("/account/factor")
    before = re.findall(r"<code>([A-Z2-7 ]{39})</code>", browser.shown)
    browser.submit("/account/factor/code", code="000000")
    assert browser.status == 403
    assert re.findall(r"<code>([A-Z2-7 ]{39})</code>", browser.shown) == before
    assert not clerk.account("chen").has_factor
    assert clerk.logged_in("chen").is_in


def test_the_secret_is_sealed_and_recovery_codes_are_hashed(clerk: Clerk) -> None:
    browser = clerk.with_factor("chen")
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", browser.shown)
    with clerk.gateway.read() as connection:
        tables = (accounts, recovery_codes)
        stored = "".join(repr(connection.execute(select(each)).all()) for each in tables)
    assert clerk.secrets["chen"] not in stored
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]


def test_the_password_alone_no_longer_lets_in(clerk: Clerk) -> None:
    clerk.with_factor("chen")
    clerk.passes(minutes=1)
    for code in ("", "000000"):
        browser = clerk.browser()
        browser.log_in("chen", PASSWORD, code)
        assert browser.status == 403
    assert [row.detail.partition(" from")[0] for row in clerk.audited()[-2:]] == ["wrong code"] * 2
    assert clerk.logged_in("chen").is_in


def test_a_code_seen_over_a_shoulder_is_worth_nothing(clerk: Clerk) -> None:
    clerk.with_factor("chen")
    seen = clerk.code("chen")
    thief = clerk.browser()
    thief.log_in("chen", PASSWORD, seen)
    assert not thief.is_in
    clerk.passes(seconds=30)
    clerk.logged_in("chen")
    thief.log_in("chen", PASSWORD, clerk.code("chen"))
    assert not thief.is_in


def test_a_recovery_code_lets_in_once(clerk: Clerk) -> None:
    browser = clerk.with_factor("chen")
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", browser.shown)
    first = clerk.browser()
    first.log_in("chen", PASSWORD, codes[0].upper())
    assert first.is_in
    assert clerk.actions()[-2:] == ["recovery_code_used", "login"]
    second = clerk.browser()
    second.log_in("chen", PASSWORD, codes[0])
    assert not second.is_in
    assert "还剩 9 个" in first.open("/account")


def test_showing_a_code_gives_the_session_a_new_secret_and_a_wrong_one_does_not(
    clerk: Clerk,
) -> None:
    browser = clerk.with_factor("chen")
    clerk.passes(minutes=16)
    before = browser.client.cookies[SESSION]
    browser.open("/account/code")
    browser.submit("/account/code", code="000000")
    assert browser.status == 403
    assert browser.client.cookies[SESSION] == before
    assert clerk.audited()[-1].detail == "show_code: factor_wrong"
    browser.submit("/account/code", code=clerk.code("chen"))
    assert browser.client.cookies[SESSION] != before
    assert browser.is_in
    assert clerk.actions()[-1] == "factor_shown"


def test_an_open_session_is_no_place_to_guess_codes(clerk: Clerk) -> None:
    browser = clerk.with_factor("chen")
    for _ in range(6):
        browser.open("/account/code")
        browser.submit("/account/code", code="000000")
    assert browser.status == 429


@pytest.mark.parametrize("form", ["/account/factor", "/account/codes"])
def test_a_session_left_open_puts_no_other_factor_in_place(clerk: Clerk, form: str) -> None:
    browser = clerk.with_factor("chen")
    clerk.passes(minutes=16)
    browser.open("/account")
    browser.submit(form)
    assert browser.status == 403
    assert "动态码" in browser.shown
    assert clerk.audited()[-1].action == "refused"
    clerk.passes(minutes=1)
    browser.submit("/account/code", code=clerk.code("chen"))
    browser.open("/account")
    browser.submit(form)
    assert browser.status == 200


def test_a_new_phone_replaces_the_old_one(clerk: Clerk) -> None:
    browser = clerk.with_factor("chen")
    clerk.passes(minutes=1)
    old = clerk.secrets["chen"]
    new = browser.set_up_factor(clerk.gateway.now())
    assert new != old
    clerk.passes(minutes=1)
    tried = clerk.browser()
    tried.log_in("chen", PASSWORD, pyotp.TOTP(old).at(clerk.gateway.now()))
    assert not tried.is_in
    tried.log_in("chen", PASSWORD, pyotp.TOTP(new).at(clerk.gateway.now()))
    assert tried.is_in


def test_a_lost_phone_is_forgotten_by_an_administrator(clerk: Clerk) -> None:
    browser = clerk.with_factor("chen")
    chen = clerk.account("chen").id
    assert clerk.turn(lambda turn: keeping.reset_factor(turn, chen)) is None
    assert not browser.is_in
    del clerk.secrets["chen"]
    assert clerk.logged_in("chen").is_in
    with clerk.gateway.read() as connection:
        assert connection.execute(select(recovery_codes)).all() == []


def test_a_factor_that_cannot_be_read_lets_nobody_in_and_can_be_taken_away(clerk: Clerk) -> None:
    clerk.with_factor("chen")
    chen = clerk.account("chen").id
    clerk.passes(minutes=1)
    clerk.gateway.keys.shred(f"account:{chen}")
    browser = clerk.browser()
    browser.log_in("chen", PASSWORD, clerk.code("chen"))
    assert (browser.status, browser.is_in) == (403, False)
    assert clerk.turn(lambda turn: keeping.reset_factor(turn, chen)) is None
    del clerk.secrets["chen"]
    assert clerk.logged_in("chen").is_in


def test_nobody_resets_the_own_factor_as_administrator(clerk: Clerk) -> None:
    boss = clerk.person("boss", Role.ADMINISTRATOR)
    assert (
        clerk.turn(lambda t: keeping.reset_factor(t, boss.id), boss) is Refusal.PASSWORD_TO_CHANGE
    )
    boss = clerk.account("boss")
    assert clerk.turn(lambda t: keeping.reset_factor(t, boss.id), boss) is Refusal.OWN_RIGHTS
