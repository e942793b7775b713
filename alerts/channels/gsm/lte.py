"""Keeps a modem to LTE: a phone on 2G believes any base station, and a false one sends texts.

2G authenticates the phone to the network and never the network to the phone, so that a fake base
station (伪基站) delivers texts with any sender. The commands are second-hand: whether they took is
asked back, and said in the facts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from alerts.channels.gsm.at import Dialogue

_SETTLING_S = 15.0


@dataclass(frozen=True, slots=True)
class _Switch:
    """How one make is told: what it is asked, how that is answered, and what is set."""

    models: re.Pattern[str]
    ask: str
    prefix: str
    is_on: re.Pattern[str]
    set_on: str


_SWITCHES = (
    _Switch(  # SIMCom
        re.compile(r"SIM7[56]\d\d|A76\d\d", re.IGNORECASE),
        "AT+CNMP?",
        "+CNMP:",
        re.compile(r"38"),
        "AT+CNMP=38",
    ),
    _Switch(  # Quectel
        re.compile(r"E[CGP](?:06|2\d|9\d)", re.IGNORECASE),
        'AT+QCFG="nwscanmode"',
        "+QCFG:",
        re.compile(r'"nwscanmode"\s*,\s*3'),
        'AT+QCFG="nwscanmode",3',
    ),
)


def keep_to_lte(dialogue: Dialogue, model: str) -> str:
    """Refuse all but LTE; return `on`, `refused` or `not_known_how`.

    A modem that is so already is told nothing: the setting lies in its flash, and writing it may
    cost the registration.
    """
    switch = next((one for one in _SWITCHES if one.models.search(model)), None)
    if switch is None:
        return "not_known_how"
    if not _is_on(dialogue, switch):
        dialogue.command(switch.set_on, timeout_s=_SETTLING_S)
        if not _is_on(dialogue, switch):
            return "refused"
    return "on"


def _is_on(dialogue: Dialogue, switch: _Switch) -> bool:
    value = dialogue.command(switch.ask, switch.prefix).value(switch.prefix)
    return switch.is_on.match(value or "") is not None
