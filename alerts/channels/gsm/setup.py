"""Brings a modem from any state to one in which it sends and announces texts, step by step.

It is repeated whole after every reset, because a reset forgets echo, PDU mode and announcements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from alerts.channels.gsm.at import Answer, Dialogue
from alerts.channels.gsm.errors import NotReady, Remedy, remedy_of
from alerts.channels.gsm.framing import RESET
from alerts.channels.gsm.lte import keep_to_lte
from alerts.channels.gsm.pin import Pin, tries_left

_STORES = ("SM", "ME")  # in this order: what some modems keep in ME can't be read back
_REPORTS = "SR"
_RADIO_START_S = 15.0
_CFUN_FULL = 1


@dataclass(frozen=True, slots=True)
class Setup:
    """How the modem was left: what a later check compares with."""

    store: str  # the one store for reading, writing and receiving
    other_stores: tuple[str, ...]  # where texts may lie that came before that was set
    announcements: tuple[int, ...]  # the five numbers of AT+CNMI
    has_echo: bool  # some take ATE0 and go on


def bring_up(
    dialogue: Dialogue, pin: Pin, about: dict[str, str], *, is_lte_only: bool = False
) -> Setup:
    """Set the modem up from the start. Raises `NotReady` with the reason where it can't be.

    What the modem tells of itself on the way, keyed as in `FACTS`, goes into `about`.
    """
    if not dialogue.synchronise():
        raise NotReady("no_answer")
    _must(dialogue.command("ATE0"), "echo_refused")
    dialogue.has_echo = False
    dialogue.command("AT+CMEE=1")
    dialogue.command("AT+IFC=0,0")  # a factory profile may wait for lines that a UART lacks
    about["model"] = _model(dialogue)
    _open_sim(dialogue, pin, about)
    _switch_radio_on(dialogue)
    if is_lte_only:
        about["lte_only"] = keep_to_lte(dialogue, about["model"])
    _must(dialogue.command("AT+CMGF=0"), "pdu_mode_refused")
    store, others = _choose_store(dialogue)
    about["service_centre"] = _service_centre(dialogue)
    about |= _own_number(dialogue)
    return Setup(store, others, _announce(dialogue), dialogue.has_echo)


def is_as_left(dialogue: Dialogue, setup: Setup) -> bool:
    """Whether echo, mode and announcements still are what `bring_up` left; else it was reset."""
    mode = dialogue.command("AT+CMGF?", "+CMGF:").value("+CMGF:")
    announced = dialogue.command("AT+CNMI?", "+CNMI:").value("+CNMI:")
    numbers = tuple(int(number) for number in re.findall(r"\d+", announced or ""))
    kept = len(numbers) != len(setup.announcements) or numbers == setup.announcements
    return mode in (None, "0") and kept and dialogue.has_echo == setup.has_echo


def switch_radio_again(dialogue: Dialogue) -> None:
    """Switch the radio off and on: a modem that lost its network may search for it only then."""
    dialogue.command("AT+CFUN=4", "+CFUN:", _RADIO_START_S)
    dialogue.command(f"AT+CFUN={_CFUN_FULL}", "+CFUN:", _RADIO_START_S)


def _must(answer: Answer, reason: str) -> Answer:
    if answer.is_ok:
        return answer
    raise NotReady("reset" if answer.final == RESET else reason)


def _model(dialogue: Dialogue) -> str:
    lines = dialogue.command("AT+CGMM").lines
    return lines[0].removeprefix("+CGMM:").strip(' "')[:40] if lines else "unknown"


def _open_sim(dialogue: Dialogue, pin: Pin, about: dict[str, str]) -> None:
    answer = dialogue.command("AT+CPIN?", "+CPIN:")
    state = answer.value("+CPIN:")
    tries = _note_sim(dialogue, answer, about)
    if state == "SIM PIN":
        pin.enter(dialogue, tries)
        answer = dialogue.command("AT+CPIN?", "+CPIN:")
        state = answer.value("+CPIN:")
        _note_sim(dialogue, answer, about)
        if state != "READY":
            raise NotReady("sim_busy" if state is None else "sim_pin_refused")
    elif state is not None and state != "READY":
        raise NotReady("sim_wants_" + _word(state))
    elif state is None and not answer.is_ok:
        is_busy = remedy_of(answer.final.word, answer.final.code) is Remedy.RETRY_SOON
        raise NotReady("sim_busy" if is_busy else f"sim_fault_{answer.final.reason}")
    if state == "READY":
        pin.opened()


def _note_sim(dialogue: Dialogue, answer: Answer, about: dict[str, str]) -> int | None:
    state = answer.value("+CPIN:")
    silent = "unknown" if answer.is_ok else answer.final.reason
    about["sim"] = silent if state is None else _word(state)
    tries = tries_left(dialogue)
    if tries is not None:
        about["pin_tries_left"] = str(tries)
    return tries


def _word(state: str) -> str:
    return re.sub(r"\W+", "_", state.removeprefix("SIM ").lower())


def _switch_radio_on(dialogue: Dialogue) -> None:
    level = dialogue.command("AT+CFUN?", "+CFUN:").value("+CFUN:")
    if level is not None and not level.startswith(str(_CFUN_FULL)):
        _must(dialogue.command("AT+CFUN=1", "+CFUN:", _RADIO_START_S), "radio_off")


def _choose_store(dialogue: Dialogue) -> tuple[str, tuple[str, ...]]:
    offered = dialogue.command("AT+CPMS=?", "+CPMS:").value("+CPMS:") or ""
    first_group = offered.split(")")[0]
    for store in _STORES:
        if offered and f'"{store}"' not in first_group:
            continue
        if dialogue.command(f'AT+CPMS="{store}","{store}","{store}"', "+CPMS:").is_ok:
            everywhere = (*_STORES, _REPORTS)
            return store, tuple(it for it in everywhere if f'"{it}"' in first_group and it != store)
    raise NotReady("no_store_for_texts")


def _service_centre(dialogue: Dialogue) -> str:
    answer = dialogue.command("AT+CSCA?", "+CSCA:")
    value = answer.value("+CSCA:")
    if value is None:
        return ""  # not told; sending will show
    number = value.split(",")[0].strip('"')
    if not number:
        raise NotReady("no_service_centre")
    return number


def _own_number(dialogue: Dialogue) -> dict[str, str]:
    value = dialogue.command("AT+CNUM", "+CNUM:").value("+CNUM:") or ""
    found = re.search(r'"(\+?\d{3,20})"', value)
    return {"own_number": found[1]} if found else {}


def _announce(dialogue: Dialogue) -> tuple[int, ...]:
    offered = choices(dialogue.command("AT+CNMI=?", "+CNMI:").value("+CNMI:") or "")
    wanted = ((2, 1, 0), (1, 0), (0,), (1, 2, 0), (0, 1))
    chosen = tuple(
        next((value for value in values if value in offer), values[0])
        for values, offer in zip(wanted, offered or [set(values) for values in wanted], strict=True)
    )
    _must(dialogue.command("AT+CNMI=" + ",".join(map(str, chosen))), "announcements_refused")
    return chosen


def choices(text: str) -> list[set[int]]:
    """Read `(0-2),(0,1,3)…` as one set each; an empty list unless there are the five of CNMI."""
    groups = []
    for group in re.findall(r"\(([\d,\- ]*)\)", text):
        values: set[int] = set()
        for low, high in re.findall(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?", group):
            values.update(range(int(low), int(high or low) + 1))
        groups.append(values)
    return groups if len(groups) == 5 else []
