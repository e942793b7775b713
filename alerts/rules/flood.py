"""A device that says far more than any device has to say. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)
"""What a device may say in this long is its allowance."""


def is_flood(began_at: datetime, used_up_at: datetime, heard_from: datetime | None) -> bool:
    """Say whether an allowance was used up before its minute was over.

    What came before `heard_from` had waited for us with the broker, and says nothing of its pace.
    """
    if heard_from is not None and began_at < heard_from:
        return False
    return timedelta(0) <= used_up_at - began_at < WINDOW
