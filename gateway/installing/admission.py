"""Why a device is not installed, or not here, by a reason that says what to mend. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.installing.checklist import Ticked, Why
from gateway.installing.kinds import PLACES, DeviceKind, Place


class Refused(StrEnum):
    """Why not."""

    UNREADABLE = "unreadable"  # no label of ours, no short code, or one digit mistyped
    NOT_REGISTERED = "not_registered"
    NOT_WIPED = "not_wiped"
    BOUND_ELSEWHERE = "bound_elsewhere"
    UNKNOWN_HOME = "unknown_home"
    NO_ORDER = "no_order"
    ORDER_OVER = "order_over"
    WRONG_KIND = "wrong_kind"
    WEAK_SIGNAL = "weak_signal"
    LOOKS_INSIDE = "looks_inside"
    NO_SIGNAGE = "no_signage"
    NOT_ALL_TICKED = "not_all_ticked"
    STALE = "stale"
    MANAGED_BY_FILE = "managed_by_file"
    REGISTRY = "registry"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a device that somebody wants to install."""

    is_registered: bool
    is_unwiped: bool = False
    bound_since: datetime | None = None
    """Since when it hangs somewhere; None: nowhere."""
    is_bound_here: bool = False
    """Whether that is the home it is to hang at, or its installing goes on."""


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a home that something is to be installed at."""

    ends_at: datetime
    notice_served_at: datetime | None = None


def why_not_begin(known: Known) -> Refused | None:
    """Return why a device cannot be installed anywhere now."""
    if not known.is_registered:
        return Refused.NOT_REGISTERED
    if known.is_unwiped:
        return Refused.NOT_WIPED
    if known.bound_since is not None and not known.is_bound_here:
        return Refused.BOUND_ELSEWHERE
    return None


def why_not_home(order: Order | None, now: datetime) -> Refused | None:
    """Return why nothing is installed at a home."""
    if order is None:
        return Refused.NO_ORDER
    return Refused.ORDER_OVER if order.ends_at <= now else None


def why_not_place(kind: DeviceKind, place: Place) -> Refused | None:
    """Return why a kind of device does not hang at a place."""
    return None if place in PLACES[kind] else Refused.WRONG_KIND


_BY_TICK: Mapping[Why, Refused] = {
    Why.OTHER_KIND: Refused.WRONG_KIND,
    Why.WEAK: Refused.WEAK_SIGNAL,
    Why.LOOKS_INSIDE: Refused.LOOKS_INSIDE,
    Why.NO_SIGN: Refused.NO_SIGNAGE,
    Why.TO_CONFIRM: Refused.NO_SIGNAGE,
}


def why_not_sign_off(ticks: tuple[Ticked, ...]) -> Refused | None:
    """Return why a device does not go into service: the gravest of what stands against it."""
    missing = [each.why for each in ticks if not each.is_met]
    graver = next((refused for why, refused in _BY_TICK.items() if why in missing), None)
    return graver or (Refused.NOT_ALL_TICKED if missing else None)
