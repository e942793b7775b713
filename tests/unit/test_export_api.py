"""`/api/v1/export`: how it stands, sent again once, what was refused offered again, homes named."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, insert, select

from alerts.tables import micros
from gateway import config, cursor, journal
from gateway.accounts.rights import Role
from gateway.export.office import ExportOffice
from gateway.export.progress import ExportStatus
from gateway.export.status import Backlog
from gateway.export.tables import CONSUMER, export_feed, export_refused
from gateway.export.verdict import Answer, Verdict
from gateway.health import Facts
from gateway.journal import Row
from gateway.privacy import GATEWAY
from gateway.web.app import create_app
from gateway.web.problem import MEDIA
from gateway.web.v1 import V1
from tests.fakes import wire
from tests.fakes.clerk import Clerk
from tests.fakes.exporting import RecordedInflux
from tests.fakes.gateway import NOW, TOKEN, FakeGateway

BEARER = {"Authorization": f"Bearer {TOKEN}"}
CODE = "440307006031203"
DOOR = f'door,watch=%s state="open" {micros(NOW) * 1000}'
RECORDS = 100


class Exporting:
    """The API of a gateway that exports: a hundred records, a minute apart, all exported."""

    def __init__(self, folder: Path, home_names: str = "code") -> None:
        self.clerk = Clerk(folder)
        self.gateway: FakeGateway = self.clerk.gateway
        self.gateway.happen()
        self.influx = RecordedInflux()
        self.woken = 0
        settings = config.Influx(url="http://127.0.0.1:8086", home_names=home_names)  # type: ignore[arg-type]
        reach: Any = lambda: self.influx  # noqa: E731 - a stand-in
        office = ExportOffice(settings, self.gateway, self.gateway, reach, self._wake)
        self.app = create_app(self.gateway, self.gateway, exports=office)
        with self.gateway._engine.begin() as connection:
            for number in range(1, RECORDS + 1):
                at = micros(NOW - timedelta(minutes=RECORDS - number))
                row = Row(at, None, "menshen/v1/door-7f3a/event", b"{}", False, "door-7f3a", None)
                journal.append(connection, number, at, [row])
            cursor.move(connection, CONSUMER, RECORDS, NOW)

    def _wake(self) -> None:
        self.woken += 1

    def cursor(self) -> int:
        with self.gateway.read() as connection:
            return cursor.read(connection, CONSUMER)

    def refuse(self, watch: str | None, line: str) -> None:
        """Set a line aside."""
        sealed = self.gateway.keys.seal(watch or GATEWAY, line)
        values = {"bucket": "homes", "watch": watch, "line": sealed, "why": "field type conflict"}
        with self.gateway._engine.begin() as connection:
            connection.execute(insert(export_refused).values(at=micros(NOW), **values))

    def refused(self) -> int:
        with self.gateway.read() as connection:
            return connection.scalar(select(func.count()).select_from(export_refused)) or 0

    def prune(self, through: int) -> None:
        with self.gateway._engine.begin() as connection:
            cursor.move(connection, "engine", RECORDS, NOW)
            journal.prune(connection, through, RECORDS)


@pytest.fixture
def export(tmp_path: Path) -> Exporting:
    return Exporting(tmp_path)


@pytest.fixture
def client(export: Exporting) -> Iterator[httpx.Client]:
    with wire.client(export.app) as client:
        client.headers.update(BEARER)
        yield client


def rewound(client: httpx.Client, **asked: Any) -> httpx.Response:
    return client.post(f"{V1}/export/rewind", json=asked)


# ---- status ----


def test_a_gateway_that_exports_nothing_says_so(tmp_path: Path) -> None:
    clerk = Clerk(tmp_path)
    with wire.client(clerk.app) as client:
        client.headers.update(BEARER)
        told = client.get(f"{V1}/export").json()
        assert (told["is_configured"], told["state"], told["matters"]) == (False, "off", [])
        refused = client.post(f"{V1}/export/rewind", json={"from_seq": 1})
    assert refused.status_code == 409
    assert "set influx.url" in refused.json()["detail"]


def test_what_is_wrong_is_told_with_what_to_do(
    export: Exporting, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = NOW - timedelta(minutes=40)
    status = ExportStatus(
        is_configured=True,
        state="outage",
        since=at,
        detail="ConnectError",
        cursor_seq=90,
        journal_seq=100,
        oldest_waiting_at=at,
        feed_waiting=3,
    )
    plain = FakeGateway.facts

    def facts(self: FakeGateway) -> Facts:
        return dataclasses.replace(plain(self), export=status, export_left=Backlog(refused=2))

    monkeypatch.setattr(FakeGateway, "facts", facts)
    told = client.get(f"{V1}/export").json()
    assert (told["state"], told["cursor_seq"], told["journal_seq"]) == ("outage", 90, 100)
    assert (told["behind_s"], told["rows_waiting"], told["lines_refused"]) == (2400.0, 3, 2)
    assert [each["what"].split()[0] for each in told["matters"]] == ["InfluxDB", "40", "2"]
    assert all(each["do"] for each in told["matters"])


# ---- rewind ----


def test_a_rewind_by_number_sends_that_record_and_all_later_ones_again(
    export: Exporting, client: httpx.Client
) -> None:
    told = rewound(client, from_seq=41)
    assert told.status_code == 201
    assert (told.json()["cursor_was"], told.json()["cursor_is"]) == (100, 40)
    assert export.cursor() == 40
    assert told.json()["records"] == 60
    assert export.woken == 1


def test_a_rewind_by_time_sends_what_is_since_then_and_rows_that_changed_since_then(
    export: Exporting, client: httpx.Client
) -> None:
    since = NOW - timedelta(minutes=9)
    assert rewound(client, since_at=since.isoformat()).status_code == 201
    assert export.cursor() == 90
    with export.gateway.read() as connection:
        noted = connection.execute(select(export_feed.c.what, export_feed.c.key)).all()
    assert {what for what, _ in noted} >= {"incidents", "transitions", "notices", "permits"}
    assert ("notices", "n5") in map(tuple, noted)  # not settled: it may change yet


def test_a_rewind_is_audited_with_who_and_how_far(export: Exporting, client: httpx.Client) -> None:
    rewound(client, from_seq=41)
    [row] = [each for each in export.clerk.audited() if each.action == "export_rewound"]
    assert (row.actor, row.subject, row.detail) == ("machine", "influx", "100 → 40")


def test_the_same_rewind_sent_twice_is_done_once(export: Exporting, client: httpx.Client) -> None:
    once = {"Idempotency-Key": "try-1"}
    first = client.post(f"{V1}/export/rewind", json={"from_seq": 41}, headers=once)
    with export.gateway._engine.begin() as connection:
        cursor.move(connection, CONSUMER, RECORDS, NOW)  # it is all sent again by then
    again = client.post(f"{V1}/export/rewind", json={"from_seq": 41}, headers=once)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert export.cursor() == RECORDS
    assert export.clerk.actions().count("export_rewound") == 1


def test_what_the_journal_has_no_more_is_refused_with_where_it_begins(
    export: Exporting, client: httpx.Client
) -> None:
    export.prune(through=70)
    early = (NOW - timedelta(minutes=60)).isoformat()
    for asked in ({"from_seq": 41}, {"since_at": early}):
        refused = rewound(client, **asked)
        assert refused.status_code == 409
        assert refused.headers["Content-Type"] == MEDIA
        assert "from 71 on, since 2026-11-21T06:06:12+00:00" in refused.json()["detail"]
        assert "--to 71" in refused.json()["detail"]
    assert export.cursor() == RECORDS
    assert "export_rewound" not in export.clerk.actions()
    assert rewound(client, from_seq=71).status_code == 201


def test_nothing_is_rewound_forwards(export: Exporting, client: httpx.Client) -> None:
    with export.gateway._engine.begin() as connection:
        cursor.move(connection, CONSUMER, 50, NOW)
    refused = rewound(client, from_seq=80)
    assert (refused.status_code, export.cursor()) == (409, 50)
    assert "the cursor is at 50" in refused.json()["detail"]
    assert rewound(client, since_at=NOW.isoformat()).status_code == 201  # its rows alone
    assert export.cursor() == 50


@pytest.mark.parametrize(
    "asked", [{}, {"from_seq": 0}, {"from_seq": 5, "since_at": "2026-11-21"}, {"since_at": 5}]
)
def test_a_rewind_that_is_not_one_is_refused(client: httpx.Client, asked: dict[str, Any]) -> None:
    assert rewound(client, **asked).status_code == 422


# ---- what was refused ----


def test_refused_lines_are_listed_without_what_leads_to_a_home(
    export: Exporting, client: httpx.Client
) -> None:
    watch = export.gateway.watches[CODE]
    export.refuse(watch, DOOR % watch)
    export.refuse(None, f"gateway,gateway=g up_s=1 {micros(NOW) * 1000}")
    found = client.get(f"{V1}/export/refused", params={"limit": 1})
    [latest] = found.json()["items"]
    assert (latest["measurement"], latest["why"]) == ("gateway", "field type conflict")
    [earlier] = client.get(found.json()["next"]).json()["items"]
    assert earlier["measurement"] == "door"
    assert watch not in found.text


def test_a_line_whose_home_was_released_tells_nothing(
    export: Exporting, client: httpx.Client
) -> None:
    watch = export.gateway.watches[CODE]
    export.refuse(watch, DOOR % watch)
    export.gateway.keys.shred(watch)
    [line] = client.get(f"{V1}/export/refused").json()["items"]
    assert line["measurement"] == ""
    assert client.post(f"{V1}/export/retry").json()["taken"] == 0
    assert export.refused() == 0  # nobody can ever send it


def test_what_is_taken_at_a_second_try_is_kept_no_more(
    export: Exporting, client: httpx.Client
) -> None:
    for number in range(5):
        export.refuse(None, f"gateway,gateway=g{number} up_s=1 {micros(NOW) * 1000}")
    export.influx.bad = lambda line: b"=g3" in line
    told = client.post(f"{V1}/export/retry").json()
    assert (told["taken"], told["refused"], export.refused()) == (4, 1, 1)
    assert told["text"] == "4 lines were taken, 1 refused again"


def test_an_influxdb_that_is_away_loses_no_refused_line(
    export: Exporting, client: httpx.Client
) -> None:
    export.refuse(None, f"gateway,gateway=g up_s=1 {micros(NOW) * 1000}")
    export.influx.answers.append(Answer(Verdict.OUTAGE, "ConnectError"))
    answer = client.post(f"{V1}/export/retry")
    assert (answer.status_code, export.refused()) == (503, 1)
    assert "ConnectError" in answer.json()["detail"]


# ---- homes ----


def test_which_key_is_which_home_is_told_with_a_reason_that_is_audited(tmp_path: Path) -> None:
    export = Exporting(tmp_path, home_names="salted")
    with wire.client(export.app) as client:
        client.headers.update(BEARER)
        assert client.post(f"{V1}/export/homes", json={"why": "x"}).status_code == 422
        assert "unmasked" not in export.clerk.actions()
        told = client.post(f"{V1}/export/homes", json={"why": "督导核对时间线"}).json()["homes"]
    by_code = {each["house_code"]: each for each in told}
    assert len(by_code) == 30
    assert by_code[CODE]["watch"] == export.gateway.watches[CODE]
    assert CODE not in by_code[CODE]["key"]
    [row] = [each for each in export.clerk.audited() if each.action == "unmasked"]
    assert (row.subject, row.detail) == ("influx:homes", "督导核对时间线")


# ---- who may ----


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(Role.SUPERVISOR, {"", "refused", "rewind"}), (Role.INSTALLER, {""}), (Role.AUDITOR, {""})],
)
def test_a_program_may_what_its_role_may(
    export: Exporting, client: httpx.Client, role: Role, allowed: set[str]
) -> None:
    export.clerk.service("screen", role)
    wanted = ["see_status"] + ["export"] * (role is Role.SUPERVISOR)
    made = client.post(f"{V1}/accounts/screen/tokens", json={"rights": wanted}).json()
    mine = {"Authorization": f"Bearer {made['token']}"}
    answers = {
        "": client.get(f"{V1}/export", headers=mine),
        "refused": client.get(f"{V1}/export/refused", headers=mine),
        "rewind": client.post(f"{V1}/export/rewind", json={"from_seq": 5}, headers=mine),
        "homes": client.post(f"{V1}/export/homes", json={"why": "督导核对"}, headers=mine),
    }
    assert {path for path, answer in answers.items() if answer.is_success} == allowed
    assert {answer.status_code for answer in answers.values() if answer.is_error} <= {403}
