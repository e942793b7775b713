"""The way in: one answer for everything that is wrong, sessions that end, forms that are ours."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.accounts import keeping, signing, store
from gateway.accounts.rights import Role
from gateway.accounts.sessions import IDLE, LONGEST, MOST, Browser
from gateway.accounts.signing import Tried
from gateway.accounts.tables import accounts, sessions
from gateway.web.account_screen import BEFORE_LOGIN, KNOWN, SESSION
from tests.fakes import wire
from tests.fakes.clerk import PASSWORD, Clerk

WRONG = "账号、密码或动态码不正确"


@pytest.fixture
def clerk(tmp_path: Path) -> Clerk:
    made = Clerk(tmp_path)
    made.person("chen", Role.ADMINISTRATOR)
    return made


# ---- getting in ----


def test_who_knows_the_password_gets_in_and_out_and_both_are_audited(clerk: Clerk) -> None:
    browser = clerk.logged_in("chen")
    browser.open("/account")
    browser.submit("/logout")
    assert not browser.is_in
    assert clerk.actions()[-2:] == ["login", "logout"]
    assert {row.actor for row in clerk.audited()[-2:]} == {clerk.account("chen").id}


def test_a_login_is_typed_in_any_case_and_goes_on_where_one_was_going(clerk: Clerk) -> None:
    browser = clerk.browser()
    browser.open("/accounts")
    assert browser.path == "/login"
    browser.submit("/login", login=" Chen ", password=PASSWORD, code="")
    assert browser.path == "/accounts"


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example", "/\\evil", "javascript:1"]
)
def test_a_login_never_leads_elsewhere(clerk: Clerk, onward: str) -> None:
    browser = clerk.browser()
    browser.open("/login")
    sent = {"form": browser.token, "login": "chen", "password": PASSWORD}
    answer = browser.client.post("/login", params={"next": onward}, data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_everything_that_is_wrong_gets_one_answer_and_its_own_row(clerk: Clerk) -> None:
    clerk.person("li", Role.INSTALLER)
    clerk.turn(lambda turn: keeping.disable(turn, clerk.account("li").id))
    shown = {}
    for login, password in (("nobody-here", PASSWORD), ("chen", "wrong"), ("li", PASSWORD)):
        browser = clerk.browser()
        browser.log_in(login, password)
        assert browser.status == 403
        shown[login] = re.sub(r'value="[0-9a-f]{64}"', "", browser.shown)
    assert WRONG in shown["chen"]
    assert len(set(shown.values())) == 1
    rows = [row for row in clerk.audited() if row.action == "login_refused"]
    reasons = [row.detail.partition(" from")[0] for row in rows]
    assert reasons == ["no such account", "wrong password", "disabled"]
    assert {row.actor for row in rows} == {"nobody"}


def test_what_a_stranger_typed_as_a_login_is_kept_nowhere(clerk: Clerk) -> None:
    clerk.browser().log_in("my secret password", "x")
    assert "my secret password" not in repr(clerk.audited())


def test_a_guesser_waits_and_is_told_how_long(clerk: Clerk) -> None:
    browser = clerk.browser()
    for _ in range(5):
        browser.log_in("chen", "wrong")
    assert browser.status == 403
    browser.log_in("chen", PASSWORD)
    assert (browser.status, browser.is_in) == (429, False)
    assert "2 秒 后再试" in browser.shown
    clerk.passes(seconds=3)
    browser.log_in("chen", PASSWORD)
    assert browser.is_in


def test_whoever_was_in_before_gets_in_while_strangers_guess(clerk: Clerk) -> None:
    own = clerk.logged_in("chen")
    own.client.cookies.delete(SESSION)
    for _ in range(8):
        clerk.browser().log_in("chen", "wrong")
    stranger = clerk.browser()
    stranger.log_in("chen", PASSWORD)
    assert stranger.status == 429
    own.log_in("chen", PASSWORD)
    assert own.is_in


def test_the_cookie_of_a_known_browser_is_of_one_account_and_cannot_be_made_up(
    clerk: Clerk,
) -> None:
    clerk.person("li", Role.INSTALLER)
    kept = clerk.logged_in("chen").client.cookies[KNOWN]
    for _ in range(8):
        clerk.browser().log_in("li", "wrong")
    for cookie in (kept, "abc.def", kept[:-1], "."):
        browser = clerk.browser()
        browser.client.cookies.set(KNOWN, cookie)
        browser.log_in("li", PASSWORD)
        assert browser.status == 429, cookie


def test_a_password_kept_with_old_parameters_is_hashed_anew(clerk: Clerk) -> None:
    def kept() -> str | None:
        with clerk.gateway.read() as connection:
            return connection.scalar(select(accounts.c.password))

    before = kept()
    assert before and "m=64," in before
    clerk.logged_in("chen")
    after = kept()
    assert after and "m=19456,t=2,p=1" in after


def test_a_first_password_must_be_changed_and_is_good_for_a_week(clerk: Clerk) -> None:
    clerk.person("new", Role.AUDITOR, is_new=True)
    browser = clerk.browser()
    browser.log_in("new", PASSWORD)
    assert browser.path == "/account"
    browser.open("/audit")
    assert browser.path == "/account"
    assert clerk.audited()[-1].detail == "see_audit: password_to_change"
    browser.submit("/account/password", old=PASSWORD, new="an entirely new one")
    browser.open("/audit")
    assert browser.path == "/audit"
    clerk.person("late", Role.AUDITOR, is_new=True)
    clerk.passes(days=8)
    browser.log_in("late", PASSWORD)
    assert WRONG in browser.shown


# ---- sessions ----


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(clerk: Clerk) -> None:
    browser = clerk.browser()
    for host, is_secure in (("http://127.0.0.1:8080", False), ("https://127.0.0.1:8080", True)):
        with wire.client(clerk.app) as client:
            client.base_url = host
            page = client.get("/login")
            token = re.search(r'name="form" value="(\w+)"', page.text)
            assert token
            sent = {"form": token[1], "login": "chen", "password": PASSWORD}
            ticket = client.cookies[BEFORE_LOGIN]
            answer = client.post(
                "/login", data=sent, headers={"Cookie": f"{BEFORE_LOGIN}={ticket}"}
            )
        set_ones = answer.headers.get_list("set-cookie") + page.headers.get_list("set-cookie")
        assert {each.partition("=")[0] for each in set_ones} == {SESSION, KNOWN, BEFORE_LOGIN}
        for each in set_ones:
            assert "HttpOnly" in each
            assert "SameSite=strict" in each
            if not each.startswith(f'{BEFORE_LOGIN}=""'):
                assert ("Secure" in each) == is_secure
    assert browser.token == ""


def test_a_session_has_a_new_secret_at_each_login_and_only_its_hash_is_kept(clerk: Clerk) -> None:
    browser = clerk.logged_in("chen")
    first = browser.client.cookies[SESSION]
    browser.log_in("chen", PASSWORD)
    second = browser.client.cookies[SESSION]
    assert first != second
    stale = clerk.browser()
    stale.client.cookies.set(SESSION, first, domain="127.0.0.1")
    assert not stale.is_in
    with clerk.gateway.read() as connection:
        stored = repr(connection.execute(select(sessions)).all())
    assert first not in stored
    assert second not in stored
    assert "Android" not in stored


def test_a_session_that_is_not_used_ends_and_one_that_is_ends_after_half_a_day(
    clerk: Clerk,
) -> None:
    browser = clerk.logged_in("chen")
    clerk.passes(minutes=29)
    assert browser.is_in
    clerk.passes(minutes=29)
    assert browser.is_in
    clerk.passes(seconds=IDLE.total_seconds() + 60)
    assert not browser.is_in
    browser = clerk.logged_in("chen")
    used = timedelta()
    while used < LONGEST:
        assert browser.is_in, used
        clerk.passes(minutes=25)
        used += timedelta(minutes=25)
    assert not browser.is_in


def test_a_session_of_a_clock_that_was_ahead_ends_when_it_is_right_again(clerk: Clerk) -> None:
    clerk.passes(days=400)
    browser = clerk.logged_in("chen")
    clerk.passes(days=-400)
    assert not browser.is_in


def test_sessions_are_listed_and_can_be_ended_from_elsewhere(clerk: Clerk) -> None:
    lost, own = clerk.logged_in("chen"), clerk.logged_in("chen")
    own.open("/account")
    assert own.shown.count("Chrome · Android") == 2
    own.submit("/account/sessions/")
    assert not lost.is_in
    assert own.is_in
    assert clerk.actions()[-1] == "session_ended"


def test_nobody_ends_the_session_of_another(clerk: Clerk) -> None:
    clerk.person("li", Role.INSTALLER)
    other, own = clerk.logged_in("li"), clerk.logged_in("chen")
    with clerk.gateway.read() as connection:
        theirs = connection.scalar(
            select(sessions.c.id).where(sessions.c.account == clerk.account("li").id)
        )
    own.open("/account")
    own.post(f"/account/sessions/{theirs}/end", form=own.token)
    assert other.is_in


def test_one_account_has_only_so_many_sessions(clerk: Clerk) -> None:
    first = clerk.logged_in("chen")
    for _ in range(MOST):
        clerk.passes(seconds=1)
        clerk.logged_in("chen")
    assert not first.is_in


def test_a_stolen_cookie_is_worth_nothing_after_the_password_is_changed(clerk: Clerk) -> None:
    own, elsewhere, thief = clerk.logged_in("chen"), clerk.logged_in("chen"), clerk.browser()
    thief.client.cookies.set(SESSION, own.client.cookies[SESSION], domain="127.0.0.1")
    assert thief.is_in
    own.open("/account")
    own.submit("/account/password", old=PASSWORD, new="an entirely new one")
    assert "密码已修改" in own.shown
    assert own.is_in
    assert not thief.is_in
    assert not elsewhere.is_in


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("not the old one", "an entirely new one", "现在的密码不正确"),
        (PASSWORD, "short", "密码太短"),
        (PASSWORD, "password1234", "太常见"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason(
    clerk: Clerk, old: str, new: str, said: str
) -> None:
    browser = clerk.logged_in("chen")
    browser.open("/account")
    browser.submit("/account/password", old=old, new=new)
    assert said in browser.shown
    assert clerk.logged_in("chen").is_in


def test_an_open_session_is_no_place_to_guess_the_password(clerk: Clerk) -> None:
    browser = clerk.logged_in("chen")
    for _ in range(6):
        browser.open("/account")
        browser.submit("/account/password", old="guess", new="an entirely new one")
    assert browser.status == 429


# ---- forms ----


@pytest.mark.parametrize(
    "path",
    [
        "/logout",
        "/account/password",
        "/account/factor",
        "/account/factor/code",
        "/account/codes",
        "/account/code",
        "/account/sessions/x/end",
        "/accounts",
        "/accounts/x/rights",
        "/accounts/x/disable",
        "/accounts/x/enable",
        "/accounts/x/password",
        "/accounts/x/reset-factor",
        "/accounts/x/tokens",
        "/accounts/x/tokens/t/revoke",
    ],
)
def test_a_form_that_is_not_ours_does_nothing(clerk: Clerk, path: str) -> None:
    browser = clerk.logged_in("chen")
    browser.open("/account")
    before = clerk.actions()
    fields = {"login": "evil", "role": "administrator", "kind": "person", "new": "x" * 12}
    for form in ("", "0" * 64, clerk.browser().open("/login") and "f" * 64):
        answer = browser.post(path, form=form, **fields)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    elsewhere = {"sec-fetch-site": "cross-site"}
    sent = {"form": browser.token, **fields}
    assert browser.client.post(path, data=sent, headers=elsewhere).status_code == 303
    assert clerk.actions() == before
    assert browser.is_in


def test_every_form_of_every_page_is_among_those_tried() -> None:
    tried = test_a_form_that_is_not_ours_does_nothing.pytestmark[0].args[1]  # type: ignore[attr-defined]
    web = Path(__file__).parents[2] / "gateway" / "web"
    written = set()
    for module, prefix in (("login", ""), ("account", "/account"), ("account_list", "/accounts")):
        text = (web / f"{module}.py").read_text(encoding="utf-8")
        written |= {prefix + path for path in re.findall(r'router\.post\("([^"]*)"\)', text)}
    named = {re.sub(r"/(x|t)(?=/|$)", "/{}", path) for path in tried}
    assert {re.sub(r"\{\w+\}", "{}", path) for path in written} - {"/login"} == named


def test_a_login_form_from_elsewhere_logs_nobody_in(clerk: Clerk) -> None:
    browser = clerk.browser()
    browser.open("/login")
    answer = browser.post("/login", form="0" * 64, login="chen", password=PASSWORD)
    assert answer.status_code == 200
    assert not browser.is_in
    assert "login" not in clerk.actions()


@pytest.mark.parametrize(("body", "status"), [(b"x" * 20_000, 413), (b"\xff\xfe", 400)])
def test_a_hostile_form_is_refused(clerk: Clerk, body: bytes, status: int) -> None:
    assert clerk.browser().client.post("/login", content=body).status_code == status


# ---- the status page behind a login ----


def test_the_status_page_asks_for_a_login_where_the_settings_say_so(tmp_path: Path) -> None:
    clerk = Clerk(tmp_path, asks_login=True)
    clerk.gateway.happen()
    clerk.person("chen", Role.INSTALLER)
    stranger = clerk.browser()
    stranger.open("/")
    assert stranger.path == "/login"
    assert "4821" not in stranger.shown
    live = stranger.client.get("/live")
    assert (live.status_code, live.text) == (401, "")
    browser = clerk.logged_in("chen")
    assert "4821" in browser.open("/")
    assert browser.client.get("/live").status_code == 200
    assert stranger.client.get("/healthz").status_code in (200, 503)


def test_pages_run_no_script_and_are_kept_by_nobody(clerk: Clerk) -> None:
    browser = clerk.logged_in("chen")
    for path in ("/login", "/account", "/accounts", "/account/code", "/audit"):
        answer = browser.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "form-action 'self'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert re.findall(r'(?:src|href|action)="(?!/)', answer.text) == [], path


@pytest.mark.parametrize("path", ["/login", "/account", "/accounts", "/audit"])
def test_pages_are_small_and_speak_both_languages(clerk: Clerk, path: str) -> None:
    browser = clerk.logged_in("chen")
    static = Path(__file__).parents[2] / "gateway" / "web" / "static"
    styles = sum(len((static / each).read_bytes()) for each in ("page.css", "account.css"))
    assert styles + len(browser.client.get(path).content) < 30_000
    english = browser.client.get(path, params={"lang": "en"}).text
    assert '<html lang="en">' in english
    assert not re.search(r"[一-鿿]", english.replace("中文", ""))


def test_a_password_changed_while_the_old_one_is_compared_lets_nobody_in(clerk: Clerk) -> None:
    with clerk.gateway.read() as connection:
        compared = connection.scalar(select(accounts.c.password))
    chen = clerk.account("chen").id
    clerk.turn(lambda turn: store.change(turn.connection, chen, password="another hash"))
    tried = Tried("chen", True, compared, "", Browser("127.0.0.1", ""))
    assert clerk.turn(lambda turn: signing.sign_in(turn, tried), None) is None


def test_a_session_of_a_disabled_account_is_none(clerk: Clerk) -> None:
    browser = clerk.logged_in("chen")
    chen = clerk.account("chen").id
    clerk.turn(lambda turn: store.change(turn.connection, chen, disabled_at=1))
    assert not browser.is_in


def test_who_has_an_account_that_the_key_store_has_no_key_for_gets_in(clerk: Clerk) -> None:
    """A key store that was put back may be older than the account."""
    browser = clerk.logged_in("chen")
    clerk.gateway.keys.shred(f"account:{clerk.account('chen').id}")
    assert browser.is_in
    assert clerk.logged_in("chen").is_in


def test_the_address_of_a_browser_is_not_in_the_clear(clerk: Clerk) -> None:
    clerk.browser().log_in("chen", "wrong")
    with clerk.gateway.read() as connection:
        for table in ("audit", "audit_said", "sessions"):
            stored = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert "127.0.0.1" not in repr(stored)
