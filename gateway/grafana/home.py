"""One home: what its doors did, what came of it, and when nobody could say."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_uppercase

from gateway.export.schema import (
    CONDITION,
    DEVICE,
    HOME,
    INCIDENT,
    NOTICE,
    OBSERVATION,
    STATE,
    SUPERVISION,
    TRANSITION,
    UNKNOWN,
    Measurement,
)
from gateway.grafana import mappings
from gateway.grafana.board import Board, Shelf, annotation, variable
from gateway.grafana.colours import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, YELLOW
from gateway.grafana.common import (
    INCIDENT_FIELDS,
    NONE_IS_GOOD,
    incident_columns,
    lately,
)
from gateway.grafana.panels import (
    Column,
    Look,
    Steps,
    stat,
    state_timeline,
    table,
    timeseries,
)
from gateway.grafana.query import (
    LEADING,
    OF_WATCH,
    SINCE_LONG,
    Json,
    newest,
    or_zero,
    select,
    tables,
    target,
)
from gateway.grafana.words import Words

ROWS = ("door", "seal", "permit", "camera", "tamper", "power", "status")
"""The kinds of the timeline, from what matters most: an open door stands above what was announced
for it."""
_WITHOUT_MAIN: Json = {
    "id": "renameByRegex",
    "options": {"regex": "^(.+) main · (.+)$", "renamePattern": "$1 · $2"},
}
"""Most devices have one part alone, and nobody needs to read its name."""
SECOND = "time:MM-DD HH:mm:ss"
_ENDS: Steps = ((None, RED), (0, YELLOW), (86_400, GREEN))
_UNKNOWN: Steps = ((None, GREEN), (1, GREY))
_MARKS = (
    ("exit", "camera", "exit", RED),
    ("entry", "camera", "entry|loitering|gathering", ORANGE),
    ("help", "button", "help", PURPLE),
    ("announce", "button", "announce", BLUE),
)
"""Annotations of what happens and is over: key, kind, states, colour."""


def home(words: Words) -> Board:
    """Return the dashboard of one home."""
    terms = words.terms
    return Board(
        key="home",
        shelves=(
            Shelf(4, _now(words)),
            Shelf(11, ((24, _timeline(words)),)),
            Shelf(7, ((24, _incidents(words)),)),
            Shelf(9, ((12, _transitions(words)), (12, _notices(words))), terms["what_was_done"]),
            Shelf(9, ((12, _events(words)), (12, _conditions(words))), terms["what_was_found"]),
            Shelf(8, ((10, _spans(words)), (14, _silence(words))), terms["devices"]),
            Shelf(8, ((12, _battery(words)), (12, _radio(words)))),
        ),
        variables=(
            variable("home", terms["home"], HOME, is_multi=False),
            variable("watch", terms["watch"], HOME, where='"home" =~ /^$home$/', is_hidden=True),
            variable("number", terms["number"], INCIDENT, where=OF_WATCH, field="number"),
        ),
        annotations=tuple(_annotations(words)),
        quick_ranges=(  # an end is rounded up: `now-1d/d` is the last midnight
            (terms["last_night"], "now-1d/d+20h", "now-1d/d+8h"),
            (terms["this_night"], "now/d-4h", "now"),
            (terms["last_hour"], "now-1h", "now"),
            (terms["last_day"], "now-24h", "now"),
            (terms["last_3_days"], "now-3d", "now"),
            (terms["last_14_days"], "now-14d", "now"),
        ),
    )


def _now(words: Words) -> tuple[tuple[int, Json], ...]:
    is_open = select(
        'count("id") AS "open"', INCIDENT, OF_WATCH, '"is_open" = 1', within=SINCE_LONG
    )
    any_ = select('"id"', INCIDENT, OF_WATCH, within=SINCE_LONG)
    unknown = select('sum("unknown_s") / sum("watched_s") * 100', HOME, OF_WATCH)
    shown = (
        (
            lately('last("standing")', OF_WATCH),
            "standing",
            Look(mapping=mappings.standings(words), steps=((None, GREY),)),
        ),
        (or_zero(is_open, any_, "id", "open"), "open", Look(steps=NONE_IS_GOOD)),
        (
            lately('last("doors_open")', OF_WATCH),
            "doors",
            Look(steps=((None, GREEN), (1, YELLOW))),
        ),
        (lately('last("missing")', OF_WATCH), "missing", Look(steps=NONE_IS_GOOD)),
        (unknown, "unknown", Look("percent", steps=_UNKNOWN, decimals=1)),
        (lately('last("ends_in_s")', OF_WATCH), "ends", Look("dtdhms", steps=_ENDS)),
    )
    return tuple(
        (4, stat(words.said(f"home.{key}"), [target(query)], look, is_text=key == "standing"))
        for query, key, look in shown
    )


def _timeline(words: Words) -> Json:
    asked = [
        target(
            select(
                '"state"',
                STATE,
                OF_WATCH,
                f"\"kind\" = '{kind}'",
                within=LEADING,
                by='"device", "part"',
            ),
            ref,
            alias=words.kinds[kind] + ("" if kind == "permit" else " $tag_part · $tag_device"),
        )
        for ref, kind in zip(ascii_uppercase, ROWS, strict=False)
    ]
    made = state_timeline(words.said("home.timeline"), asked, mappings.states(words))
    return {**made, "transformations": [_WITHOUT_MAIN]}


def _annotations(words: Words) -> Iterator[Json]:
    incidents = select(f'"title_{words.tag}", "number", "end_ms"', INCIDENT, OF_WATCH)
    yield annotation(
        words.terms["incidents"],
        RED,
        incidents,
        text=f"title_{words.tag}",
        tags="number",
        end="incident.end_ms",
    )
    for key, kind, states, colour in _MARKS:
        seen = select(
            '"state", "origin"',
            OBSERVATION,
            OF_WATCH,
            f"\"kind\" = '{kind}'",
            f'"state" =~ /^({states})$/',
            "\"origin\" = 'event'",
        )
        yield annotation(words.terms[f"mark_{key}"], colour, seen, text="state")


def _incidents(words: Words) -> Json:
    query = select(
        f'{INCIDENT_FIELDS}, "acknowledged_s", "on_site_s", "resolved_s", "cause"',
        INCIDENT,
        OF_WATCH,
    )
    terms = words.terms
    columns = (
        *incident_columns(words),
        Column("acknowledged_s", terms["to_report_in"], 110, unit="dthms"),
        Column("on_site_s", terms["to_arrival"], 110, unit="dthms"),
        Column("resolved_s", terms["to_end"], 110, unit="dthms"),
        Column("cause", terms["cause"], mapping=mappings.causes(words)),
    )
    return table(words.said("home.incidents"), tables(newest(query, 500)), columns)


def _transitions(words: Words) -> Json:
    query = select(
        '"number", "to", "reason", "role", "after_s"',
        TRANSITION,
        OF_WATCH,
        '"number" =~ /^$number$/',
    )
    terms = words.terms
    columns = (
        Column("Time", terms["time"], 150, unit=SECOND),
        Column("number", terms["number"], 80),
        Column("to", terms["state"], 130, mapping=mappings.incident_states(words)),
        Column("role", terms["by"], 110, mapping=mappings.roles(words)),
        Column("reason", terms["why"], mapping=mappings.reasons(words)),
        Column("after_s", terms["after"], 110, unit="dthms"),
    )
    return table(words.said("home.transitions"), tables(newest(query, 1000)), columns)


def _notices(words: Words) -> Json:
    query = select('"role", "kind", "state", "reason", "channel", "settled_s"', NOTICE, OF_WATCH)
    terms = words.terms
    columns = (
        Column("Time", terms["time"], 150, unit=SECOND),
        Column("role", terms["to_whom"], 110, mapping=mappings.roles(words)),
        Column("kind", terms["what_for"], 110, mapping=mappings.notice_kinds(words)),
        Column("state", terms["fate"], 120, mapping=mappings.notice_states(words)),
        Column("reason", terms["why"], mapping=mappings.reasons(words)),
        Column("channel", terms["channel"], 100),
        Column("settled_s", terms["took"], 100, unit="dthms"),
    )
    return table(words.said("home.notices"), tables(newest(query, 1000)), columns)


def _events(words: Words) -> Json:
    query = select(
        '"kind", "part", "state", "device", "late_s"',
        OBSERVATION,
        OF_WATCH,
        "\"origin\" = 'event'",
        '"kind" =~ /^(door|seal|tamper|camera|button|power|status)$/',
    )
    terms = words.terms
    columns = (
        Column("Time", terms["time"], 150, unit=SECOND),
        Column("kind", terms["kind"], 90, mapping=mappings.kinds(words)),
        Column("part", terms["part"], 80),
        Column("state", terms["said"], 110, mapping=mappings.states(words)),
        Column("device", terms["device"]),
        Column("late_s", terms["late"], 100, unit="dthms"),
    )
    return table(words.said("home.events"), tables(newest(query, 2000)), columns)


def _conditions(words: Words) -> Json:
    query = select('"kind", "part", "device", "reason", "stands", "lasted_s"', CONDITION, OF_WATCH)
    terms = words.terms
    columns = (
        Column("Time", terms["since"], 150, unit=SECOND),
        Column("kind", terms["what"], 140, mapping=mappings.conditions(words)),
        Column("part", terms["part"], 80),
        Column("device", terms["device"]),
        Column("reason", terms["why"], 160, mapping=mappings.reasons(words)),
        Column("stands", terms["stands"], 80, mapping=mappings.yes_no(words, yes=RED, no=GREEN)),
        Column("lasted_s", terms["lasted"], 100, unit="dthms"),
    )
    return table(words.said("home.conditions"), tables(newest(query, 1000)), columns)


def _spans(words: Words) -> Json:
    of_gateway = "(\"watch\" = '' AND \"device\" = '')"
    query = select(
        '"device", "reason", "lasted_s", "stands"',
        UNKNOWN,
        f"({OF_WATCH} OR {of_gateway})",
    )
    terms = words.terms
    columns = (
        Column("Time", terms["since"], 150, unit=SECOND),
        Column("device", terms["device"]),
        Column("reason", terms["why"], 150, mapping=mappings.reasons(words)),
        Column("lasted_s", terms["lasted"], 100, unit="dthms"),
        Column("stands", terms["stands"], 80, mapping=mappings.yes_no(words, yes=GREY, no=GREEN)),
    )
    return table(words.said("home.spans"), tables(newest(query, 1000)), columns)


def _silence(words: Words) -> Json:
    return timeseries(
        words.said("home.silence"),
        [_of_device('max("silent_s")', SUPERVISION, "null")],
        Look("dthms", minimum=0),
    )


def _battery(words: Words) -> Json:
    return timeseries(
        words.said("home.battery"),
        [_of_device('mean("battery_pct")', DEVICE)],
        Look("percent", minimum=0, maximum=100, steps=((None, RED), (20, SKY))),
        threshold_style="line",
        disconnect_ms=None,  # some say it once a day
    )


def _radio(words: Words) -> Json:
    return timeseries(
        words.said("home.radio"),
        [_of_device('min("rssi_dbm")', DEVICE)],
        Look("dBm"),
        disconnect_ms=None,
    )


def _of_device(what: str, measurement: Measurement, fill: str = "none") -> Json:
    by = f'time($__interval), "device" fill({fill})'
    return target(select(what, measurement, OF_WATCH, by=by), alias="$tag_device")
