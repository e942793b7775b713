"""Lists are turned over without a gap, things are made once, and errors say what to mend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from alerts.tables import incidents, micros
from docs.blocks.api import COMMANDS, operations
from docs.blocks.commands import every_command
from docs.generate import ROOT
from gateway.accounts.rights import Role
from gateway.web.problem import MEDIA
from gateway.web.v1 import V1
from gateway.web.v1_pace import AT_ONCE, PER_S, Pace
from tests.fakes import wire
from tests.fakes.clerk import Clerk
from tests.fakes.gateway import NOW, TOKEN, FakeGateway

CODE = "440307006031203"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SPAN = {"from_at": "2026-11-21T14:00:00+08:00", "until_at": "2026-11-21T15:00:00+08:00"}
PERMIT = {"home": CODE, "purpose": "meal", "actor": "chen", **SPAN}


@pytest.fixture
def clerk(tmp_path: Path) -> Clerk:
    clerk = Clerk(tmp_path)
    clerk.gateway.happen()
    return clerk


@pytest.fixture
def client(clerk: Clerk) -> Iterator[httpx.Client]:
    with wire.client(clerk.app) as client:
        client.headers.update(BEARER)
        yield client


def later(gateway: FakeGateway, id_: str, minutes: float) -> None:
    """Another incident opens."""
    row = gateway._incident(id_, "3333", None, 1, 1, "opened", "open", 0, 5)
    with gateway._engine.begin() as connection:
        opened_at = micros(NOW + timedelta(minutes=minutes))
        connection.execute(insert(incidents).values(row | {"opened_at": opened_at}))


# ---- lists ----


@pytest.mark.parametrize("path", ["homes", "incidents", "permits", "silences", "accounts", "audit"])
def test_pages_of_one_show_what_one_page_shows(
    client: httpx.Client, clerk: Clerk, path: str
) -> None:
    for login in ("chen", "li", "wang"):
        clerk.person(login, Role.INSTALLER)
    whole = client.get(f"{V1}/{path}?limit=200").json()
    assert whole["next"] is None
    assert whole["items"]
    found, following = [], f"{V1}/{path}?limit=1"
    while following:
        page = client.get(following).json()
        assert len(page["items"]) == 1
        found, following = found + page["items"], page["next"]
    assert found == whole["items"]


def test_what_opens_meanwhile_moves_nothing_between_pages(
    client: httpx.Client, clerk: Clerk
) -> None:
    later(clerk.gateway, "twin-a", 1)
    later(clerk.gateway, "twin-b", 1)
    before = [each["id"] for each in client.get(f"{V1}/incidents").json()["items"]]
    first = client.get(f"{V1}/incidents?limit=1&reviewed=true").json()
    later(clerk.gateway, "newest", 2)
    rest = client.get(first["next"].replace("limit=1", "limit=200")).json()
    assert "reviewed=true" in first["next"]
    assert [each["id"] for each in first["items"] + rest["items"]] == before


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "cursor=%00", "cursor=bm8", "cursor=W10", "cursor=WzEsMl0"],
)
def test_a_page_that_cannot_be_is_refused(client: httpx.Client, query: str) -> None:
    answer = client.get(f"{V1}/incidents?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, MEDIA)


def test_a_cursor_of_another_list_is_refused(client: httpx.Client) -> None:
    following = client.get(f"{V1}/homes?limit=1").json()["next"]
    assert client.get(following.replace("/homes", "/incidents")).status_code == 422


# ---- once ----


def test_a_permit_asked_for_twice_by_one_key_is_granted_once(
    client: httpx.Client, clerk: Clerk
) -> None:
    key = {"Idempotency-Key": "try-1"}
    first, again = (client.post(f"{V1}/permits", json=PERMIT, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(clerk.gateway.commands) == 1
    other = client.post(f"{V1}/permits", json={**PERMIT, "purpose": "test"}, headers=key)
    assert other.status_code == 422
    assert len(clerk.gateway.commands) == 1


def test_a_kept_answer_is_given_to_nobody_else(client: httpx.Client) -> None:
    key, body = {"Idempotency-Key": "try-1"}, {"login": "screen", "role": "auditor"}
    made = client.post(f"{V1}/accounts", json=body, headers=key).json()
    stranger = client.post(
        f"{V1}/accounts", json=body, headers={**key, "Authorization": "Bearer x"}
    )
    assert stranger.status_code == 401
    assert made["password"] not in stranger.text


def test_what_was_refused_is_tried_anew_by_the_same_key(client: httpx.Client, clerk: Clerk) -> None:
    key = {"Idempotency-Key": "try-1"}
    wrong = {**PERMIT, "home": "nowhere"}
    assert client.post(f"{V1}/permits", json=wrong, headers=key).status_code == 404
    assert client.post(f"{V1}/permits", json=PERMIT, headers=key).status_code == 201


# ---- errors ----


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/incidents", {"Authorization": "Bearer x"}, 401),
        ("GET", "/incidents/0000", {}, 404),
        ("GET", "/no-such-list", {}, 404),
        ("DELETE", "/permits", {}, 405),
        ("GET", "/incidents", {"Host": "evil.example"}, 421),
    ],
)
def test_every_error_is_a_problem(
    client: httpx.Client, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = client.request(method, V1 + path, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA)
    said = answer.json()
    assert (said["status"], said["type"]) == (status, "about:blank")
    assert said["title"]
    assert said["detail"]
    assert answer.headers["content-security-policy"]


def test_a_path_names_every_method_it_knows(client: httpx.Client) -> None:
    assert client.delete(f"{V1}/permits").headers["Allow"] == "GET, POST"


def test_a_mistake_is_pointed_at_and_what_was_sent_is_not_said_back(client: httpx.Client) -> None:
    phone = "13712345678"
    body = {**PERMIT, "until_at": phone, "asked_by": [phone], phone: phone, "day": phone}
    answer = client.post(f"{V1}/permits", json=body)
    assert phone not in answer.text
    wrong = {each["pointer"]: each["wrong"] for each in answer.json()["errors"]}
    assert set(wrong) == {"#/until_at", "#/asked_by", "#/day", "#"}
    assert "2026-11-21" in wrong["#/until_at"]


def test_a_database_that_is_locked_is_to_be_asked_again(
    client: httpx.Client, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> Any:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    monkeypatch.setattr(clerk.gateway, "read", locked)
    answer = client.get(f"{V1}/incidents")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_program_that_asks_too_often_is_told_when_to_ask_again(
    client: httpx.Client, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk.service("screen", Role.AUDITOR)
    asked = {"rights": ["see_audit"]}
    token = client.post(f"{V1}/accounts/screen/tokens", json=asked).json()["token"]
    monkeypatch.setattr("gateway.web.v1_pace.AT_ONCE", 2.0)
    mine = {"Authorization": f"Bearer {token}"}
    answers = [client.get(f"{V1}/audit", headers=mine) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "1"
    assert client.get(f"{V1}/audit").status_code == 200
    clerk.passes(seconds=1)
    assert client.get(f"{V1}/audit", headers=mine).status_code == 200


def test_a_clock_that_is_set_back_stops_nobody_for_longer() -> None:
    pace = Pace()
    waits = [pace.wait_s("a", NOW) for _ in range(int(AT_ONCE) + 1)]
    assert waits[-2:] == [0, 1]
    assert pace.wait_s("a", NOW - timedelta(days=1)) == 1
    assert pace.wait_s("a", NOW - timedelta(days=1) + timedelta(seconds=1 / PER_S)) == 0


# ---- what it says of itself ----


def test_anybody_may_read_what_the_api_is_and_it_asks_for_a_token(client: httpx.Client) -> None:
    del client.headers["Authorization"]
    said = client.get(f"{V1}/openapi.json").json()
    assert said["openapi"].startswith("3.1")
    open_to_all = [
        path
        for path, methods in said["paths"].items()
        for each in methods.values()
        if each["security"] != [{"token": []}]
    ]
    assert open_to_all == []
    assert "HTTPValidationError" not in str(said)
    assert not re.search(
        r"'(?:/components)?\$ref': '#/components/schemas/\w+-(?:In|Out)put", str(said)
    )


def test_only_a_certificate_is_shown_without_a_token() -> None:
    assert [each.id for each in operations() if each.right == "anyone"] == ["show_certificate"]


def test_every_operation_stands_on_the_page_once_by_a_name_of_its_own() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(\w+ /[^`]*)`", page, re.MULTILINE)
    served = [f"{each.method} {each.path.removeprefix(V1)}" for each in operations()]
    assert named == served
    assert len({each.id for each in operations()}) == len(served) == len(set(served))


def test_every_command_that_is_named_exists_and_every_operation_it_is_named_for() -> None:
    commands = {path.removeprefix("menshen ") for path, _ in every_command()}
    assert {each for said in COMMANDS.values() for each in said.split(", ")} <= commands
    assert set(COMMANDS) <= {each.id for each in operations()}
