"""The client: what helps against each answer, and nothing of a home in what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from gateway.broker import free_port
from gateway.export.influx import Influx, InfluxError, NotSupportedError, Verdict
from gateway.export.influx_admin import major_of
from gateway.export.schema import Bucket
from tests.fakes.influx import Influx2
from tests.fakes.loopback import Loopback

Reach = Callable[..., Influx]

LINE = b"observation,watch=a1 seq=1i 1795000000000000000"


@pytest.fixture
def server() -> Iterator[Influx2]:
    """One behind which there is no engine."""
    with Influx2(f"http://127.0.0.1:{free_port()}") as influx:
        yield influx


@pytest.fixture
def reach() -> Iterator[Reach]:
    """Make clients."""
    with ExitStack() as stack:

        def make(url: str, token: str = "the-token-of-this-test", timeout_s: float = 2.0) -> Influx:
            influx = Influx(url, "menshen", "menshen", token, None, timeout_s)
            return stack.enter_context(closing(influx))

        yield make


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (400, Verdict.REFUSED),
        (422, Verdict.REFUSED),
        (413, Verdict.TOO_LARGE),
        (401, Verdict.UNAUTHORIZED),
        (403, Verdict.UNAUTHORIZED),
        (404, Verdict.NOT_FOUND),
        (302, Verdict.NOT_FOUND),
        (200, Verdict.NOT_FOUND),  # a login page: nothing was written
        (429, Verdict.OUTAGE),
        (500, Verdict.OUTAGE),
        (503, Verdict.OUTAGE),
        (418, Verdict.OUTAGE),
    ],
)
def test_each_status_says_what_helps(
    server: Influx2, status: int, verdict: Verdict, reach: Reach
) -> None:
    server.fails(1, status)
    assert reach(server.url).write(Bucket.HOMES, [LINE]).verdict is verdict


def test_a_wrong_token_is_no_outage(server: Influx2, reach: Reach) -> None:
    assert reach(server.url, "wrong").write(Bucket.HOMES, [LINE]).verdict is Verdict.UNAUTHORIZED


def test_nobody_there_silence_and_a_cut_are_outages(server: Influx2, reach: Reach) -> None:
    nobody = reach(f"http://127.0.0.1:{free_port()}").write(Bucket.HOMES, [LINE])
    assert nobody.verdict is Verdict.OUTAGE
    assert "ConnectError" in nobody.detail
    server.hangs(1)
    assert reach(server.url, timeout_s=0.1).write(Bucket.HOMES, [LINE]).verdict is Verdict.OUTAGE
    server.is_down = True
    assert reach(server.url).write(Bucket.HOMES, [LINE]).verdict is Verdict.OUTAGE


def test_a_server_says_how_long_to_wait(server: Influx2, reach: Reach) -> None:
    influx = reach(server.url)
    server.fails(1, 503, retry_after_s=12)
    assert influx.write(Bucket.HOMES, [LINE]).retry_after_s == 12
    server.fails(1, 503, retry_after_s=10**9)
    assert influx.write(Bucket.HOMES, [LINE]).retry_after_s == 3600
    server.fails(1, 503)
    assert influx.write(Bucket.HOMES, [LINE]).retry_after_s is None


@pytest.mark.parametrize("written", ["soon", "-3", "", "Sat, 99 Nov 2026"])
def test_a_pause_that_cannot_be_read_is_none(written: str) -> None:
    assert _asks(written) is None


def test_a_pause_may_be_a_date() -> None:
    asked = _asks(format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True))
    assert asked is not None
    assert 90 < asked <= 100


def test_lines_that_a_server_quotes_are_not_repeated(reach: Reach) -> None:
    quoted = b"""{"code":"invalid","message":"unable to parse '%s': bad 'x'"}""" % LINE
    with Loopback(lambda _: (400, quoted)) as server:
        answer = reach(server.url).write(Bucket.HOMES, [LINE])
    assert "unable to parse" in answer.detail
    assert "a1" not in answer.detail


def test_an_answer_to_a_query_that_is_none_is_an_outage(reach: Reach) -> None:
    with Loopback(lambda _: (200, b"<html>")) as server, pytest.raises(InfluxError) as told:
        reach(server.url).query(Bucket.HOMES, "SELECT 1")
    assert told.value.verdict is Verdict.OUTAGE


def test_an_error_within_a_query_is_told(reach: Reach) -> None:
    body = b'{"results":[{"statement_id":0,"error":"database not found: x"}]}'
    with Loopback(lambda _: (200, body)) as server, pytest.raises(InfluxError) as told:
        reach(server.url).query(Bucket.HOMES, "SELECT 1")
    assert told.value.verdict is Verdict.NOT_FOUND


def test_a_version_that_deletes_nothing_says_what_can(server: Influx2, reach: Reach) -> None:
    server.version = "3.10.1"
    with pytest.raises(NotSupportedError, match="InfluxDB 2"):
        reach(server.url).erase(Bucket.HOMES, "a1")
    with pytest.raises(NotSupportedError, match="retention-period"):
        reach(server.url).prepare({Bucket.HOMES: timedelta(days=88)})


def test_what_is_no_id_never_comes_into_a_statement(server: Influx2, reach: Reach) -> None:
    with pytest.raises(ValueError, match="no id"):
        reach(server.url).erase(Bucket.HOMES, "a' OR 'x'='x")


def test_versions_are_read() -> None:
    assert [major_of(each) for each in ("1.8.10", "2.7.11", "3.10.1", "", "dev")] == [1, 2, 3, 2, 2]


def _asks(written: str) -> float | None:
    """Return what the client makes of a `Retry-After`."""
    import httpx

    from gateway.export.influx import _retry_after_s

    return _retry_after_s(httpx.Response(503, headers={"Retry-After": written}))
