"""A resident sees by a code what is recorded, contests it, is answered; and nobody else sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from alerts.tables import notices
from gateway.audit import store as audit
from gateway.release import codes
from gateway.release.contest import LONGEST, MOST
from gateway.release.tables import contests
from gateway.web.record_words import LANGUAGES
from tests.fakes.released import CONTEST, HOME, PERSONAL, TOKEN, Life, Window

BEARER = {"Authorization": f"Bearer {TOKEN}"}
ADDRESS = "南岭村3栋1203"
WHY = {"why": "住户来电说记录有误"}


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    lived = Life(tmp_path)
    lived.happen()
    yield lived
    lived.kill()


@pytest.fixture
def client(life: Life) -> Iterator[httpx.Client]:
    with Window(life).client() as opened:
        yield opened


def made(client: httpx.Client, path: str, **body: Any) -> Any:
    answer = client.post(f"/api/v1/{path}", json=body, headers=BEARER)
    assert answer.is_success, answer.text
    return answer.json()


@pytest.fixture
def code(client: httpx.Client) -> str:
    return str(made(client, f"homes/{HOME}/record-code")["code"])


def asked(client: httpx.Client, code: str, lang: str = "zh", **fields: str) -> httpx.Response:
    return client.post(f"/record?lang={lang}", data={"code": code, **fields})


def contested(client: httpx.Client, code: str, words: str) -> httpx.Response:
    return client.post("/record/contest?lang=en", data={"code": code, "words": words})


# ---- the page ----


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_says_what_is_recorded_and_who_was_told_by_role_alone(
    client: httpx.Client, code: str, lang: str
) -> None:
    page = asked(client, code, lang).text
    words = LANGUAGES[lang]
    for said in (words.records["door"], words.cannot, words.not_announced, words.roles["worker"]):
        assert said in page
    for hidden in ("王小明", "赵干部", "13912345601", "13912345604", "team-3", *PERSONAL, HOME):
        assert hidden not in page
    assert "2026-11-21 14:30" in page


def test_the_page_is_small_and_runs_no_script(client: httpx.Client, code: str, life: Life) -> None:
    for number in range(60):
        life.now += timedelta(minutes=10)
        life.hears("door-kept", 100 + 2 * number, "closed")
        life.now += timedelta(minutes=10)
        life.hears("door-kept", 101 + 2 * number, "open")
    answer = asked(client, code)
    assert len(answer.content) < 30_000
    assert "<script" not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    everything = asked(client, code, all="1")
    assert everything.text.count("<li>") > answer.text.count("<li>")


def test_a_code_may_be_written_in_any_way_people_write_it(client: httpx.Client, code: str) -> None:
    for written in (code.lower(), code.replace("-", ""), code.replace("-", " ")):
        assert asked(client, written).status_code == 200
    assert codes.read("oil-O0") is None
    assert codes.read("OIL0-OIL0-OIL0") == "011001100110"


def test_a_newer_code_makes_the_older_one_worthless(client: httpx.Client, code: str) -> None:
    newer = made(client, f"homes/{HOME}/record-code")["code"]
    assert asked(client, code).status_code == 404
    assert asked(client, newer).status_code == 200


def test_guessing_has_to_wait_and_the_right_code_with_it(client: httpx.Client, code: str) -> None:
    statuses = [asked(client, f"0000-0000-{number:04}").status_code for number in range(8)]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    assert asked(client, code).status_code == 429


def test_the_database_knows_no_code(life: Life, code: str) -> None:
    for written in (code, code.replace("-", "")):
        assert written.encode() not in life.bytes_on_disk()


def test_no_code_is_made_without_the_token(client: httpx.Client) -> None:
    assert client.post(f"/api/v1/homes/{HOME}/record-code").status_code == 401


# ---- after the release ----


def test_after_the_release_only_the_code_shows_the_record(
    client: httpx.Client, code: str, life: Life
) -> None:
    made(client, "releases", home=HOME, why="医生签字解除", by="陈督导")
    for path in ("v1/homes", "v1/incidents?reviewed=true", "v1/permits", "v1/silences"):
        answer = client.get(f"/api/{path}", headers=BEARER)
        assert answer.status_code == 200
        said = answer.text
        assert ADDRESS not in said
        assert "陈秀英" not in said
    for path in ("/", "/live", "/metrics", "/healthz"):
        assert "4821" not in client.get(path).text
    page = asked(client, code, "en").text
    assert LANGUAGES["en"].not_announced in page
    assert "Released on 2026-11-21 14:30" in page
    with life.database.read() as connection:
        assert audit.latest(connection, life.keys, 1)[0].action == "record_seen"


def test_the_code_opens_nothing_once_the_key_is_destroyed(
    client: httpx.Client, code: str, life: Life
) -> None:
    made(client, "releases", home=HOME, why="医生签字解除")
    life.passes(CONTEST)
    assert asked(client, code).status_code == 404
    assert life.rows(contests) == []


def test_a_home_without_a_code_is_given_one_with_its_release(client: httpx.Client) -> None:
    released = made(client, "releases", home=ADDRESS, why="医生签字解除")
    assert asked(client, released["code"]).status_code == 200


def test_a_home_is_released_once_and_by_who_may(client: httpx.Client) -> None:
    body = {"home": HOME, "why": "医生签字解除"}
    assert client.post("/api/v1/releases", json=body).status_code == 401
    assert client.post("/api/v1/releases", json=body, headers=BEARER).status_code == 201
    assert client.post("/api/v1/releases", json=body, headers=BEARER).status_code == 404
    short = body | {"why": "x"}
    assert client.post("/api/v1/releases", json=short, headers=BEARER).status_code == 422


# ---- contests ----


def test_a_contest_reaches_the_lead_and_its_answer_the_resident(
    client: httpx.Client, code: str, life: Life
) -> None:
    page = contested(client, code, "14:30 是风吹的 <b>").text
    assert LANGUAGES["en"].sent in page
    assert "14:30 是风吹的 &lt;b&gt;" in page
    told = [row for row in life.rows(notices) if row.severity == 1 and row.watch is None]
    assert [row.contact for row in told] == ["team-3/lead"]
    text = life.keys.unseal("gateway", told[0].text)
    assert "异议" in text
    assert "1203" not in text
    (listed,) = client.get("/api/v1/contests", headers=BEARER).json()["items"]
    assert listed["state"] == "open"
    opened = made(client, f"contests/{listed['id']}/open", **WHY)
    assert opened["words"] == "14:30 是风吹的 <b>"
    made(client, f"contests/{listed['id']}/answer", answer="已核实，是设备误报")
    page = asked(client, code).text
    assert "已核实，是设备误报" in page
    assert LANGUAGES["zh"].roles["machine"] in page  # who looked


def test_a_contest_is_heard_until_the_key_is_destroyed_and_not_after(
    client: httpx.Client, code: str, life: Life
) -> None:
    made(client, "releases", home=HOME, why="医生签字解除")
    life.now += CONTEST - timedelta(minutes=1)
    assert LANGUAGES["en"].sent in contested(client, code, "not me").text
    (row,) = life.rows(contests)
    life.now += timedelta(minutes=2)  # the key is still there: its pump had no turn
    late = contested(client, code, "still not me")
    assert LANGUAGES["en"].too_late in late.text
    assert len(life.rows(contests)) == 1
    for path, body in (("open", WHY), ("answer", {"answer": "too late"})):
        answer = client.post(f"/api/v1/contests/{row.id}/{path}", json=body, headers=BEARER)
        assert answer.status_code == 410
    life.work()
    assert client.get("/api/v1/contests", headers=BEARER).json()["items"] == []


def test_reading_a_contest_wants_a_reason_and_is_audited(
    client: httpx.Client, code: str, life: Life
) -> None:
    contested(client, code, "not me")
    (row,) = life.rows(contests)
    path = f"/api/v1/contests/{row.id}/open"
    assert client.post(path, json={"why": "?"}, headers=BEARER).status_code == 422
    assert client.post(path, json=WHY).status_code == 401
    client.post(path, json=WHY, headers=BEARER)
    with life.database.read() as connection:
        (told,) = audit.latest(connection, life.keys, 1)
    assert (told.action, told.detail) == ("contest_opened", WHY["why"])


def test_what_is_written_is_kept_sealed_and_cut(
    client: httpx.Client, code: str, life: Life
) -> None:
    contested(client, code, "陈述" * LONGEST + "\x00\x1b")
    assert "陈述".encode() not in life.bytes_on_disk()
    page = asked(client, code).text
    (words,) = re.findall(r'<p class="words">(.*?)</p>', page, re.DOTALL)
    assert len(words) == LONGEST


def test_one_resident_does_not_fill_the_list(client: httpx.Client, code: str, life: Life) -> None:
    for number in range(MOST + 2):
        last = contested(client, code, f"contest {number}").text
    assert len(life.rows(contests)) == MOST
    assert LANGUAGES["en"].too_many in last


def test_both_languages_name_the_same_things() -> None:
    chinese, english = LANGUAGES["zh"], LANGUAGES["en"]
    for name in ("records", "purposes", "roles", "classes"):
        assert getattr(chinese, name).keys() == getattr(english, name).keys()
