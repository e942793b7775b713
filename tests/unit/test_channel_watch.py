"""What lasts of a channel that is down is told; and that it is back, by what brought it back."""

from __future__ import annotations

import pytest

from alerts.reason import Reason
from gateway.channel_watch import Change, judge

GONE, MISSING = Reason.CHANNEL_GONE, Reason.TEST_TEXT_MISSING


@pytest.mark.parametrize(
    ("told", "down_s", "can_be_proven", "change"),
    [
        (None, None, True, Change.NONE),
        (None, 599.0, True, Change.NONE),
        (None, 600.0, True, Change.LOST),
        (GONE, 9999.0, True, Change.NONE),  # once is enough
        (GONE, None, True, Change.BACK),
        (GONE, 5.0, True, Change.NONE),
        (MISSING, None, True, Change.NONE),  # only a test text brings it back
        (MISSING, 9999.0, True, Change.NONE),
        (MISSING, None, False, Change.BACK),  # none is sent any more
    ],
)
def test_a_channel_is_told_lost_once_and_back_by_what_lost_it(
    told: Reason | None, down_s: float | None, can_be_proven: bool, change: Change
) -> None:
    assert judge(told, down_s, 600.0, can_be_proven=can_be_proven) is change
