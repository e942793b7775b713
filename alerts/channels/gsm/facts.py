"""What a modem's channel tells of itself: every key that `ChannelHealth.facts` may hold.

Keys and words are stable, for screens, `menshen doctor` and metrics. A fact that the modem does
not give is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from alerts.channels.base import Outcome

FACTS: Mapping[str, str] = {
    "model": "The make, as the modem names itself.",
    "sim": "The state of the SIM: ready, pin, puk, or the error that it gave, as cme_13.",
    "pin_tries_left": "How many wrong PINs the SIM takes before it locks itself: 0 to 3.",
    "own_number": "The SIM's own number, where the operator wrote it there.",
    "service_centre": "Number of the centre that passes the texts on (SMSC), as on the SIM.",
    "registration": "Place in the network: home, roaming, searching, denied, not_searching, ...",
    "operator": "Name of the network, or unknown.",
    "technology": "How the modem speaks to the network: 2g, 3g, lte or 5g.",
    "lte_only": "Whether 2G is refused, where that is wanted: on, refused or not_known_how.",
    "signal_dbm": "Strength of the signal in dBm, -113 to -51, or unknown; below -95 it is weak.",
    "stored": "Messages in the modem's store and how many it holds, as 3/50.",
    "last_send": "Reason of the last attempt, such as network_took_it, cms_38 or no_answer.",
    "last_sent_s_ago": "Seconds since the network last took a text.",
    "sent_count": "Texts that the network took since the start.",
    "failed_temporary_count": "Texts that did not go out since the start, and may yet.",
    "failed_permanent_count": "Texts that did not go out since the start, and will not.",
    "unconfirmed_count": "Texts since the start that may have gone out: no answer came.",
    "allowance_left": "Parts that the SIM may send at once, those in reserve included.",
    "allowance_spent": "The share of the scarcest allowance that is spent, as 40%.",
    "allowance_warning": "Said once four fifths of an allowance are spent.",
    "received_texts": "Texts that were passed on since the start.",
    "received_reports": "Delivery reports that were passed on since the start.",
    "received_duplicates": "Copies that were known already.",
    "received_undecodable": "Messages kept as they came because nothing could read them.",
    "received_not_for_people": "Messages kept as they came: flashes, binary, for a program.",
    "received_parts_missing": "Long texts kept in pieces because a part never came.",
    "received_not_incoming": "Messages of our own that lay in the store, kept as they were.",
    "restart_count": "How often the modem was restarted by command because it was of no use.",
    "power_cycle_count": "How often its power was switched off and on.",
}
"""Each key, and what it says in one sentence."""

COUNTED = (
    Outcome.SENT,
    Outcome.FAILED_TEMPORARY,
    Outcome.FAILED_PERMANENT,
    Outcome.UNCONFIRMED,
)
"""The outcomes that `..._count` counts: each tried with the modem."""
