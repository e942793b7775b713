"""What was sent, what it cost and whether it arrived, as the attempts say it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, create_engine, insert

from alerts import ledger
from alerts.budget import Spent
from alerts.channels.base import Outcome
from alerts.ledger import Line
from alerts.model import NoticeKind, NoticeState, Severity
from alerts.tables import attempts, metadata, micros, notices
from alerts.tries import BEGUN

ZONE = "Asia/Shanghai"
EVENING = datetime(2026, 11, 21, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
TODAY = date(2026, 11, 21)
PRICES = {"gsm": 10.0, "tencent": 4.5}


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def tried(
    connection: Connection,
    outcome: str = Outcome.SENT,
    at: datetime = EVENING,
    *,
    contact: str = "team-1/worker",
    channel: str = "gsm",
    parts: int = 1,
    reported: dict[str, str] | None = None,
) -> None:
    """Put one notice on record, with one attempt to send it."""
    id_ = f"n{connection.exec_driver_sql('SELECT count(*) FROM notices').scalar_one()}"
    connection.execute(
        insert(notices).values(
            id=id_,
            contact=contact,
            kind=NoticeKind.ALARM,
            severity=Severity.MAJOR,
            text=b"",
            reason="still_open",
            created_at=micros(at),
            expires_at=micros(at),
            state=NoticeState.SENT,
            next_at=micros(at),
        )
    )
    connection.execute(
        insert(attempts).values(
            notice=id_,
            channel=channel,
            started_at=micros(at),
            ended_at=micros(at),
            outcome=outcome,
            reason="r",
            references=json.dumps([str(part) for part in range(parts)]),
            detail="",
            reported=None if reported is None else json.dumps(reported),
            parts=parts,
        )
    )


def lines(connection: Connection) -> list[Line]:
    day = timedelta(days=1)
    return ledger.days(connection, EVENING - day, EVENING + day, ZONE, PRICES)


def test_a_line_for_each_local_day_team_and_channel(connection: Connection) -> None:
    tried(connection)
    tried(connection, at=EVENING + timedelta(minutes=1))
    tried(connection, contact="team-2/lead", parts=2)
    tried(connection, channel="tencent")
    assert [(each.day, each.team, each.channel, each.cost_fen) for each in lines(connection)] == [
        (TODAY, "team-1", "gsm", 10.0),
        (TODAY, "team-1", "tencent", 4.5),
        (TODAY, "team-2", "gsm", 20.0),
        (TODAY + timedelta(days=1), "team-1", "gsm", 10.0),
    ]


def test_each_text_is_counted_as_what_became_of_it(connection: Connection) -> None:
    delivered, failed = Outcome.DELIVERED.value, Outcome.FAILED_PERMANENT.value
    tried(connection)
    tried(connection, BEGUN)
    tried(connection, Outcome.DELIVERED)
    tried(connection, parts=2, reported={"0": delivered, "1": delivered})
    tried(connection, parts=2, reported={"0": delivered})
    tried(connection, parts=2, reported={"0": delivered, "1": failed})
    tried(connection, Outcome.UNCONFIRMED)
    tried(connection, Outcome.UNCONFIRMED, reported={"0": delivered})
    tried(connection, Outcome.FAILED_TEMPORARY, parts=0)
    (line,) = lines(connection)
    assert line == Line(
        *(TODAY, "team-1", "gsm"),
        texts=8,
        parts=11,
        cost_fen=110.0,
        delivered=3,
        unconfirmed=1,
        unknown=3,
        failed=2,
    )


def test_what_is_spent_today_counts_from_local_midnight_over_channels_that_cost(
    connection: Connection,
) -> None:
    tried(connection, parts=2)
    tried(connection, at=EVENING - timedelta(hours=23, minutes=58), parts=3)
    tried(connection, at=EVENING - timedelta(days=1), parts=5)
    tried(connection, channel="push", parts=7)
    tried(connection, at=EVENING + timedelta(hours=2), parts=11)  # a clock that was ahead
    midnight = EVENING + timedelta(minutes=1)
    assert ledger.spent_today(connection, EVENING, ZONE, {"gsm"}) == Spent(5, midnight)
    assert ledger.spent_today(connection, midnight, ZONE, {"gsm"}).parts == 0


def test_a_sim_learns_when_it_sent_how_many_parts(connection: Connection) -> None:
    tried(connection, parts=2)
    tried(connection, at=EVENING - timedelta(hours=1))
    tried(connection, at=EVENING - timedelta(days=2))
    tried(connection, channel="other")
    tried(connection, Outcome.FAILED_PERMANENT, parts=0)
    assert ledger.spent_by(connection, "gsm", EVENING - timedelta(days=1)) == [
        (EVENING - timedelta(hours=1), 1),
        (EVENING, 2),
    ]
