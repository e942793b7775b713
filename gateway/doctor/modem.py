"""Tries each modem: is the port there, does it answer, has it a SIM and a network.

No PIN is entered and nothing is sent or deleted: a wrong PIN, tried thrice, locks the SIM.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

from alerts.channels.base import ChannelHealth
from alerts.channels.gsm.channel import GsmChannel, ModemSettings
from gateway.config import Config, ConsoleChannel
from gateway.config import GsmChannel as GsmSettings
from gateway.doctor.advice import Advice, bad, ok, warn

PATIENCE_S = 25.0
WEAK_DBM = -95
"""A signal weaker than this loses texts now and then (27.007, rssi 9)."""


async def examine(config: Config) -> AsyncIterator[Advice]:
    """Try each channel that is a modem."""
    if not config.channels:
        yield bad("channels", "none: nobody can be told anything", "add a [[channels]] table")
    elif all(isinstance(channel, ConsoleChannel) for channel in config.channels):
        yield warn("channels", "texts are only printed here", 'add [[channels]] kind = "gsm"')
    for channel in config.channels:
        if isinstance(channel, GsmSettings):
            yield await _one(channel)


async def _one(settings: GsmSettings) -> Advice:
    part = f"channel {settings.name}"
    if not Path(settings.port).exists():
        return bad(
            part, f"{settings.port} does not exist", "plug the modem in; see /dev/serial/by-id"
        )
    modem = GsmChannel(
        ModemSettings(settings.port, settings.baud), _leave_it, _leave_it, name=settings.name
    )
    await modem.open()
    try:
        health = await _settled(modem)
    finally:
        await modem.close()
    return judge(part, health, has_pin=bool(settings.pin_file))


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


def judge(part: str, health: ChannelHealth, *, has_pin: bool) -> Advice:
    """Say what a modem's health means."""
    if not health.is_up:
        if "pin" in health.reason and has_pin:
            return ok(part, "answers; the SIM wants its PIN, which the gateway enters at start")
        return bad(
            part,
            health.reason,
            REMEDIES.get(health.reason, "take the modem off power for ten seconds and try again"),
        )
    shown = ", ".join(f"{key} {value}" for key, value in sorted(health.facts.items()))
    signal = health.facts.get("signal_dbm", "")
    if signal.lstrip("-").isdigit() and int(signal) < WEAK_DBM:
        return warn(part, f"weak signal: {shown}", "move the antenna to a window")
    return ok(part, shown or "ready")


REMEDIES = {
    "starting": "another program may hold the port: stop ModemManager, or the gateway itself",
    "no_answer": "see whether this is the modem's AT port and whether the baud rate is right",
    "not_registered": "see whether SIM and antenna are in, and whether the SIM is paid for",
    "sim_pin_wanted": "write the PIN into a file and set pin_file",
    "sim_pin_refused": "the PIN is wrong: mend pin_file before the third try locks the SIM",
    "no_service_centre": "set the service centre's number on the SIM in a phone (SMSC)",
    "no_store_for_texts": "the SIM keeps no texts: take another SIM",
}


def _leave_it(_: object) -> NoReturn:
    raise RuntimeError("the doctor takes no texts: they stay on the SIM")
