"""`menshen account`: the first administrator is made on the machine, by the running gateway."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.accounts.rights import Role
from gateway.cli import accounts, local
from gateway.cli.app import app
from tests.fakes.clerk import Clerk
from tests.fakes.gateway import TOKEN
from tests.fakes.wire import InProcess


@pytest.fixture
def clerk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clerk:
    """A running gateway that every command talks to."""
    made = Clerk(tmp_path)
    talks = local.Local("http://127.0.0.1:8080", TOKEN, InProcess(made.app))
    monkeypatch.setattr(accounts.Local, "of", classmethod(lambda cls, _: talks))
    return made


def menshen(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["account", *arguments])


def test_the_first_administrator_is_made_on_the_machine_and_gets_in(clerk: Clerk) -> None:
    assert "menshen account create LOGIN" in menshen("list").stdout
    made = menshen("create", "boss", "--role", "administrator")
    assert made.exit_code == 0
    password = made.stdout.splitlines()[-1]
    browser = clerk.browser()
    browser.log_in("boss", password)
    assert browser.is_in
    created = clerk.audited()[0]
    assert (created.actor, created.action) == ("machine", "account_created")
    assert password not in repr(clerk.audited())


def test_accounts_are_listed_for_people_and_for_programs(clerk: Clerk) -> None:
    menshen("create", "chen", "--role", "team_member", "--area", "nanling")
    menshen("create", "grafana", "--role", "supervisor", "--service")
    assert "nanling" in menshen("list").stdout
    rows = json.loads(menshen("list", "--json").stdout)
    assert [(row["login"], row["kind"], row["role"]) for row in rows] == [
        ("chen", "person", "team_member"),
        ("grafana", "service", "supervisor"),
    ]
    assert "password" not in json.dumps(rows)


def test_what_is_asked_is_done(clerk: Clerk) -> None:
    clerk.person("boss", Role.ADMINISTRATOR)
    clerk.person("chen", Role.INSTALLER)
    for words in (
        ("disable", "chen"),
        ("enable", "chen"),
        ("password", "chen"),
        ("reset-factor", "chen"),
        ("rights", "chen", "--role", "auditor", "--area", "buji"),
    ):
        done = menshen(*words)
        assert done.exit_code == 0, done.output
    assert (clerk.account("chen").role, clerk.account("chen").area) == (Role.AUDITOR, "buji")
    assert [action for action in clerk.actions() if action != "account_created"] == [
        "account_disabled",
        "account_enabled",
        "password_reset",
        "factor_reset",
        "rights_changed",
    ]


def test_a_token_is_made_listed_and_revoked(clerk: Clerk) -> None:
    clerk.service("grafana", Role.SUPERVISOR)
    made = menshen("token", "grafana", "--right", "see_homes", "--right", "see_incidents")
    secret = made.stdout.splitlines()[-1]
    assert secret.startswith("msv1_")
    (known,) = json.loads(menshen("token", "grafana", "--json").stdout)
    assert known["rights"] == ["see_homes", "see_incidents"]
    assert secret not in json.dumps(known)
    assert menshen("token", "grafana", "--revoke", known["id"]).exit_code == 0
    assert json.loads(menshen("token", "grafana", "--json").stdout)[0]["is_revoked"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("disable", "nobody-here"), "there is no such account (unknown_account)"),
        (("create", "boss", "--role", "auditor"), "that login is taken (login_taken)"),
        (("create", "li", "--role", "auditor", "--area", "moon"), "no such area (unknown_area)"),
        (("disable", "boss"), "must stay (last_administrator)"),
        (("token", "boss", "--right", "see_audit"), "(no_service)"),
    ],
)
def test_a_refusal_is_said_with_its_reason(clerk: Clerk, words: tuple[str, ...], said: str) -> None:
    clerk.person("boss", Role.ADMINISTRATOR)
    refused = menshen(*words)
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert refused.stdout == ""


def test_without_a_gateway_it_says_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["init"])
    path = tmp_path / "menshen.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("# port = 8080", "port = 1"))
    refused = menshen("create", "boss", "--role", "administrator")
    assert (refused.exit_code, "menshen run" in refused.stderr) == (1, True)
