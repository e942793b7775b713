"""The channels that the configuration names, made and not yet opened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from alerts.channels.base import Channel, Receive
from alerts.channels.console import ConsoleChannel
from alerts.channels.gsm.channel import GsmChannel, ModemSettings
from alerts.channels.gsm.inbox import Keep
from alerts.channels.gsm.pace import DEFAULT_ALLOWANCES
from gateway.config import ChannelConfig, Config, read_secret
from gateway.config import ConsoleChannel as ConsoleConfig


def make_channels(
    config: Config, receive: Receive, keep: Keep, now: Callable[[], datetime]
) -> list[Channel]:
    """Return one channel for each that is configured, the first tried first.

    Raises:
        SettingsError: a PIN's file cannot be read.
    """
    return [_make(config, one, receive, keep, now) for one in config.channels]


def _make(
    config: Config,
    one: ChannelConfig,
    receive: Receive,
    keep: Keep,
    now: Callable[[], datetime],
) -> Channel:
    if isinstance(one, ConsoleConfig):
        return ConsoleChannel(name=one.name, now=now)
    settings = ModemSettings(
        port=one.port,
        baud=one.baud,
        pin=read_secret(config.path(one.pin_file)) if one.pin_file else "",
        pin_tried_at=config.data_dir / f"pin-tried-{one.name}",
        allowances=DEFAULT_ALLOWANCES if one.is_paced else (),
    )
    return GsmChannel(settings, receive, keep, name=one.name)
