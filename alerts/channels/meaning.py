"""What a provider's answer means for the text, and for the channel.

What is wrong with the account takes the channel down for a while, so that others carry what waits;
then the next text finds out whether somebody has mended it: a text that is refused costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from alerts.channels.base import Outcome

MENDED_AFTER_S = 600.0
"""Until an account is tried again that was refused: a person must mend it first (ours)."""
BACK_AFTER_S = 30.0
"""Until a provider is tried again that could not be reached (ours)."""

_NO = Outcome.FAILED_PERMANENT
_LATER = Outcome.FAILED_TEMPORARY


@dataclass(frozen=True, slots=True)
class Meaning:
    """`reason` is that of the attempt, and of the channel while it is down for `down_s`."""

    outcome: Outcome
    reason: str
    down_s: float = 0.0
    retry_after_s: float | None = None


CREDENTIALS = Meaning(_NO, "credentials_refused", MENDED_AFTER_S)
PERMISSION = Meaning(_NO, "permission_refused", MENDED_AFTER_S)
ACCOUNT = Meaning(_NO, "account_unusable", MENDED_AFTER_S)
BALANCE = Meaning(_NO, "balance_empty", MENDED_AFTER_S)
OUR_ADDRESS = Meaning(_NO, "our_address_refused", MENDED_AFTER_S)
SIGNATURE = Meaning(_NO, "signature_refused", MENDED_AFTER_S)
TEMPLATE = Meaning(_NO, "template_refused", MENDED_AFTER_S)
"""Takes the channel down only where it is the one for alarms: others may be well."""
CLOCK = Meaning(_LATER, "clock_wrong", BACK_AFTER_S, BACK_AFTER_S)
TEXT = Meaning(_NO, "text_refused")
NUMBER = Meaning(_NO, "number_invalid")
BLACKLISTED = Meaning(_NO, "number_blacklisted")
BUSY = Meaning(_LATER, "provider_busy", retry_after_s=15.0)
REFUSED = Meaning(_LATER, "refused")
"""For an answer that says no in words that no table knows: it did not go out."""
PERHAPS = Meaning(Outcome.UNCONFIRMED, "provider_unsure")
"""The provider lost sight of it itself."""
SDK_BROKEN = Meaning(_NO, "sdk_broken", MENDED_AFTER_S)
NO_ANSWER = Meaning(Outcome.UNCONFIRMED, "no_answer")
UNREACHABLE = Meaning(Outcome.NOT_TRIED, "unreachable", BACK_AFTER_S, BACK_AFTER_S)


def limited(retry_after_s: float) -> Meaning:
    """Too many to this phone: trying again earlier can't help."""
    return Meaning(_LATER, "rate_limited", retry_after_s=retry_after_s)


def used_up(retry_after_s: float) -> Meaning:
    """Too many from this account: no text of it goes out now."""
    return replace(limited(retry_after_s), reason="limit_used_up", down_s=MENDED_AFTER_S)
