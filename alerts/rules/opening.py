"""Doors: what an opening is, and when it is one too many.

An opening that is news is raised at once; one that was only found is true now but no news of
then: it is kept, nobody is told, and it has until `left_open_s` to close.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.clock import is_night
from alerts.model import Condition, ConditionKind, Watch
from alerts.reason import Reason
from alerts.rules.finding import Clear, Finding, Ignore, Raise, Resume, Scene, Use, Wait
from alerts.state import HomeState
from devices.model import News

LEFT_OPEN = "left_open"
"""The timer that asks whether a door is still open."""

UNANNOUNCED = frozenset({Reason.OPENED_UNANNOUNCED, Reason.OPENED_AT_NIGHT})
"""Openings that count towards `repeated`, and that may still be announced late."""

_CLOSED = frozenset({Reason.CLOSED_AGAIN, Reason.CLOSED_AGAIN_BRIEFLY})


def door(scene: Scene) -> Iterator[Finding]:
    """Judge a door that opened, closed, or was found open or closed."""
    if scene.observation.state == "closed":
        return _closed(scene)
    return _opened(scene)


def _opened(scene: Scene) -> Iterator[Finding]:
    if scene.stands(ConditionKind.OPENED) is None:
        yield from _opened_anew(scene, _bounce(scene))
    elif scene.news is News.NEW:  # its closing went missing
        yield Clear(ConditionKind.LEFT_OPEN, Reason.CLOSED_AGAIN)
        yield Clear(ConditionKind.OPENED, Reason.CLOSED_AGAIN)
        yield from _opened_anew(scene, None)
    else:
        yield Ignore(Reason.REPEATED_STATE)


def _opened_anew(scene: Scene, bounced: Condition | None) -> Iterator[Finding]:
    left_open = timedelta(seconds=scene.watch.policy.opening.left_open_s)
    if bounced is not None:
        yield Resume(bounced, Reason.BOUNCE)
        yield Wait(LEFT_OPEN, max(scene.at, bounced.raised_at + left_open))
    elif scene.news is not News.NEW:
        found = scene.news is News.FOUND
        yield Raise(ConditionKind.OPENED, Reason.FOUND_OPEN if found else Reason.AGED)
        yield Wait(LEFT_OPEN, scene.at + left_open)
    elif scene.permit is not None:
        yield Use(scene.permit)
        yield Raise(ConditionKind.OPENED, Reason.PERMITTED)
        yield Wait(LEFT_OPEN, scene.permit.until_at + left_open)
    else:
        at_night = is_night(scene.at, scene.watch.policy)
        reason = Reason.OPENED_AT_NIGHT if at_night else Reason.OPENED_UNANNOUNCED
        yield Raise(ConditionKind.OPENED, reason)
        yield Wait(LEFT_OPEN, scene.at + left_open)
        yield from _repeated(scene)


def _repeated(scene: Scene) -> Iterator[Finding]:
    """Judge whether this opening, not yet remembered, is one too many."""
    rules = scene.watch.policy.opening
    count = 1 + len(recent_openings(scene.home, scene.watch, scene.at))
    if count >= rules.repeated_count:
        detail = f"{count} in {rules.repeated_within_s / 60:.0f} min"
        reason = Reason.OPENED_REPEATEDLY
        yield Raise(ConditionKind.REPEATED, reason, detail, is_of_home=True)


def _bounce(scene: Scene) -> Condition | None:
    """Return the opening that this one belongs to, if the contact merely flapped."""
    last = scene.home.last_closed.get(scene.door)
    if last is None or last.cleared_at is None or last.clear_reason not in _CLOSED:
        return None
    pause = scene.at - last.cleared_at
    return last if pause <= timedelta(seconds=scene.watch.policy.opening.bounce_s) else None


def recent_openings(home: HomeState, watch: Watch, now: datetime) -> list[datetime]:
    """Return the unannounced openings still within the window of `repeated`, oldest first."""
    since = now - timedelta(seconds=watch.policy.opening.repeated_within_s)
    return [at for at in home.openings if at > since]


def _closed(scene: Scene) -> Iterator[Finding]:
    opening = scene.stands(ConditionKind.OPENED)
    if opening is None:
        return
    is_brief = (
        scene.at - opening.raised_at <= timedelta(seconds=scene.watch.policy.opening.brief_s)
        and scene.stands(ConditionKind.LEFT_OPEN) is None
    )
    yield Clear(ConditionKind.LEFT_OPEN, Reason.CLOSED_AGAIN)
    reason = Reason.CLOSED_AGAIN_BRIEFLY if is_brief else Reason.CLOSED_AGAIN
    yield Clear(ConditionKind.OPENED, reason)
    if scene.home.open_doors <= {scene.door}:
        yield Clear(ConditionKind.REPEATED, Reason.CLOSED_AGAIN, is_of_home=True)


def still_open(
    opening: Condition | None,
    covered_until: datetime | None,
    watch: Watch,
    now: datetime,
    *,
    is_unknown: bool,
) -> Raise | Wait | None:
    """Judge a door when its time is up; None where it closed meanwhile.

    `covered_until` is the end of a permit that covers the door now, whenever it was granted. Of a
    door that `is_unknown` nobody can say that it is still open: it is looked at again.
    """
    if opening is None:
        return None
    if covered_until is not None or is_unknown:
        left_open = timedelta(seconds=max(watch.policy.opening.left_open_s, 1.0))
        return Wait(LEFT_OPEN, (covered_until or now) + left_open)
    overran = opening.reason is Reason.PERMITTED
    reason = Reason.PERMIT_OVERRUN if overran else Reason.STILL_OPEN
    return Raise(ConditionKind.LEFT_OPEN, reason, since_at=opening.raised_at)
