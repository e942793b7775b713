"""Devices: which fall silent, which battery ends first, how they hear their network."""

from __future__ import annotations

from gateway.export.schema import CONDITION, DEVICE, HOME, SUPERVISION
from gateway.grafana import mappings
from gateway.grafana.board import Board, Shelf, variable
from gateway.grafana.colours import GREEN, GREY, ORANGE, RED, SKY, YELLOW
from gateway.grafana.common import NONE_IS_GOOD, SOME_IS_BAD, home_column
from gateway.grafana.panels import Column, Look, Steps, stat, table, timeseries
from gateway.grafana.query import (
    IN_COMMUNITY,
    LAST_DAY,
    LATELY,
    NEARBY,
    Json,
    Query,
    select,
    select_from,
    tables,
    target,
    targets,
)
from gateway.grafana.words import Words

APART_D = 14
"""Days between the two charges that a forecast is drawn through."""
WARN_D = 30
"""Days ahead that a person wants to know (DC-09 practice)."""
WEAK_DBM = -85
"""Below this a device is heard badly (ours)."""
CLOCK_OFF_S = 60
"""A device's clock that is further off is named (ours)."""
_THEN = f"time > ${{__to}}ms - {APART_D + 2}d AND time <= ${{__to}}ms - {APART_D}d"
_NOW = "time > ${__to}ms - 2d AND time <= ${__to}ms"
_BY = '"device", "home", "building"'
_LEFT: Steps = ((None, RED), (7, ORANGE), (WARN_D, GREEN))
_CHARGE: Steps = ((None, RED), (20, YELLOW), (40, GREEN))
_DBM: Steps = ((None, RED), (WEAK_DBM, YELLOW), (-75, GREEN))
KINDS = (
    ("silent", RED),
    ("battery_low", YELLOW),
    ("mains_lost", ORANGE),
    ("tampered", SKY),
)


def devices(words: Words) -> Board:
    """Return the dashboard of devices."""
    terms = words.terms
    return Board(
        key="devices",
        shelves=(
            Shelf(4, _now(words)),
            Shelf(9, ((14, _forecast(words)), (10, _low(words))), terms["battery"]),
            Shelf(9, ((12, _silent(words)), (12, _share(words))), terms["silence"]),
            Shelf(8, ((24, _raised(words)),)),
            Shelf(9, ((12, _radio(words)), (12, _clock(words))), terms["radio_and_clock"]),
        ),
        variables=(
            variable("community", terms["community"], HOME),
            variable("building", terms["building"], HOME, where=IN_COMMUNITY),
        ),
        since="now-7d",
        refresh="5m",
    )


def _now(words: Words) -> tuple[tuple[int, Json], ...]:
    grey: Steps = ((None, GREEN), (1, GREY))
    asked = (
        ("all", 'count("is_missing")', ((None, SKY),)),
        ("missing", 'sum("is_missing")', NONE_IS_GOOD),
        ("unknown", 'sum("is_unknown")', grey),
        ("low", 'sum("is_battery_low")', SOME_IS_BAD),
        ("on_battery", 'sum("is_on_battery")', SOME_IS_BAD),
    )
    widths = (4, 5, 5, 5, 5)
    return tuple(
        (width, stat(words.said(f"devices.{key}"), [target(_of_last(what))], Look(steps=steps)))
        for width, (key, what, steps) in zip(widths, asked, strict=True)
    )


def _of_last(what: str) -> Query:
    field = what.split('"')[1]
    last = select(
        f'last("{field}") AS "{field}"', SUPERVISION, *NEARBY, within=LATELY, by='"device"'
    )
    return select_from(what, last)


def _forecast(words: Words) -> Json:
    """Draw a line through the charge two weeks ago and now: when does it meet nothing?"""
    now = select('mean("battery_pct") AS "now"', DEVICE, *NEARBY, within=_NOW, by=_BY)
    then = select('mean("battery_pct") AS "then"', DEVICE, *NEARBY, within=_THEN, by=_BY)
    left = select_from(
        f'mean("now") / (mean("then") - mean("now")) * {APART_D} AS "days_left", '
        'mean("now") AS "charge"',
        now,
        then,
        by=_BY,
    )
    query = select_from(
        f'"days_left", "charge", {_BY}', left, where='"days_left" > 0 AND "days_left" < 365'
    )
    terms = words.terms
    columns = (
        Column("Time", terms["time"], is_hidden=True),
        Column("days_left", terms["days_left"], 110, unit=terms["unit_d"], steps=_LEFT),
        Column("charge", terms["charge"], 90, unit="percent", steps=_CHARGE),
        Column("device", terms["device"]),
        home_column(words),
        Column("building", terms["building"], 120),
    )
    return table(
        words.said("devices.forecast"), tables(query), columns, sort=(terms["days_left"], False)
    )


def _low(words: Words) -> Json:
    query = select(
        'last("battery_pct") AS "charge", "home", "building", "battery_v"',
        DEVICE,
        *NEARBY,
        within=_NOW,
        by='"device"',
    )
    terms = words.terms
    columns = (
        Column("Time", terms["time"], is_hidden=True),
        Column("device", terms["device"]),
        Column("charge", terms["charge"], 90, unit="percent", steps=_CHARGE),
        home_column(words),
        Column("building", terms["building"], is_hidden=True),
        Column("battery_v", terms["volts"], 80, unit="volt"),
    )
    return table(
        words.said("devices.weakest"), tables(query), columns, sort=(terms["charge"], False)
    )


def _silent(words: Words) -> Json:
    query = select(
        'last("silent_s") AS "silent_s", "owes_every_s", "home", "building"',
        SUPERVISION,
        *NEARBY,
        '"is_missing" = 1',  # in here: outside, every device's last sample is looked for first
        within=LATELY,
        by='"device"',
    )
    terms = words.terms
    columns = (
        Column("Time", terms["time"], is_hidden=True),
        Column("silent_s", terms["silent_for"], 130, unit="dtdhms", steps=((None, RED),)),
        Column("owes_every_s", terms["owes_every"], 120, unit="dtdhms"),
        home_column(words),
        Column("building", terms["building"], 120),
        Column("device", terms["device"]),
    )
    return table(
        words.said("devices.silent"), tables(query), columns, sort=(terms["silent_for"], True)
    )


def _share(words: Words) -> Json:
    terms = words.terms
    asked = [
        (
            terms[name],
            select(
                f'mean("{field}") * 100',
                SUPERVISION,
                *NEARBY,
                within=LAST_DAY,
                by="time(1h) fill(null)",  # by the quarter it reads three times as long
            ),
        )
        for name, field in (("silent", "is_missing"), ("unknown", "is_unknown"))
    ]
    return timeseries(
        words.said("devices.share"),
        targets(*asked),
        Look("percent", minimum=0),
        colours={terms["silent"]: RED, terms["unknown"]: GREY},
    )


def _raised(words: Words) -> Json:
    said = mappings.conditions(words).values
    asked = [
        (
            said[kind][0],
            select(
                'count("id")',
                CONDITION,
                *NEARBY,
                f"\"kind\" = '{kind}'",
                by="time($__interval) fill(none)",
            ),
        )
        for kind, _ in KINDS
    ]
    return timeseries(
        words.said("devices.raised"),
        targets(*asked),
        Look(decimals=0, minimum=0),
        style="bars",
        stacking="normal",
        colours={said[kind][0]: colour for kind, colour in KINDS},
        interval="1h",
    )


def _radio(words: Words) -> Json:
    query = select(
        'last("rssi_dbm") AS "rssi_dbm", "home", "building"',
        DEVICE,
        *NEARBY,
        within=LAST_DAY,
        by='"device"',
    )
    terms = words.terms
    columns = (
        Column("Time", terms["time"], is_hidden=True),
        Column("device", terms["device"]),
        Column("rssi_dbm", terms["signal"], 110, unit="dBm", steps=_DBM),
        home_column(words),
        Column("building", terms["building"], 120),
    )
    return table(words.said("devices.radio"), tables(query), columns, sort=(terms["signal"], False))


def _clock(words: Words) -> Json:
    last = select(
        'last("clock_off_s") AS "clock_off_s", "home", "building"',
        DEVICE,
        *NEARBY,
        within=LAST_DAY,
        by='"device"',
    )
    query = select_from(
        '"clock_off_s", "home", "building", "device"',
        last,
        where=f'"clock_off_s" > {CLOCK_OFF_S} OR "clock_off_s" < -{CLOCK_OFF_S}',
    )
    terms = words.terms
    columns = (
        Column("Time", terms["time"], is_hidden=True),
        Column("clock_off_s", terms["clock_off"], 130, unit=terms["unit_s"]),
        home_column(words),
        Column("building", terms["building"], 120),
        Column("device", terms["device"]),
    )
    return table(
        words.said("devices.clock"), tables(query), columns, sort=(terms["clock_off"], True)
    )
