"""The channels that the configuration names, made and not yet opened."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

from alerts.channels.base import Channel, Receive
from alerts.channels.console import ConsoleChannel
from alerts.channels.gsm.channel import GsmChannel, ModemSettings
from alerts.channels.gsm.inbox import Keep
from alerts.channels.gsm.pace import allowances_of
from alerts.channels.provider import Texts
from alerts.channels.template import Template
from gateway import channel_config
from gateway.channel_config import AliyunChannel, PushChannel, TencentChannel
from gateway.config import Config, read_secret
from gateway.settings import SettingsError

POWER_WITHIN_S = 20.0
"""How long the program may take that switches a modem's power off and on."""

logger = logging.getLogger(__name__)


class Receiver(NamedTuple):
    """Where a modem puts what came to it: texts and reports, and what is no text for people."""

    receive: Receive
    keep: Keep


Spent = Callable[[str], Iterable[tuple[float, int]]]
"""How many seconds ago a channel was given how many parts, within the last day."""


def make_channels(
    config: Config,
    receiver: Receiver,
    now: Callable[[], datetime],
    spent: Spent = lambda _: (),
) -> list[Channel]:
    """Return one channel for each that is configured, the first tried first.

    Raises:
        SettingsError: a secret's file cannot be read, or what a channel needs is not installed.
    """
    return [_make(config, one, receiver, now, spent) for one in config.channels]


def _make(
    config: Config,
    one: channel_config.ChannelConfig,
    receiver: Receiver,
    now: Callable[[], datetime],
    spent: Spent,
) -> Channel:
    match one:
        case channel_config.ConsoleChannel():
            return ConsoleChannel(name=one.name, now=now)
        case channel_config.GsmChannel():
            return _modem(config, one, receiver, spent(one.name))
        case TencentChannel():
            return _tencent(config, one)
        case AliyunChannel():
            return _aliyun(config, one)
        case PushChannel():
            return _push(config, one)


def _modem(
    config: Config,
    one: channel_config.GsmChannel,
    receiver: Receiver,
    spent: Iterable[tuple[float, int]],
) -> GsmChannel:
    settings = ModemSettings(
        port=one.port,
        baud=one.baud,
        pin=read_secret(config.path(one.pin_file)) if one.pin_file else "",
        pin_tried_at=config.data_dir / f"pin-tried-{one.name}",
        allowances=allowances_of(one.parts_per_hour, one.parts_per_day) if one.is_paced else (),
        is_lte_only=one.is_lte_only,
    )
    power_cycle = partial(cycle_power, one.name, one.power_cycle) if one.power_cycle else None
    return GsmChannel(
        settings, *receiver, name=one.name, power_cycle=power_cycle, spent=tuple(spent)
    )


def _tencent(config: Config, one: TencentChannel) -> Channel:
    from alerts.channels.tencent.channel import (
        EXTRA,
        NEEDED,
        TencentSettings,
        tencent_channel,
    )

    _must_be_installed(one.name, NEEDED, EXTRA)
    settings = TencentSettings(
        secret_id=read_secret(config.path(one.secret_id_file)),
        secret_key=read_secret(config.path(one.secret_key_file)),
        sdk_app_id=one.sdk_app_id,
        texts=_texts(one),
        region=one.region,
        endpoint=one.endpoint,
    )
    return tencent_channel(one.name, settings)


def _aliyun(config: Config, one: AliyunChannel) -> Channel:
    from alerts.channels.aliyun.channel import EXTRA, NEEDED, AliyunSettings, aliyun_channel

    _must_be_installed(one.name, NEEDED, EXTRA)
    settings = AliyunSettings(
        access_key_id=read_secret(config.path(one.access_key_id_file)),
        access_key_secret=read_secret(config.path(one.access_key_secret_file)),
        texts=_texts(one),
        endpoint=one.endpoint,
    )
    return aliyun_channel(one.name, settings)


def _push(config: Config, one: PushChannel) -> Channel:
    _must_be_installed(one.name, "apprise", "menshen[push]")
    from alerts.channels import push

    url = read_secret(config.path(one.url_file)) if one.url_file else ""
    try:
        return push.PushChannel(one.name, url)
    except push.PushAddressError as error:
        raise SettingsError(f'channels: "{one.name}": {one.url_file}: {error}') from None


def _texts(one: channel_config.ProviderConfig) -> Texts:
    return Texts(one.sign_name, templates_of(one), one.variable_chars)


def templates_of(one: channel_config.ProviderConfig) -> Mapping[str, Template]:
    """Return what a provider has approved, by the kind of text."""
    return {
        kind.value: Template(template.id, template.fields)
        for kind, template in one.templates.items()
    }


def _must_be_installed(name: str, package: str, extra: str) -> None:
    if find_spec(package) is None:
        raise SettingsError(f'channels: "{name}" needs what `pip install "{extra}"` installs')


def cycle_power(name: str, command: Sequence[str]) -> None:
    """Switch a modem's power off and on by the configured program; its failure is logged."""
    try:
        subprocess.run(
            command,
            check=True,
            timeout=POWER_WITHIN_S,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        logger.warning("%s: its power could not be switched off and on: %s", name, error)
