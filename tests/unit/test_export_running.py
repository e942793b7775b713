"""The thread of export: it begins again whatever happens in it, and holds nobody up."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from gateway.config import load
from gateway.export.influx import Verdict
from gateway.export.reaching import reach
from gateway.export.running import BUSY_PER_S, ExportThread, Traffic
from gateway.export.schema import Bucket
from gateway.settings import SettingsError
from gateway.writer import WriterStoppedError
from tests.fakes.fault_wait import until
from tests.fakes.gateway import NOW
from tests.fakes.influx import Influx2


@dataclass
class Cycles:
    """An exporter that does as the test says."""

    act: Callable[[], float]
    woken: threading.Event = field(default_factory=threading.Event)
    failures: int = 0
    cycles: int = 0
    forgotten: int = 0
    saved: int = 0
    closed: int = 0

    def cycle(self, now: datetime) -> float:
        self.cycles += 1
        return self.act()

    def forget(self) -> None:
        self.forgotten += 1

    def save(self, now: datetime) -> None:
        self.saved += 1

    def wake(self) -> None:
        self.woken.set()

    def close(self) -> None:
        self.closed += 1


def thread_of(exporter: Cycles, again_s: float = 0.0) -> ExportThread:
    return ExportThread(exporter, lambda: NOW, (again_s, again_s))


def test_it_saves_and_ends_at_once_from_a_long_pause() -> None:
    exporter = Cycles(lambda: 300.0)
    thread = thread_of(exporter)
    thread.start()
    until(lambda: exporter.cycles, "a cycle")
    began = time.monotonic()
    thread.stop()
    assert time.monotonic() - began < 0.9
    assert (exporter.cycles, exporter.saved, exporter.closed) == (1, 1, 1)


def test_an_answer_that_never_comes_does_not_hold_up_the_end() -> None:
    answered = threading.Event()
    exporter = Cycles(lambda: float(answered.wait(60)))
    thread = thread_of(exporter)
    thread.start()
    until(lambda: exporter.cycles, "a cycle")
    began = time.monotonic()
    thread.stop()
    assert time.monotonic() - began < 2
    answered.set()
    until(lambda: exporter.closed, "the end")


def test_to_wake_it_ends_its_pause() -> None:
    exporter = Cycles(lambda: 300.0)
    thread = thread_of(exporter)
    thread.start()
    until(lambda: exporter.cycles, "a cycle")
    exporter.wake()
    until(lambda: exporter.cycles == 2, "another cycle")
    thread.stop()


def test_a_failure_of_its_own_is_counted_and_it_begins_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> float:
        if exporter.cycles < 3:
            raise RuntimeError("a defect")
        return 300.0

    exporter = Cycles(fail)
    thread = thread_of(exporter)
    thread.start()
    until(lambda: exporter.cycles == 3, "cycles after failures")
    thread.stop()
    assert (exporter.failures, exporter.forgotten, exporter.saved) == (2, 2, 1)
    assert "a defect" in caplog.text


def test_it_ends_with_the_writer() -> None:
    def ended() -> float:
        raise WriterStoppedError("ended")

    exporter = Cycles(ended)
    thread_of(exporter).start()
    until(lambda: exporter.closed, "the end")
    assert (exporter.cycles, exporter.failures) == (1, 0)


def test_it_steps_back_for_many_messages_and_for_those_that_wait() -> None:
    messages, at, is_behind = [0], [0.0], [False]
    traffic = Traffic(lambda: messages[0], lambda: is_behind[0], lambda: at[0])
    assert not traffic.is_busy()
    messages[0], at[0] = BUSY_PER_S * 2 + 1, 2.0
    assert traffic.is_busy()
    messages[0], at[0] = messages[0] + 10, 2.5
    assert traffic.is_busy()  # a second is not over yet
    at[0] = 3.0
    assert not traffic.is_busy()
    is_behind[0] = True
    assert traffic.is_busy()


# ---- where nothing is exported ----


def test_a_gateway_that_exports_nothing_loads_no_client() -> None:
    loaded = (
        "import sys, gateway.app;"
        "print([each for each in ('httpx', 'gateway.export.influx', 'gateway.export.exporter')"
        " if each in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", loaded], capture_output=True, check=True)
    assert said.stdout.strip() == b"[]"


@pytest.mark.parametrize(
    ("influx", "wrong"),
    [
        ('url = ""', "set influx.url"),
        ('url = "http://127.0.0.1:port"', "influx.url: .*Invalid port"),
        ('url = "https://127.0.0.1:8086"\nca_file = "odd"', "influx.ca_file"),
    ],
)
def test_settings_that_lead_nowhere_are_told_at_the_start(
    tmp_path: Path, influx: str, wrong: str
) -> None:
    (tmp_path / "odd").write_text("门神", encoding="utf-8")
    (tmp_path / "menshen.toml").write_text(f"[influx]\n{influx}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=wrong):
        reach(load(tmp_path / "menshen.toml"))


@pytest.mark.parametrize("file", ["none", "odd", "empty", "good"])
def test_a_token_is_read_for_each_request_and_a_file_without_one_is_no_outage(
    tmp_path: Path, file: str
) -> None:
    (tmp_path / "odd").write_text("门神", encoding="utf-8")
    (tmp_path / "empty").touch()
    with Influx2("http://127.0.0.1:1") as server:
        (tmp_path / "menshen.toml").write_text(
            f'[influx]\nurl = "{server.url}"\ntoken_file = "{file}"\n', encoding="utf-8"
        )
        with closing(reach(load(tmp_path / "menshen.toml"))) as influx:
            assert influx.write(Bucket.HOMES, [b"m v=1i 1"]).verdict is Verdict.UNAUTHORIZED
            (tmp_path / file).write_text(server.token, encoding="utf-8")
            server.fails(1, 404)
            assert influx.write(Bucket.HOMES, [b"m v=1i 1"]).verdict is Verdict.NOT_FOUND
