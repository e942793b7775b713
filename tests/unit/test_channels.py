"""Each kind of channel is made as it is configured, and what is wrong is said at the start."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path

import pytest

from alerts.channels import meaning
from alerts.channels.base import Channel
from alerts.channels.gsm.channel import GsmChannel
from alerts.channels.gsm.pace import Allowance
from alerts.channels.template import FIELDS, parts_of
from alerts.model import NoticeKind
from gateway import channels, config
from gateway.channels import Receiver
from gateway.settings import SettingsError
from tests.fakes.gateway import NOW
from tests.fakes.provider_contract import FIELDS as VALUES

FILLED = VALUES | {"lead": "无人报到", "others": "另有3起，见平台"}

TENCENT = """
[[channels]]
kind = "tencent"
sign_name = "门神社区"
secret_id_file = "id"
secret_key_file = "key"
sdk_app_id = "1400006666"
from_severity = "critical"
price_fen = 4.5
templates.alarm = { id = "1110", fields = ["place", "number"] }
templates.test = { id = "1111" }
"""
ALIYUN = """
[[channels]]
kind = "aliyun"
sign_name = "门神社区"
access_key_id_file = "id"
access_key_secret_file = "key"
templates.alarm = { id = "SMS_1", fields = ["place", "code=number"] }
"""
GSM = """
[[channels]]
kind = "gsm"
"""


def load(folder: Path, toml: str) -> config.Config:
    for secret in ("id", "key"):
        (folder / secret).write_text("EXAMPLE\n")
    (folder / "menshen.toml").write_text(toml, encoding="utf-8")
    return config.load(folder / "menshen.toml")


NOBODY = Receiver(lambda _: None, lambda _: None)


def make(folder: Path, toml: str) -> list[Channel]:
    return channels.make_channels(load(folder, toml), NOBODY, lambda: NOW)


def test_channels_are_made_in_their_order(tmp_path: Path) -> None:
    made = make(tmp_path, GSM + TENCENT + ALIYUN + '[[channels]]\nkind = "console"\n')
    assert [each.name for each in made] == ["gsm", "tencent", "aliyun", "console"]
    assert not any(each.is_outside for each in made)


def test_a_lease_is_longer_than_a_provider_may_take(tmp_path: Path) -> None:
    assert [each.slowest_s for each in make(tmp_path, TENCENT + ALIYUN)] == [45.0, 45.0]


@pytest.mark.parametrize(
    ("toml", "missing", "extra"),
    [
        (TENCENT, "tencentcloud", "menshen[tencent]"),
        (ALIYUN, "alibabacloud_dysmsapi20170525", "menshen[aliyun]"),
        ('[[channels]]\nkind = "push"\n', "apprise", "menshen[push]"),
    ],
)
def test_what_is_not_installed_is_named_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toml: str, missing: str, extra: str
) -> None:
    found = channels.find_spec
    monkeypatch.setattr(
        channels, "find_spec", lambda name: None if name == missing else found(name)
    )
    with pytest.raises(SettingsError) as error:
        make(tmp_path, toml)
    assert f'pip install "{extra}"' in str(error.value)


def test_no_sdk_is_loaded_before_a_channel_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in {"tencentcloud", "Tea"}]:
        monkeypatch.delitem(sys.modules, name)
    make(tmp_path, TENCENT + ALIYUN)
    assert not {"tencentcloud", "Tea"} & set(sys.modules)


def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    configured = load(tmp_path, TENCENT)
    (tmp_path / "key").unlink()
    with pytest.raises(SettingsError, match="key: cannot be read"):
        channels.make_channels(configured, NOBODY, lambda: NOW)


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        (
            TENCENT.replace("templates.alarm", "templates.alram"),
            'channels[1].templates: unknown key "alram" (did you mean "alarm"?)',
        ),
        (
            TENCENT.replace("fields =", "filds ="),
            'channels[1].templates.alarm (id "1110"): unknown key "filds" (did you mean "fields"?)',
        ),
        (TENCENT.replace('"place"', '"nonsense"'), "channels[1].templates.*.fields[1]: must be "),
        (
            TENCENT.replace('{ id = "1111" }', "{ id = 1111 }"),
            "channels[1].templates.*.id: must be a text in quotes",
        ),
        (
            TENCENT.replace('{ id = "1111" }', "{}"),
            'channels[1].templates.*: "id" is missing',
        ),
        (TENCENT.replace("critical", "dire"), "channels[1].from_severity: must be "),
    ],
)
def test_what_is_wrong_with_a_template_is_named(tmp_path: Path, toml: str, why: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(tmp_path, toml)
    assert why in str(error.value)


# ---- modems ----


def test_a_modem_is_paced_as_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paced: list[tuple[Allowance, ...]] = []
    settings = channels.ModemSettings

    def noted(**given: object) -> object:
        paced.append(given["allowances"])  # type: ignore[arg-type]
        return settings(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(channels, "ModemSettings", noted)
    make(tmp_path, GSM + "parts_per_hour = 20\nparts_per_day = 90\n")
    make(tmp_path, GSM + "is_paced = false\n")
    assert paced[0][1:] == (Allowance(20, 3600.0), Allowance(90, 86400.0))
    assert paced[1] == ()


def test_a_modem_with_a_program_for_its_power_may_use_it(tmp_path: Path) -> None:
    mark = tmp_path / "cycled"
    with_one, without = make(
        tmp_path, GSM + f"power_cycle = ['touch', '{mark}']\n" + GSM + 'name = "other"\n'
    )
    assert isinstance(with_one, GsmChannel)
    assert isinstance(without, GsmChannel)
    assert with_one._power_cycle is not None
    with_one._power_cycle()
    assert mark.exists()
    assert without._power_cycle is None


@pytest.mark.parametrize("command", [["false"], ["/none/such"], ["sleep", "5"]])
def test_a_program_that_fails_is_logged_and_nothing_else(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(channels, "POWER_WITHIN_S", 0.05)
    with caplog.at_level(logging.WARNING):
        channels.cycle_power("gsm", command)
    assert "its power could not be switched" in caplog.text


# ---- docs/providers.md ----

PAGE = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
VARIABLE = re.compile(r"\$\{(\w+)\}")
SUBMITTED = dict(re.findall(r"^\| `(\w+)` \| ([^|]*\$\{[^|]*) \|$", PAGE, re.MULTILINE))


def test_a_template_is_given_for_each_kind_of_text() -> None:
    assert set(SUBMITTED) == set(NoticeKind)


@pytest.mark.parametrize("text", SUBMITTED.values())
def test_a_template_keeps_to_the_providers_rules(text: str) -> None:
    assert set(VARIABLE.findall(text)) <= FIELDS
    assert "}$" not in text
    assert not set(text) & set("【】★※^&")
    filled = VARIABLE.sub(lambda found: FILLED[found[1]], text)
    assert parts_of("南岭街道办", filled) == 1
    assert len(VARIABLE.sub("", text)) > 10


def test_every_reason_of_a_provider_is_explained() -> None:
    meanings = [each for each in vars(meaning).values() if isinstance(each, meaning.Meaning)]
    reasons = {each.reason for each in (*meanings, meaning.limited(1.0), meaning.used_up(1.0))}
    section = PAGE.partition("## What an answer means")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))
    assert explained == reasons | {"provider_took_it", "no_template"}


def test_the_example_of_the_page_can_be_loaded(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "menshen.toml").write_text(example, encoding="utf-8")
    assert len(config.load(tmp_path / "menshen.toml").channels) == 2
