"""Announced openings and silences: granted, used, revoked, ended, each with its answer.

A permit covers the doors of one home in its window, and nothing but the doors. A silence keeps a
subject from being told of, never from being recorded, and never a call for help.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts import conditions
from alerts.clock import day_start
from alerts.commands import Answer
from alerts.model import ConditionKind, Permit, Silence, Watch
from alerts.reason import Reason
from alerts.rules.opening import LEFT_OPEN
from alerts.state import ConditionKey, TimerKind, Turn
from alerts.suppress import permit_covering

ANNOUNCE_BUTTON = "announce_button"
"""Who granted a permit that the resident announced by the button."""
SILENCE_END = "silence_end"
"""The timer at which what a silence held back is told, if it is still so."""


@dataclass(frozen=True, slots=True)
class GrantPermit:
    """The team announces an opening."""

    watch: str
    from_at: datetime
    until_at: datetime
    purpose: str
    granted_by: str
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class RevokePermit:
    """The team takes a permit back."""

    permit: str
    by: str


@dataclass(frozen=True, slots=True)
class AddSilence:
    """A person asks that a subject be recorded but not told."""

    subject: str
    from_at: datetime
    until_at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class EndSilence:
    """A silence ends early."""

    silence: str
    by: str


PermitCommand = GrantPermit | RevokePermit | AddSilence | EndSilence


def apply(turn: Turn, command: PermitCommand) -> Answer:
    """Carry out a command about permits or silences, or say why not."""
    match command:
        case GrantPermit():
            return _grant(turn, command)
        case RevokePermit():
            return _revoke(turn, command)
        case AddSilence():
            return _silence(turn, command)
        case EndSilence():
            return _end_silence(turn, command)


# ---- permits ----


def _grant(turn: Turn, command: GrantPermit) -> Answer:
    if command.watch not in turn.state.watches:
        return Answer(False, Reason.NOT_FOUND, f"no home under observation is {command.watch}")
    if (refusal := _refuse_times(turn, command.from_at, command.until_at)) is not None:
        return refusal
    permit = Permit(
        id=turn.draws.new_id(),
        watch=command.watch,
        from_at=command.from_at,
        until_at=command.until_at,
        purpose=command.purpose,
        granted_by=command.granted_by,
        asked_by=command.asked_by,
    )
    put_permit(turn, permit)
    return Answer(True, Reason.COMMANDED, f"permit {permit.id} granted")


def put_permit(turn: Turn, permit: Permit) -> None:
    """Record a permit, and forget those over so long that no count needs them."""
    policy = conditions.policy_of(turn.state, permit.watch)
    today = day_start(turn.now, policy)
    permits = turn.state.permits.get(permit.watch)
    if permits:
        permits[:] = [each for each in permits if each.until_at >= today]
    turn.put_permit(permit)


def _revoke(turn: Turn, command: RevokePermit) -> Answer:
    permit = next(
        (each for own in turn.state.permits.values() for each in own if each.id == command.permit),
        None,
    )
    if permit is None:
        return Answer(False, Reason.NOT_FOUND, f"no permit {command.permit}")
    if permit.revoked_at is not None or permit.until_at <= turn.now:
        return Answer(False, Reason.ALREADY_DONE, f"permit {permit.id} is over already")
    put_permit(turn, replace(permit, revoked_at=turn.now))
    _look_at_doors_again(turn, permit.watch)
    conditions.decide(turn, Reason.REVOKED, permit.watch, None, f"{permit.id} by {command.by}")
    return Answer(True, Reason.COMMANDED, f"permit {permit.id} revoked")


def _look_at_doors_again(turn: Turn, watch_id: str) -> None:
    """Give every door that is open as long as a door may be open, from now."""
    home = turn.state.homes.get(watch_id)
    if home is None:
        return
    grace = timedelta(seconds=conditions.policy_of(turn.state, watch_id).opening.left_open_s)
    for device, part in home.open_doors:
        key = ConditionKey(ConditionKind.OPENED, watch_id, device, part)
        if (opening := turn.state.conditions.get(key)) and opening.reason is Reason.PERMITTED:
            turn.state.timers.set(conditions.timer_of(LEFT_OPEN, key), turn.now + grace)


def use(turn: Turn, permit: Permit, at: datetime) -> None:
    """Note the first opening that a permit covered."""
    if permit.used_at is None:
        turn.put_permit(replace(permit, used_at=at))


def covered_until(turn: Turn, watch: Watch) -> datetime | None:
    """Return until when the doors of a home are covered, if they are now."""
    permit = permit_covering(turn.state, watch.id, turn.now)
    return None if permit is None else permit.until_at


# ---- silences ----


def _silence(turn: Turn, command: AddSilence) -> Answer:
    if (refusal := _refuse_times(turn, command.from_at, command.until_at)) is not None:
        return refusal
    if not command.why.strip():
        return Answer(False, Reason.WRONG_STATE, "a silence needs a reason")
    silence = Silence(
        id=turn.draws.new_id(),
        subject=command.subject,
        from_at=command.from_at,
        until_at=command.until_at,
        by=command.by,
        why=command.why,
    )
    turn.put_silence(silence)
    turn.state.timers.set(TimerKind(SILENCE_END, silence.id, silence.subject), silence.until_at)
    return Answer(True, Reason.COMMANDED, f"silence {silence.id} begins")


def _end_silence(turn: Turn, command: EndSilence) -> Answer:
    silence = next(
        (
            each
            for own in turn.state.silences.values()
            for each in own
            if each.id == command.silence
        ),
        None,
    )
    if silence is None:
        return Answer(False, Reason.NOT_FOUND, f"no silence {command.silence}")
    if silence.ended_at is not None or silence.until_at <= turn.now:
        return Answer(False, Reason.ALREADY_DONE, f"silence {silence.id} is over already")
    turn.put_silence(replace(silence, ended_at=turn.now))
    conditions.decide(turn, Reason.REVOKED, None, None, f"{silence.id} by {command.by}")
    turn.state.timers.cancel(TimerKind(SILENCE_END, silence.id, silence.subject))
    silence_over(turn, silence.subject)
    return Answer(True, Reason.COMMANDED, f"silence {silence.id} ended")


def silence_over(turn: Turn, subject: str) -> None:
    """Forget the silences of a subject that are over, and tell of what still stands."""
    silences = turn.state.silences
    left = [each for each in silences.get(subject, ()) if _lasts(each, turn.now)]
    if left:
        silences[subject] = left
    else:
        silences.pop(subject, None)
    conditions.tell_what_was_held_back(turn, subject)


def _lasts(silence: Silence, now: datetime) -> bool:
    return silence.ended_at is None and silence.until_at > now


def _refuse_times(turn: Turn, from_at: datetime, until_at: datetime) -> Answer | None:
    if from_at.tzinfo is None or until_at.tzinfo is None:
        return Answer(False, Reason.WRONG_TIMES, "times need a time zone")
    if until_at <= from_at:
        return Answer(False, Reason.WRONG_TIMES, "it would end before it begins")
    if until_at <= turn.now:
        return Answer(False, Reason.WRONG_TIMES, "it would be over already")
    return None
