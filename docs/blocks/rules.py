"""Each condition: what raises and clears it, who is told, how grave it is, which numbers decide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from alerts import evidence, route
from alerts.model import Condition, ConditionKind, Matter, NoticeKind, Role
from alerts.policy import Policy
from alerts.reason import Reason
from alerts.render import Story, notice
from alerts.wording import CHINESE
from docs.blocks.markdown import duration
from gateway import config

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Rule(NamedTuple):
    """What a page says of one condition. `reason` is one for which it is told."""

    reason: Reason
    raised: str
    cleared: str
    settings: tuple[str, ...] = ()


_PASSES = "by itself after {opening.agree_within_s}: nothing ever says that it is over"
_CAMERA_SAYS = "a camera says `{}`, now and not as old news"

RULES: dict[ConditionKind, Rule] = {
    ConditionKind.OPENED: Rule(
        Reason.OPENED_UNANNOUNCED,
        "a door opens that was closed. Told only where it was not announced: an opening inside a"
        " permit (`permitted`), one that was only found (`found_open`) and one that a device kept"
        " back during an outage (`aged`) are recorded and told to nobody. At night"
        " (`opened_at_night`) it is level 2. A contact that flaps is one opening (`bounce`)",
        "the door closes; or the resident announces it late; or the order ends",
        (
            *("opening.bounce_s", "opening.brief_s", "opening.night_from", "opening.night_until"),
            *("announcing.window_s", "announcing.per_day"),
            *("announcing.late_s", "announcing.late_per_day"),
        ),
    ),
    ConditionKind.LEFT_OPEN: Rule(
        Reason.STILL_OPEN,
        "a door is still open {opening.left_open_s} after it opened or was found open; where a"
        " permit covers it, so long after the permit's end (`permit_overrun`). While the device is"
        " unknown nobody can say that it is still open: it is looked at again later",
        "the door closes",
        ("opening.left_open_s",),
    ),
    ConditionKind.REPEATED: Rule(
        Reason.OPENED_REPEATEDLY,
        "a home has {opening.repeated_count} unannounced openings within"
        " {opening.repeated_within_s}",
        "a door closes and no other door of the home is open",
        ("opening.repeated_count", "opening.repeated_within_s"),
    ),
    ConditionKind.SEAL_BROKEN: Rule(
        Reason.SEAL_BROKEN,
        "a seal is broken, however that was learnt: it is a condition of now. No permit covers it",
        "the seal says `applied`",
    ),
    ConditionKind.SEAL_REMOVED: Rule(
        Reason.SEAL_REMOVED,
        "a seal was taken off. No permit covers it",
        "the seal says `applied`",
    ),
    ConditionKind.TAMPERED: Rule(
        Reason.DEVICE_TAMPERED,
        "a tamper contact is on. No permit covers it",
        "the contact is off; a vibration sensor on a seal never says that all is well again: what"
        " it felt passes after {opening.agree_within_s}",
        ("opening.agree_within_s",),
    ),
    ConditionKind.CAMERA_EXIT: Rule(
        Reason.CAMERA_SAW_EXIT,
        _CAMERA_SAYS.format("exit") + ". No permit covers it",
        _PASSES,
        ("opening.agree_within_s",),
    ),
    ConditionKind.CAMERA_ENTRY: Rule(
        Reason.CAMERA_SAW_ENTRY,
        _CAMERA_SAYS.format("entry") + ". A permit covers it",
        _PASSES,
        ("opening.agree_within_s",),
    ),
    ConditionKind.LOITERING: Rule(
        Reason.CAMERA_SAW_LOITERING, _CAMERA_SAYS.format("loitering"), _PASSES
    ),
    ConditionKind.GATHERING: Rule(
        Reason.CAMERA_SAW_GATHERING, _CAMERA_SAYS.format("gathering"), _PASSES
    ),
    ConditionKind.CAMERA_COVERED: Rule(
        Reason.CAMERA_COVERED, "a camera says `covered`", "it says `uncovered`"
    ),
    ConditionKind.CAMERA_FAULT: Rule(
        Reason.CAMERA_FAULT,
        "a camera says `fault`, and no outage explains it",
        "it says `uncovered`",
    ),
    ConditionKind.HELP: Rule(
        Reason.HELP_ASKED,
        "somebody presses the help button of a home: at once, even if the press comes late, even"
        " before the order begins or without a notice on record. No permit, silence or outage"
        " keeps it back",
        _PASSES + ". A press after that is told again under the same number",
        ("opening.agree_within_s",),
    ),
    ConditionKind.SILENT: Rule(
        Reason.REPORTING_TIME_PASSED,
        "a device at a watched home, or of its building, said nothing for longer than it may:"
        " {supervision.mains_silent_s} on mains; on a battery"
        " {supervision.heartbeats_missed} times the interval it promised,"
        " at most {supervision.sleeping_silent_max_s}; or its last will came, or it left its"
        " bridge's network. Its home is *unknown*"
        " at once; people are told {supervision.hold_s} later if it is still so. While the broker"
        " or its bridge is gone no device is called silent; an outage explains it",
        "the device is heard",
        (
            *("supervision.mains_silent_s", "supervision.heartbeats_missed"),
            *("supervision.sleeping_silent_max_s", "supervision.hold_s"),
        ),
    ),
    ConditionKind.BATTERY_LOW: Rule(
        Reason.BATTERY_LOW,
        "a charge is below {supervision.battery_low_pct} %, or the device says `low`",
        "a charge is {supervision.battery_ok_pct} % or more, or the device says another state of"
        " its power",
        ("supervision.battery_low_pct", "supervision.battery_ok_pct"),
    ),
    ConditionKind.MAINS_LOST: Rule(
        Reason.MAINS_LOST,
        'a device of class `"mains"` says `battery`, and still does {supervision.hold_s} later,'
        " unless an outage explains it",
        "it says `mains`",
        ("supervision.hold_s",),
    ),
    ConditionKind.FLOODING: Rule(
        Reason.FLOODING,
        "a device reports {supervision.flood_per_minute} facts within a minute. All of it is"
        " journalled and judged nevertheless. What had waited with the broker does not count. Only"
        " the maintainers are told, with the device's id, once",
        "it was slower for {supervision.flood_over_s}",
        ("supervision.flood_per_minute", "supervision.flood_over_s"),
    ),
    ConditionKind.OUTAGE: Rule(
        Reason.SEVERAL_SILENT,
        "{supervision.outage_devices} devices of one building or behind one bridge fall silent or"
        " lose mains within {supervision.hold_s}; or a bridge is offline for so long. Only where a"
        " home there is watched",
        "fewer than {supervision.outage_devices} are still away and the bridge is there again; what"
        " is still away is then told by itself",
        ("supervision.outage_devices", "supervision.hold_s"),
    ),
    ConditionKind.INTAKE_DOWN: Rule(
        Reason.BROKER_GONE,
        "this gateway has had no broker for {supervision.intake_down_s}",
        "the broker is found again; from then every device has its full reporting time",
        ("supervision.intake_down_s", "supervision.settle_s"),
    ),
    ConditionKind.CHANNEL_DOWN: Rule(
        Reason.CHANNEL_GONE,
        "a channel over which people are told has been down for {supervision.channel_down_s}, or"
        " the day's test text did not come back. Only the maintainers are told, over the others",
        "the channel works again, or a test text came back",
        ("supervision.channel_down_s",),
    ),
}


def rules() -> str:
    """One section a condition, the worst first."""
    return "\n\n".join(_section(kind, RULES[kind]) for kind in evidence.WORST_FIRST)


def assessed(kind: ConditionKind, reason: Reason) -> evidence.Assessment:
    """Return what one condition of this kind amounts to by itself."""
    alone = Condition("c", kind, "w", "w", "d", "main", raised_at=NOON, reason=reason)
    return evidence.assess([alone], None, NOON)


def in_text(kind: ConditionKind, reason: Reason) -> str:
    """Return how texts call it, in full."""
    phrase = CHINESE.what_because.get((kind, reason), CHINESE.what[kind])
    if "{" not in phrase.full:
        return phrase.full
    story = Story(
        kind=NoticeKind.ALARM,
        reason=Reason.ON_CALL,
        headline=kind,
        because=reason,
        address="-",
        short_address="-",
        since_local=NOON,
        now_local=NOON,
        number="1000",
    )
    return notice(story).split(" ")[1]


def told(kind: ConditionKind, reason: Reason) -> tuple[Role, ...]:
    """Return the roles that are told at once."""
    found = assessed(kind, reason)
    matter = evidence.matter_of(kind)
    roles = route.roles_at_once(matter, found.severity, found.headline)
    return (Role.MAINTAINER, *roles) if matter in route.EQUIPMENT else roles


def _section(kind: ConditionKind, rule: Rule) -> str:
    found = assessed(kind, rule.reason)
    matter = evidence.matter_of(kind)
    level = f", evidence level {found.level}" if matter is Matter.DEPARTURE else ""
    lines = [
        f"### `{kind}` · {in_text(kind, rule.reason)}",
        "",
        f"- Raised when {_filled(rule.raised)}.",
        f"- Over when: {_filled(rule.cleared)}.",
        f"- Alone: matter `{matter}`, severity `{found.severity.name.lower()}`{level}.",
        f"- Told at once: {', '.join(told(kind, rule.reason))}.",
        *_numbers(rule.settings),
    ]
    return "\n".join(lines)


def _numbers(names: tuple[str, ...]) -> Iterator[str]:
    known = {each.key: each for each in config.settings()}
    for name in names:
        setting = known[f"policy.{name}"]
        yield f"- `{setting.key} = {setting.default}`: {setting.what}"


class _Numbers:
    """Gives `str.format` the default of a setting, as people say it."""

    def __init__(self, name: str) -> None:
        self._table = getattr(Policy(), name)

    def __getattr__(self, name: str) -> str:
        value = getattr(self._table, name)
        return duration(value) if name.endswith("_s") else f"{value:g}"


def _filled(text: str) -> str:
    return text.format(**{name: _Numbers(name) for name in ("opening", "supervision")})
