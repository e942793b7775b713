"""What the pages of installing have words for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.installing.admission import Refused
from gateway.installing.checklist import Tick, Why
from gateway.installing.kinds import DeviceKind
from gateway.registry.lifecycle import DeviceState


@dataclass(frozen=True, slots=True)
class InstallWords:
    """One language."""

    title: str
    today: str
    daily: str
    going_on: str
    account: str
    # today
    code: str
    code_hint: str
    scan: str
    stop_scan: str
    go_on: str
    homes: str
    no_homes: str
    returning: str
    returning_why: str
    wipe_first: str
    was_wiped: str
    mine: str
    # home and place
    which_home: str
    search: str
    find: str
    nothing_found: str
    where: str
    where_why: str
    other_kind: str
    not_this_home: str
    # checklist
    next_step: str
    all_ticked: str
    renews: str
    renew: str
    confirm_outside: str
    confirm_signage: str
    yes: str
    no: str
    served_ask: str
    served_yes: str
    served_no: str
    served_on: str
    put_in_service: str
    unwatched: str
    leave: str
    since_mounting: str
    # done
    done: str
    done_watched: str
    done_unwatched: str
    next_device: str
    same_home: str
    # devices
    last_heard: str
    never: str
    battery: str
    signal: str
    state: str
    place: str
    home: str
    checked_today: str
    not_checked: str
    check_good: str
    check_faulty: str
    take_back: str
    take_back_why: str
    replace: str
    move: str
    log: str
    hung: str
    until_now: str
    more: str
    no_devices: str
    good: str
    faulty: str
    late: str
    mounted: str
    not_mounted: str
    none_going_on: str
    # the link
    no_link: str
    stale: str
    since: str
    # words for enums
    kinds: Mapping[DeviceKind, str]
    states: Mapping[DeviceState, str]
    ticks: Mapping[Tick, str]
    to_do: Mapping[Why, str]
    to_do_first: Mapping[Tick, str]
    """What is to be done where a tick waits for something to arrive."""
    refused: Mapping[Refused, str]
    said: Mapping[str, str]
