"""InfluxDB 2 as the gateway sees it, thinly translated to the engine behind; and made to fail.

    with Influx2(engine.url) as influx: influx.url, .token, .org, .fails(3, 503, retry_after_s=1),
    .drops(n), .hangs(n), .is_down = True, .refuses.add("in a line"), .requests["/api/v2/write"]

It proves the wire and what InfluxQL returns; not InfluxDB 2's rights, nor its own messages. Tests
that are to run against a real InfluxDB 2 as well take `tests.fakes.influx_target`.
`python -m tests.fakes.influx ENGINE_URL PORT` runs it as a process.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import threading
import time
from collections import Counter, deque
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

WRITE = "/api/v2/write"
_PRECISIONS = {"ns": "n", "us": "u", "ms": "ms", "s": "s"}
_CODES = {400: "invalid", 401: "unauthorized", 404: "not found", 413: "request too large"}
_PREDICATE = re.compile(r'^\s*"?(\w+)"?\s*=\s*"([^"]*)"\s*$')


class _Fault(NamedTuple):
    code: int  # 0: no answer
    retry_after_s: float | None = None
    hangs: bool = False


class Influx2:
    """Listens on a port of its own until its block ends; every request is counted by its path."""

    def __init__(
        self,
        upstream: str,
        token: str = "the-token-of-this-test",
        *,
        is_translated: bool = True,
        port: int = 0,
    ) -> None:
        """`is_translated`: the engine behind is InfluxDB 1; else it is passed everything as is."""
        self.token = token
        self.org = "menshen"
        self.version = "v2.7.11"
        """What it says it is; "1.8.10" has the client speak to /query alone."""
        self.is_translated = is_translated
        self.is_down = False
        self.refuses: set[str] = set()
        self.longest_body = 25_000_000
        self.delay_s = 0.0
        self.requests: Counter[str] = Counter()
        self.lines_offered = 0
        self._faults: deque[_Fault] = deque()
        self._upstream = urlsplit(upstream)
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    # ---- faults, of the next writes ----

    def fails(self, times: int, code: int, retry_after_s: float | None = None) -> None:
        """Answer the next writes with this status."""
        self._faults.extend([_Fault(code, retry_after_s)] * times)

    def drops(self, times: int) -> None:
        """Take the next writes in, write them, and close the connection without an answer."""
        self._faults.extend([_Fault(0)] * times)

    def hangs(self, times: int) -> None:
        """Take the next writes in and never answer."""
        self._faults.extend([_Fault(0, hangs=True)] * times)

    def is_well(self) -> None:
        """End all faults."""
        self._faults.clear()
        self.refuses.clear()
        self.is_down = False

    # ---- for the handler ----

    def fault(self) -> _Fault | None:
        """Return what is to go wrong with this write."""
        return self._faults.popleft() if self._faults else None

    def hang(self) -> None:
        """Wait until the end."""
        self._closing.wait(60)

    def connect(self) -> HTTPConnection:
        """Open a connection to the engine."""
        return HTTPConnection(self._upstream.hostname or "", self._upstream.port, timeout=120)


def _handler(influx: Influx2) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        pass

    Handler.influx = influx
    return Handler


class _Handler(BaseHTTPRequestHandler):
    influx: Influx2
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    engine: HTTPConnection | None = None

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def finish(self) -> None:
        if self.engine is not None:
            self.engine.close()
        super().finish()

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    # ---- one request ----

    def _answer(self, method: str) -> None:
        body = self._read()
        split = urlsplit(self.path)
        asked = dict(parse_qsl(split.query))
        self.influx.requests[split.path] += 1
        if self.influx.is_down:
            self._cut()
        elif split.path in ("/ping", "/health"):
            self._say(204 if split.path == "/ping" else 200, b"")
        elif self.headers.get("Authorization") not in (
            f"Token {self.influx.token}",
            f"Bearer {self.influx.token}",
        ):
            self._error(401, "unauthorized access")
        elif split.path == WRITE and (fault := self._refusal(body)) is not None:
            self._fail(fault, asked, body)
        elif not self.influx.is_translated:
            self._pass_on(method, self.path, body)
        elif split.path == WRITE:
            self._say_v2(*self._write(asked, body))
        elif split.path == "/query":
            self._pass_on(method, self.path, body)
        elif split.path == "/api/v2/delete":
            self._say_v2(*self._delete(asked, json.loads(body)))
        elif split.path == "/api/v2/orgs":
            found = [{"id": "0rg", "name": asked.get("org", "")}]
            self._say_json(200, {"orgs": found if asked.get("org") == self.influx.org else []})
        elif split.path.startswith("/api/v2/buckets"):
            self._buckets(method, split.path, asked, body)
        else:
            self._error(404, "path not found")

    def _refusal(self, body: bytes) -> _Fault | None:
        """Return what is to go wrong with this write, with its lines counted."""
        if self.influx.delay_s:
            time.sleep(self.influx.delay_s)
        if len(body) > self.influx.longest_body:
            return _Fault(413)
        if not self.influx.refuses:
            return self.influx.fault()
        lines = self._plain(body).decode().splitlines()
        self.influx.lines_offered += len(lines)
        bad = [line for line in lines if any(text in line for text in self.influx.refuses)]
        return _Fault(400) if bad else self.influx.fault()

    def _fail(self, fault: _Fault, asked: dict[str, str], body: bytes) -> None:
        if fault.hangs:
            self.influx.hang()
            self._cut()
        elif fault.code == 0:
            if self.influx.is_translated:
                self._write(asked, body)
            self._cut()
        else:
            headers = (
                {} if fault.retry_after_s is None else {"Retry-After": f"{fault.retry_after_s:g}"}
            )
            self._error(fault.code, "made to fail", headers)

    # ---- the translation ----

    def _write(self, asked: dict[str, str], body: bytes) -> tuple[int, bytes]:
        database, _, policy = asked.get("bucket", "").partition("/")
        to = {"db": database, "precision": _PRECISIONS[asked.get("precision", "ns")]}
        if policy:
            to["rp"] = policy
        return self._ask_engine("POST", f"/write?{urlencode(to)}", body)

    def _delete(self, asked: dict[str, str], wanted: dict[str, str]) -> tuple[int, bytes]:
        said = _PREDICATE.match(wanted.get("predicate", ""))
        if not said:
            return 400, b'{"error":"bad predicate"}'
        drop = f"DROP SERIES WHERE \"{said[1]}\" = '{said[2]}'"
        status, answer = self._influxql(drop, asked.get("bucket", ""))
        return (204, b"") if status == 200 else (status, answer)

    def _buckets(self, method: str, path: str, asked: dict[str, str], body: bytes) -> None:
        wanted = json.loads(body) if body else {}
        name = wanted.get("name") or path.removeprefix("/api/v2/buckets").lstrip("/")
        seconds = sum(each["everySeconds"] for each in wanted.get("retentionRules", []))
        kept = f"DURATION {seconds}s" if seconds else "DURATION INF"
        if method == "GET":
            found = [each for each in self._databases() if each["name"] == asked.get("name")]
            self._say_json(200, {"buckets": found})
        elif method == "POST":
            self._influxql(f'CREATE DATABASE "{name}"')
            self._influxql(f'ALTER RETENTION POLICY "autogen" ON "{name}" {kept} SHARD DURATION 1d')
            self._say_json(201, {"id": name, "name": name})
        elif method == "PATCH":
            self._influxql(f'ALTER RETENTION POLICY "autogen" ON "{name}" {kept} SHARD DURATION 1d')
            self._say_json(200, {"id": name, "name": name})
        else:
            self._influxql(f'DROP DATABASE "{name}"')
            self._say(204, b"")

    def _databases(self) -> list[dict[str, Any]]:
        _, answer = self._influxql("SHOW DATABASES")
        [series] = json.loads(answer)["results"][0]["series"]
        return [{"id": name, "name": name} for [name] in series.get("values", [])]

    def _influxql(self, statement: str, database: str = "") -> tuple[int, bytes]:
        asked = urlencode({"db": database, "q": statement})
        return self._ask_engine("POST", f"/query?{asked}", b"")

    # ---- the engine ----

    def _pass_on(self, method: str, path: str, body: bytes) -> None:
        status, answer = self._ask_engine(method, path, body)
        self._say(status, answer)

    def _ask_engine(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        names = ("Content-Encoding", "Content-Type", "Authorization", "Accept")
        headers = {name: self.headers[name] for name in names if name in self.headers}
        if self.influx.is_translated:
            headers.pop("Authorization")
        try:
            answer = self._over_kept_connection(method, path, body, headers)
            return answer.status, answer.read()
        except (OSError, HTTPException) as error:
            if self.engine is not None:
                self.engine.close()
            self.engine = None
            return 503, json.dumps({"error": f"the engine is away: {error}"}).encode()

    def _over_kept_connection(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> HTTPResponse:
        self.engine = self.engine or self.influx.connect()
        self.engine.request(method, path, body, headers)
        return self.engine.getresponse()

    # ---- the wire ----

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _plain(self, body: bytes) -> bytes:
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _cut(self) -> None:
        self.close_connection = True

    def _say_v2(self, status: int, answer: bytes) -> None:
        """Answer as InfluxDB 2 does, what InfluxDB 1 said."""
        if status < 300:
            self._say(status, answer)
            return
        self._error(status, json.loads(answer or b"{}").get("error", "unknown"))

    def _error(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        code = _CODES.get(status, "unavailable" if status >= 500 else "internal error")
        self._say_json(status, {"code": code, "message": message}, headers)

    def _say_json(
        self, status: int, answer: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        self._say(status, json.dumps(answer).encode(), headers)

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("X-Influxdb-Version", self.influx.version)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)


if __name__ == "__main__":
    with Influx2(sys.argv[1], port=int(sys.argv[2])) as running:
        running._thread.join()
