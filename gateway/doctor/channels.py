"""Looks at each means of telling people: how it is set, and how it stands.

A gateway that runs holds its modems, and knows what its providers said last: it is asked. Nothing
is sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from alerts.channels.aliyun import channel as aliyun
from alerts.channels.base import ChannelHealth
from alerts.channels.tencent import channel as tencent
from alerts.model import NoticeKind
from gateway.channel_config import (
    AliyunChannel,
    ChannelConfig,
    ConsoleChannel,
    GsmChannel,
    ProviderConfig,
    PushChannel,
    TencentChannel,
)
from gateway.config import Config, read_secret
from gateway.doctor import modem
from gateway.doctor.advice import Advice, bad, ok, warn
from gateway.doctor.local import secret_file
from gateway.hooked import make_hooks
from gateway.remedies import remedy_for
from gateway.settings import SettingsError

NEEDS: Mapping[type, tuple[str, str]] = {
    TencentChannel: (tencent.NEEDED, tencent.EXTRA),
    AliyunChannel: (aliyun.NEEDED, aliyun.EXTRA),
    PushChannel: ("apprise", "menshen[push]"),
}
"""The package that a channel needs, and what installs it."""
WANTED = frozenset(NoticeKind)
"""A provider says only what it has approved: what has no template goes by the next way."""


def settings(config: Config) -> Iterator[Advice]:
    """Look at what is configured."""
    if not config.channels:
        yield bad("channels", "none: nobody can be told anything", "add a [[channels]] table")
    elif all(isinstance(channel, ConsoleChannel) for channel in config.channels):
        yield warn("channels", "texts are only printed here", 'add [[channels]] kind = "gsm"')
    elif len(config.channels) == 1:
        yield warn(
            "channels",
            "one only: where it fails nobody can be told, not even of that",
            "add a second one of another kind",
        )
    for channel in config.channels:
        for what, written in _secrets(channel):
            yield from _secret(f"channel {channel.name}: {what}", config.path(written))
        if isinstance(channel, TencentChannel | AliyunChannel):
            yield from _provider(channel)
        package, extra = NEEDS.get(type(channel), ("", ""))
        if package and find_spec(package) is None:
            part = f"channel {channel.name}"
            yield bad(part, "its package is not installed", f"pip install '{extra}'")
    try:
        make_hooks(config)
    except SettingsError as error:
        yield bad("channels", str(error), "mend it: the gateway does not start like this")


def _secrets(channel: ChannelConfig) -> Iterator[tuple[str, str]]:
    """Yield each file that must hold a secret of the channel."""
    found: dict[str, str] = {}
    match channel:
        case GsmChannel():
            found = {"PIN": channel.pin_file}
        case TencentChannel():
            found = {"SecretId": channel.secret_id_file, "SecretKey": channel.secret_key_file}
        case AliyunChannel():
            found = {
                "AccessKey ID": channel.access_key_id_file,
                "AccessKey secret": channel.access_key_secret_file,
            }
        case PushChannel():
            found = {"address": channel.url_file}
    if isinstance(channel, TencentChannel | AliyunChannel):
        found["hook secret"] = channel.hook_secret_file
    yield from ((what, path) for what, path in found.items() if path)


def _secret(part: str, path: Path) -> Iterator[Advice]:
    found = list(secret_file(part, path))
    yield from found
    if found:
        return
    try:
        read_secret(path)
    except SettingsError as error:
        yield bad(part, str(error), "write the secret alone into it, for this user to read")


def _provider(channel: ProviderConfig) -> Iterator[Advice]:
    part = f"channel {channel.name}"
    missing = sorted(kind.value for kind in WANTED - channel.templates.keys())
    if NoticeKind.ALARM.value in missing:
        yield bad(part, "no template for alarms: it can say nothing", "set templates.alarm")
    elif missing:
        yield warn(
            part,
            f"no template for {', '.join(missing)}: these go by the next way",
            "have them approved, and set templates",
        )
    else:
        yield ok(part, "a template for every kind of text")
    if not channel.hook_secret_file:
        yield warn(
            part,
            "no hook_secret_file: nobody hears whether texts arrive, nor what people answer",
            "set it, and give the provider the address of the hook",
        )


# ---- how they stand ----


async def standing(config: Config) -> AsyncIterator[Advice]:
    """Try what can be tried while no gateway runs."""
    async for advice in modem.examine(config):
        yield advice


async def as_the_gateway_says(config: Config, client: httpx.AsyncClient) -> list[Advice] | None:
    """Ask the running gateway about each of its channels; None where it does not let us."""
    try:
        token = read_secret(config.token_file)
        headers = {"Authorization": f"Bearer {token}"}
        answer = await client.get(f"{config.base_url}/api/v1/sms", headers=headers)
        said: list[dict[str, Any]] = answer.raise_for_status().json()["channels"]
        return [advice for each in said for advice in _judge(config, each)]
    except (SettingsError, httpx.HTTPError, ValueError, KeyError, TypeError):
        return None


def _judge(config: Config, said: dict[str, Any]) -> Iterator[Advice]:
    health = ChannelHealth(said["is_up"], said["reason"], said["facts"])
    part = f"channel {said['name']}"
    configured = next((each for each in config.channels if each.name == said["name"]), None)
    if isinstance(configured, GsmChannel):
        yield from modem.judge(part, health, configured)
        return
    remedy = remedy_for(health.reason)
    facts = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in health.facts.items())
    what = f"{remedy.en}{'; ' * bool(facts)}{facts}"
    if health.is_up:
        yield ok(part, what)
    else:
        yield bad(part, what, remedy.do_en or "wait a minute and try again")
