"""The team: how soon somebody reports in, arrives and is done; who does how much; what texts do."""

from __future__ import annotations

from alerts.model import Role
from gateway.export.schema import HOME, INCIDENT, NOTICE, TRANSITION
from gateway.grafana import mappings
from gateway.grafana.board import Board, Shelf, variable
from gateway.grafana.colours import BLUE, GREEN, ORANGE, SERIES, SKY
from gateway.grafana.common import (
    INCIDENT_FIELDS,
    SECONDS,
    SHARE,
    by_day,
    in_time,
    incident_columns,
    response,
)
from gateway.grafana.panels import (
    Column,
    Look,
    bars,
    histogram,
    stat,
    table,
    timeseries,
)
from gateway.grafana.query import (
    ABOUT_A_DOOR,
    OF_TEAM,
    Json,
    newest,
    select,
    tables,
    target,
    targets,
)
from gateway.grafana.texts import fates
from gateway.grafana.words import Words

BUCKET_S = 300
"""Width of a bar of the distributions: the third ends at the target."""
LATE = '"in_time" = 0'
_STEPS = (
    ("acknowledged_s", "report_in", BLUE),
    ("on_site_s", "arrival", ORANGE),
    ("resolved_s", "end", GREEN),
)


def team(words: Words) -> Board:
    """Return the dashboard of teams."""
    terms = words.terms
    return Board(
        key="team",
        shelves=(
            Shelf(5, _figures(words)),
            Shelf(8, tuple((8, _distribution(words, *step)) for step in _STEPS)),
            Shelf(8, ((16, _daily(words)), (8, _share(words)))),
            Shelf(9, ((12, _by_hour(words)), (12, _by_role(words))), terms["workload"]),
            Shelf(9, ((24, _late(words)),)),
            Shelf(
                8, ((14, fates(words, "team.fates", OF_TEAM)), (10, _kinds(words))), terms["texts"]
            ),
        ),
        variables=(variable("team", terms["team"], HOME),),
        since="now-7d",
        refresh="5m",
    )


def _figures(words: Words) -> tuple[tuple[int, Json], ...]:
    opened = select('count("id")', INCIDENT, OF_TEAM, ABOUT_A_DOOR)
    arrival = select('median("on_site_s")', INCIDENT, OF_TEAM, ABOUT_A_DOOR)
    end = select('median("resolved_s")', INCIDENT, OF_TEAM, ABOUT_A_DOOR)
    neutral = Look("dthms", steps=((None, SKY),))
    return (
        (4, stat(words.said("team.opened"), [target(opened)], colour="value")),
        (8, stat(words.said("team.answers"), response(words, OF_TEAM), SECONDS)),
        (4, stat(words.said("team.in_time"), [target(in_time(OF_TEAM))], SHARE)),
        (4, stat(words.said("team.arrival"), [target(arrival)], neutral, colour="value")),
        (4, stat(words.said("team.end"), [target(end)], neutral, colour="value")),
    )


def _distribution(words: Words, field: str, key: str, colour: str) -> Json:
    query = select(f'"{field}"', INCIDENT, OF_TEAM, ABOUT_A_DOOR)
    asked = target(query, alias=words.terms[f"to_{key}"])
    said = words.said(f"team.spread_{key}")
    return histogram(said, [asked], Look("dthms"), bucket=BUCKET_S, colour=colour)


def _daily(words: Words) -> Json:
    asked = [
        (words.terms[f"to_{key}"], by_day(f'median("{field}")', OF_TEAM))
        for field, key, _ in _STEPS
    ]
    return timeseries(
        words.said("team.daily"),
        targets(*asked),
        SECONDS,
        colours={words.terms[f"to_{key}"]: colour for _, key, colour in _STEPS},
        threshold_style="line",
        interval="1d",
        disconnect_ms=None,
    )


def _share(words: Words) -> Json:
    return timeseries(
        words.said("team.share"),
        targets((words.terms["in_time"], by_day('mean("in_time") * 100', OF_TEAM))),
        SHARE,
        style="bars",
        threshold_style="line",
        interval="1d",
    )


def _by_hour(words: Words) -> Json:
    """What each role did by hour of the day: hourly counts, added up by their hour in Grafana."""
    roles = _role_words(words)
    asked = [
        select(
            f'count("number") AS "{word}"',
            TRANSITION,
            OF_TEAM,
            f"\"role\" = '{role}'",
            by="time(1h) fill(none)",
        )
        for role, word in roles.items()
    ]
    sums = {word: {"operation": "aggregate", "aggregations": ["sum"]} for word in roles.values()}
    return bars(
        words.said("team.by_hour"),
        tables(*asked),
        Look(decimals=0, minimum=0),
        by="Time",
        columns=[
            Column(f"{word} (sum)", word, colour=colour)
            for word, colour in zip(roles.values(), SERIES, strict=False)
        ],
        stacking="normal",
        is_horizontal=False,
        transformations=(
            {"id": "joinByField", "options": {"byField": "Time", "mode": "outer"}},
            {
                "id": "formatTime",
                "options": {"timeField": "Time", "outputFormat": "HH", "useTimezone": True},
            },
            {
                "id": "groupBy",
                "options": {
                    "fields": {"Time": {"operation": "groupby", "aggregations": []}, **sums}
                },
            },
            {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": "Time"}]}},
        ),
    )


def _by_role(words: Words) -> Json:
    roles = _role_words(words)
    asked = [
        (
            word,
            select(
                'count("number")',
                TRANSITION,
                OF_TEAM,
                f"\"role\" = '{role}'",
                by="time($__interval) fill(none)",
            ),
        )
        for role, word in roles.items()
    ]
    return timeseries(
        words.said("team.by_role"),
        targets(*asked),
        Look(decimals=0, minimum=0),
        style="bars",
        stacking="normal",
        colours=dict(zip(roles.values(), SERIES, strict=False)),
        interval="1h",
    )


def _role_words(words: Words) -> dict[str, str]:
    said = mappings.roles(words).values
    return {role: said[role][0] for role in Role}


def _late(words: Words) -> Json:
    query = select(
        f'{INCIDENT_FIELDS}, "acknowledged_s", "building"', INCIDENT, OF_TEAM, ABOUT_A_DOOR, LATE
    )
    columns = (
        *incident_columns(words),
        Column("acknowledged_s", words.terms["to_report_in"], 110, unit="dthms"),
        Column("building", words.terms["building"]),
    )
    return table(words.said("team.late"), tables(newest(query, 500)), columns)


def _kinds(words: Words) -> Json:
    query = select('sum("count") AS "texts"', NOTICE, OF_TEAM, by='"kind"')
    columns = (
        Column("kind", words.terms["what_for"], mapping=mappings.notice_kinds(words)),
        Column("texts", words.terms["texts"]),
    )
    return bars(
        words.said("team.kinds"),
        tables(query),
        Look(decimals=0, minimum=0),
        by="kind",
        columns=columns,
    )
