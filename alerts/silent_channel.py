"""A way of telling people that does not work is told over the others, to the maintainers alone."""

from __future__ import annotations

from datetime import datetime

from alerts import conditions
from alerts.model import ConditionKind
from alerts.reason import Reason
from alerts.state import ConditionKey, State, Turn


def channel_lost(turn: Turn, channel: str, reason: Reason, since_at: datetime) -> None:
    """Tell that a channel has not worked since then: it is down, or its test text did not arrive.

    One that is told of already is told of once.
    """
    key = _key(channel)
    if key not in turn.state.conditions:
        conditions.raise_(turn, key, reason, turn.now, watch=None, since_at=since_at)


def channel_back(turn: Turn, channel: str) -> None:
    """Learn that a channel works again, by what it did."""
    conditions.clear(turn, _key(channel), Reason.CHANNEL_BACK, turn.now)


def why_lost(state: State, channel: str) -> Reason | None:
    """Return what is told of a channel now; None where nothing is."""
    standing = state.conditions.get(_key(channel))
    return None if standing is None else standing.reason


def _key(channel: str) -> ConditionKey:
    return ConditionKey(ConditionKind.CHANNEL_DOWN, f"channel:{channel}", None, "")
