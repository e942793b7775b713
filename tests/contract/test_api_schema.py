"""What `/api/v1` says of itself is true of a whole running gateway, whatever it is sent."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from socket import create_server
from typing import Any, Self
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select

from alerts.tables import conditions, incidents, micros, notices, transitions
from gateway.app import Running, running
from gateway.privacy import KeyStore
from gateway.schema.tables import orders
from gateway.web.problem import MEDIA
from gateway.web.v1 import V1
from gateway.web.v1_door import LARGEST
from tests.fakes.registry import BUILDING, CODE, HOME, WORKER, config_of

READY_WITHIN_S = 30
CONFIG = """
[mqtt]
port = 1
username = "gateway"
password_file = "password"
[web]
port = {port}
[broker]
directory = "broker"
reload = ["true"]
"""
SCHEMATHESIS = """
seed = 20261121
continue-on-failure = true
color = false
headers = { Authorization = "${TOKEN}" }

[generation]
deterministic = true
max-examples = 3
database = "none"

[checks]
# What no schema can say makes a right shape wrong: a home that is not there, a span that goes
# backwards, a name that no device can have.
positive_data_acceptance.enabled = false

[parameters]
"path.ref" = "i1"
"path.login" = "screen"
"path.bridge" = "east"

[[operations]]
include-path = "/api/v1/registry/areas/{key}"
parameters = { "path.key" = "nanling" }

[[operations]]
include-path = "/api/v1/registry/homes/{key}"
parameters = { "path.key" = "440307006031203" }
"""
PERSONAL = "陈秀英13712345678"
NESTED = "[" * 100_000
BODIES = (
    *(f'{{"actor": {each}}}' for each in ("NaN", "1e999", "9" * 5_000, '"\\ud800"', '"\\u0000"')),
    *(
        "",
        "{",
        "null",
        "[]",
        '"x"',
        NESTED,
        '{"a":' * 50_000,
        "\ufeff{}",
        '{"actor":"a","actor":"b"}',
    ),
    json.dumps({PERSONAL: PERSONAL, "actor": [PERSONAL], "why": PERSONAL, "devices": PERSONAL}),
    json.dumps({"login": PERSONAL, "role": PERSONAL, "home": {PERSONAL: 1}, "from_at": PERSONAL}),
)
MEDIA_TYPES = (
    "application/json",
    "application/json; charset=utf-7",
    "text/plain",
    "multipart/x",
    "",
)


class Life:
    """A gateway without a broker, on an event loop of its own, with something to tell."""

    def __init__(self, folder: Path) -> None:
        self._listening = create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        (folder / "broker").mkdir()
        (folder / "password").write_text("the-gateway's-own", encoding="utf-8")
        self._config = config_of(folder, CONFIG.format(port=port))
        self.url = f"http://127.0.0.1:{port}"
        self.headers = {"Authorization": f"Bearer {self._config.token_file.read_text().strip()}"}
        self._is_ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._over, self._error = asyncio.Event(), None
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_ready.wait(READY_WITHIN_S)
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(READY_WITHIN_S)
        self._loop.close()

    async def _run(self) -> None:
        try:
            await self._live()
        except Exception as error:  # noqa: BLE001 - told to the thread that waits
            self._error = error
            self._is_ready.set()

    async def _live(self) -> None:
        async with running(self._config, listening=self._listening) as gateway:
            await self._happen(gateway)
            self._is_ready.set()
            await self._over.wait()

    async def _happen(self, gateway: Running) -> None:
        base, now = f"{self.url}{V1}", gateway.desk.now()
        async with httpx.AsyncClient(base_url=base, headers=self.headers, timeout=30) as client:
            for method, path, body in requests(now):
                (await client.request(method, path, json=body)).raise_for_status()
        with gateway.desk.read() as connection:
            watch = str(connection.scalar(select(orders.c.watch)))
        await gateway.desk.write(partial(_incident, keys=gateway.desk.keys, watch=watch, now=now))


def requests(now: datetime) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what is asked of a fresh gateway, each of it right."""
    span = {"from_at": now.isoformat(), "until_at": (now + timedelta(hours=1)).isoformat()}
    by = {"actor": "chen"}
    return [
        ("PUT", "/registry/areas/nanling", {"name": "南岭社区", "level": "community"}),
        ("PUT", "/registry/buildings/nl-3", {**BUILDING, "area": "nanling"}),
        ("PUT", "/registry/teams/team-3/worker", WORKER),
        ("PUT", f"/registry/homes/{CODE}", HOME),
        ("PUT", "/registry/devices/door-7f3a", {"house_code": CODE}),
        ("POST", "/permits", {"home": CODE, "purpose": "meal", "asked_by": "he", **by, **span}),
        ("POST", "/silences", {"kind": "home", "of": CODE, "why": "plumber", **by, **span}),
        ("POST", "/silences", {"kind": "device", "of": "door-7f3a", "why": "it", **by, **span}),
        ("POST", "/accounts", {"login": "chen", "role": "installer", "area": "nanling"}),
        ("POST", "/accounts", {"login": "screen", "role": "auditor", "kind": "service"}),
        ("POST", "/accounts/screen/tokens", {"rights": ["see_audit"], "area": ""}),
        ("POST", "/broker/devices", {"devices": ["door-7f3a"], **by}),
        ("POST", "/broker/bridges", {"bridge": "east", "bases": ["zigbee2mqtt"], **by}),
        ("POST", "/registry/device-states", {"device": "door-7f3a", "state": "mounted"}),
        ("POST", "/registry/exports", {"kind": "homes", "unmask": True, "why": "核对送餐地址"}),
        ("POST", f"/homes/{CODE}/record-code", {}),
    ]


def _incident(connection: Connection, keys: KeyStore, watch: str, now: datetime) -> None:
    at = micros(now)
    of = {"incident": "i1"}
    row = {"id": "i1", "number": "4821", "matter": "departure", "subject": watch, "watch": watch}
    row |= {"team": "team-3", "severity": 3, "level": 3, "level_reason": "still_open"}
    row |= {"state": "reviewed", "headline": "left_open", "opened_at": at, "since_at": at}
    row |= {"step": 0, "told": '["team-3/worker"]', "homes_blind": 0, "reopened": 0}
    taken = [{"contact": "team-3/worker", "role": "worker", "at": at, "by": "sms"}]
    row |= {"acknowledgements": json.dumps(taken), "reviewed_at": at}
    connection.execute(insert(incidents).values(**row))
    step = {"to_state": "open", "reason": "still_open", "actor": "system", "detail": ""}
    connection.execute(insert(transitions).values(**of, **step, decided_at=at))
    found = {"id": "c1", "kind": "left_open", "subject": watch, "part": "main", "detail": ""}
    found |= {"reason": "still_open", "device": "door-7f3a", "raised_at": at, "cleared_at": at}
    connection.execute(insert(conditions).values(**of, **found))
    said = {"id": "n1", "watch": watch, "contact": "team-3/worker", "kind": "opened"}
    said |= {"severity": 3, "text": keys.seal(watch, "words"), "reason": "still_open"}
    said |= {"created_at": at, "expires_at": at, "state": "delivered", "next_at": at}
    connection.execute(insert(notices).values(**of, **said))


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with Life(tmp_path_factory.mktemp("gateway")) as life:
        yield life


@pytest.mark.slow
@pytest.mark.timeout(330)
def test_schemathesis_finds_nothing(life: Life, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(SCHEMATHESIS, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{life.url}{V1}/openapi.json"],
        cwd=tmp_path,
        env={**os.environ, "TOKEN": life.headers["Authorization"]},
        capture_output=True,
        text=True,
        timeout=300,  # 40 s on two idle cores; a busy machine is no finding
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr


@pytest.fixture(scope="module")
def client(life: Life) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=life.url, headers=life.headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def operations(client: httpx.Client) -> list[tuple[str, str]]:
    described = client.get(f"{V1}/openapi.json").json()["paths"]
    return [(method, path) for path, each in described.items() for method in each]


TOKEN = st.text("abcABC019-_", min_size=1, max_size=12)
PRINTABLE = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")
)
STEPS = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.sampled_from([b"..", b"%00", b"a/b", b"\xff\xfe", "３栋".encode(), b"x" * 3_000, b"-1"]),
)


# the gateway lives in this process, and throws dice of its own meanwhile
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_what_no_schema_describes_is_answered_by_a_problem_that_repeats_nothing(
    client: httpx.Client, operations: list[tuple[str, str]], data: st.DataObject
) -> None:
    method, template = data.draw(st.sampled_from(operations))
    path = re.sub(r"\{\w+\}", lambda _: quote(data.draw(STEPS), safe=""), template)
    method = data.draw(st.sampled_from([method, method, method, "DELETE", "PATCH", "BREW"]))
    sent = {
        **data.draw(st.dictionaries(TOKEN, PRINTABLE, max_size=3)),
        "Cookie": data.draw(PRINTABLE),
    }
    sent["Content-Type"] = data.draw(st.sampled_from(MEDIA_TYPES))
    if data.draw(st.booleans()):
        sent["Idempotency-Key"] = data.draw(PRINTABLE)
    headers = {name: value.strip().encode("latin-1") for name, value in sent.items()}
    body = data.draw(st.sampled_from(BODIES)).encode()
    answer = client.request(method.upper(), path, headers=headers, content=body)
    assert answer.status_code < 500, answer.text
    if answer.is_error and answer.url.path.startswith(f"{V1}/"):  # steps like `..` may lead out
        assert answer.headers["content-type"] == MEDIA
        assert PERSONAL not in answer.json()["detail"] + str(answer.json()["errors"])
        assert answer.json()["status"] == answer.status_code


ODD = ["\\ud800", "\\u0000", "\\u202e\\n", "9" * 20_000, "' OR 1=1 --", "1e400", "../..", "%00"]


@pytest.mark.parametrize("odd", ODD, ids=map(str, range(len(ODD))))
def test_an_odd_word_in_a_right_request_is_no_fault_of_the_gateway(
    client: httpx.Client, odd: str
) -> None:
    for method, path, body in requests(datetime.now(UTC)):
        for field, value in body.items():
            put = '["%s"]' if isinstance(value, list) else '"%s"'
            left = json.dumps({name: each for name, each in body.items() if name != field})
            written = f'{left[:-1]}{", " if len(body) > 1 else ""}"{field}": {put % odd}}}'
            headers = {"Content-Type": "application/json", "Idempotency-Key": "again"}
            answer = client.request(method, V1 + path, content=written, headers=headers)
            assert answer.status_code < 500, (path, field, answer.text)


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"x" * (LARGEST + 1), "application/json", 413),
        (b"{}", "text/plain", 415),
        (b"{", "application/json", 422),
        (NESTED.encode(), "application/json", 400),
    ],
)
@pytest.mark.parametrize("is_announced", [True, False], ids=["announced", "chunked"])
def test_a_body_that_is_not_read_is_refused_by_what_is_wrong_with_it(
    client: httpx.Client, body: bytes, media: str, status: int, is_announced: bool
) -> None:
    content = body if is_announced else iter([body[:9], body[9:]])
    answer = client.post(f"{V1}/permits", content=content, headers={"Content-Type": media})
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == MEDIA
