"""What was decided comes back as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from alerts import store
from alerts.changes import Changes
from alerts.model import (
    Acknowledgement,
    Condition,
    ConditionKind,
    Decision,
    Incident,
    IncidentState,
    Matter,
    Notice,
    NoticeKind,
    NoticeState,
    Permit,
    Role,
    Severity,
    Silence,
    Transition,
)
from alerts.reason import Reason
from alerts.tables import decisions, micros, notices, permits, silences, transitions
from tests.fakes.shell import MemoryBroker, PlainSealer, Shell
from tests.fakes.street import local

NOW = local("14:32")

CONDITION = Condition(
    "c1",
    ConditionKind.OPENED,
    "w1",
    "w1",
    "door-1",
    "main",
    NOW,
    Reason.OPENED_UNANNOUNCED,
    "detail",
    incident="i1",
    journal_seq=7,
)
INCIDENT = Incident(
    "i1",
    "4821",
    Matter.DEPARTURE,
    "w1",
    "w1",
    "team-1",
    Severity.MAJOR,
    2,
    Reason.STILL_OPEN,
    IncidentState.ACKNOWLEDGED,
    ConditionKind.LEFT_OPEN,
    NOW,
    NOW,
    NOW + timedelta(minutes=15),
    told=("team-1/worker-day",),
    acknowledgements=(Acknowledgement("team-1/worker-day", Role.WORKER, NOW, "sms"),),
)
NOTICE = Notice(
    "n1",
    "i1",
    "w1",
    "team-1/worker-day",
    NoticeKind.ALARM,
    Severity.MAJOR,
    "【门神】…",
    Reason.STILL_OPEN,
    NOW,
    NOW + timedelta(hours=4),
)
PERMIT = Permit("p1", "w1", NOW, NOW + timedelta(hours=1), "meal", "team-1/lead", "son")
SILENCE = Silence("s1", "w1", NOW, NOW + timedelta(hours=1), "operator", "plumber")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path / "m.db", MemoryBroker())
    yield shell
    shell.kill()


def save(shell: Shell, **changed: Any) -> None:
    with shell.in_transaction():
        store.save(shell.connection, Changes(**changed), PlainSealer(), NOW)


def load(shell: Shell, after: timedelta = timedelta(0)) -> store.Standing:
    with shell.database.read() as connection:
        return store.load(connection, NOW + after)


def test_everything_comes_back_as_it_was(shell: Shell) -> None:
    save(shell, conditions=[CONDITION], incidents=[INCIDENT], permits=[PERMIT], silences=[SILENCE])
    standing = load(shell)
    assert standing.conditions == (CONDITION,)
    assert standing.incidents == (INCIDENT,)
    assert standing.permits == (replace(PERMIT, asked_by=""),)  # words for people stay sealed
    assert standing.silences == (replace(SILENCE, why=""),)
    assert standing.numbers == {"team-1": {"4821": ("i1", NOW)}}


def test_a_value_that_changed_twice_is_saved_as_it_was_left(shell: Shell) -> None:
    cleared = replace(CONDITION, cleared_at=NOW, clear_reason=Reason.CLOSED_AGAIN)
    save(shell, conditions=[CONDITION, cleared], incidents=[INCIDENT])
    save(shell, incidents=[replace(INCIDENT, step=1)])
    assert load(shell).conditions == (cleared,)
    assert load(shell).incidents == (replace(INCIDENT, step=1),)


def test_what_is_over_is_not_loaded(shell: Shell) -> None:
    reviewed = replace(INCIDENT, state=IncidentState.REVIEWED, reviewed_at=NOW)
    cleared = replace(CONDITION, cleared_at=NOW, clear_reason=Reason.CLOSED_AGAIN)
    save(shell, conditions=[cleared], incidents=[reviewed], permits=[PERMIT], silences=[SILENCE])
    assert load(shell).incidents == ()
    assert load(shell).conditions == (cleared,)  # it may still count as repeated
    late = load(shell, timedelta(days=2))
    assert (late.conditions, late.permits, late.silences) == ((), (), ())
    assert late.numbers == {"team-1": {"4821": ("i1", NOW)}}
    assert load(shell, timedelta(days=8)).numbers == {}


def test_a_notice_waits_sealed_from_now_on(shell: Shell) -> None:
    save(shell, notices=[NOTICE])
    (row,) = shell.rows(notices)
    assert row.text == "w1|【门神】…".encode()
    assert (row.state, row.leg, row.tries, row.is_resend) == (NoticeState.PENDING, 0, 0, False)
    assert row.next_at == row.created_at


@pytest.mark.parametrize(
    ("subject", "owner"),
    [("w1", "w1"), ("device:door-1", "gateway"), ("building:b3", "gateway")],
)
def test_words_given_for_a_permit_or_silence_are_sealed(
    shell: Shell, subject: str, owner: str
) -> None:
    save(shell, permits=[PERMIT], silences=[replace(SILENCE, subject=subject)])
    assert [row.asked_by for row in shell.rows(permits)] == [b"w1|son"]
    assert [row.why for row in shell.rows(silences)] == [f"{owner}|plumber".encode()]


def test_words_outlive_a_change_made_after_a_restart(shell: Shell) -> None:
    save(shell, permits=[PERMIT], silences=[SILENCE])
    (permit,), (silence,) = load(shell).permits, load(shell).silences
    later = NOW + timedelta(minutes=1)
    used, ended = replace(permit, used_at=later), replace(silence, ended_at=later)
    save(shell, permits=[used], silences=[ended])
    (row,) = shell.rows(permits)
    assert (row.asked_by, row.used_at) == (b"w1|son", micros(later))
    (row,) = shell.rows(silences)
    assert (row.why, row.ended_at) == (b"w1|plumber", micros(later))


# ---- who was told instead ----


def step(at: timedelta, *contacts: str, kind: NoticeKind = NoticeKind.ESCALATION) -> list[Notice]:
    return [
        replace(NOTICE, id=f"{at}-{each}", contact=each, kind=kind, created_at=NOW + at)
        for each in contacts
    ]


@pytest.mark.parametrize("end", [NoticeState.FAILED_PERMANENT, NoticeState.EXPIRED])
def test_a_notice_that_reached_nobody_names_whom_the_next_step_told(
    shell: Shell, end: NoticeState
) -> None:
    save(shell, notices=[replace(NOTICE, state=end)])
    save(shell, notices=step(timedelta(minutes=1), "t/update", kind=NoticeKind.UPDATE))
    save(shell, notices=step(timedelta(minutes=3), "t/lead", "t/police", NOTICE.contact))
    save(shell, notices=step(timedelta(minutes=6), "t/street"))
    instead = {row.id: row.instead for row in shell.rows(notices)}
    assert instead.pop("n1") == '["t/lead", "t/police"]'
    assert set(instead.values()) == {None}


def test_what_was_sent_or_superseded_had_no_need_of_anybody_instead(shell: Shell) -> None:
    sent = replace(NOTICE, id="n2", state=NoticeState.SENT)
    other = replace(NOTICE, id="n3", incident="i2", state=NoticeState.EXPIRED)
    superseded = replace(NOTICE, state=NoticeState.SUPERSEDED)
    save(shell, notices=[superseded, sent, other])
    save(shell, notices=step(timedelta(minutes=3), "t/lead"))
    assert [row.instead for row in shell.rows(notices)] == [None] * 4


def test_superseding_ends_what_waits_but_no_answer_and_nothing_of_this_change(
    shell: Shell,
) -> None:
    answer = replace(NOTICE, id="n2", kind=NoticeKind.ANSWER)
    other = replace(NOTICE, id="n3", incident="i2")
    sent = replace(NOTICE, id="n4", state=NoticeState.SENT)
    sending = replace(NOTICE, state=NoticeState.SENDING)
    save(shell, notices=[NOTICE, answer, other, sent])
    save(shell, notices=[replace(sending, id="n6"), replace(sending, id="n7")])
    with shell.in_transaction():
        counted = update(notices).where(notices.c.id == "n7").values(bundled_into="n6")
        shell.connection.execute(counted)
    save(shell, supersede=["i1"], notices=[replace(NOTICE, id="n5")])
    states = {row.id: row.state for row in shell.rows(notices)}
    assert states == {
        "n1": NoticeState.SUPERSEDED,
        "n2": NoticeState.PENDING,
        "n3": NoticeState.PENDING,
        "n4": NoticeState.SENT,
        "n5": NoticeState.PENDING,
        "n6": NoticeState.SENDING,
        "n7": NoticeState.SUPERSEDED,
    }


@pytest.mark.parametrize(
    ("before", "is_told"),
    [
        (replace(NOTICE, state=NoticeState.DELIVERED), True),
        (replace(NOTICE, state=NoticeState.UNCONFIRMED), True),
        (NOTICE, False),
        (replace(NOTICE, state=NoticeState.SUPERSEDED), False),
        (replace(NOTICE, state=NoticeState.SENT, contact="team-1/doctor-day"), False),
        (replace(NOTICE, state=NoticeState.SENT, incident="i2"), False),
    ],
)
def test_who_took_it_is_told_to_those_alone_who_were_told_of_it(
    shell: Shell, before: Notice, is_told: bool
) -> None:
    save(shell, notices=[before])
    save(shell, notices=[replace(NOTICE, id="taken", kind=NoticeKind.TAKEN)])
    (row,) = (row for row in shell.rows(notices) if row.id == "taken")
    assert (row.state, row.end_reason) == (
        (NoticeState.PENDING, None) if is_told else (NoticeState.SUPERSEDED, "never_told")
    )


def test_transitions_and_decisions_are_kept_in_order(shell: Shell) -> None:
    opened = Transition("i1", None, IncidentState.OPEN, Reason.STILL_OPEN, "system", NOW)
    taken = replace(opened, from_state=IncidentState.OPEN, to_state=IncidentState.ACKNOWLEDGED)
    why_not = Decision(Reason.PERMITTED, NOW, "w1", "door-1", 7, "p1")
    save(shell, transitions=[opened, taken], decisions=[why_not])
    with shell.database.read() as connection:
        states = connection.scalars(select(transitions.c.to_state).order_by(transitions.c.id))
        assert list(states) == ["open", "acknowledged"]
        (row,) = connection.execute(select(decisions))
        assert (row.reason, row.watch, row.journal_seq) == ("permitted", "w1", 7)


def test_every_form_of_a_notice_lies_sealed_and_what_has_time_waits(shell: Shell) -> None:
    morning = NOW + timedelta(hours=17)
    written = replace(NOTICE, short_text="short", fields={"place": "3栋1203"})
    save(shell, notices=[written, replace(written, id="n2", not_before_at=morning)])
    at_once, put_off = shell.rows(notices)
    said = json.loads(PlainSealer().unseal("w1", at_once.said))
    assert said == {"short": "short", "fields": {"place": "3栋1203"}}
    assert (at_once.next_at, at_once.held) == (micros(NOW), None)
    assert (put_off.next_at, put_off.held) == (micros(morning), "quiet_hours")


def test_what_is_retracted_is_who_has_it_and_what_had_time_and_nothing_else(shell: Shell) -> None:
    notices_ = {
        "alarm": NOTICE,
        "taken": replace(NOTICE, kind=NoticeKind.TAKEN),
        "put-off": replace(NOTICE, not_before_at=NOW + timedelta(hours=9)),
        "elsewhere": replace(NOTICE, kind=NoticeKind.TAKEN, incident="i2"),
    }
    sent = replace(NOTICE, state=NoticeState.SENT)
    save(shell, notices=[replace(sent, id=each, incident=each) for each in ("i1", "i2")])
    save(shell, notices=[replace(each, id=name) for name, each in notices_.items()])
    save(shell, retract=["i1"])
    ended = {each.id for each in shell.rows(notices) if each.state == NoticeState.SUPERSEDED}
    assert ended == {"taken", "put-off"}
