"""The simulated modem as others meet it: a serial port, a program, a control socket."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import serial

from firmware_sim.modem_control import OrderError
from firmware_sim.modem_run import SimulatedModem
from firmware_sim.modem_world import Settings
from firmware_sim.phones import phones_from
from tests.fakes.sim_modem_bench import LI, SUBMIT, SUBMIT_LENGTH

NOTICE = "回复 1 4821"
PHONES = [{"name": "Li", "number": LI, "answers": [{"after_s": 30, "verb": 1}]}]


@contextmanager
def port_at(link: Path) -> Iterator[serial.Serial]:
    with serial.Serial(str(link), 115200, timeout=5, exclusive=True) as port:
        yield port


def ask(port: serial.Serial, line: str) -> bytes:
    port.write(line.encode() + b"\r")
    return bytes(port.read_until(b"OK\r\n"))


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[SimulatedModem]:
    settings = Settings(family="SIM7600", phones=phones_from(PHONES), speed=100, air_s=0.01)
    with SimulatedModem(tmp_path / "ports" / "modem", settings) as running:
        yield running


def test_pyserial_sends_a_text_and_reads_the_reply(modem: SimulatedModem) -> None:
    with port_at(modem.link) as port:
        assert ask(port, "ATE0").endswith(b"\r\nOK\r\n")
        ask(port, "AT+CMGF=0")
        body = NOTICE.encode("utf-16-be")
        tpdu = bytes.fromhex("21000D91683119325476F80008") + bytes([len(body)]) + body
        port.write(b"AT+CMGS=%d\r" % len(tpdu))
        assert port.read_until(b"> ") == b"\r\n> "
        port.write(b"00" + tpdu.hex().upper().encode() + b"\x1a")
        assert port.read_until(b"OK\r\n") == b"\r\n+CMGS: 0\r\n\r\nOK\r\n"
        assert port.read_until(b",0\r\n") == b'\r\n+CMTI: "SM",0\r\n'
    assert modem.wait_for("text")["text"] == NOTICE
    assert modem.wait_for("reply")["text"] == "1 4821"


def test_a_listing_longer_than_the_kernel_buffers_arrives_whole(modem: SimulatedModem) -> None:
    for _ in range(50):
        modem.text_from(LI, "水" * 70)
    modem.ask(lambda world: world.advance(world.agenda.now_s + 1))
    with port_at(modem.link) as port:
        ask(port, "ATE0")
        listing = ask(port, "AT+CMGL=4")
    assert listing.count(b"+CMGL:") == 50
    assert len(listing) > 16_000


def test_unplugging_ends_the_port_and_plugging_makes_a_new_one(modem: SimulatedModem) -> None:
    with port_at(modem.link) as port:
        modem.order(do="unplug")
        assert not modem.link.is_symlink()
        with pytest.raises(serial.SerialException):
            port.read(1)
    modem.order(do="plug")
    modem.ask(lambda world: world.advance(world.agenda.now_s + 1))
    with port_at(modem.link) as port:
        assert ask(port, "ATE0").endswith(b"\r\nOK\r\n")


def test_a_wrong_order_is_refused_by_name(modem: SimulatedModem) -> None:
    with pytest.raises(OrderError, match="did you mean 'unplug'"):
        modem.order(do="unplugg")
    with pytest.raises(OrderError, match="'from'"):
        modem.order(do="text", text="1 4821")


@contextmanager
def program(tmp_path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(
        f'[[phones]]\nname = "Li"\nnumber = "{LI}"\nanswers = [{{after_s = 1, verb = 1}}]\n',
        encoding="utf-8",
    )
    command = "import sys; from firmware_sim.modem_cli import main; sys.exit(main(sys.argv[1:]))"
    base = ["--link", str(tmp_path / "modem"), "--phones", str(scenario), "--air-ms", "5"]
    with subprocess.Popen(
        [sys.executable, "-c", command, *base, *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()


def event(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_program_says_ready_and_leaves_nothing_behind(
    tmp_path: Path, how: signal.Signals
) -> None:
    control = tmp_path / "control"
    with program(tmp_path, "--control", str(control)) as process:
        assert event(process) == {"event": "ready", "link": str(tmp_path / "modem")}
        assert (tmp_path / "modem").is_symlink()
        process.send_signal(how)
        assert process.wait(5) == 0
    assert not (tmp_path / "modem").is_symlink()
    assert not control.exists()


def test_the_program_prints_texts_and_replies(tmp_path: Path) -> None:
    with program(tmp_path, "--speed", "100", "--family", "sim7600") as process:
        event(process)
        with port_at(tmp_path / "modem") as port:
            ask(port, "ATE0")
            port.write(b"AT+CMGS=%d\r" % SUBMIT_LENGTH)
            port.read_until(b"> ")
            port.write(SUBMIT.encode() + b"\x1a")
            port.read_until(b"OK\r\n")
        assert event(process) == {"event": "report", "to": LI, "mr": 0, "status": 0}
        assert event(process) == {
            "event": "text",
            "to": LI,
            "name": "Li",
            "text": "水浸告警😀",
            "parts": 1,
        }


def test_orders_and_events_go_over_the_control_socket(tmp_path: Path) -> None:
    control = tmp_path / "control"
    with (
        program(tmp_path, "--control", str(control)) as process,
        socket.socket(socket.AF_UNIX) as client,
    ):
        event(process)
        client.settimeout(5)
        client.connect(str(control))
        lines = client.makefile("rw", encoding="utf-8")

        def order(text: str) -> dict[str, Any]:
            lines.write(text + "\n")
            lines.flush()
            answered: dict[str, Any] = json.loads(lines.readline())
            return answered

        assert order('{"do": "state"}')["family"] == "EC25"
        assert order('{"do": "text", "from": "Li", "text": "1 4821"}')["event"] == "done"
        assert order('{"do": "fault", "fault": "cms-error=38,count=1"}')["event"] == "done"
        assert "did you mean 'slow'" in order('{"do": "fault", "fault": "slo"}')["why"]
        assert order("[1, 2]")["event"] == "refused"
        assert order("not json")["event"] == "refused"
        assert order('{"do": "unplug"}') == {"event": "unplugged"}
        assert json.loads(lines.readline()) == {"event": "done", "do": "unplug"}
        assert event(process) == {"event": "unplugged"}


def test_a_wrong_argument_is_said_on_stderr(tmp_path: Path) -> None:
    command = "import sys; from firmware_sim.modem_cli import main; sys.exit(main(sys.argv[1:]))"
    for wrong, said in (
        (["--family", "SIM900"], "did you mean SIM800L"),
        (["--fault", "silense"], "did you mean 'silence'"),
        (["--phones", "atlantis"], "no scenario 'atlantis'"),
    ):
        ran = subprocess.run(
            [sys.executable, "-c", command, "--link", str(tmp_path / "modem"), *wrong],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert ran.returncode == 2
        assert said in ran.stderr
