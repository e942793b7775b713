"""Who is on call at a time: shifts, contacts without one, and people swapped in.

Pure. Times of the day are local, and the caller passes an aware local time; a shift may run across
midnight. Where a name of a shift is not known, the contact counts as always on: better told than
forgotten.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from alerts.model import Contact, Role, Shift, Team


def local(now: datetime, timezone: str) -> datetime:
    """Return `now` as the clock on the wall of this zone shows it."""
    return now.astimezone(ZoneInfo(timezone))


def covers(shift: Shift, clock: time) -> bool:
    """Say whether this time of day lies in the shift: its start does, its end does not.

    A shift that ends when it starts lasts the whole day.
    """
    if shift.starts < shift.until:
        return shift.starts <= clock < shift.until
    return clock >= shift.starts or clock < shift.until


def on_call(team: Team, role: Role, at_local: datetime) -> tuple[Contact, ...]:
    """Return who answers for this role, in the team's order: the first is told first.

    A person swapped in answers for the role of whom they replace.
    """
    shifts = {shift.name: shift for shift in team.shifts}
    present: dict[str, Contact] = {}
    for contact in team.contacts:
        shift = shifts.get(contact.shift) if contact.shift is not None else None
        if contact.role is role and (shift is None or covers(shift, at_local.time())):
            swapped_in = _swap(team, contact, at_local)
            present.setdefault(swapped_in.id, swapped_in)
    return tuple(present.values())


def roles_of(team: Team, contact_id: str, at_local: datetime) -> frozenset[Role]:
    """Return all that this person is to the team now, replaced colleagues included."""
    own = {contact.role for contact in team.contacts + team.beyond if contact.id == contact_id}
    replaced = {
        contact.role
        for contact in team.contacts
        if contact.id != contact_id and _swap(team, contact, at_local).id == contact_id
    }
    return frozenset(own | replaced)


def _swap(team: Team, contact: Contact, at_local: datetime) -> Contact:
    """Follow the overrides from this contact; those that go in a circle change nothing."""
    swaps = {
        override.absent: override.instead
        for override in team.overrides
        if override.from_at <= at_local < override.until_at
    }
    seen, instead = {contact.id}, contact.id
    while instead in swaps:
        instead = swaps[instead]
        if instead in seen:
            return contact
        seen.add(instead)
    return replace(contact, id=instead)
