"""A device goes through its life in order, and hangs somewhere while it works."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gateway.registry.lifecycle import (
    ALLOWED,
    AT_NO_PLACE,
    DeviceState,
    Refused,
    reachable,
    why_not,
)

LIFE = ["registered", "mounted", "commissioned", "in_service", "faulty", "removed"]


def test_a_device_goes_from_each_state_of_its_life_to_the_next() -> None:
    for before, after in pairwise(LIFE):
        assert why_not(DeviceState(before), DeviceState(after), has_place=True) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [("registered", "in_service"), ("mounted", "in_service"), ("removed", "in_service")],
)
def test_no_device_is_in_service_that_was_not_tried(before: str, after: str) -> None:
    refused = why_not(DeviceState(before), DeviceState(after), has_place=True)
    assert refused is Refused.NOT_FROM_HERE


@pytest.mark.parametrize("state", sorted(set(DeviceState) - AT_NO_PLACE))
def test_a_device_that_works_hangs_somewhere(state: DeviceState) -> None:
    assert why_not(state, state, has_place=False) is Refused.NO_PLACE


def test_every_device_can_be_taken_away_and_come_back() -> None:
    assert all(DeviceState.REMOVED in ALLOWED[each] for each in set(DeviceState) - {"removed"})
    assert reachable(DeviceState.REMOVED) == (DeviceState.REGISTERED, DeviceState.MOUNTED)
