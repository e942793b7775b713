"""`menshen sms`: a test with its seconds and a status, a look at the channels, the ledger."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType
from typer.testing import CliRunner, Result

from gateway.cli import local, sms
from gateway.cli.app import app
from gateway.cli.sms_view import lost, picture
from gateway.web.app import create_app
from tests.fakes.gateway import TOKEN, FakeGateway
from tests.fakes.wire import InProcess

Told = dict[str, Any]
HANDED = {"step": "handed_over", "after_s": 0.0}
TAKEN = {"step": "network_took_it", "after_s": 3.2}
ARRIVED = {"step": "delivered", "after_s": 8.1}


def menshen(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Phone:
    """A gateway of which a test text comes this far, one look after the other."""

    looks: list[Told]
    asked: list[Told] = field(default_factory=list)

    def make(self, *_path: str, **body: Any) -> Told:
        self.asked.append(body)
        return {"id": "7f3a09c2", "channel": "gsm"}

    def get(self, *_path: str, **_query: str) -> Told:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Send a test text that comes as far as these looks say."""
    monkeypatch.setattr(sms, "time", Time())

    def send(*looks: Told) -> Result:
        phone = Phone(list(looks))
        monkeypatch.setattr(sms.Local, "of", classmethod(lambda _cls, _config: phone))
        return menshen("sms", "test", "13912345678")

    return send


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    fake = FakeGateway(tmp_path)
    fake.happen()
    transport = InProcess(create_app(fake, fake))
    one = local.Local("http://127.0.0.1:8080", TOKEN, transport)
    monkeypatch.setattr(sms.Local, "of", classmethod(lambda _cls, _config: one))
    return fake


# ---- test ----


def test_each_step_of_a_test_is_printed_once_with_its_seconds(
    sent: Callable[..., Result],
) -> None:
    done = sent(
        {"state": "sending", "steps": [HANDED]},
        {"state": "sending", "steps": [HANDED]},
        {"state": "sent", "steps": [HANDED, TAKEN]},
        {"state": "delivered", "steps": [HANDED, TAKEN, ARRIVED]},
    )
    assert done.exit_code == 0
    assert [line.split(maxsplit=2) for line in done.stdout.splitlines()] == [
        ["0.0", "s", "given to gsm"],
        ["3.2", "s", "the network took it"],
        ["8.1", "s", "delivered"],
    ]


@pytest.mark.parametrize(
    ("last", "status", "said"),
    [
        ({"state": "sent", "steps": [HANDED, TAKEN]}, sms.NO_REPORT, "no delivery report"),
        ({"state": "sending", "steps": [HANDED]}, sms.PERHAPS, "may have gone out"),
        ({"state": "unconfirmed", "steps": [HANDED]}, sms.PERHAPS, "may have gone out"),
        (
            {"state": "failed_permanent", "steps": [HANDED], "reason": "cms_38", "detail": "x"},
            *(sms.NOT_SENT, "failed: cms_38 x"),
        ),
        ({"state": "not_tried", "reason": "sending_too_fast"}, sms.NOT_SENT, "sending_too_fast"),
    ],
)
def test_a_test_that_is_not_confirmed_says_so_by_its_status(
    sent: Callable[..., Result], last: Told, status: int, said: str
) -> None:
    done = sent(last)
    assert done.exit_code == status
    assert said in done.stderr


def test_a_test_waits_90_seconds_for_the_report(
    sent: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Time()
    monkeypatch.setattr(sms, "time", clock)
    assert sent({"state": "sent", "steps": [HANDED, TAKEN]}).exit_code == sms.NO_REPORT
    assert 90 <= clock.now < 92


def test_why_no_test_can_be_sent_is_said(gateway: FakeGateway) -> None:
    gateway.refuses = "no channel can send a text now (gsm: not_registered)"
    refused = menshen("sms", "test", "13912345678")
    assert (refused.exit_code, refused.stderr) == (1, f"menshen: {gateway.refuses}\n")
    wrong = menshen("sms", "test", "hello")
    assert wrong.exit_code == 1
    assert "no phone number; write it like 13912345678" in wrong.stderr


def test_without_a_gateway_it_is_said_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert menshen("init").exit_code == 0
    path = tmp_path / "menshen.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("# port = 8080", "port = 1"))
    for command in (("test", "13912345678"), ("watch", "--once"), ("ledger",)):
        alone = menshen("sms", *command)
        assert alone.exit_code == 1
        assert "start it with `menshen run`" in alone.stderr


# ---- watch ----


def test_one_look_shows_channels_queue_and_budget(gateway: FakeGateway) -> None:
    shown = menshen("sms", "watch", "--once").stdout
    for wanted in ("street-3", "-71 dBm, home, China Mobile", "write the PIN into a file"):
        assert wanted in " ".join(shown.split()), wanted
    assert "13 of 500 parts today" in shown
    assert "2 quiet hours" in shown
    told = json.loads(menshen("sms", "watch", "--json").stdout)
    assert [each["name"] for each in told["channels"]] == ["gsm", "gsm-2"]


def drawn(frame: Told, why: str = "") -> str:
    return _text_of(lost(frame, why) if why else picture(frame))


def frame(**changed: Any) -> Told:
    stands: Told = {"gateway": "g", "now": "2026-11-21T06:35:12+00:00", "waiting": 0, "held": {}}
    lists: Told = {"channels": [], "sent": [], "received": []}
    return stands | lists | {"parts_today": 0, "parts_a_day": 500} | changed


def test_words_from_outside_move_no_cursor_and_are_no_markup() -> None:
    text = "[bold]1 4821[/] \x1b[2Jgone \u202eesrever"
    who = {"channel": "gsm", "contact": "t/w", "phone": "+86139****5601"}
    received = {"at": "2026-11-21T06:35:12+00:00", **who, "reason": "replied", "text": text}
    shown = drawn(frame(received=[received]))
    assert "[bold]1 4821[/]" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert re.search(r"\b139\*{4}5601", shown)


def test_a_gateway_that_stops_answering_is_said_above_the_last_look() -> None:
    shown = drawn(frame(), "no gateway answers at 127.0.0.1:1")
    assert shown.index("no gateway answers") < shown.index("0 waiting")


def test_watching_goes_on_while_the_gateway_is_away_until_somebody_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[str] = []

    class Away(Phone):
        def get(self, *path: str, **query: str) -> Told:
            if len(self.looks) == 1:
                raise local.RefusedError("no gateway answers")
            return super().get(*path, **query)

    class Impatient(Time):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.now > 3 * sms.WATCH_EVERY_S:
                raise KeyboardInterrupt

    monkeypatch.setattr(sms, "time", Impatient())
    phone = Away([frame(), frame(gateway="later"), frame()])
    monkeypatch.setattr(sms.Local, "of", classmethod(lambda _cls, _config: phone))
    monkeypatch.setattr(
        "rich.live.Live.update", lambda _self, what, **_: shown.append(_text_of(what))
    )
    assert menshen("sms", "watch").exit_code == 0
    assert len(shown) == 3
    assert shown[0].startswith("later")
    assert shown[1].startswith("no gateway answers")


def _text_of(what: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=200, color_system=None)
    console.print(what)
    return console.file.getvalue()  # type: ignore[attr-defined]


# ---- ledger ----


def test_the_ledger_is_read_by_people_programs_and_spreadsheets(gateway: FakeGateway) -> None:
    assert "no text was sent since then" in menshen("sms", "ledger", "--since", "1d").stdout
    assert json.loads(menshen("sms", "ledger", "--json").stdout) == []
    (head,) = csv.reader(io.StringIO(menshen("sms", "ledger", "--csv").stdout))
    assert tuple(head) == sms.LEDGER_COLUMNS
