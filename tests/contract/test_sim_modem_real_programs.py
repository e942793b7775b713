"""Unmodified modem programs send and receive through the simulated modem.

That they can is necessary, not sufficient: `test_sim_modem_bytes` asserts what they overlook.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_sim.modem_run import SimulatedModem
from firmware_sim.modem_world import Settings
from firmware_sim.phones import phones_from
from tests.fakes.programs import need

NUMBER = "+8613912345678"
LONG = "【门神】南岭村3栋1203 门开超3分钟未报备 14:32起 证据2级 " * 2 + "😀 回复 1 4821"
PHONES = [{"number": NUMBER, "answers": [{"after_s": 0.1, "verb": 1}]}]


@contextmanager
def modem(tmp_path: Path, family: str) -> Iterator[SimulatedModem]:
    settings = Settings(family=family, phones=phones_from(PHONES), air_s=0.01)
    with SimulatedModem(tmp_path / "modem", settings) as running:
        yield running


@contextmanager
def daemon(command: list[str], log: Path) -> Iterator[None]:
    """A program that runs until the block is over."""
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def eventually(find: Callable[[], str | None], timeout_s: float = 40) -> str:
    """What `find` finds, as soon as it does: these programs poll, and tell nobody."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = find()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not found within {timeout_s} s")


def read_text(path: Path) -> str:
    """A file as these programs write them: UTF-16 with a mark or after a header, or UTF-8."""
    octets = path.read_bytes()
    header, _, body = octets.partition(b"\n\n")
    if b"Alphabet: UCS2" in header:  # smsd, for what it put together from parts
        return header.decode() + body.decode("utf-16-be", "replace")
    is_utf16 = octets[:2] in (b"\xff\xfe", b"\xfe\xff")
    return octets.decode("utf-16" if is_utf16 else "utf-8", "replace")


def file_with(directory: Path, content: str) -> Callable[[], str | None]:
    def find() -> str | None:
        texts = (read_text(each) for each in sorted(directory.iterdir()))
        return next((text for text in texts if content in text), None)

    return find


def run_gammu(tmp_path: Path, *arguments: str) -> str:
    config = tmp_path / "gammurc"
    config.write_text(f"[gammu]\nport = {tmp_path / 'modem'}\nconnection = at115200\n")
    ran = subprocess.run(
        [need("gammu"), "-c", str(config), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_gammu_sends_a_multipart_chinese_text_with_an_emoji_reads_the_reply_and_deletes_it(
    tmp_path: Path,
) -> None:
    with modem(tmp_path, "EC25") as running:
        send = ["sendsms", "TEXT", NUMBER, "-unicode", "-report", "-autolen", "300", "-text", LONG]
        assert "message reference=1" in run_gammu(tmp_path, *send)
        assert running.wait_for("text")["text"] == LONG
        running.wait_for("report", mr=1, status=0)

        running.wait_for("reply", text="1 4821")
        running.text_from(NUMBER, LONG)
        listed = run_gammu(tmp_path, "geteachsms")
        assert "1 4821" in listed
        assert LONG in listed

        run_gammu(tmp_path, "deleteallsms", "3")
        assert running.order(do="state")["stores"]["ME"] == 0


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_gammu_sends_a_gsm7_text_and_reads_the_reply_from_a_modem_that_counts_from_one(
    tmp_path: Path,
) -> None:
    with modem(tmp_path, "SIM800L") as running:
        sent = run_gammu(tmp_path, "sendsms", "TEXT", NUMBER, "-text", "door [open] 1 4821")
        assert "message reference=0" in sent
        assert running.wait_for("text")["text"] == "door [open] 1 4821"
        running.wait_for("reply")
        assert "1 4821" in run_gammu(tmp_path, "getsms", "1", "1")


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_smsd_sends_multipart_chinese_and_files_the_reply_and_the_reports(tmp_path: Path) -> None:
    smsd = need("smsd")
    folders = ["outgoing", "checked", "incoming", "sent", "failed", "report", "saved"]
    for folder in folders:
        (tmp_path / folder).mkdir()
    config = tmp_path / "smsd.conf"
    config.write_text(
        "devices = GSM1\nautosplit = 3\nincoming_utf8 = yes\ndelaytime = 1\n"
        + "".join(f"{folder} = {tmp_path / folder}\n" for folder in folders)
        + "".join(f"{name} = {tmp_path / name}\n" for name in ("logfile", "infofile", "pidfile"))
        + f"[GSM1]\ndevice = {tmp_path / 'modem'}\nincoming = yes\nreport = yes\nmode = new\n"
        "rtscts = no\nbaudrate = 115200\nmemory_start = 0\ninit = AT+CNMI=2,1,0,2,0\n"
    )
    text = "门开超3分钟未报备" * 9 + " 回复 1 5566"
    order = f"To: {NUMBER[1:]}\nReport: yes\nAlphabet: UCS2\n\n".encode() + text.encode("utf-16-be")
    (tmp_path / "outgoing" / "one").write_bytes(order)
    with (
        modem(tmp_path, "Huawei") as running,
        daemon([smsd, "-t", "-c", str(config)], tmp_path / "out"),
    ):
        assert running.wait_for("text", timeout_s=30)["text"] == text
        eventually(file_with(tmp_path / "sent", NUMBER[1:]))
        received = eventually(file_with(tmp_path / "incoming", "1 5566"))
        assert f"From: {NUMBER[1:]}" in received
        running.text_from(NUMBER, "门开超3分钟" * 20)
        eventually(file_with(tmp_path / "incoming", "门开超3分钟" * 20))
        assert "Status: 0" in eventually(file_with(tmp_path / "report", "SMS STATUS REPORT"))


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_gammu_smsd_sends_chinese_files_a_reply_and_a_long_text_and_notes_the_delivery(
    tmp_path: Path,
) -> None:
    gammu_smsd = need("gammu-smsd")
    folders = ["inbox", "outbox", "sent", "error"]
    for folder in folders:
        (tmp_path / folder).mkdir()
    config, log = tmp_path / "smsdrc", tmp_path / "log"
    config.write_text(
        f"[gammu]\nport = {tmp_path / 'modem'}\nconnection = at115200\n"
        f"[smsd]\nservice = files\nlogfile = {log}\ndebuglevel = 1\ndeliveryreport = log\n"
        "transmitformat = unicode\nreceivefrequency = 1\n"
        + "".join(f"{folder}path = {tmp_path / folder}/\n" for folder in folders[:2])
        + f"sentsmspath = {tmp_path / 'sent'}/\nerrorsmspath = {tmp_path / 'error'}/\n"
    )
    name = f"OUTC20260101_000000_00_{NUMBER}_sms0.txtd"
    (tmp_path / "outbox" / name).write_bytes(("水浸" * 50 + " 回复 1 7788").encode("utf-16"))
    with (
        modem(tmp_path, "A7670E") as running,
        daemon([gammu_smsd, "-c", str(config)], tmp_path / "out"),
    ):
        running.wait_for("reply", timeout_s=40, text="1 7788")
        sent = [each["text"] for each in running.events if each["event"] == "text"]
        assert "".join(sent) == "水浸" * 50 + " 回复 1 7788", "its parts are not linked"
        assert "1 7788" in eventually(file_with(tmp_path / "inbox", "1 7788"))
        running.text_from(NUMBER, LONG)
        eventually(file_with(tmp_path / "inbox", "回复 1 4821"))
        assert "Delivery report: Delivered" in log.read_text()
