"""What phones wrote is remembered across a kill: from the inbox to the engine, and back again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from alerts.channels.base import IncomingText
from alerts.model import IncidentState, NoticeKind
from alerts.reason import Reason
from alerts.tables import incidents, notices, texts_in
from gateway.inbox import Inbox
from tests.fakes.shell import MemoryBroker, PlainSealer, Shell, event_of, later
from tests.fakes.street import CountedDraws

POLICE = "+8613900000003"
T = TypeVar("T")
Start = Callable[[], Shell]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a gateway at whose home the seal breaks; once killed, another on its database."""
    broker, draws, shells = MemoryBroker(), CountedDraws(), list[Shell]()

    def start() -> Shell:
        shell = Shell(tmp_path / "m.db", broker, draws=draws)
        later(shell, 60 * len(shells))
        shell.start()
        shells.append(shell)
        for seq, state in enumerate(("applied", "broken"), 1):
            broker.publish(*event_of("seal-1", seq, state))
        shell.settle()
        return shell

    yield start
    for shell in shells:
        shell.connection.close()
        shell.database.close()


def writes(shell: Shell, text: str) -> str:
    """A text arrives from the phone of the police; return what was answered."""
    before = len(shell.rows(notices))
    _inbox(shell).receive(IncomingText("modem", POLICE, text, later(shell, 1)))
    answers = [each for each in shell.rows(notices)[before:] if each.kind == NoticeKind.ANSWER]
    return "".join(each.text.decode().partition("|")[2] for each in answers)


def _inbox(shell: Shell) -> Inbox:
    def call(job: Callable[[Connection], T]) -> Future[T]:
        with shell.in_transaction():
            return _done(job(shell.connection))

    return Inbox(
        call=call,
        turn=lambda job: _done(job(shell.connection)),
        reply=shell.pipeline.reply,
        sealer=PlainSealer(),
        contacts=lambda phone: ("team-1/police-day",) if phone == POLICE else (),
        unreachable=lambda _connection, _incident: None,
        now=lambda: shell.now,
        salt=b"salt",
        received=lambda _: None,
    )


def _done(result: T) -> Future[T]:
    done: Future[T] = Future()
    done.set_result(result)
    return done


def test_a_phone_that_guessed_is_ignored_still_after_a_kill(start: Start) -> None:
    shell = start()
    number = shell.rows(incidents)[0].number
    for wrong in range(1000, 1005):
        last = writes(shell, f"1 {wrong}")
    assert "不受理您的短信" in last
    shell.kill()
    again = start()
    assert writes(again, f"1 {number}") == ""
    assert again.rows(texts_in)[-1].reason == Reason.IGNORED
    assert again.rows(incidents)[0].state == IncidentState.OPEN
    later(again, 30 * 60)
    assert "已记您报到" in writes(again, f"1 {number}")


def test_answers_that_were_used_up_are_used_up_still(start: Start) -> None:
    shell = start()
    assert all(writes(shell, f"? {each}") for each in range(3))
    shell.kill()
    again = start()
    assert writes(again, "?") == ""
    assert again.rows(texts_in)[-1].reason == Reason.NOT_A_REPLY
