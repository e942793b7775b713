"""Tries each modem: is the port there, does it answer, has it a SIM and a network.

No PIN is entered and nothing is sent or deleted: a wrong PIN, tried thrice, locks the SIM.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from alerts.channels.base import ChannelHealth
from alerts.channels.gsm.channel import GsmChannel, ModemSettings
from alerts.channels.gsm.facts import FACTS
from alerts.channels.gsm.numbers import normalise
from alerts.channels.gsm.storage import FULL_AT
from gateway.channel_config import GsmChannel as GsmSettings
from gateway.config import Config
from gateway.doctor.advice import Advice, bad, ok, warn
from gateway.remedies import Remedy, remedy_for

PATIENCE_S = 25.0
WEAK_DBM = -95
"""A signal weaker than this loses texts now and then (27.007, rssi 9)."""
SIGNALS = ((-70, "excellent"), (-85, "good"), (WEAK_DBM, "fair"), (-999, "weak"))
"""From how many dBm on a signal is called what (usual among makers of modems)."""
ALL_TRIES = 3
"""Wrong PINs that a SIM takes when it is new."""


async def examine(config: Config) -> AsyncIterator[Advice]:
    """Try each channel that is a modem."""
    for channel in config.channels:
        if isinstance(channel, GsmSettings):
            for advice in await _one(channel):
                yield advice


async def _one(settings: GsmSettings) -> list[Advice]:
    part = f"channel {settings.name}"
    if not Path(settings.port).exists():
        remedy = "plug the modem in; see /dev/serial/by-id"
        return [bad(part, f"{settings.port} does not exist", remedy)]
    modem = GsmChannel(
        ModemSettings(settings.port, settings.baud), _leave_it, _leave_it, name=settings.name
    )
    await modem.open()
    try:
        health = await _settled(modem)
    finally:
        await modem.close()
    return list(judge(part, health, settings))


async def _settled(modem: GsmChannel) -> ChannelHealth:
    """Wait until the modem is up, wants a PIN, or patience ends."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_S
    while loop.time() < until:
        health = modem.health()
        if health.is_up or "pin" in health.reason:
            break
        await asyncio.sleep(0.1)
    return modem.health()


def judge(part: str, health: ChannelHealth, settings: GsmSettings) -> Iterator[Advice]:
    """Say what a modem's health means: how it stands, then each thing to be mended."""
    remedy = remedy_for(health.reason)
    shown = _shown(health)
    if health.is_up:
        yield ok(part, shown or "ready")
    elif health.reason == "sim_pin_wanted" and settings.pin_file:
        yield ok(part, "answers; the SIM wants its PIN, which the gateway enters at start")
    else:
        yield bad(part, f"{health.reason}: {remedy.en}{'; ' * bool(shown)}{shown}", _do(remedy))
    yield from _weak_points(part, health.facts)
    yield from _own_number(part, health.facts.get("own_number", ""), settings.own_number)


def _own_number(part: str, told: str, configured: str) -> Iterator[Advice]:
    if told and configured and normalise(told) != normalise(configured):
        yield warn(
            part,
            f"the SIM says that its number is {told}, own_number says {configured}",
            "call it to see which is right: test texts go to own_number",
        )
    if not configured:
        yield warn(
            part,
            "no own_number: the daily test text goes to a maintainer and proves one direction",
            "set own_number to the SIM's number",
        )


def _do(remedy: Remedy) -> str:
    return remedy.do_en or "wait a minute and try again"


def _weak_points(part: str, facts: Mapping[str, str]) -> Iterator[Advice]:
    """Say what works and will hurt somebody some day."""
    dbm = _number(facts.get("signal_dbm", ""))
    if dbm is not None and dbm < WEAK_DBM:
        yield warn(part, f"weak signal: {dbm} dBm", "move the antenna to a window")
    tries = _number(facts.get("pin_tries_left", ""))
    if tries is not None and tries < ALL_TRIES:
        yield warn(
            part,
            f"the SIM takes {tries} more wrong PINs, then it is locked: none is tried",
            "enter the right PIN in a phone, which restores the count",
        )
    used, _, size = facts.get("stored", "").partition("/")
    if used.isdecimal() and size.isdecimal() and int(used) >= FULL_AT * int(size) > 0:
        yield warn(
            part,
            f"the store is filling: {used} of {size}",
            "start the gateway, which takes them in; else delete texts in a phone",
        )
    if warning := facts.get("allowance_warning"):
        yield warn(part, warning, "see `menshen sms ledger` for who is sent so much")
    if facts.get("lte_only") == "refused":
        yield warn(part, "the modem refuses to keep to LTE", "take a modem that can, against 2G")


def _shown(health: ChannelHealth) -> str:
    """Put every fact into a line, in the order in which the channel lists them."""
    known = [key for key in FACTS if key in health.facts]
    others = sorted(health.facts.keys() - FACTS.keys())
    return ", ".join(f"{_named(key)} {_said(key, health.facts[key])}" for key in (*known, *others))


def _named(key: str) -> str:
    return key.removesuffix("_dbm").removesuffix("_count").replace("_", " ")


def _said(key: str, value: str) -> str:
    dbm = _number(value) if key == "signal_dbm" else None
    if dbm is None:
        return value
    word = next(word for least, word in SIGNALS if dbm >= least)
    return f"{dbm} dBm ({word})"


def _number(written: str) -> int | None:
    return int(written) if written.removeprefix("-").isdecimal() else None


def _leave_it(_: object) -> NoReturn:
    raise RuntimeError("the doctor takes no texts: they stay on the SIM")
