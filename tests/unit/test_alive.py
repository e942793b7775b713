"""A container's gateway that is unwell is said to be; one that hangs is killed, and not before."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gateway import tls
from gateway.stack import alive
from gateway.stack.alive import PATIENCE_S, check


class Watched:
    """A gateway that answers what it is told to."""

    def __init__(self, home: Path) -> None:
        self.says: bool | None = True
        self.kills = 0
        self._file = home / "silent-since"

    def look(self, at_s: float) -> int:
        return check(lambda: self.says, self._file, at_s, self._kill)

    def _kill(self) -> None:
        self.kills += 1


def test_a_gateway_that_hangs_is_killed_once_it_was_silent_for_long(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    assert watched.look(0) == 0
    watched.says = None
    assert watched.look(60) == 1
    assert watched.look(60 + PATIENCE_S - 1) == 1
    assert watched.kills == 0
    assert watched.look(60 + PATIENCE_S) == 1
    assert watched.kills == 1
    assert watched.look(60 + PATIENCE_S + 1) == 1
    assert watched.kills == 1


def test_one_answer_in_between_begins_the_silence_anew(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    for at_s in range(0, 3 * int(PATIENCE_S), int(PATIENCE_S) // 2):
        watched.says = None if at_s % PATIENCE_S else False
        assert watched.look(at_s) == 1
    assert watched.kills == 0


def test_only_gateways_are_found_among_processes(tmp_path: Path) -> None:
    for pid, line in {
        "7": b"/opt/menshen/bin/python\0-m\0gateway\0/var/lib/menshen/menshen.toml\0",
        "8": b"/opt/menshen/bin/python\0-m\0gateway.stack.alive\0https://x\0",
        "1": b"/sbin/docker-init\0--\0menshen\0run\0",
        "9": b"",
    }.items():
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cmdline").write_bytes(line)
    assert list(alive.gateways(tmp_path)) == [7]


class Answering(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    tls.create(tmp_path / "tls", "test", (), datetime.now(UTC))
    server = HTTPServer(("127.0.0.1", 0), Answering)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls" / tls.WEB)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/healthz"
    server.shutdown()
    thread.join()
    server.server_close()


def test_well_unwell_and_no_answer_are_three_things(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca_file = str(tmp_path / "tls" / tls.AUTHORITY)
    assert alive.ask(page, ca_file) is True
    monkeypatch.setattr(Answering, "status", 503)
    assert alive.ask(page, ca_file) is False
    assert alive.ask("https://127.0.0.1:1/healthz", ca_file) is None
    assert alive.ask(page, str(tmp_path / "none")) is None
