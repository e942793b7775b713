"""The doctor says how each channel is set and how it stands, and what to do; it sends nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import httpx
import msgspec
import pytest

from alerts.channels import meaning
from alerts.channels.base import ChannelHealth
from alerts.channels.gsm.facts import FACTS
from alerts.model import NoticeKind
from gateway import config
from gateway.channel_config import (
    ChannelConfig,
    ConsoleChannel,
    GsmChannel,
    PushChannel,
    Template,
    TencentChannel,
)
from gateway.doctor import channels, modem
from gateway.doctor.advice import Advice
from gateway.health import Level
from gateway.remedies import REMEDIES, UNFORESEEN, remedy_for

PIN = GsmChannel(pin_file="pin", own_number="13900755321")
NO_PIN = GsmChannel(own_number="13900755321")
METRICS = Path(__file__).parents[2] / "docs" / "metrics.md"


def judged(health: ChannelHealth, settings: GsmChannel = NO_PIN) -> list[Advice]:
    return list(modem.judge("channel gsm", health, settings))


def said(advices: Iterable[Advice], level: Level) -> str:
    return "\n".join(advice.what for advice in advices if advice.level is level)


def configured(*given: ChannelConfig, folder: Path) -> config.Config:
    return config.Config(channels=given, base_dir=str(folder))


# ---- reasons ----


def test_every_reason_a_channel_can_give_has_a_remedy_in_both_languages() -> None:
    page = METRICS.read_text(encoding="utf-8").partition("A channel's reasons")[2]
    page = page.partition("## `/metrics`")[0]
    cells = re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE)
    reasons = [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]
    down = _takes_the_channel_down()
    assert len(reasons) > 20
    for reason in {*reasons, *down, "trying_again", "no_template", "limit_used_up"}:
        remedy = remedy_for(reason.replace("…", "x"))
        assert remedy in REMEDIES.values(), reason
        assert remedy.en, reason
        assert re.search(r"[一-鿿]", remedy.zh), reason
        assert bool(remedy.do_en) == bool(remedy.do_zh), reason


def _takes_the_channel_down() -> set[str]:
    known = [each for each in vars(meaning).values() if isinstance(each, meaning.Meaning)]
    return {each.reason for each in known if each.down_s}


def test_a_reason_nobody_foresaw_is_said_as_it_is() -> None:
    remedy = remedy_for("dingtalk_310000")
    assert (remedy.en, remedy.do_en) == ("dingtalk 310000", UNFORESEEN.do_en)


# ---- a modem ----


def test_a_number_written_otherwise_is_the_same_number() -> None:
    found = judged(ChannelHealth(True, "ready", {"own_number": "+8613900755321"}), PIN)
    assert [advice.level for advice in found] == [Level.OK]


@pytest.mark.parametrize(
    ("health", "settings", "level", "what"),
    [
        (ChannelHealth(True, "ready", {"signal_dbm": "-71"}), NO_PIN, Level.OK, "-71 dBm (good)"),
        (ChannelHealth(True, "ready", {"signal_dbm": "-105"}), NO_PIN, Level.WARN, "weak signal"),
        (ChannelHealth(True, "ready", {"stored": "40/50"}), NO_PIN, Level.WARN, "40 of 50"),
        (ChannelHealth(True, "ready", {"pin_tries_left": "2"}), NO_PIN, Level.WARN, "2 more wrong"),
        (ChannelHealth(True, "ready", {"lte_only": "refused"}), NO_PIN, Level.WARN, "keep to LTE"),
        (ChannelHealth(True, "ready", {"allowance_warning": "spent"}), PIN, Level.WARN, "spent"),
        (ChannelHealth(False, "sim_pin_wanted", {}), PIN, Level.OK, "the SIM wants its PIN"),
        (ChannelHealth(False, "sim_pin_wanted", {}), NO_PIN, Level.BAD, "sim_pin_wanted"),
        (ChannelHealth(False, "sim_pin_refused", {}), PIN, Level.BAD, "sim_pin_refused"),
        (ChannelHealth(False, "not_registered", {}), NO_PIN, Level.BAD, "not_registered"),
        (ChannelHealth(False, "never_seen_before", {}), NO_PIN, Level.BAD, "never_seen_before"),
        (ChannelHealth(True, "ready", {}), GsmChannel(), Level.WARN, "no own_number"),
        (
            ChannelHealth(True, "ready", {"own_number": "+8613800000000"}),
            PIN,
            Level.WARN,
            "says that",
        ),
    ],
)
def test_a_modems_health_is_put_into_words(
    health: ChannelHealth, settings: GsmChannel, level: Level, what: str
) -> None:
    found = judged(health, settings)
    assert what in said(found, level)
    assert all(bool(advice.remedy) == (advice.level is not Level.OK) for advice in found)


def test_every_fact_that_a_modem_tells_is_shown() -> None:
    facts = dict.fromkeys(FACTS, "fact-of-it")
    (shown,) = (each.what for each in judged(ChannelHealth(True, "ready", facts))[:1])
    assert shown.count("fact-of-it") == len(FACTS)


async def test_a_port_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    settings = configured(GsmChannel(port=str(tmp_path / "ttyUSB9")), folder=tmp_path)
    found = [advice async for advice in channels.standing(settings)]
    assert "ttyUSB9 does not exist" in said(found, Level.BAD)


# ---- what is configured ----


def test_a_gateway_that_can_tell_nobody_is_bad(tmp_path: Path) -> None:
    assert "nobody can be told" in said(channels.settings(config.Config()), Level.BAD)
    console = configured(ConsoleChannel(), folder=tmp_path)
    assert "only printed here" in said(channels.settings(console), Level.WARN)


def test_a_single_way_of_telling_people_is_warned_of(tmp_path: Path) -> None:
    one = configured(NO_PIN, folder=tmp_path)
    two = configured(NO_PIN, GsmChannel(name="second"), folder=tmp_path)
    assert "one only" in said(channels.settings(one), Level.WARN)
    assert "one only" not in said(channels.settings(two), Level.WARN)


def test_secrets_that_cannot_be_read_or_that_others_can_are_said(tmp_path: Path) -> None:
    settings = configured(PIN, PushChannel(url_file="url"), folder=tmp_path)
    assert said(channels.settings(settings), Level.BAD).count("No such file") == 2
    for name in ("pin", "url"):
        (tmp_path / name).write_text("1234")
        (tmp_path / name).chmod(0o644)
    assert said(channels.settings(settings), Level.BAD).count("readable by other users") == 2
    for name in ("pin", "url"):
        (tmp_path / name).chmod(0o600)
    (tmp_path / "pin").write_text(" \n")
    assert "is empty" in said(channels.settings(settings), Level.BAD)


def test_a_provider_without_templates_or_receipts_is_said(tmp_path: Path) -> None:
    for name in ("id", "key"):
        (tmp_path / name).write_text("x" * 16)
        (tmp_path / name).chmod(0o600)
    bare = TencentChannel(
        sign_name="门神", secret_id_file="id", secret_key_file="key", sdk_app_id="1400006666"
    )
    alarm = msgspec.structs.replace(bare, templates={NoticeKind.ALARM: Template(id="1")})
    full = msgspec.structs.replace(bare, templates={kind: Template(id="1") for kind in NoticeKind})

    def about(one: ChannelConfig) -> list[Advice]:
        return list(channels.settings(configured(one, NO_PIN, folder=tmp_path)))

    assert "no template for alarms" in said(about(bare), Level.BAD)
    assert "no template for answer, digest" in said(about(alarm), Level.WARN)
    assert "a template for every kind" in said(about(full), Level.OK)
    assert "nobody hears whether texts arrive" in said(about(full), Level.WARN)


def test_a_hook_secret_that_can_be_guessed_is_bad(tmp_path: Path) -> None:
    for name, secret in (("id", "x"), ("key", "x"), ("hook", "short")):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    one = TencentChannel(
        sign_name="门神",
        secret_id_file="id",
        secret_key_file="key",
        sdk_app_id="1400006666",
        hook_secret_file="hook",
    )
    found = channels.settings(configured(one, folder=tmp_path))
    assert "32 hexadecimal digits" in said(found, Level.BAD)


# ---- a gateway that runs ----


def gateway_says(*stands: dict[str, object]) -> httpx.AsyncClient:
    """A running gateway: its client lets in only who brings the token."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("Authorization") != "Bearer the-token":
            return httpx.Response(401, json={"detail": "no"})
        return httpx.Response(200, content=json.dumps({"channels": stands}))

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


async def test_a_running_gateway_is_asked_about_its_modems_and_providers(tmp_path: Path) -> None:
    settings = configured(NO_PIN, GsmChannel(name="two"), folder=tmp_path)
    settings.data_dir.mkdir()
    settings.token_file.write_text("the-token")
    async with gateway_says(
        {"name": "gsm", "is_up": True, "reason": "ready", "facts": {"signal_dbm": "-99"}},
        {"name": "tencent", "is_up": False, "reason": "balance_empty", "facts": {}},
    ) as client:
        found = await channels.as_the_gateway_says(settings, client)
    assert found is not None
    assert "weak signal: -99 dBm" in said(found, Level.WARN)
    assert "the balance is used up" in said(found, Level.BAD)


async def test_a_gateway_that_does_not_let_us_in_is_no_error(tmp_path: Path) -> None:
    settings = configured(NO_PIN, folder=tmp_path)
    async with gateway_says() as client:
        assert await channels.as_the_gateway_says(settings, client) is None
        settings.data_dir.mkdir()
        settings.token_file.write_text("another")
        assert await channels.as_the_gateway_says(settings, client) is None
