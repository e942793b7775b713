"""Points on their way: cut to size, refused ones found, and no server that is ill loses any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.export.backoff import LONGEST_S, Backoff
from gateway.export.schema import Bucket
from gateway.export.shipping import MARGIN, REFUSES_ALL, Shipper
from gateway.export.verdict import Answer, Verdict

NOW_NS = 1_795_000_000 * 10**9
KEEP = {bucket: timedelta(days=10) for bucket in Bucket}


class Server:
    """Takes lines together unless one of them is bad, or all are too long together."""

    def __init__(
        self, is_bad: Callable[[bytes], bool] = lambda _: False, most_bytes: int = 10**9
    ) -> None:
        self.is_bad = is_bad
        self.most_bytes = most_bytes
        self.written: list[bytes] = []
        self.posts = 0
        self.fails_after = 10**9

    def write(self, bucket: Bucket, lines: Sequence[bytes]) -> Answer:
        self.posts += 1
        if self.posts > self.fails_after:
            return Answer(Verdict.OUTAGE, "503", 7.0)
        if sum(map(len, lines)) > self.most_bytes:
            return Answer(Verdict.TOO_LARGE, "413")
        if any(map(self.is_bad, lines)):
            return Answer(Verdict.REFUSED, "400 bad")
        self.written += lines
        return Answer(Verdict.WRITTEN)


def lines(count: int, at_ns: int = NOW_NS) -> list[bytes]:
    """So many points, each told by its number."""
    return [b"m,n=%d v=1i %d" % (number, at_ns) for number in range(count)]


@given(st.integers(1, 300), st.data())
def test_exactly_the_bad_lines_are_refused_and_all_others_written(
    count: int, data: st.DataObject
) -> None:
    points = lines(count)
    most = min(count, REFUSES_ALL - 1)
    bad = data.draw(st.sets(st.sampled_from(points), max_size=most))
    server = Server(bad.__contains__)
    shipped = Shipper(server, KEEP).ship({Bucket.HOMES: points}, NOW_NS)
    assert shipped.obstacle is None
    assert [each.line for each in shipped.refused] == [each for each in points if each in bad]
    assert set(server.written) == set(points) - bad
    assert shipped.written == count - len(bad)


def test_many_bad_lines_before_the_first_good_one_are_found_all_the_same() -> None:
    points = lines(400)
    server = Server(set(points[:100]).__contains__)
    shipped = Shipper(server, KEEP).ship({Bucket.HOMES: points}, NOW_NS)
    assert shipped.obstacle is None
    assert [each.line for each in shipped.refused] == points[:100]
    assert set(server.written) == set(points[100:])


def test_a_server_that_refuses_everything_is_ill_and_no_line_is_set_aside() -> None:
    server = Server(lambda _: True)
    shipped = Shipper(server, KEEP).ship({Bucket.HOMES: lines(2000)}, NOW_NS)
    assert shipped.obstacle == Answer(Verdict.REFUSED, "400 bad")
    assert not server.written
    assert server.posts < 150


def test_a_server_that_refuses_one_line_after_the_other_is_ill_too() -> None:
    server = Server(lambda _: True)
    shipper = Shipper(server, KEEP)
    found = [shipper.ship({Bucket.HOMES: lines(1)}, NOW_NS) for _ in range(REFUSES_ALL + 5)]
    assert sum(len(each.refused) for each in found) <= REFUSES_ALL
    assert found[-1].obstacle is not None
    server.is_bad = lambda _: False
    assert shipper.ship({Bucket.HOMES: lines(1)}, NOW_NS).obstacle is None


def test_what_is_too_large_together_goes_in_parts_and_the_size_is_remembered() -> None:
    points = lines(1000)
    server = Server(most_bytes=20_000)
    shipper = Shipper(server, KEEP)
    assert shipper.ship({Bucket.HOMES: points}, NOW_NS).written == 1000
    assert sorted(server.written) == sorted(points)
    server.posts = 0
    shipper.ship({Bucket.HOMES: points}, NOW_NS)
    assert server.posts <= 4


def test_a_line_too_large_by_itself_is_refused() -> None:
    long = b'm,n=x v="' + b"x" * 50_000 + b'" %d' % NOW_NS
    server = Server(most_bytes=20_000)
    shipped = Shipper(server, KEEP).ship({Bucket.HOMES: [*lines(9), long]}, NOW_NS)
    assert [each.line for each in shipped.refused] == [long]
    assert shipped.written == 9


def test_an_outage_in_the_middle_ends_the_batch_with_what_the_server_asks() -> None:
    server = Server()
    server.fails_after = 1
    points = {Bucket.HOMES: lines(9000)}
    assert Shipper(server, KEEP).ship(points, NOW_NS).obstacle == Answer(Verdict.OUTAGE, "503", 7.0)
    assert server.posts == 2


def test_what_is_older_than_is_kept_is_left_out_unless_the_clock_is_not_to_be_believed() -> None:
    kept_ns = int((timedelta(days=10) - MARGIN).total_seconds()) * 10**9
    young, old = lines(1, NOW_NS - kept_ns), lines(1, NOW_NS - kept_ns - 1)
    server = Server()
    shipped = Shipper(server, KEEP).ship({Bucket.HOMES: young + old + [b""]}, NOW_NS)
    assert server.written == young
    assert shipped.too_old == 1
    assert Shipper(Server(), KEEP).ship({Bucket.HOMES: young + old}, None).written == 2


# ---- pauses ----


def test_pauses_double_up_to_five_minutes_and_begin_anew_after_a_success() -> None:
    backoff = Backoff(lambda: 0.0)
    outage = Answer(Verdict.OUTAGE)
    pauses = [backoff.after(outage) for _ in range(11)]
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-1] == LONGEST_S
    backoff.reset()
    assert backoff.after(outage) == 1


def test_no_two_gateways_come_back_at_once() -> None:
    outage = Answer(Verdict.OUTAGE)
    assert Backoff(lambda: 0.0).after(outage) == 1
    assert Backoff(lambda: 0.8).after(outage) == pytest.approx(1.2)


def test_what_the_server_asks_is_waited_for() -> None:
    assert Backoff(lambda: 0.0).after(Answer(Verdict.OUTAGE, "429", 40.0)) == 40


@pytest.mark.parametrize("verdict", [Verdict.UNAUTHORIZED, Verdict.NOT_FOUND])
def test_what_a_person_has_to_mend_is_tried_every_minute(verdict: Verdict) -> None:
    backoff = Backoff(lambda: 0.0)
    assert [backoff.after(Answer(verdict)) for _ in range(3)] == [60, 60, 60]
