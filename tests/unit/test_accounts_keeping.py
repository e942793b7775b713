"""Whoever keeps accounts keeps those of the own area; everybody else is refused, and audited."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from gateway.accounts import keeping
from gateway.accounts.rights import MACHINE, RIGHTS, Kind, Refusal, Right, Role
from gateway.accounts.tables import tokens
from tests.fakes import wire
from tests.fakes.clerk import PASSWORD, Clerk
from tests.fakes.gateway import TOKEN

BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def clerk(tmp_path: Path) -> Clerk:
    made = Clerk(tmp_path)
    made.person("boss", Role.ADMINISTRATOR)
    return made


@pytest.fixture
def api(clerk: Clerk) -> httpx.Client:
    client = wire.client(clerk.app)
    client.headers.update(BEARER)
    return client


# ---- from the other side ----


@pytest.mark.parametrize("role", [role for role in Role if Right.KEEP_ACCOUNTS not in RIGHTS[role]])
def test_who_keeps_no_accounts_sees_and_changes_none(clerk: Clerk, role: Role) -> None:
    clerk.person("chen", role)
    browser = clerk.logged_in("chen")
    if clerk.account("chen").needs_factor:
        browser.set_up_factor(clerk.gateway.now())
    browser.open("/accounts")
    assert browser.status == 403
    assert "这个角色没有此项权限" in browser.shown
    assert "boss" not in browser.shown
    boss = clerk.account("boss").id
    for path in ("/accounts", f"/accounts/{boss}/disable", f"/accounts/{boss}/password"):
        sent = {"form": browser.token, "login": "x1", "role": "administrator", "kind": "person"}
        assert browser.client.post(path, data=sent).status_code == 403
        assert clerk.audited()[-1].detail == "keep_accounts: not_of_role"
        assert clerk.audited()[-1].actor == clerk.account("chen").id
    assert not clerk.account("boss").is_disabled


@pytest.mark.parametrize("role", [role for role in Role if Right.SEE_AUDIT not in RIGHTS[role]])
def test_who_may_not_see_the_audit_is_refused_and_that_is_in_it(clerk: Clerk, role: Role) -> None:
    clerk.person("chen", role)
    browser = clerk.logged_in("chen")
    if clerk.account("chen").needs_factor:
        browser.set_up_factor(clerk.gateway.now())
    browser.open("/audit")
    assert browser.status == 403
    assert clerk.audited()[-1].detail == "see_audit: not_of_role"


@pytest.mark.parametrize("target", ["", "buji", "longgang", "city"])
def test_a_street_keeps_no_account_of_elsewhere(clerk: Clerk, target: str) -> None:
    clerk.person("street", Role.ADMINISTRATOR, "nanwan")
    other = clerk.person("li", Role.INSTALLER, target)
    by = clerk.account("street")
    encoded = "$argon2id$"
    assert [
        clerk.turn(lambda t: keeping.disable(t, other.id), by),
        clerk.turn(lambda t: keeping.enable(t, other.id), by),
        clerk.turn(lambda t: keeping.reset_password(t, other.id, encoded), by),
        clerk.turn(lambda t: keeping.reset_factor(t, other.id), by),
        clerk.turn(lambda t: keeping.set_rights(t, other.id, Role.AUDITOR, "nanling"), by),
        clerk.turn(lambda t: keeping.create(t, "x1", Role.AUDITOR, target, Kind.PERSON, "h"), by),
    ] == [Refusal.OTHER_AREA] * 6
    assert [row.action for row in clerk.audited()[-6:]] == ["refused"] * 6
    browser = clerk.logged_in("street")
    assert ">li<" not in browser.open("/accounts")
    browser.open(f"/accounts/{other.id}")
    assert browser.status == 404


def test_a_street_keeps_its_own_and_gives_no_right_beyond_it(clerk: Clerk) -> None:
    clerk.person("street", Role.ADMINISTRATOR, "nanwan")
    own = clerk.person("li", Role.INSTALLER, "nanling")
    by = clerk.account("street")
    wider = clerk.turn(lambda t: keeping.set_rights(t, own.id, Role.INSTALLER, "longgang"), by)
    everything = clerk.turn(lambda t: keeping.set_rights(t, own.id, Role.INSTALLER, ""), by)
    assert (wider, everything) == (Refusal.OTHER_AREA, Refusal.OTHER_AREA)
    assert clerk.turn(lambda t: keeping.disable(t, own.id), by) is None
    assert ">li<" in clerk.logged_in("street").open("/accounts")


def test_nobody_changes_the_own_rights(clerk: Clerk) -> None:
    boss = clerk.account("boss")
    asked = [
        lambda t: keeping.set_rights(t, boss.id, Role.SUPERVISOR, ""),
        lambda t: keeping.disable(t, boss.id),
        lambda t: keeping.reset_password(t, boss.id, "h"),
    ]
    assert [clerk.turn(job, boss) for job in asked] == [Refusal.OWN_RIGHTS] * 3


def test_the_last_administrator_of_all_stays(clerk: Clerk) -> None:
    boss = clerk.account("boss")
    clerk.person("street", Role.ADMINISTRATOR, "nanwan")
    assert clerk.turn(lambda t: keeping.disable(t, boss.id)) is Refusal.LAST_ADMINISTRATOR
    demoted = clerk.turn(lambda t: keeping.set_rights(t, boss.id, Role.ADMINISTRATOR, "city"))
    assert demoted is Refusal.LAST_ADMINISTRATOR
    clerk.person("second", Role.ADMINISTRATOR)
    assert clerk.turn(lambda t: keeping.disable(t, boss.id)) is None


@pytest.mark.parametrize(
    ("login", "refusal"),
    [
        ("boss", Refusal.LOGIN_TAKEN),
        (" BOSS ", Refusal.LOGIN_TAKEN),
        ("machine", Refusal.LOGIN_WRONG),
        ("x", Refusal.LOGIN_WRONG),
        ("a" * 33, Refusal.LOGIN_WRONG),
        ("王小明", Refusal.LOGIN_WRONG),
        ("<b>x</b>", Refusal.LOGIN_WRONG),
        ("", Refusal.LOGIN_WRONG),
    ],
)
def test_a_login_that_will_not_do_is_refused(clerk: Clerk, login: str, refusal: Refusal) -> None:
    made = clerk.turn(
        lambda t: keeping.create(t, login, Role.AUDITOR, "", Kind.PERSON, "h"), MACHINE
    )
    assert made is refusal


# ---- what changes ends at once ----


@pytest.mark.parametrize("change", ["disable", "rights", "password", "reset-factor"])
def test_a_change_of_rights_logs_out_everywhere(
    clerk: Clerk, api: httpx.Client, change: str
) -> None:
    clerk.person("chen", Role.INSTALLER, "nanling")
    browser = clerk.logged_in("chen")
    body = {"role": "auditor"} if change == "rights" else None
    assert api.post(f"/api/v1/accounts/chen/{change}", json=body).is_success
    assert not browser.is_in


def test_a_disabled_account_stays_out_until_it_is_enabled(clerk: Clerk, api: httpx.Client) -> None:
    clerk.person("chen", Role.INSTALLER)
    api.post("/api/v1/accounts/chen/disable")
    browser = clerk.browser()
    browser.log_in("chen", PASSWORD)
    assert not browser.is_in
    api.post("/api/v1/accounts/chen/enable")
    assert clerk.logged_in("chen").is_in
    changes = [action for action in clerk.actions() if "account" in action]
    assert changes[-2:] == ["account_disabled", "account_enabled"]


# ---- the administrator's pages ----


def test_an_account_is_created_on_the_page_and_its_password_shown_once(clerk: Clerk) -> None:
    boss = clerk.logged_in("boss")
    boss.open("/accounts")
    boss.submit("/accounts", login="Chen", role="installer", kind="person", area="nanling")
    found = re.search(r"<code>([a-z0-9-]{19})</code>", boss.shown)
    assert found
    chen = clerk.browser()
    chen.log_in("chen", found[1])
    assert chen.path == "/account"
    assert "请先修改" in chen.shown
    account = clerk.account("chen")
    assert (account.role, account.area) == (Role.INSTALLER, "nanling")
    assert found[1] not in boss.open(f"/accounts/{account.id}")
    assert found[1] not in repr(clerk.audited())


def test_everything_on_the_page_of_an_account_does_what_it_says(clerk: Clerk) -> None:
    clerk.person("chen", Role.INSTALLER, "nanling")
    chen = clerk.account("chen").id
    boss = clerk.logged_in("boss")
    path = f"/accounts/{chen}"
    boss.open(path)
    boss.submit(f"{path}/rights", role="auditor", area="buji")
    assert "权限已更改" in boss.shown
    assert (clerk.account("chen").role, clerk.account("chen").area) == (Role.AUDITOR, "buji")
    boss.submit(f"{path}/disable")
    assert clerk.account("chen").is_disabled
    boss.submit(f"{path}/enable")
    assert not clerk.account("chen").is_disabled
    boss.submit(f"{path}/password")
    assert clerk.account("chen").must_change
    rows = [row for row in clerk.audited() if row.subject == f"account:{chen}"]
    assert rows[-4].detail == "installer of nanling -> auditor of buji"
    assert {row.actor for row in rows[-4:]} == {clerk.account("boss").id}


def test_a_refusal_on_the_page_is_said_and_changes_nothing(clerk: Clerk) -> None:
    boss = clerk.logged_in("boss")
    boss.open("/accounts")
    boss.submit("/accounts", login="boss", role="auditor", kind="person", area="")
    assert boss.status == 403
    assert "已被使用" in boss.shown
    sent = {"form": boss.token, "login": "x1", "role": "emperor", "kind": "person"}
    assert boss.client.post("/accounts", data=sent).status_code == 400


# ---- tokens of programs ----


def made(api: httpx.Client, login: str, *rights: str, area: str = "", days: int = 90) -> str:
    asked = {"rights": rights, "area": area, "days": days}
    answer = api.post(f"/api/v1/accounts/{login}/tokens", json=asked)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def test_a_token_reads_what_its_scope_says_and_nothing_else(
    clerk: Clerk, api: httpx.Client
) -> None:
    clerk.gateway.happen()
    clerk.service("grafana", Role.SUPERVISOR)
    bearer = {"Authorization": f"Bearer {made(api, 'grafana', 'see_incidents')}"}
    client = wire.client(clerk.app)
    assert client.get("/api/v1/incidents", headers=bearer).status_code == 200
    refused = client.get("/api/v1/homes", headers=bearer)
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "the token has no such right (out_of_scope)",
    )
    assert clerk.audited()[-1].detail == "see_homes: out_of_scope"
    for path in ("/api/v1/accounts", "/api/v1/audit"):
        assert client.get(path, headers=bearer).status_code == 403
    for path in ("/api/v1/incidents/4821/ack", "/api/v1/permits", "/api/v1/silences"):
        acting = client.post(path, json={"actor": "x"}, headers=bearer)
        assert (acting.status_code, "only the machine" in acting.text) == (403, True), path
    assert clerk.gateway.commands == []


def test_a_token_of_one_area_does_not_read_what_tells_of_all(
    clerk: Clerk, api: httpx.Client
) -> None:
    clerk.service("street", Role.SUPERVISOR, "nanwan")
    bearer = {"Authorization": f"Bearer {made(api, 'street', 'see_homes', area='nanwan')}"}
    client = wire.client(clerk.app)
    answer = client.get("/api/v1/homes", headers=bearer)
    assert (answer.status_code, "other_area" in answer.text) == (403, True)


@pytest.mark.parametrize("end", ["expired", "revoked", "disabled", "moved"])
def test_a_token_that_is_over_lets_nothing_in(clerk: Clerk, api: httpx.Client, end: str) -> None:
    clerk.service("backup", Role.AUDITOR, "nanwan")
    token = made(api, "backup", "see_audit", area="nanling", days=1)
    client = wire.client(clerk.app)
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/audit", headers=bearer).status_code == 200
    if end == "expired":
        clerk.passes(days=1)
    elif end == "revoked":
        (known,) = api.get("/api/v1/accounts/backup/tokens").json()["items"]
        assert api.post(f"/api/v1/tokens/{known['id']}/revoke").status_code == 200
    elif end == "disabled":
        api.post("/api/v1/accounts/backup/disable")
    else:
        api.post("/api/v1/accounts/backup/rights", json={"role": "auditor", "area": "buji"})
    assert client.get("/api/v1/audit", headers=bearer).status_code in (401, 403)


@pytest.mark.parametrize(
    ("login", "asked", "status", "refusal"),
    [
        ("program", {"rights": ["keep_accounts"]}, 403, "not_of_role"),
        ("program", {"rights": ["unmask"]}, 403, "not_of_role"),
        ("program", {"rights": ["see_homes"], "area": "buji"}, 403, "other_area"),
        ("program", {"rights": ["see_homes"], "area": ""}, 403, "other_area"),
        ("program", {"rights": ["see_homes"], "area": "moon"}, 404, "unknown_area"),
        ("boss", {"rights": ["see_homes"]}, 409, "no_service"),
        ("nobody-here", {"rights": ["see_homes"]}, 404, "unknown_account"),
    ],
)
def test_a_token_that_would_give_more_than_its_account_is_refused(
    clerk: Clerk,
    api: httpx.Client,
    login: str,
    asked: dict[str, object],
    status: int,
    refusal: str,
) -> None:
    clerk.service("program", Role.SUPERVISOR, "nanwan")
    answer = api.post(f"/api/v1/accounts/{login}/tokens", json=asked)
    assert (answer.status_code, refusal in answer.text) == (status, True)


def test_a_token_is_kept_as_its_hash_and_made_on_the_page_too(clerk: Clerk) -> None:
    clerk.service("program", Role.AUDITOR)
    boss = clerk.logged_in("boss")
    boss.open(f"/accounts/{clerk.account('program').id}")
    path = f"/accounts/{clerk.account('program').id}/tokens"
    boss.submit(path, scope=["see_audit", "see_status"], area="", days="30")
    found = re.search(r"<code>(msv1_[\w-]+)</code>", boss.shown)
    assert found
    with clerk.gateway.read() as connection:
        stored = repr(connection.execute(select(tokens)).all())
    assert found[1] not in stored
    assert '["see_audit", "see_status"]' in stored
    client = wire.client(clerk.app)
    bearer = {"Authorization": f"Bearer {found[1]}"}
    assert client.get("/api/v1/audit", headers=bearer).status_code == 200


def test_an_auditor_of_one_street_reads_nothing_about_another(
    clerk: Clerk, api: httpx.Client
) -> None:
    clerk.person("street", Role.AUDITOR, "nanwan")
    clerk.person("elsewhere", Role.INSTALLER, "buji")
    shown = clerk.logged_in("street").open("/audit")
    assert "新建账号" in shown
    assert "street" in shown
    assert "elsewhere" not in shown
    clerk.service("program", Role.AUDITOR, "nanwan")
    bearer = {"Authorization": f"Bearer {made(api, 'program', 'see_audit', area='nanwan')}"}
    told = wire.client(clerk.app).get("/api/v1/audit", headers=bearer).text
    assert "account_created" in told
    assert "elsewhere" not in told


def test_a_cookie_opens_no_api(clerk: Clerk) -> None:
    browser = clerk.logged_in("boss")
    assert browser.client.get("/api/v1/accounts").status_code == 401
    assert browser.client.post("/api/v1/accounts/boss/disable").status_code == 401


def test_the_audit_is_read_by_page_and_by_api(clerk: Clerk, api: httpx.Client) -> None:
    boss = clerk.logged_in("boss")
    shown = boss.open("/audit")
    assert "链条完整" in shown
    assert "登录" in shown
    assert "boss" in shown
    head = api.get("/api/v1/audit/heads").json()["items"][-1]
    assert f"{head['day']} {head['seq']} {head['hash']}" in shown
    rows = api.get("/api/v1/audit", params={"limit": 1}).json()["items"]
    assert [(row["seq"], row["action"]) for row in rows] == [(head["seq"], "login")]
    with clerk.gateway._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit SET actor = 'li' WHERE seq = 2")
    assert "第 2 行起不可信" in boss.open("/audit")
