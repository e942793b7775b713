"""Sends the parts of one text and says truthfully what became of them.

Up to the prompt nothing has gone out; after the PDU, silence, a reset or a vanished port mean
*unconfirmed*, and the text is not sent again here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

from alerts.channels.base import Attempt, Noted, Outcome
from alerts.channels.gsm.at import Answer, Dialogue
from alerts.channels.gsm.errors import FAILURES, Remedy, remedy_of
from alerts.channels.gsm.framing import Final
from alerts.channels.gsm.transport import PortGone

log = logging.getLogger(__name__)

PARTS_WITHIN_S = 30.0
"""Later parts are not begun after this: who waits for the attempt must know its longest time."""

NO_ANSWER, MODEM_RESET = "no_answer", "modem_reset"
UNCLEAR = (NO_ANSWER, MODEM_RESET, "no_prompt", "reset")
"""Reasons after which the modem may be in any state."""

_REFERENCE = re.compile(r"\d{1,3}")


@dataclass(frozen=True, slots=True)
class PartSent:
    """What became of one part."""

    outcome: Outcome
    reason: str
    reference: str = ""
    remedy: Remedy | None = None


def send_part(dialogue: Dialogue, pdu: bytes) -> PartSent:
    """Send one part. Raises `PortGone` only while nothing can have gone out."""
    final = dialogue.prompt(pdu)
    if not final.is_ok:
        return _failed(final)
    try:
        answer = dialogue.submit(pdu)
    except PortGone:
        return PartSent(Outcome.UNCONFIRMED, "port_gone_while_sending")
    if answer.is_ok:
        return PartSent(Outcome.SENT, "network_took_it", _reference(answer))
    if answer.final.word in ("silence", "reset"):
        reference = _reference(answer)
        if reference:  # the modem said +CMGS and no OK
            return PartSent(Outcome.SENT, "network_took_it", reference)
        reason = NO_ANSWER if answer.final.word == "silence" else MODEM_RESET
        return PartSent(Outcome.UNCONFIRMED, reason)
    return _failed(answer.final)


def send_text(
    dialogue: Dialogue,
    parts: list[bytes],
    clock: Callable[[], float],
    mend: Callable[[Remedy], bool],
    noted: Noted,
) -> Attempt:
    """Send all parts, mending the modem and trying one part again where that is known to help.

    Each reference is noted before the modem is asked for anything else.
    """
    started_at = clock()
    references: list[str] = []
    sent = PartSent(Outcome.SENT, "network_took_it")
    is_mended = False
    for pdu in parts:
        if references and clock() - started_at > PARTS_WITHIN_S:
            sent = PartSent(Outcome.FAILED_TEMPORARY, "parts_too_slow")
            break
        sent = send_part(dialogue, pdu)
        if sent.remedy in (Remedy.RECONFIGURE, Remedy.DRAIN) and not is_mended:
            is_mended = True
            if mend(sent.remedy):
                sent = send_part(dialogue, pdu)
        if sent.reference:
            _note(noted, sent.reference)
        references.append(sent.reference)
        if sent.outcome is not Outcome.SENT:
            break
    failure = FAILURES.get(sent.remedy) if sent.remedy else None
    return Attempt(
        sent.outcome,
        sent.reason,
        tuple(filter(None, references)),
        retry_after_s=failure.retry_after_s if failure else None,
        parts=max(1, len(references)),
    )


def _note(noted: Noted, reference: str) -> None:
    try:
        noted(reference)
    except Exception:  # whoever keeps it: its disk may be full, and the text has gone out
        log.exception("the reference of a part was not recorded; its report will name nothing")


def _failed(final: Final) -> PartSent:
    if final.word in ("no_prompt", "reset"):
        return PartSent(Outcome.FAILED_TEMPORARY, final.reason, remedy=Remedy.RECONFIGURE)
    remedy = remedy_of(final.word, final.code)
    return PartSent(FAILURES[remedy].outcome, final.reason, remedy=remedy)


def _reference(answer: Answer) -> str:
    found = _REFERENCE.match(answer.value("+CMGS:") or "")
    return found[0] if found else ""
