"""The administration of InfluxDB 2, and of 1.8 by InfluxQL, in memory: buckets, tokens, clock.

influx = InfluxAdmin(); influx.reach(config).write(...); influx.tokens[0].may
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import httpx

from gateway.config import Config
from gateway.export.influx import Influx

ORG = "0a1b2c3d4e5f6071"


class Token(NamedTuple):
    """A token that was made, and what it may do with which bucket."""

    token: str
    may: frozenset[tuple[str, str]]


@dataclass
class InfluxAdmin:
    """One InfluxDB."""

    version: str = "2.7.11"
    now: datetime | None = None  # of its clock; None: it does not say
    buckets: dict[str, int] = field(default_factory=dict)  # seconds kept, 0 for ever; by name
    tokens: list[Token] = field(default_factory=list)
    knows_others: bool = True  # the token in use sees other tokens
    refuses: dict[str, int] = field(default_factory=dict)  # status by path
    is_down: bool = False
    lines: list[bytes] = field(default_factory=list)

    def reach(self, config: Config, token: str | None = None, timeout_s: float = 1.0) -> Influx:
        """Return a client of it."""
        set_up = config.influx
        influx = Influx(set_up.url, set_up.org, set_up.bucket, token or "t", None, timeout_s)
        influx.close()
        web = httpx.MockTransport(self._answer)
        influx._web = httpx.Client(base_url=set_up.url, transport=web)
        return influx

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectError("refused")
        path = request.url.path
        if path in self.refuses:
            return httpx.Response(self.refuses[path], json={"message": "unauthorized access"})
        headers = {"X-Influxdb-Version": f"v{self.version}"}
        if self.now is not None:
            headers["Date"] = format_datetime(self.now.astimezone(UTC), usegmt=True)
        if path == "/ping":
            return httpx.Response(204, headers=headers)
        if path == "/api/v2/write":
            return self._write(request)
        if path == "/query":
            asked = parse_qs(request.content.decode())["q"][0]
            return httpx.Response(200, json={"results": [self._ask(asked)]})
        return self._administer(request.method, path, request)

    def _write(self, request: httpx.Request) -> httpx.Response:
        if request.url.params["bucket"] not in self.buckets:
            return httpx.Response(404, json={"message": "bucket not found"})
        lines = gzip.decompress(request.content).split(b"\n")
        self.lines += [line for line in lines if not line.startswith(b"#")]
        return httpx.Response(204)

    def _administer(self, method: str, path: str, request: httpx.Request) -> httpx.Response:
        name = request.url.params.get("name", "")
        body: dict[str, Any] = json.loads(request.content) if request.content else {}
        match method, path:
            case "GET", "/api/v2/orgs":
                return httpx.Response(200, json={"orgs": [{"id": ORG}]})
            case "GET", "/api/v2/buckets":
                found = [self._bucket(name)] if name in self.buckets else []
                return httpx.Response(200, json={"buckets": found})
            case "POST", "/api/v2/buckets":
                self.buckets[body["name"]] = _seconds(body)
                return httpx.Response(201, json={"id": f"id-{body['name']}"})
            case "PATCH", _ if path.startswith("/api/v2/buckets/"):
                self.buckets[path.rpartition("/id-")[2]] = _seconds(body)
                return httpx.Response(200, json={})
            case "GET", "/api/v2/authorizations":
                listed = [{"id": each.token} for each in self.tokens if self.knows_others]
                return httpx.Response(200, json={"authorizations": listed})
            case "POST", "/api/v2/authorizations":
                return httpx.Response(201, json={"token": self._make_token(body)})
        return httpx.Response(404, json={"message": "path not found"})

    def _bucket(self, name: str) -> dict[str, Any]:
        rules = [{"type": "expire", "everySeconds": self.buckets[name]}]
        return {"id": f"id-{name}", "name": name, "retentionRules": rules}

    def _make_token(self, asked: dict[str, Any]) -> str:
        token = f"token-{len(self.tokens)}-secret"
        may = frozenset(
            (each["action"], each["resource"]["id"].removeprefix("id-"))
            for each in asked["permissions"]
            if each["resource"]["type"] == "buckets" and each["resource"]["orgID"] == ORG
        )
        assert len(may) == len(asked["permissions"]), asked
        self.tokens.append(Token(token, may))
        return token

    def _ask(self, influxql: str) -> dict[str, Any]:
        """Answer one statement of InfluxDB 1."""
        named = re.findall(r'"([^"]+)"', influxql)
        if influxql.startswith("CREATE DATABASE"):
            self.buckets.setdefault(named[0], 0)
        elif influxql.startswith("ALTER RETENTION"):
            [days] = re.findall(r" DURATION (\d+)d", influxql)[:1]
            self.buckets[named[1]] = int(days) * 86_400
        elif influxql.startswith("SHOW RETENTION"):
            if named[0] not in self.buckets:
                return {"error": f"database not found: {named[0]}"}
            hours = self.buckets[named[0]] // 3600
            row = ["autogen", f"{hours}h0m0s" if hours else "0s", True]
            columns = ["name", "duration", "default"]
            return {"series": [{"columns": columns, "values": [row]}]}
        elif influxql == "SHOW USERS" and not self.knows_others:
            return {"error": "not authorized"}
        return {}


def _seconds(body: dict[str, Any]) -> int:
    return sum(int(rule["everySeconds"]) for rule in body["retentionRules"])
