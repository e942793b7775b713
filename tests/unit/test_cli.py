"""The command line reaches the running gateway with its token, or says what to do instead."""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from alerts.commands import Answer, Resolve
from alerts.model import Cause
from alerts.permits import AddSilence, GrantPermit
from alerts.reason import Reason
from gateway.cli import local, people
from gateway.cli.app import app
from gateway.cli.options import duration, instant
from gateway.web.app import create_app
from tests.fakes.gateway import TOKEN, FakeGateway
from tests.fakes.wire import InProcess

HOME, CODE = "南岭村3栋1203", "440307006031203"
NOW = datetime(2026, 11, 21, 6, 35, tzinfo=UTC)


def menshen(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    """A running gateway that every command talks to."""
    fake = FakeGateway(tmp_path)
    fake.happen()
    transport = InProcess(create_app(fake, fake))
    monkeypatch.setattr(
        people.Local,
        "of",
        classmethod(lambda cls, _: local.Local("http://127.0.0.1:8080", TOKEN, transport)),
    )
    return fake


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A gateway that was set up and does not run."""
    monkeypatch.chdir(tmp_path)
    assert menshen("init").exit_code == 0
    path = tmp_path / "menshen.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("# port = 8080", "port = 1"))
    return path


# ---- incidents ----


def test_a_list_is_read_by_people_and_by_programs(gateway: FakeGateway) -> None:
    shown = menshen("incident", "list").stdout
    assert "4821" in shown
    assert "number" in shown
    rows = json.loads(menshen("incident", "list", "--json").stdout)
    assert [row["number"] for row in rows if row["state"] == "open"] == ["4821", "1067"]
    assert next(row for row in rows if row["number"] == "4821")["address"] == HOME


def test_one_incident_is_shown_with_every_step_and_text(gateway: FakeGateway) -> None:
    shown = menshen("incident", "show", "4821").stdout
    assert re.search(rf"address +{HOME}", shown)
    assert "still_open" in shown
    assert "delivered" in shown
    assert json.loads(menshen("incident", "show", "i1", "--json").stdout)["number"] == "4821"


def test_who_does_it_and_why_are_recorded(gateway: FakeGateway) -> None:
    done = menshen("incident", "resolve", "4821", "--cause", "device_fault", "--as", "chen")
    assert (done.exit_code, done.stdout) == (0, "好\n")
    assert gateway.commands == [Resolve("i1", "chen", "cli", Cause.DEVICE_FAULT)]


def test_the_user_of_the_machine_is_the_actor_unless_named(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "operator-7")
    for do in ("ack", "onsite", "review", "reopen"):
        assert menshen("incident", do, "4821").exit_code == 0, do
    assert {command.actor for command in gateway.commands} == {"operator-7"}  # type: ignore[union-attr]


def test_a_cause_is_asked_for_and_must_be_one_that_a_person_says(gateway: FakeGateway) -> None:
    assert menshen("incident", "resolve", "4821").exit_code == 2
    wrong = menshen("incident", "resolve", "4821", "--cause", "order_ended")
    assert wrong.exit_code == 2
    assert "dealt_with, innocent" in wrong.stderr
    assert gateway.commands == []


def test_a_refusal_is_said_with_its_reason_and_status(gateway: FakeGateway) -> None:
    gateway.answer = Answer(False, Reason.WRONG_STATE, "还没处置")
    refused = menshen("incident", "review", "4821")
    assert (refused.exit_code, refused.stderr) == (1, "menshen: 还没处置 (wrong_state)\n")
    missing = menshen("incident", "ack", "0000")
    assert (missing.exit_code, missing.stderr) == (1, "menshen: there is no incident 0000\n")


def test_a_reference_cannot_leave_its_place_in_the_address(gateway: FakeGateway) -> None:
    assert menshen("incident", "ack", "../permits").exit_code == 1
    assert gateway.commands == []


# ---- permits, silences, homes ----


def test_a_permit_is_granted_from_now_for_as_long_as_asked(gateway: FakeGateway) -> None:
    before = datetime.now(UTC)
    asked = ("--for", "30m", "--purpose", "meal", "--as", "chen")
    assert menshen("permit", "grant", HOME, *asked).exit_code == 0
    (granted,) = gateway.commands
    assert isinstance(granted, GrantPermit)
    assert granted.watch == gateway.watches[CODE]
    assert granted.from_at <= before
    assert timedelta(0) <= granted.until_at - before - timedelta(minutes=30) < timedelta(minutes=1)


def test_a_silence_names_its_subject_and_why(gateway: FakeGateway) -> None:
    asked = ("--for", "2h", "--from", "2026-11-21T09:00+08:00", "--why", "plumber", "--as", "chen")
    assert menshen("silence", "add", "building", "nl-3", *asked).exit_code == 0
    nine = datetime(2026, 11, 21, 1, tzinfo=UTC)
    wanted = AddSilence("building:nl-3", nine, nine + timedelta(hours=2), "chen", "plumber")
    assert gateway.commands == [wanted]


def test_what_was_given_can_be_listed_and_taken_back(gateway: FakeGateway) -> None:
    assert HOME in menshen("permit", "list").stdout
    assert "plumber" in menshen("silence", "list").stdout
    assert menshen("permit", "revoke", "p1", "--as", "a").exit_code == 0
    assert menshen("silence", "end", "s1", "--as", "a").exit_code == 0
    assert len(gateway.commands) == 2


def test_a_wrong_purpose_is_said_in_words(gateway: FakeGateway) -> None:
    wrong = menshen("permit", "grant", HOME, "--for", "30m", "--purpose", "party", "--as", "a")
    assert wrong.exit_code == 1
    assert "purpose: Input should be 'meal'" in wrong.stderr


def test_homes_are_shown_all_or_one(gateway: FakeGateway) -> None:
    all_of_them = menshen("home", "status", "--json").stdout
    assert len(json.loads(all_of_them)) == 30
    for name in (CODE, HOME):
        (one,) = json.loads(menshen("home", "status", name, "--json").stdout)
        assert (one["code"], one["standing"]) == (CODE, "incident")
    unknown = next(each for each in json.loads(all_of_them) if each["standing"] == "unknown")
    assert unknown["missing"][0]["device"] == "door-7f3a"
    assert "door-7f3a 前门 11-21" in menshen("home", "status", unknown["code"]).stdout
    assert "no home under an order" in menshen("home", "status", "nowhere").stderr


# ---- no gateway ----


@pytest.mark.parametrize("command", [("incident", "list"), ("home", "status"), ("permit", "list")])
def test_without_a_gateway_it_is_said_how_to_start_one(
    configured: Path, command: tuple[str, ...]
) -> None:
    lonely = menshen(*command)
    assert lonely.exit_code == 1
    assert lonely.stderr == (
        "menshen: no gateway answers at 127.0.0.1:1; start it with `menshen run`\n"
    )


def test_without_a_configuration_it_is_said_what_writes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (("incident", "list"), ("run",), ("replay", "--since", "1d", "--policy", "x")):
        lost = menshen(*command)
        assert lost.exit_code == 1, command
        assert "menshen.toml: no such file; `menshen init` writes one" in lost.stderr


def test_a_token_of_another_gateway_is_said(gateway: FakeGateway) -> None:
    other = local.Local("http://127.0.0.1:8080", "other", InProcess(create_app(gateway, gateway)))
    with pytest.raises(local.RefusedError, match="does not know this token"):
        other.get("homes")


# ---- setting up and looking ----


def test_init_says_what_it_wrote_and_what_it_kept(configured: Path) -> None:
    again = menshen("init")
    assert again.exit_code == 0
    assert again.stdout.count("kept ") == 5
    assert "wrote  " not in again.stdout
    assert tomllib.loads(configured.read_text(encoding="utf-8"))["web"]["port"] == 1


def test_the_doctor_ends_with_a_status_and_one_line_a_part(configured: Path) -> None:
    visit = menshen("doctor")
    assert visit.exit_code == 1  # no broker with a name and password here
    lines = visit.stdout.splitlines()
    assert all(re.match(r"(ok|warn|bad)\s+\S+.*: |      → ", line) for line in lines), lines
    told = json.loads(menshen("doctor", "--json").stdout)
    assert {each["level"] for each in told} <= {"ok", "warn", "bad"}


def test_a_replay_before_anything_was_recorded_says_so(configured: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("[policy.opening]\nleft_open_s = 60\n")
    empty = menshen("replay", "--since", "7d", "--policy", "policy.toml")
    assert empty.exit_code == 1
    assert "no such database; nothing was recorded" in empty.stderr


def test_a_replay_over_an_empty_journal_counts_nothing(configured: Path, tmp_path: Path) -> None:
    from gateway.db import Database

    made = Database(tmp_path / "menshen-data" / "menshen.db")
    made.migrate()
    made.close()
    done = menshen("replay", "--since", "7d", "--policy", "menshen.toml")
    assert (done.exit_code, done.stdout) == (0, "0 as sent (=), 0 more (+), 0 fewer (-)\n")
    assert (
        json.loads(menshen("replay", "--since", "7d", "--policy", "menshen.toml", "--json").stdout)
        == []
    )


# ---- tools ----


def test_a_payload_on_standard_input_is_decoded() -> None:
    body = b'{"seq": 1, "boot": "b", "kind": "door", "state": "open"}'
    told = json.loads(menshen("decode", "--topic", "menshen/v1/door-1/event", stdin=body).stdout)
    assert told["observations"][0]["state"] == "open"


def test_a_text_goes_to_hex_and_back() -> None:
    encoded = menshen("pdu", "encode", "+8613912345678", "门神 4821")
    assert encoded.exit_code == 0
    told = json.loads(menshen("pdu", "decode", *encoded.stdout.split()).stdout)
    assert (told["dir"], told["number"], told["text"]) == ("submit", "+8613912345678", "门神 4821")
    wrong = menshen("pdu", "decode", "zz")
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith("menshen: ")


# ---- how people write time ----


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("1h30m", timedelta(minutes=90)),
        ("2w", timedelta(days=14)),
    ],
)
def test_a_duration_is_read(written: str, meant: timedelta) -> None:
    assert duration(written) == meant


@pytest.mark.parametrize("written", ["", "30", "m", "1 h", "-1h", "1x", "1h-"])
def test_what_is_no_duration_is_refused(written: str) -> None:
    with pytest.raises(typer.BadParameter, match="write it like 30m"):
        duration(written)


def test_an_instant_is_read_as_people_write_it() -> None:
    local_now = NOW.astimezone()
    assert instant("2h", NOW) == NOW - timedelta(hours=2)
    assert instant("2026-11-20T09:00+08:00", NOW) == datetime(2026, 11, 20, 1, tzinfo=UTC)
    assert instant("09:05", NOW) == local_now.replace(hour=9, minute=5, second=0)
    assert instant("2026-11-20T09:00", NOW).astimezone().hour == 9
    for wrong in ("25:00", "yesterday", "2026-13-01"):
        with pytest.raises(typer.BadParameter, match="is no time"):
            instant(wrong, NOW)
