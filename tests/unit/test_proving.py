"""When a test text is due, what it says that none came, and what its record keeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, create_engine, insert, update

from alerts.channels.base import IncomingText
from alerts.model import NoticeKind, NoticeState
from alerts.tables import micros, notices
from gateway import proofs
from gateway.proofs import Proof, Standing
from gateway.proving import AGAIN_AFTER_S, RETRY_AFTER_S, Verdict, due, judge
from gateway.schema.tables import metadata

ZONE = ZoneInfo("Asia/Shanghai")
NINE = time(9)
OURS = "+8613900755321"


def at(clock: str, day: int = 21) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def proven(sent: datetime) -> Standing:
    return Standing(Proof("a", sent, sent + timedelta(seconds=4), proofs.CAME_BACK))


def out(sent: datetime, reason: str = proofs.WAITING) -> Standing:
    return Standing(None, (Proof("a", sent, None, reason),))


# ---- when one is due ----


@pytest.mark.parametrize(
    ("now", "last", "is_due"),
    [
        (at("09:00"), at("09:00", 20), True),
        (at("08:59"), at("09:00", 20), False),
        (at("09:01"), at("09:00"), False),
        (at("23:59"), at("09:00"), False),
        (at("14:00"), at("09:00", 20), True),  # the gateway was off at nine
        (at("14:00"), at("14:00", 18), True),
        (at("08:00"), at("09:00", 19), True),  # yesterday's was missed
        (at("00:01"), at("09:00", 20), False),
    ],
)
def test_one_is_sent_a_day_and_a_missed_one_at_once(
    now: datetime, last: datetime, is_due: bool
) -> None:
    assert due(now, NINE, proven(last), Verdict.PROVEN) is is_due


def test_a_channel_that_never_proved_itself_does_so_at_once() -> None:
    assert due(at("03:00"), NINE, Standing(), Verdict.UNTRIED)


def test_while_one_is_waited_for_no_other_is_sent() -> None:
    sent = at("09:00")
    assert not due(sent + timedelta(hours=5), NINE, out(sent), Verdict.WAITING)


def test_one_that_did_not_go_out_is_tried_again_soon_and_later_once_an_hour() -> None:
    sent = at("09:00")
    failed = out(sent, "cms_38")
    soon, late = (timedelta(seconds=s) for s in (RETRY_AFTER_S, AGAIN_AFTER_S))
    assert not due(sent + soon - timedelta(seconds=1), NINE, failed, Verdict.WAITING)
    assert due(sent + soon, NINE, failed, Verdict.WAITING)
    assert not due(sent + soon, NINE, failed, Verdict.MISSING)
    assert due(sent + late, NINE, failed, Verdict.MISSING)
    assert due(sent + late, NINE, out(sent), Verdict.MISSING)


# ---- what it says ----


@pytest.mark.parametrize(
    ("standing", "waited_s", "verdict"),
    [
        (Standing(), 0.0, Verdict.UNTRIED),
        (proven(at("09:00")), 0.0, Verdict.PROVEN),
        (out(at("09:00")), 899.0, Verdict.WAITING),
        (out(at("09:00")), 900.0, Verdict.MISSING),
        (out(at("09:00"), "cms_38"), 900.0, Verdict.MISSING),
    ],
)
def test_a_test_text_is_missing_once_it_was_waited_for_long_enough(
    standing: Standing, waited_s: float, verdict: Verdict
) -> None:
    assert judge(standing, waited_s, 900.0) is verdict


# ---- the record ----


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as opened:
        yield opened


def came(text: str, sender: str = OURS) -> IncomingText:
    return IncomingText("gsm", sender, text, None)


def test_a_text_of_ours_with_the_token_is_proof_and_says_how_long_it_took(
    connection: Connection,
) -> None:
    proofs.begin(connection, "gsm", "7f3a09c2", at("09:00"))
    later = at("09:00") + timedelta(seconds=4.25)
    assert proofs.take(connection, came("测试 7f3a09c2"), {OURS}, later)
    standing = proofs.standing(connection, "gsm", later)
    assert standing.proven is not None
    assert (standing.proven.took_s, standing.proven.reason) == (4.25, proofs.CAME_BACK)
    assert standing.open == ()


def test_neither_a_strangers_text_nor_an_old_or_unknown_token_is_proof(
    connection: Connection,
) -> None:
    proofs.begin(connection, "gsm", "7f3a09c2", at("09:00"))
    now = at("09:01")
    assert not proofs.take(connection, came("测试 7f3a09c2", "+8613912345678"), {OURS}, now)
    assert not proofs.take(connection, came("测试 00000000"), {OURS}, now)
    assert not proofs.take(connection, came("1 4821"), {OURS}, now)
    assert not proofs.take(connection, came("7f3a09c2"), {OURS}, now + timedelta(days=3))
    assert proofs.standing(connection, "gsm", now).proven is None


def test_one_that_comes_back_twice_is_proof_once(connection: Connection) -> None:
    proofs.begin(connection, "gsm", "7f3a09c2", at("09:00"))
    assert proofs.take(connection, came("7f3a09c2"), {OURS}, at("09:01"))
    assert not proofs.take(connection, came("7f3a09c2"), {OURS}, at("09:02"))


def test_what_was_sent_after_the_last_that_arrived_stands_open_oldest_first(
    connection: Connection,
) -> None:
    for token, clock in (("a1", "08:00"), ("b2", "09:00"), ("c3", "10:00"), ("d4", "11:00")):
        proofs.begin(connection, "gsm", token, at(clock))
    proofs.begin(connection, "other", "e5", at("11:30"))
    assert proofs.take(connection, came("b2"), {OURS}, at("11:31"))
    standing = proofs.standing(connection, "gsm", at("12:00"))
    assert standing.proven is not None
    assert standing.proven.token == "b2"
    assert [each.token for each in standing.open] == ["c3", "d4"]


def test_a_row_of_a_clock_that_was_years_ahead_says_nothing(connection: Connection) -> None:
    proofs.begin(connection, "gsm", "a1", at("09:00").replace(year=2031))
    assert proofs.standing(connection, "gsm", at("09:00")) == Standing()


@pytest.mark.parametrize(
    ("state", "is_proof", "reason", "has_arrived"),
    [
        (NoticeState.DELIVERED, True, proofs.DELIVERED, True),
        (NoticeState.DELIVERED, False, proofs.WAITING, False),
        (NoticeState.SENT, True, proofs.WAITING, False),
        (NoticeState.FAILED_PERMANENT, False, "cms_38", False),
        (NoticeState.UNCONFIRMED, True, "cms_38", False),
    ],
)
def test_a_delivery_report_is_proof_only_where_the_text_went_to_somebody_else(
    connection: Connection, state: NoticeState, is_proof: bool, reason: str, has_arrived: bool
) -> None:
    proofs.begin(connection, "gsm", "a1", at("09:00"))
    connection.execute(insert(notices).values(_notice("a1")))
    connection.execute(
        update(notices).values(
            state=state, settled_at=micros(at("09:02")), end_reason="cms_38", lease_until=None
        )
    )
    proofs.take_reports(connection, "gsm", is_proof=is_proof)
    standing = proofs.standing(connection, "gsm", at("09:03"))
    found = standing.proven or standing.open[0]
    assert (found.reason, found.came_at is not None) == (reason, has_arrived)
    assert found.has_failed is (reason == "cms_38")


def _notice(token: str) -> dict[str, object]:
    moment = micros(at("09:00"))
    return {
        "id": proofs.notice_of(token),
        "contact": "gateway",
        "kind": NoticeKind.TEST,
        "severity": 0,
        "text": b"",
        "reason": "daily_test",
        "created_at": moment,
        "expires_at": moment,
        "state": NoticeState.SENDING,
        "next_at": moment,
    }
