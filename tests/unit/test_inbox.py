"""What people send is understood once, kept sealed, and comes again where it could not be kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from alerts.channels.base import DeliveryReport, IncomingText, Outcome
from alerts.channels.gsm.inbox import Kept
from alerts.commands import Answer
from alerts.model import IncidentId, NoticeKind, NoticeState, Severity
from alerts.reason import Reason
from alerts.strikes import Written
from alerts.tables import attempts, micros, notices, texts_in
from gateway.db import Database
from gateway.inbox import Inbox, Received, salt_of, written_since
from gateway.privacy import KeyStore
from gateway.writer import Writer

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
WORKER = "+8613900000001"
TEXT = IncomingText("modem", WORKER, "1 4821", NOW)


@dataclass
class Room:
    """An inbox on a real database, and what it was asked to do."""

    database: Database
    writer: Writer
    keys: KeyStore
    read: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    gone_on: list[IncidentId | None] = field(default_factory=list)
    shown: list[Received] = field(default_factory=list)
    refuses: bool = False

    def inbox(self) -> Inbox:
        return Inbox(
            call=self.writer.call,
            turn=self.writer.turn,
            reply=self.reply,
            sealer=self.keys,
            contacts=lambda phone: ("t/worker",) if phone == WORKER else (),
            unreachable=lambda _connection, incident: self.gone_on.append(incident),
            now=lambda: NOW,
            salt=self.writer.call(salt_of).result(),
            received=self.shown.append,
        )

    def reply(
        self, connection: Connection, contacts: tuple[str, ...], text: str, now: datetime
    ) -> Answer:
        if self.refuses:
            raise OSError("disk full")
        self.read.append((contacts, text))
        return Answer(bool(contacts), Reason.REPLIED if contacts else Reason.STRANGER, "")

    def rows(self) -> list[tuple[str, str, str]]:
        with self.database.read() as connection:
            return [
                (row.reason, self.keys.unseal("gateway", row.sender), row.contact)
                for row in connection.execute(select(texts_in))
            ]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    database = Database(tmp_path / "menshen.db")
    database.migrate()
    keys = KeyStore.create(tmp_path / "keys.json")
    keys.ensure(["gateway"])
    writer = Writer(database)
    writer.start().result(10)
    yield Room(database, writer, keys)
    writer.close()
    database.close()


def test_a_reply_is_read_once_though_the_modem_brings_it_twice(room: Room) -> None:
    inbox = room.inbox()
    inbox.receive(TEXT)
    inbox.receive(TEXT)
    assert room.read == [(("t/worker",), "1 4821")]
    assert room.rows() == [("replied", WORKER, "t/worker")]
    assert len(room.shown) == 1


@pytest.mark.parametrize("sender", ["10086", "1069000055", "CMCC", "+8613900000002"])
def test_a_service_or_our_own_sim_is_never_heard_though_the_homes_file_has_its_number(
    room: Room, sender: str
) -> None:
    entered = replace(room.inbox(), contacts=lambda _: ("t/x",), own_numbers={"+8613900000002"})
    entered.receive(IncomingText("modem", sender, "1 4821", NOW))
    assert room.read == [((), "1 4821")]
    assert room.rows() == [("stranger", sender, None)]


def test_what_people_wrote_of_late_is_found_again_for_counting(room: Room) -> None:
    room.inbox().receive(TEXT)
    room.inbox().receive(IncomingText("modem", "+8613777777777", "?", NOW))
    with room.database.read() as connection:
        assert written_since(connection, NOW - timedelta(hours=2)) == [
            Written("t/worker", "replied", NOW)
        ]
        assert written_since(connection, NOW) == []


def test_after_a_restart_it_is_still_known(room: Room) -> None:
    room.inbox().receive(TEXT)
    room.inbox().receive(TEXT)
    assert len(room.read) == 1


def test_where_it_could_not_be_kept_the_modem_keeps_it(room: Room) -> None:
    inbox = room.inbox()
    room.refuses = True
    with pytest.raises(OSError, match="disk full"):
        inbox.receive(TEXT)
    assert room.rows() == []
    room.refuses = False
    inbox.receive(TEXT)
    assert len(room.read) == 1


def test_a_strangers_words_are_kept_and_lie_sealed(room: Room, tmp_path: Path) -> None:
    room.inbox().receive(IncomingText("modem", "+8613777777777", "whose door is that", NOW))
    assert room.rows() == [("stranger", "+8613777777777", None)]
    room.writer.close()
    for file in tmp_path.glob("menshen.db*"):
        assert b"whose door" not in file.read_bytes()
        assert b"13777777777" not in file.read_bytes()


def test_what_is_no_text_is_kept_as_it_came(room: Room) -> None:
    room.inbox().keep(Kept("modem", "07911", "undecodable: short"))
    assert room.rows() == [("undecodable: short", "", None)]


@pytest.mark.parametrize(
    ("outcome", "gone_on"), [(Outcome.FAILED_PERMANENT, ["i1"]), (Outcome.DELIVERED, [])]
)
def test_a_report_that_a_text_cannot_be_delivered_hurries_the_next_step(
    room: Room, outcome: Outcome, gone_on: list[str]
) -> None:
    inbox = room.inbox()
    room.writer.call(_sent).result()
    inbox.receive(DeliveryReport("modem", "7", WORKER, outcome, "st_46"))
    assert room.gone_on == gone_on


def _sent(connection: Connection) -> None:
    connection.execute(
        insert(notices).values(
            id="n1",
            incident="i1",
            watch="w1",
            contact="t/worker",
            kind=NoticeKind.ALARM,
            severity=Severity.MAJOR,
            text=b"",
            reason="on_call",
            created_at=micros(NOW),
            expires_at=micros(NOW),
            state=NoticeState.SENT,
            next_at=micros(NOW),
        )
    )
    connection.execute(
        insert(attempts).values(
            notice="n1",
            channel="modem",
            started_at=micros(NOW),
            ended_at=micros(NOW),
            outcome=Outcome.SENT,
            reason="network_took_it",
            references='["7"]',
            detail="",
        )
    )
