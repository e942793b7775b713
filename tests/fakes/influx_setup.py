"""An InfluxDB 2 that nobody has set up yet: setup, organisation, buckets and tokens, in memory.

    with FreshInflux() as influx: influx.url, .is_set_up, .tokens, .buckets, .is_down

It keeps what it is told and looks at the token of each request; points it does not take.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

ORG_ID = "0000000000000001"


@dataclass
class FreshInflux:
    """Listens on a port of its own until its block ends."""

    is_down: bool = False
    is_set_up: bool = False
    admin: dict[str, str] = field(default_factory=dict)
    """What it was set up with."""
    buckets: dict[str, int] = field(default_factory=dict)
    """Seconds that each keeps what it has."""
    tokens: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """What each token but the first may: action and bucket."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def forget(self) -> None:
        """Be fresh again, as when its volume was removed."""
        self.is_set_up = False
        self.buckets.clear()
        self.tokens.clear()

    def answer(
        self, method: str, path: str, token: str, asked: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        if self.is_down:
            return 503, {"message": "starting"}
        if path == "/api/v2/setup":
            return self._setup(method, body)
        if path == "/ping":
            return 204, {}
        if not self.is_set_up or token != f"Token {self.admin['token']}":
            return 401, {"message": "unauthorized access"}
        if path == "/api/v2/orgs":
            return 200, {"orgs": [{"id": ORG_ID}] * (asked["org"] == self.admin["org"])}
        if path == "/api/v2/authorizations" and method == "POST":
            return self._authorize(body)
        if path.startswith("/api/v2/buckets"):
            return self._bucket(method, path, asked, body)
        return 404, {"message": f"path not found: {path}"}

    def _setup(self, method: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if method == "GET":
            return 200, {"allowed": not self.is_set_up}
        if self.is_set_up:
            return 422, {"message": "onboarding has already been completed"}
        self.admin, self.is_set_up = body, True
        self.buckets[body["bucket"]] = 0
        return 201, {}

    def _authorize(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        token = secrets.token_urlsafe()
        self.tokens[token] = {
            (each["action"], each["resource"]["id"]) for each in body["permissions"]
        }
        return 201, {"token": token}

    def _bucket(
        self, method: str, path: str, asked: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """Look for, make or change a bucket; its name is its id."""
        name = asked.get("name") or body.get("name") or path.removeprefix("/api/v2/buckets/")
        if method == "GET":
            return 200, {"buckets": [{"id": name}] if name in self.buckets else []}
        self.buckets[name] = body["retentionRules"][0]["everySeconds"]
        return 200, {"id": name}


def _handler(influx: FreshInflux) -> type[BaseHTTPRequestHandler]:
    def respond(method: str) -> Callable[[BaseHTTPRequestHandler], None]:
        def answered(self: BaseHTTPRequestHandler) -> None:
            split = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = self.headers.get("Authorization", "")
            asked, body = dict(parse_qsl(split.query)), json.loads(raw or b"{}")
            status, said = influx.answer(method, split.path, token, asked, body)
            content = b"" if status == 204 else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("X-Influxdb-Version", "v2.9.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        return answered

    methods = {f"do_{each}": respond(each) for each in ("GET", "POST", "PATCH")}
    quiet = {"log_message": lambda *_: None}
    return type("Handler", (BaseHTTPRequestHandler,), {**methods, **quiet})
