"""A replay says what another policy would have sent, from the journal alone, and writes nothing."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, insert

from alerts.policy import Opening, Policy
from alerts.tables import incidents, micros, notices, permits, silences, transitions
from devices.decode import decode
from devices.profile import Settings
from devices.registry import standard
from gateway import homes, journal
from gateway.db import Database
from gateway.homes.store import standing_orders
from gateway.privacy import KeyStore
from gateway.replay import Decode, Line, Mark, Text, replay
from gateway.replay.compare import compare
from gateway.replay.past import first_seq_at
from tests.fakes.gateway import street

DAY = datetime(2026, 11, 21, 4, tzinfo=UTC)  # noon in Shenzhen
DOOR, CODE = "door-31203", "440307006031203"


class Past:
    """A gateway's database with a day in it."""

    def __init__(self, folder: Path) -> None:
        self.keys = KeyStore.create(folder / "keys.json")
        self.database = Database(folder / "menshen.db")
        self.database.migrate()
        self.seq = self.event = 0
        with self.database.writer() as connection, connection.begin():
            homes.store(connection, street(), self.keys, DAY)
            codes = {o.code: o.watch for o in standing_orders(connection, self.keys)}
        self.watch = codes[CODE]

    def said(self, at: datetime, state: str) -> None:
        """The door says that it opened or closed."""
        self.event += 1
        body = {"seq": self.event, "boot": "b1", "kind": "door", "state": state}
        self._append(at, "event", body)

    def alive(self, at: datetime, state: str = "closed") -> None:
        """The door sends a heartbeat."""
        body = {
            "seq": self.event,
            "boot": "b1",
            "uptime_s": 1,
            "interval_s": 3600,
            "states": {"door": state},
        }
        self._append(at, "heartbeat", body)

    def _append(self, at: datetime, what: str, body: dict[str, object]) -> None:
        self.seq += 1
        row = journal.Row(
            micros(at),
            None,
            f"menshen/v1/{DOOR}/{what}",
            json.dumps(body).encode(),
            False,
            DOOR,
            None,
        )
        with self.database.writer() as connection, connection.begin():
            journal.append(connection, self.seq, micros(at), [row])

    def replay(self, since: datetime, until: datetime, **opening: float) -> list[Line]:
        """Replay under a policy that differs in this."""
        policy = Policy(opening=Opening(**opening))  # type: ignore[arg-type]
        with self.database.read() as connection:
            return replay(connection, self.keys, policy, since, until, make_decode)


def make_decode(settings: Settings) -> Decode:
    registry = standard(settings)
    return lambda topic, payload, retained: decode(topic, payload, retained, registry)


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    made = Past(tmp_path)
    yield made
    made.database.close()


def after(**passed: float) -> datetime:
    return DAY + timedelta(**passed)


def kinds(lines: list[Line]) -> list[tuple[Mark, str]]:
    return [(line.mark, line.text.reason) for line in lines]


def test_a_shorter_patience_would_have_told_more(past: Past) -> None:
    past.alive(after(minutes=-30))
    past.said(after(minutes=1), "open")
    past.said(after(minutes=3), "closed")
    patient = past.replay(DAY, after(minutes=10))
    hasty = past.replay(DAY, after(minutes=10), left_open_s=60)
    assert len(hasty) > len(patient) > 0
    assert all(line.mark is Mark.NEW for line in hasty)
    assert any(line.text.at == after(minutes=2) for line in hasty)
    assert all("南岭村3栋1203" in line.text.text for line in hasty)


def test_replaying_twice_says_the_same(past: Past) -> None:
    past.alive(after(minutes=-30))
    past.said(after(minutes=1), "open")
    assert past.replay(DAY, after(hours=2)) == past.replay(DAY, after(hours=2))


def test_a_replay_writes_nothing(past: Past) -> None:
    past.alive(after(minutes=-30))
    past.said(after(minutes=1), "open")
    with past.database.read() as connection:
        before = connection.exec_driver_sql("PRAGMA data_version").scalar()
        past.replay(DAY, after(hours=2))
        assert connection.exec_driver_sql("PRAGMA data_version").scalar() == before
        for table in (incidents, notices, transitions):
            assert connection.execute(table.select()).all() == []


def test_what_a_device_said_before_is_no_news_in_the_replay(past: Past) -> None:
    past.said(after(hours=-2), "open")
    past.alive(after(hours=-1), "open")
    past.alive(after(minutes=1), "open")
    assert past.replay(DAY, after(minutes=30)) == []


def test_a_permit_of_then_covers_the_opening(past: Past) -> None:
    past.alive(after(minutes=-30))
    past.said(after(minutes=1), "open")
    past.said(after(minutes=2), "closed")
    grant = {
        "id": "p",
        "watch": past.watch,
        "from_at": micros(DAY),
        "until_at": micros(after(hours=1)),
        "purpose": "meal",
        "granted_by": "t/l",
        "asked_by": b"",
        "is_late": False,
    }
    add(past, permits, grant)
    assert past.replay(DAY, after(minutes=10)) == []


def test_a_permit_that_was_revoked_before_covers_nothing(past: Past) -> None:
    past.alive(after(minutes=-30))
    past.said(after(minutes=5), "open")
    grant = {
        "id": "p",
        "watch": past.watch,
        "from_at": micros(DAY),
        "until_at": micros(after(hours=1)),
        "purpose": "meal",
        "granted_by": "t/l",
        "asked_by": b"",
        "is_late": False,
        "revoked_at": micros(after(minutes=2)),
    }
    add(past, permits, grant)
    assert past.replay(DAY, after(minutes=6)) != []


def test_a_silence_of_then_keeps_the_replay_quiet(past: Past) -> None:
    past.alive(after(minutes=-30))
    past.said(after(minutes=1), "open")
    past.said(after(minutes=1.5), "closed")
    asked = {
        "id": "s",
        "subject": past.watch,
        "from_at": micros(DAY),
        "until_at": micros(after(hours=1)),
        "by": "a",
        "why": b"w",
    }
    add(past, silences, asked)
    assert past.replay(DAY, after(minutes=10)) == []


def test_who_reported_in_then_reports_in_again(past: Past) -> None:
    past.alive(after(minutes=-30))
    past.said(after(minutes=1), "open")
    past.said(after(minutes=1.2), "closed")
    unanswered = past.replay(DAY, after(minutes=30))
    add(
        past,
        incidents,
        {
            "id": "i",
            "number": "4821",
            "matter": "departure",
            "subject": past.watch,
            "watch": past.watch,
            "team": "team-3",
            "severity": 1,
            "level": 1,
            "level_reason": "opened_unannounced",
            "state": "acknowledged",
            "headline": "opened",
            "opened_at": micros(after(minutes=1)),
            "since_at": micros(after(minutes=1)),
            "step": 0,
            "told": "[]",
            "acknowledgements": "[]",
            "homes_blind": 0,
            "reopened": 0,
        },
    )
    add(
        past,
        transitions,
        {
            "incident": "i",
            "to_state": "acknowledged",
            "reason": "replied",
            "actor": "team-3/worker",
            "decided_at": micros(after(minutes=4)),
            "detail": "",
        },
    )
    answered = past.replay(DAY, after(minutes=30))
    assert [line.text.reason for line in unanswered].count("no_acknowledgement") > 0
    assert "no_acknowledgement" not in [line.text.reason for line in answered]


def test_what_was_sent_stands_beside_what_would_be(past: Past) -> None:
    past.alive(after(minutes=-30))
    past.said(after(minutes=1), "open")
    would = past.replay(DAY, after(minutes=2))[0]
    for id_, at in (("n1", would.text.at), ("n2", after(minutes=1.5))):
        add(
            past,
            notices,
            {
                "id": id_,
                "contact": would.text.contact,
                "watch": past.watch,
                "kind": would.text.kind,
                "severity": 1,
                "text": past.keys.seal(past.watch, "【门神】…"),
                "reason": "opened_unannounced",
                "created_at": micros(at),
                "expires_at": micros(at),
                "state": "delivered",
                "next_at": micros(at),
            },
        )
    lines = past.replay(DAY, after(minutes=2))
    assert [line.mark for line in lines].count(Mark.SAME) == 1
    assert [line.text.text for line in lines if line.mark is Mark.GONE] == ["【门神】…"]


def test_texts_are_paired_once_by_person_kind_and_time() -> None:
    at = DAY
    one = Text(at, "t/w", "alarm", "r", "")
    near = Text(at + timedelta(seconds=9), "t/w", "alarm", "r", "")
    late = Text(at + timedelta(seconds=30), "t/w", "alarm", "r", "")
    other = Text(at, "t/d", "alarm", "r", "")
    answer = Text(at, "t/w", "answer", "r", "")
    marks = [line.mark for line in compare([one, near, answer], [near, late, other, answer])]
    assert sorted(marks) == [Mark.NEW, Mark.GONE, Mark.GONE, Mark.SAME]


def test_the_first_record_of_a_time_is_found(past: Past) -> None:
    with past.database.read() as connection:
        assert first_seq_at(connection, DAY) == 1
    for minute in range(20):
        past.alive(after(minutes=minute))
    with past.database.read() as connection:
        for minute, seq in ((-1, 1), (7, 8), (7.5, 9), (999, 21)):
            assert first_seq_at(connection, after(minutes=minute)) == seq


def add(past: Past, table: Table, row: dict[str, object]) -> None:
    with past.database.writer() as connection, connection.begin():
        connection.execute(insert(table), [row])
