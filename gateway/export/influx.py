"""InfluxDB over HTTP: line protocol in, InfluxQL out; each answer is told by what helps against it.

The same endpoints serve InfluxDB 1.8, 2 and 3. Synchronous: it runs in a thread of its own. Nothing
is kept and nothing tried again here (docs/adr/0027 has why there is no client library).
"""

from __future__ import annotations

import gzip
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from gateway.export import influx_admin
from gateway.export.schema import Bucket
from gateway.export.verdict import Answer, InfluxError, NotSupportedError, Verdict
from gateway.mqtt import trusting

__all__ = ["Answer", "Influx", "InfluxError", "NotSupportedError", "Series", "Verdict"]

ANSWER_WITHIN_S = 30.0
"""A write that was not answered by then is made again (ours: InfluxDB itself gives up after 10)."""
LONGEST_PAUSE_S = 3600.0
"""Of what `Retry-After` asks: a server whose clock is wrong may ask for years."""
LONGEST_DETAIL = 300
"""Characters kept of what a server says."""
_FAILURES = (httpx.HTTPError, OSError, UnicodeError)
"""What a request raises: no connection, and a host whose name no name server can be asked for."""


class Series(NamedTuple):
    """One series that a query returned; times in nanoseconds since 1970 UTC."""

    name: str
    tags: Mapping[str, str]
    columns: Sequence[str]
    values: Sequence[Sequence[Any]]


class Influx:
    """One InfluxDB."""

    def __init__(
        self,
        url: str,
        org: str,
        bucket: str,
        token: str | Callable[[], str],
        ca_file: Path | None = None,
        timeout_s: float = ANSWER_WITHIN_S,
    ) -> None:
        """`bucket`: what the names of buckets begin with; `token` may be asked at each request.

        Raises `SettingsError` for `ca_file`.
        """
        self.org = org
        self._bucket = bucket
        self._web = httpx.Client(
            base_url=url.rstrip("/"),
            auth=_authorized(token),
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 5.0)),
            verify=_tls(url, ca_file),
            trust_env=False,  # it is called where the settings say, whatever proxy others use
        )

    def close(self) -> None:
        """Close its connections."""
        self._web.close()

    def database(self, bucket: Bucket) -> str:
        """Return the name of a bucket, or of a database in InfluxDB 1."""
        return f"{self._bucket}_{bucket}"

    def write(self, bucket: Bucket, lines: Sequence[bytes]) -> Answer:
        """Write points; lines without line ends. Never raises for what a server does."""
        try:
            answer = self._web.post(
                "/api/v2/write",
                params={"org": self.org, "bucket": self.database(bucket), "precision": "ns"},
                content=gzip.compress(b"\n".join(lines), 1, mtime=0),
                headers={"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"},
            )
        except _FAILURES as error:
            return Answer(Verdict.OUTAGE, _why(error))
        # A login page or a proxy's own page answers 200: what InfluxDB took it answers with 204.
        if answer.status_code == 204:
            return Answer(Verdict.WRITTEN)
        return _verdict(answer)

    def query(self, bucket: Bucket, influxql: str) -> list[Series]:
        """Return the series of all statements, in order. Raises `InfluxError`."""
        return self.ask(influxql, self.database(bucket))

    def ask(self, influxql: str, database: str = "") -> list[Series]:
        """`query`, on any database or none. Raises `InfluxError`."""
        at = {"db": database, "epoch": "ns"} if database else {"epoch": "ns"}
        answer = self.call("POST", "/query", params=at, data={"q": influxql})
        try:
            said = msgspec.json.decode(answer.content, type=_Said)
        except msgspec.DecodeError as error:
            raise InfluxError(Verdict.OUTAGE, f"its answer cannot be read: {error}") from None
        for result in said.results:
            if result.error:
                raise InfluxError(_verdict_of_query(result.error), _short(result.error))
        return [
            Series(each.name, each.tags, each.columns, each.values)
            for result in said.results
            for each in result.series
        ]

    def version(self) -> str:
        """Return the server's version, such as `2.7.11`, "" where it says none.

        Raises `InfluxError`.
        """
        said: str = self.call("GET", "/ping").headers.get("X-Influxdb-Version", "")
        return said.removeprefix("v")

    def erase(self, bucket: Bucket, watch: str) -> None:
        """Delete every point of an order. Raises `InfluxError`, and `NotSupportedError` in 3."""
        influx_admin.erase(self, self.database(bucket), watch)

    def prepare(self, keep: Mapping[Bucket, timedelta]) -> None:
        """Create what is missing and set how long each bucket is kept; once more changes nothing.

        Raises `InfluxError`, and `NotSupportedError` in 3.
        """
        influx_admin.prepare(self, {self.database(bucket): kept for bucket, kept in keep.items()})

    def call(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Make any request; `sent` as httpx takes it. Raises `InfluxError` unless it succeeds."""
        try:
            answer = self._web.request(method, path, **sent)
        except _FAILURES as error:
            raise InfluxError(Verdict.OUTAGE, _why(error)) from error
        if not answer.is_success:
            raise InfluxError(*_verdict(answer))
        return answer


class _OneSeries(msgspec.Struct):
    name: str = ""
    tags: dict[str, str] = {}
    columns: list[str] = []
    values: list[list[Any]] = []


class _Result(msgspec.Struct):
    series: list[_OneSeries] = []
    error: str = ""


class _Said(msgspec.Struct):
    results: list[_Result] = []


class _Failure(msgspec.Struct):
    """What is wrong, as InfluxDB 2 and 1 (and 3) say it."""

    message: str = ""
    error: str = ""


def _authorized(token: str | Callable[[], str]) -> Callable[[httpx.Request], httpx.Request]:
    def add(request: httpx.Request) -> httpx.Request:
        if given := token if isinstance(token, str) else token():
            request.headers["Authorization"] = f"Token {given}"
        return request

    return add


def _tls(url: str, ca_file: Path | None) -> ssl.SSLContext | bool:
    if not url.startswith("https:"):
        return False  # to load what this machine trusts takes time and memory
    return trusting(ca_file, "influx.ca_file") if ca_file else ssl.create_default_context()


def _verdict(answer: httpx.Response) -> Answer:
    """Say what helps against an answer that is no success."""
    status = answer.status_code
    if status in (400, 422):
        verdict = Verdict.REFUSED
    elif status == 413:
        verdict = Verdict.TOO_LARGE
    elif status in (401, 403):
        verdict = Verdict.UNAUTHORIZED
    elif status in (404, 405) or answer.is_redirect or answer.is_success:
        verdict = Verdict.NOT_FOUND
    else:
        verdict = Verdict.OUTAGE
    return Answer(verdict, f"{status} {_told(answer)}".strip(), _retry_after_s(answer))


def _told(answer: httpx.Response) -> str:
    """Return what a server says is wrong, if it says it as InfluxDB does."""
    if answer.is_success:
        return "not the answer of an InfluxDB"
    try:
        said = msgspec.json.decode(answer.content, type=_Failure)
    except msgspec.DecodeError:
        return answer.reason_phrase
    return _short(said.message or said.error or answer.reason_phrase)


def _short(said: str) -> str:
    """Shorten it, and leave out lines that it quotes: they lead to homes."""
    return re.sub(r"'.*'", "'…'", said, flags=re.DOTALL)[:LONGEST_DETAIL]


def _verdict_of_query(error: str) -> Verdict:
    """Say what helps against the error of one statement, which comes with a 200."""
    return Verdict.NOT_FOUND if "not found" in error else Verdict.REFUSED


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")[:LONGEST_DETAIL]


def _retry_after_s(answer: httpx.Response) -> float | None:
    """Read `Retry-After`: seconds, or a date."""
    written = answer.headers.get("Retry-After", "")
    try:
        seconds = float(written) if written[:1].isdigit() else _seconds_to(written)
    except (ValueError, TypeError):
        return None
    return min(max(0.0, seconds), LONGEST_PAUSE_S)


def _seconds_to(date: str) -> float:
    at = parsedate_to_datetime(date)
    return (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
