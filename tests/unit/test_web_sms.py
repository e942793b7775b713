"""What the page and the API say of texts: remedies, masked phones, the steps of a test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert, update

from alerts.channels.base import Attempt, Outcome
from alerts.tables import attempts, micros, notices, texts_in
from gateway.web.app import create_app
from gateway.web.words import LANGUAGES
from tests.fakes import wire
from tests.fakes.gateway import NOW, OWN_NUMBER, TOKEN, FakeGateway

BEARER = {"Authorization": f"Bearer {TOKEN}"}
WORKER = "+8613912345601"
SHOWN = {
    "zh": [
        *("信号 -71 dBm", "LTE", "3/50", "今天 12 条 13 段", "¥0.65", "09:35", "4 秒到达"),
        *("SIM 卡要 PIN", "把 PIN 写进文件", "还没有到达过", "等早晨 2", "13/500 段"),
    ],
    "en": [
        *("signal -71 dBm", "LTE", "3/50", "12 texts, 13 parts today", "took 4 s"),
        *("the SIM wants its PIN", "set pin_file", "never arrived", "13 of 500 parts today"),
    ],
}
STRANGER = "+8613987654321"


@pytest.fixture
def gateway(tmp_path: Path) -> FakeGateway:
    fake = FakeGateway(tmp_path)
    fake.happen()
    return fake


@pytest.fixture
def client(gateway: FakeGateway) -> Iterator[httpx.Client]:
    with wire.client(create_app(gateway, gateway)) as opened:
        opened.headers.update(BEARER)
        yield opened


def attempted(gateway: FakeGateway, notice: str, **changed: object) -> None:
    row: dict[str, object] = {
        "notice": notice,
        "channel": "gsm",
        "started_at": micros(NOW - timedelta(seconds=9)),
        "ended_at": micros(NOW - timedelta(seconds=5)),
        "outcome": "sent",
        "reason": "network_took_it",
        "references": '["7"]',
        "detail": "",
        "phone": gateway.phone_digest(WORKER),
        "parts": 1,
    }
    with gateway._engine.begin() as connection:
        connection.execute(insert(attempts).values(row | changed))


def came_in(gateway: FakeGateway, sender: str, text: str, contact: str | None) -> None:
    with gateway._engine.begin() as connection:
        connection.execute(
            insert(texts_in).values(
                channel="gsm",
                digest=text,
                sender=gateway.keys.seal("gateway", sender),
                text=gateway.keys.seal("gateway", text),
                contact=contact,
                received_at=micros(NOW),
                reason="replied",
            )
        )


# ---- the page ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_each_channel_with_what_to_do_about_it(
    client: httpx.Client, language: str
) -> None:
    said = client.get(f"/?lang={language}").text
    assert [each for each in SHOWN[language] if each not in said] == []


@pytest.mark.parametrize("path", ["/", "/live", "/healthz", "/metrics"])
def test_no_number_of_a_sim_stands_where_no_login_is_asked(client: httpx.Client, path: str) -> None:
    said = client.get(path).text
    assert OWN_NUMBER[3:] not in said
    assert "13800755500" not in said


def test_what_a_network_calls_itself_is_never_markup(
    client: httpx.Client, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = gateway.facts()
    facts.channels["gsm"].facts["operator"] = "<script>alert(1)</script>"
    monkeypatch.setattr(gateway, "facts", lambda: facts)
    assert "<script>alert" not in client.get("/").text


# ---- the API: how it stands ----


def test_a_look_tells_of_channels_queue_and_budget(client: httpx.Client) -> None:
    told = client.get("/api/v1/sms").json()
    gsm, second = told["channels"]
    assert (gsm["is_up"], gsm["proof_took_s"], gsm["parts_today"]) == (True, 4.2, 13)
    assert (second["reason"], second["do"]) == (
        "sim_pin_wanted",
        "write the PIN into a file and set pin_file",
    )
    assert (told["waiting"], told["held"]) == (1, {"quiet_hours": 2, "follows_another": 1})
    assert (told["parts_today"], told["parts_a_day"]) == (13, 500)


def test_texts_are_told_with_phones_masked(client: httpx.Client, gateway: FakeGateway) -> None:
    attempted(gateway, "n0")
    came_in(gateway, WORKER, "1 4821", "team-3/worker")
    answer = client.get("/api/v1/sms")
    (sent,) = answer.json()["sent"]
    (received,) = answer.json()["received"]
    assert (sent["contact"], sent["phone"], sent["number"]) == (
        *("team-3/worker", "+86139****5601", "4821"),
    )
    assert (sent["took_s"], sent["outcome"], sent["state"]) == (4.0, "sent", "delivered")
    assert (received["phone"], received["text"]) == ("+86139****5601", "1 4821")
    assert WORKER[3:] not in answer.text


def test_the_words_of_a_stranger_are_not_told(client: httpx.Client, gateway: FakeGateway) -> None:
    came_in(gateway, STRANGER, "a private matter", None)
    answer = client.get("/api/v1/sms")
    assert answer.json()["received"][0]["phone"] == "+86139****4321"
    assert "private" not in answer.text


def test_an_attempt_to_a_phone_that_was_replaced_since_names_no_other(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    attempted(gateway, "n0", phone="of a phone nobody has any more")
    assert client.get("/api/v1/sms").json()["sent"][0]["phone"] == ""


# ---- the API: tests ----


def test_a_test_goes_to_any_way_of_writing_a_number(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    for number in ("13912345678", "+86 139 1234 5678", "008613912345678"):
        body = {"number": number, "channel": "gsm-2"}
        assert client.post("/api/v1/sms/tests", json=body).json()["id"] == "7f3a09c2"
    assert gateway.trials == [("+8613912345678", "gsm-2")] * 3


@pytest.mark.parametrize("number", ["10086", "", "hello", "139123456789012345"])
def test_no_test_goes_to_what_is_no_phone(
    client: httpx.Client, gateway: FakeGateway, number: str
) -> None:
    answer = client.post("/api/v1/sms/tests", json={"number": number})
    assert answer.status_code == 422
    assert "no phone number" in answer.text
    assert gateway.trials == []


def test_a_channel_that_cannot_send_is_said(client: httpx.Client, gateway: FakeGateway) -> None:
    gateway.refuses = "no channel can send a text now (gsm: not_registered)"
    answer = client.post("/api/v1/sms/tests", json={"number": "13912345678"})
    assert (answer.status_code, answer.json()["detail"]) == (409, gateway.refuses)


def test_each_step_of_a_test_is_told_with_its_seconds(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    created = {"id": "test-7f3a09c2", "created_at": micros(NOW - timedelta(seconds=9))}
    with gateway._engine.begin() as connection:
        connection.execute(
            update(notices).where(notices.c.id == "n0").values(**created, state="sending")
        )
    attempted(gateway, "test-7f3a09c2", outcome="begun")

    def told(state: str, **values: object) -> list[tuple[str, float]]:
        with gateway._engine.begin() as connection:
            mine = update(notices).where(notices.c.id == "test-7f3a09c2")
            connection.execute(mine.values(state=state, **values))
        steps = client.get("/api/v1/sms/tests/7f3a09c2").json()["steps"]
        return [(each["step"], each["after_s"]) for each in steps]

    assert told("sending") == [("handed_over", 0.0)]
    assert told("sent")[1:] == [("network_took_it", 4.0)]
    assert told("delivered", settled_at=micros(NOW))[2:] == [("delivered", 9.0)]


def test_a_test_that_was_just_asked_for_is_known_before_it_is_on_record(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    gateway.under_way.add("7f3a09c2")
    told = client.get("/api/v1/sms/tests/7f3a09c2").json()
    assert (told["state"], told["steps"]) == ("sending", [])


def test_a_test_that_was_given_to_nobody_is_told_by_what_the_channel_said(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    assert client.get("/api/v1/sms/tests/7f3a09c2").status_code == 404
    gateway.ended["7f3a09c2"] = Attempt(Outcome.NOT_TRIED, "sending_too_fast")
    told = client.get("/api/v1/sms/tests/7f3a09c2").json()
    assert (told["state"], told["reason"]) == ("not_tried", "sending_too_fast")


# ---- the API: the ledger ----


def test_the_ledger_is_told_by_day_team_and_channel_with_its_cost(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    attempted(gateway, "n0", parts=2)
    attempted(gateway, "n1", started_at=micros(NOW - timedelta(days=2)))
    since = (NOW - timedelta(days=1)).isoformat()
    (line,) = client.get("/api/v1/sms/ledger", params={"since_at": since}).json()["items"]
    assert (line["day"], line["team"], line["channel"]) == ("2026-11-21", "team-3", "gsm")
    assert (line["texts"], line["parts"], line["cost_yuan"], line["unknown"]) == (1, 2, 0.1, 1)
