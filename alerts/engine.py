"""The engine: what was heard, what was asked, and time alone, each run through one pipeline.

    hear → judge → rules → raise or clear → suppress → incident → notices

Pure: state and values in, values out, the time an argument. Everything decided is in the turn's
changes, and in the state at once. `apply` is for each observation, `tick` for time, `command` for
people, `shift` for a clock that stepped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from alerts import (
    announcing,
    commands,
    conditions,
    escalation,
    flooding,
    outages,
    permits,
    roster,
    supervision,
)
from alerts.commands import Answer
from alerts.model import ConditionKind, Watch
from alerts.reason import Reason
from alerts.rules.camera import camera
from alerts.rules.finding import Clear, Finding, Ignore, Raise, Resume, Scene, Use, Wait
from alerts.rules.help import help_asked
from alerts.rules.opening import LEFT_OPEN, door, still_open
from alerts.rules.seal import seal
from alerts.rules.tamper import tamper
from alerts.shift import shift
from alerts.state import ConditionKey, DeviceState, HomeState, TimerKind, Turn
from alerts.supervision import intake_back, intake_lost
from alerts.suppress import permit_covering, why_not_watched
from devices.model import LEFT_NETWORK, Kind, News, Observation, Origin, Scope
from devices.news import judge

__all__ = ["apply", "command", "intake_back", "intake_lost", "shift", "tick"]

# An enum member costs 0.1 us to look up on its class, ten times what a global does.
_REPEATED, _LATE, _DUPLICATE, _UNCERTAIN = News.REPEATED, News.LATE, News.DUPLICATE, News.UNCERTAIN
_EVENT, _REPORT, _GATEWAY = Origin.EVENT, Origin.REPORT, Scope.GATEWAY
_HEARTBEAT, _STATUS = Kind.HEARTBEAT, Kind.STATUS
_ALIVE, _REPEATED_STATE = Reason.ALIVE, Reason.REPEATED_STATE

_RULES: dict[Kind, Callable[[Scene], Iterator[Finding]]] = {
    Kind.DOOR: door,
    Kind.SEAL: seal,
    Kind.TAMPER: tamper,
    Kind.CAMERA: camera,
}
_STANDING_STATES = frozenset({"open", "broken", "removed", "on", "covered", "fault"})
"""States in which something is not as it should be, and stays so until it is said otherwise."""

_ALL_WELL = frozenset({"closed", "applied", "off", "uncovered"})
"""States of which nothing would come at a home that is watched either: counted, not explained."""


# ---- what was heard ----


def apply(turn: Turn, observation: Observation, received_at: datetime) -> None:
    """Take in one observation that arrived at `received_at`, by the gateway's clock."""
    if observation.scope is _GATEWAY:
        outages.bridge_said(turn, observation, min(received_at, turn.now))
        return
    device = turn.state.devices.get(observation.device)
    if device is None:
        turn.count(Reason.UNREGISTERED)
        return
    device_id = device.info.id  # what keeps it shall not keep this message's copy
    memory = device.memory
    was_doubted = memory.doubts is not None and observation.boot is None
    news, gap, _ = judge(memory, observation)
    kind, origin = observation.kind, observation.origin
    at = received_at if received_at < turn.now else turn.now  # noqa: FURB136  # min() costs 0.1 us
    is_itself = (origin is _EVENT or origin is _REPORT) and not was_doubted
    if observation.battery_pct is not None and is_itself:
        supervision.charge_said(turn, device_id, device, observation.battery_pct, at)
    device.allowance -= 1
    if device.allowance < 0:
        flooding.allowance_used_up(turn, device_id, device, at)
    turn.touched.add(device_id)
    if news is not _REPEATED or gap or kind is _STATUS:
        _take_in(turn, device, observation, news, gap, at, is_itself)
        return
    if is_itself:
        if kind is _HEARTBEAT and observation.interval_s != device.interval_s:
            supervision.promised(turn, device_id, device, observation.interval_s)
        if device.unknown_since is None:
            device.heard_at = at
        else:
            supervision.heard(turn, device_id, device, at)
    turn.count(_ALIVE if kind is _HEARTBEAT else _REPEATED_STATE)


def _take_in(
    turn: Turn,
    device: DeviceState,
    observation: Observation,
    news: News,
    gap: int,
    at: datetime,
    is_itself: bool,
) -> None:
    """Take in what is not merely what was known."""
    device_id, watch_id = observation.device, device.info.watch
    if gap:
        detail = f"{gap} missing since {device.heard_at.isoformat() if device.heard_at else 'ever'}"
        conditions.decide(turn, Reason.MESSAGES_MISSING, watch_id, device_id, detail)
    if observation.kind is _STATUS:
        _status_said(turn, device, observation, news, at)
        return
    if is_itself and news is not _LATE and news is not _DUPLICATE and news is not _UNCERTAIN:
        supervision.heard(turn, device_id, device, at)
    if news is _UNCERTAIN:
        _became_uncertain(turn, device, observation, at)
    elif observation.kind is Kind.BUTTON:
        _button_pressed(turn, device, observation, news, at)
    elif news is _LATE or news is _DUPLICATE:
        conditions.decide(turn, Reason(news.value), watch_id, device_id, observation.kind)
    elif observation.kind is Kind.POWER:
        supervision.power_said(turn, device_id, device, observation, at)
    elif (rule := _RULES.get(observation.kind)) is not None:
        _decide(turn, device, observation, news, at, rule)
    else:
        turn.count(_ALIVE if observation.kind is _HEARTBEAT else Reason.NOT_UNDERSTOOD)


def _decide(
    turn: Turn,
    device: DeviceState,
    observation: Observation,
    news: News,
    at: datetime,
    rule: Callable[[Scene], Iterator[Finding]],
) -> None:
    """Let a rule judge a fact at a watched home, and carry out what it finds."""
    watch = turn.state.watches.get(device.info.watch or "")
    why_not = why_not_watched(turn.state, watch)
    if watch is None or why_not is not None:
        reason = why_not or Reason.NOT_WATCHED
        if observation.state in _ALL_WELL:
            turn.count(reason)
            return
        detail = f"{observation.kind} {observation.state}"
        conditions.decide(turn, reason, device.info.watch, observation.device, detail)
        return
    scene = Scene(
        observation,
        news,
        at,
        watch,
        turn.state.homes.get(watch.id) or HomeState(),
        turn.state.conditions,
        permit_covering(turn.state, watch.id, at),
    )
    _carry_out(turn, watch, scene, tuple(rule(scene)))


def _carry_out(turn: Turn, watch: Watch, scene: Scene, findings: Iterable[Finding]) -> None:
    """Do what a rule found, in its order."""
    device = scene.observation.device
    for finding in findings:
        match finding:
            case Raise():
                conditions.raise_(
                    turn,
                    scene.key(finding.kind, is_of_home=finding.is_of_home),
                    finding.reason,
                    scene.at,
                    watch=watch.id,
                    detail=finding.detail,
                )
            case Clear():
                key = scene.key(finding.kind, is_of_home=finding.is_of_home)
                conditions.clear(turn, key, finding.reason, scene.at)
            case Resume():
                conditions.resume(turn, finding.condition, finding.reason)
            case Wait():
                key = scene.key(ConditionKind.OPENED)
                turn.state.timers.set(conditions.timer_of(finding.what, key), finding.at)
            case Use():
                permits.use(turn, finding.permit, scene.at)
            case Ignore():
                conditions.decide(turn, finding.reason, watch.id, device, finding.detail)


def _button_pressed(
    turn: Turn, device: DeviceState, observation: Observation, news: News, at: datetime
) -> None:
    """Take in a press. Help is told wherever anybody can be told; even late, never twice."""
    watch = turn.state.watches.get(device.info.watch or "")
    if news is _DUPLICATE or news is _REPEATED:
        conditions.decide(turn, Reason.DUPLICATE, device.info.watch, observation.device)
    elif watch is None:
        conditions.decide(turn, Reason.NOT_WATCHED, None, observation.device, observation.state)
    elif observation.state == "help":
        asked = help_asked()
        key = ConditionKey(asked.kind, watch.id, observation.device, observation.part)
        conditions.raise_(turn, key, asked.reason, at, watch=watch.id)
    elif (why_not := why_not_watched(turn.state, watch)) is not None:
        conditions.decide(turn, why_not, watch.id, observation.device, observation.state)
    else:
        announcing.announce(turn, watch, observation.device, at, observation.kept_back_s)


def _status_said(
    turn: Turn, device: DeviceState, observation: Observation, news: News, at: datetime
) -> None:
    """Take in the path to a device: its own word, its bridge's, or its last will."""
    device_id = observation.device
    if observation.state == "offline":
        # The broker's copy may be old, but never older than the device's own `online`.
        if news is not _REPEATED or observation.origin is _EVENT:
            has_left = observation.note == LEFT_NETWORK
            reason = Reason.LEFT_NETWORK if has_left else Reason.LAST_WILL
            supervision.lost(turn, device_id, device, reason, at)
    elif observation.origin is _EVENT:  # online, or about to sleep as it should
        supervision.is_there(turn, device_id, device, at)
    else:
        turn.count(_REPEATED_STATE)


def _became_uncertain(
    turn: Turn, device: DeviceState, observation: Observation, at: datetime
) -> None:
    """A copy of unknown age contradicts what was known: now nobody can say."""
    is_retained = observation.origin is Origin.RETAINED
    reason = Reason.RETAINED_COPY if is_retained else Reason.CACHED_COPY
    if device.unknown_since is None:
        turn.put_unknown(device, reason, at)
    detail = f"{observation.kind} {observation.state}"
    conditions.decide(turn, reason, device.info.watch, observation.device, detail)


# ---- time alone ----


def tick(turn: Turn) -> None:
    """Do what is due at `turn.now`."""
    for kind in turn.state.timers.pop_due(turn.now):
        _DUE[kind.what](turn, kind)


def _left_open_due(turn: Turn, kind: TimerKind) -> None:
    """A door has had its time: is it still open, and may it be?"""
    watch = turn.state.watches.get(kind.subject)
    key = ConditionKey(ConditionKind.OPENED, kind.subject, kind.device, kind.part)
    device = turn.state.devices.get(kind.device)
    if watch is None or device is None or why_not_watched(turn.state, watch) is not None:
        return
    is_unknown = device.unknown_since is not None or turn.state.intake_lost_at is not None
    opening = turn.state.conditions.get(key)
    finding = still_open(
        opening, permits.covered_until(turn, watch), watch, turn.now, is_unknown=is_unknown
    )
    match finding:
        case Raise():
            conditions.raise_(
                turn,
                key._replace(kind=finding.kind),
                finding.reason,
                turn.now,
                watch=watch.id,
                since_at=finding.since_at,
            )
        case Wait():
            turn.state.timers.set(conditions.timer_of(LEFT_OPEN, key), finding.at)


def _passed_due(turn: Turn, kind: TimerKind) -> None:
    """What was true for a moment is over."""
    key = ConditionKey(ConditionKind(kind.kind), kind.subject, kind.device, kind.part)
    conditions.clear(turn, key, Reason.PASSED, turn.now)


def _order_start_due(turn: Turn, kind: TimerKind) -> None:
    """An order begins: what is not as it should be is taken as found."""
    watch = turn.state.watches.get(kind.subject)
    if watch is None:
        return
    roster.begin(turn, watch)
    for device_id in watch.devices:
        device = turn.state.devices.get(device_id)
        if device is None:
            continue
        for name, state in list(device.memory.states.items()):
            fact, _, part = name.partition("/")
            rule = _RULES.get(Kind(fact))
            if rule is not None and state in _STANDING_STATES:
                found = Observation(device_id, Kind(fact), state, part or "main", _REPORT)
                _decide(turn, device, found, News.FOUND, turn.now, rule)


_DUE: dict[str, Callable[[Turn, TimerKind], None]] = {
    "step": lambda turn, kind: escalation.step_due(turn, kind.subject),
    LEFT_OPEN: _left_open_due,
    conditions.PASSED: _passed_due,
    supervision.LOOK: supervision.look_due,
    outages.HOLD: supervision.hold_due,
    flooding.OVER: flooding.over_due,
    supervision.INTAKE: lambda turn, _: supervision.intake_down(turn),
    roster.ORDER_START: _order_start_due,
    roster.ORDER_END: lambda turn, kind: roster.end_due(turn, kind.subject),
    permits.SILENCE_END: lambda turn, kind: permits.silence_over(turn, kind.device),
}
"""What each word of a timer means."""


# ---- what people ask ----


def command(turn: Turn, asked: commands.Command | permits.PermitCommand) -> Answer:
    """Carry out what a person asked, or say why not."""
    if isinstance(asked, permits.PermitCommand):
        return permits.apply(turn, asked)
    return commands.apply(turn, asked)
