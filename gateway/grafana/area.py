"""The area: is every home watched, where are we blind, what is open, who answers in how long."""

from __future__ import annotations

from gateway.export.schema import (
    CONDITION,
    GATEWAY,
    HOME,
    HOMES_HOUR,
    INCIDENT,
    INCIDENTS_DAY,
    NOTICE,
)
from gateway.grafana import mappings
from gateway.grafana.board import Board, Shelf, variable
from gateway.grafana.colours import GREEN, GREY, PALE, RED, SKY, YELLOW
from gateway.grafana.common import (
    INCIDENT_FIELDS,
    NONE_IS_GOOD,
    SECONDS,
    SHARE,
    SPENT,
    by_day,
    home_column,
    in_time,
    incident_columns,
    lately,
    response,
)
from gateway.grafana.panels import Column, Look, Steps, bars, over, renamed, stat, table, timeseries
from gateway.grafana.query import (
    IN_COMMUNITY,
    LAST_DAY,
    LATELY,
    NEARBY,
    SINCE_LONG,
    Json,
    Query,
    newest,
    or_zero,
    select,
    select_from,
    tables,
    target,
    targets,
)
from gateway.grafana.texts import fates
from gateway.grafana.words import Words
from gateway.homes.look import Standing

FAILING = "silent|battery_low|mains_lost|tampered|flooding|camera_covered|camera_fault"
"""Conditions of equipment."""
_SOME_DARK: Steps = ((None, GREEN), (1, GREY))
_UNKNOWN: Steps = ((None, GREEN), (1, YELLOW), (5, RED))


def area(words: Words) -> Board:
    """Return the dashboard of the area."""
    return Board(
        key="area",
        shelves=(
            Shelf(4, _now(words)),
            Shelf(9, ((24, _open_incidents(words)),)),
            Shelf(9, ((16, _by_state(words)), (8, _failing_kinds(words))), words.terms["blind"]),
            Shelf(9, ((8, _communities(words)), (8, _buildings(words)), (8, _homes(words)))),
            Shelf(8, _answers(words), words.terms["answers"]),
            Shelf(8, ((24, _months(words)),)),
            Shelf(9, ((24, _failing(words)),), words.terms["equipment"]),
            Shelf(8, _texts(words), words.terms["texts"]),
        ),
        variables=(
            variable("community", words.terms["community"], HOME),
            variable("building", words.terms["building"], HOME, where=IN_COMMUNITY),
        ),
    )


def _now(words: Words) -> tuple[tuple[int, Json], ...]:
    colours = (
        (Standing.INCIDENT, NONE_IS_GOOD),
        (Standing.UNKNOWN, _SOME_DARK),
        (Standing.QUIET, ((None, GREEN),)),
        (Standing.UNWATCHED, ((None, PALE),)),
    )
    shown = [
        (4, stat(words.said(f"area.{each}"), [target(_homes_now(each))], Look(steps=steps)))
        for each, steps in colours
    ]
    is_open = select('count("id") AS "open"', INCIDENT, *NEARBY, '"is_open" = 1', within=SINCE_LONG)
    any_ = select('"id"', INCIDENT, *NEARBY, within=SINCE_LONG)
    counted = or_zero(is_open, any_, "id", "open")
    return (
        *shown,
        (4, stat(words.said("area.open"), [target(counted)], Look(steps=NONE_IS_GOOD))),
        (4, stat(words.said("area.in_time"), [target(in_time(*NEARBY))], SHARE)),
    )


def _homes_now(standing: Standing) -> Query:
    last = lately('last("standing") AS "standing"', *NEARBY, by='"watch"')
    counted = select_from(
        'count("standing") AS "homes"', last, where=f"\"standing\" = '{standing}'"
    )
    return or_zero(counted, last, "standing", "homes")


def _open_incidents(words: Words) -> Json:
    query = select(
        f'{INCIDENT_FIELDS}, "building"',
        INCIDENT,
        *NEARBY,
        '"is_open" = 1',
        within=SINCE_LONG,
    )
    columns = (*incident_columns(words), Column("building", words.terms["building"], 130))
    return table(words.said("area.incidents"), tables(newest(query, 500)), columns)


def _by_state(words: Words) -> Json:
    said = mappings.standings(words).values
    asked = [
        (
            said[each][0],
            select_from(
                'mean("homes")',
                select(
                    'sum("homes") AS "homes"',
                    HOMES_HOUR,
                    IN_COMMUNITY,
                    f"\"standing\" = '{each}'",
                    by="time(1h)",
                ),
                where="$timeFilter",
                by="time($__interval) fill(none)",
            ),
        )
        for each in Standing
    ]
    return timeseries(
        words.said("area.by_state"),
        targets(*asked),
        Look(decimals=0, minimum=0),
        style="bars",
        stacking="normal",
        colours={said[each][0]: said[each][1] for each in Standing},
        interval="1h",
    )


def _communities(words: Words) -> Json:
    share = select(
        'sum("unknown_s") / 3600 AS "unknown_h"',
        HOMES_HOUR,
        IN_COMMUNITY,
        "\"standing\" = 'unknown'",
        by='"community"',
    )
    columns = (
        Column("community", words.terms["community"]),
        Column("unknown_h", words.terms["unknown_h"]),
    )
    return bars(
        words.said("area.communities"),
        tables(share),
        Look("none", decimals=1, minimum=0, steps=((None, GREY),)),
        by="community",
        columns=columns,
    )


def _buildings(words: Words) -> Json:
    query = _unknown_share('"building"')
    columns = (
        Column("Time", words.terms["since"], is_hidden=True),
        Column("building", words.terms["building"]),
        Column("share", words.terms["unknown_share"], 130, unit="percent", steps=_UNKNOWN),
    )
    return table(
        words.said("area.buildings"),
        tables(query),
        columns,
        sort=(words.terms["unknown_share"], True),
    )


def _homes(words: Words) -> Json:
    columns = (
        Column("Time", words.terms["since"], is_hidden=True),
        home_column(words),
        Column("share", words.terms["unknown_share"], 130, unit="percent", steps=_UNKNOWN),
    )
    return table(
        words.said("area.homes"),
        tables(_unknown_share('"home"')),
        columns,
        sort=(words.terms["unknown_share"], True),
    )


def _unknown_share(by: str) -> Query:
    share = select(
        'sum("unknown_s") / sum("watched_s") * 100 AS "share"',
        HOME,
        *NEARBY,
        within=LAST_DAY,
        by=by,
    )
    return select_from(f'"share", {by}', share, where='"share" > 0')


def _answers(words: Words) -> tuple[tuple[int, Json], ...]:
    daily = timeseries(
        words.said("area.daily"),
        targets(
            (words.terms["median"], by_day('median("acknowledged_s")', *NEARBY)),
            (words.terms["p95"], by_day('percentile("acknowledged_s", 95)', *NEARBY)),
        ),
        SECONDS,
        threshold_style="line",
        interval="1d",
        disconnect_ms=None,
    )
    return (
        (8, stat(words.said("area.answers"), response(words, *NEARBY), SECONDS)),
        (16, daily),
    )


def _months(words: Words) -> Json:
    """Draw what is kept for years: incidents of each day, by what they were about."""
    said = mappings.matters(words).values
    query = select('sum("opened")', INCIDENTS_DAY, IN_COMMUNITY, by='time(1d), "matter" fill(none)')
    made = timeseries(
        words.said("area.months"),
        [target(query, alias="$tag_matter")],
        Look(decimals=0, minimum=0),
        style="bars",
        stacking="normal",
        interval="1d",
    )
    return over(renamed(made, {each: word for each, (word, _) in said.items()}), "90d")


def _failing_kinds(words: Words) -> Json:
    query = select(
        'count("id") AS "devices"',
        CONDITION,
        *NEARBY,
        '"stands" = 1',
        f'"kind" =~ /^({FAILING})$/',
        within=SINCE_LONG,
        by='"kind"',
    )
    columns = (
        Column("kind", words.terms["what"], mapping=mappings.conditions(words)),
        Column("devices", words.terms["devices"]),
    )
    return bars(
        words.said("area.failing_kinds"),
        tables(query),
        Look(decimals=0, minimum=0, steps=((None, YELLOW),)),
        by="kind",
        columns=columns,
    )


def _failing(words: Words) -> Json:
    query = select(
        '"kind", "device", "part", "home", "building", "reason"',
        CONDITION,
        *NEARBY,
        '"stands" = 1',
        f'"kind" =~ /^({FAILING})$/',
        within=SINCE_LONG,
    )
    terms = words.terms
    columns = (
        Column("Time", terms["since"], 165),
        Column("kind", terms["what"], 150, mapping=mappings.conditions(words)),
        Column("device", terms["device"], 200),
        Column("part", terms["part"], 90),
        home_column(words),
        Column("building", terms["building"], 130),
        Column("reason", terms["why"], mapping=mappings.reasons(words)),
    )
    return table(words.said("area.failing"), tables(newest(query, 1000)), columns)


def _texts(words: Words) -> tuple[tuple[int, Json], ...]:
    spent = select(
        'last("parts_today") / last("parts_a_day") * 100',
        GATEWAY,
        within=LATELY,
        by='"gateway"',
    )
    return (
        (
            6,
            stat(
                words.said("area.budget"),
                [target(spent, alias="$tag_gateway")],
                Look("percent", steps=SPENT, decimals=0),
            ),
        ),
        (
            4,
            stat(
                words.said("area.sent"),
                [target(select('sum("count")', NOTICE, *NEARBY))],
                Look(steps=((None, SKY),), decimals=0),
                colour="value",
            ),
        ),
        (14, fates(words, "area.fates", *NEARBY)),
    )
