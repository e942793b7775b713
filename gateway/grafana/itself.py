"""The gateway itself: what it takes in, how far it is, whether it can tell people, what wears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alerts.channels.base import Outcome
from gateway.export.schema import (
    ATTEMPT,
    CHANNEL,
    CHANNEL_DAY,
    COUNTER,
    CURSOR,
    FINDING,
    GATEWAY,
    GATEWAY_HOUR,
    Measurement,
)
from gateway.grafana import mappings
from gateway.grafana.board import Board, Shelf, variable
from gateway.grafana.colours import BLUE, GREEN, GREY, ORANGE, RED, SKY, YELLOW
from gateway.grafana.common import SPENT
from gateway.grafana.panels import (
    Column,
    Look,
    Steps,
    over,
    renamed,
    stat,
    state_timeline,
    table,
    timeseries,
)
from gateway.grafana.query import (
    LATELY,
    OF_GATEWAY,
    Json,
    select,
    tables,
    target,
    targets,
)
from gateway.grafana.words import Words
from gateway.health import DISK_LOW_BYTES, PROOF_LATE

BY_TIME = "time($__interval) fill(null)"
HOT_C = 80
"""A Pi 4 slows down from here on."""
_DISK: Steps = ((None, RED), (DISK_LOW_BYTES, YELLOW), (4 * DISK_LOW_BYTES, GREEN))
_LATE_PROOF: Steps = ((None, GREEN), (PROOF_LATE.total_seconds(), RED))
_HOT: Steps = ((None, GREEN), (70, YELLOW), (HOT_C, RED))
_LAG: Steps = ((None, GREEN), (1000, YELLOW), (10_000, RED))
_BAD: Steps = ((None, RED), (1, GREEN))


def itself(words: Words) -> Board:
    """Return the dashboard of the gateway."""
    terms = words.terms
    return Board(
        key="gateway",
        shelves=(
            Shelf(4, _now(words)),
            Shelf(9, ((12, _findings(words)), (12, _history(words)))),
            Shelf(8, ((8, _intake(words)), (8, _lags(words)), (8, _waiting(words))), terms["work"]),
            Shelf(8, ((24, _channels(words)),), terms["channels"]),
            Shelf(8, ((8, _attempts(words)), (8, _budget(words)), (8, _sent(words)))),
            Shelf(8, tuple(_disk(words)), terms["disk"]),
            Shelf(8, tuple(_machine(words)), terms["machine"]),
            Shelf(8, ((24, _refused(words)),), terms["counted"]),
            Shelf(8, tuple(_months(words)), terms["months"]),
        ),
        variables=(variable("gateway", terms["gateway"], GATEWAY, is_multi=False),),
    )


def _now(words: Words) -> tuple[tuple[int, Json], ...]:
    well = Look(mapping=mappings.yes_no(words, yes=GREEN, no=RED), steps=_BAD)
    shown: Sequence[tuple[str, str, Look]] = (
        ("well", 'min("is_well")', well),
        ("broker", 'min("broker_connected")', well),
        ("clock", 'min("clock_trusted")', well),
        ("up", 'last("up_s")', Look("dtdhms", steps=((None, SKY),))),
        ("behind", 'max("lag_records")', Look("short", steps=_LAG)),
        (
            "spent",
            'last("parts_today") / last("parts_a_day") * 100',
            Look("percent", steps=SPENT, decimals=0),
        ),
    )
    return tuple(
        (
            4,
            stat(
                words.said(f"gateway.{key}"),
                [target(select(what, GATEWAY, OF_GATEWAY, within=LATELY))],
                look,
            ),
        )
        for key, what, look in shown
    )


def _findings(words: Words) -> Json:
    query = select(
        'last("level") AS "level", "reason", "detail"',
        FINDING,
        OF_GATEWAY,
        within=LATELY,
        by='"part"',
    )
    terms = words.terms
    columns = (
        Column("Time", terms["time"], is_hidden=True),
        Column("part", terms["part_of_gateway"], 140, mapping=mappings.parts(words)),
        Column("level", terms["judged"], 90, mapping=mappings.levels(words)),
        Column("reason", terms["why"], mapping=mappings.found(words)),
        Column("detail", terms["figures"]),
    )
    return table(
        words.said("gateway.findings"), tables(query), columns, sort=(terms["judged"], True)
    )


def _history(words: Words) -> Json:
    query = select('max("level")', FINDING, OF_GATEWAY, by='time($__interval), "part" fill(null)')
    made = state_timeline(
        words.said("gateway.history"),
        [target(query, alias="$tag_part")],
        mappings.levels(words),
        is_sampled=True,
    )
    names = {part: word for part, (word, _) in mappings.parts(words).values.items()}
    return {**renamed(made, names), "interval": "1m"}


def _line(
    words: Words,
    key: str,
    look: Look,
    *asked: tuple[str, str, Measurement],
    colours: dict[str, str] | None = None,
) -> Json:
    """Return lines of the gateway: each its term, what is asked, of which measurement."""
    series = [
        (words.terms[term], select(what, measurement, OF_GATEWAY, by=BY_TIME))
        for term, what, measurement in asked
    ]
    named = {words.terms[term]: colour for term, colour in (colours or {}).items()}
    made = timeseries(words.said(key), targets(*series), look, colours=named)
    return {**made, "interval": "1m"}


def _intake(words: Words) -> Json:
    return _line(
        words,
        "gateway.intake",
        Look("cps", minimum=0),
        ("messages", 'mean("messages_per_s")', GATEWAY),
        ("commits", 'mean("commits_per_s")', GATEWAY),
        colours={"messages": BLUE, "commits": GREEN},
    )


def _lags(words: Words) -> Json:
    query = select(
        'max("lag_records")', CURSOR, OF_GATEWAY, by='time($__interval), "consumer" fill(null)'
    )
    made = timeseries(
        words.said("gateway.lags"),
        [target(query, alias="$tag_consumer")],
        Look("short", minimum=0, decimals=0),
    )
    return {**renamed(made, words.consumers), "interval": "1m"}


def _waiting(words: Words) -> Json:
    made = _line(
        words,
        "gateway.waiting",
        Look("short", minimum=0),
        ("waiting", 'max("notices_waiting")', GATEWAY),
        ("longest_wait", 'max("notice_wait_s")', GATEWAY),
        colours={"waiting": BLUE, "longest_wait": ORANGE},
    )
    made["fieldConfig"]["overrides"].append(
        {
            "matcher": {"id": "byName", "options": words.terms["longest_wait"]},
            "properties": [
                {"id": "unit", "value": "dthms"},
                {"id": "custom.axisPlacement", "value": "right"},
            ],
        }
    )
    return made


def _channels(words: Words) -> Json:
    query = select(
        'last("is_up") AS "is_up", "reason", "signal_dbm", "texts_today", "parts_today", '
        '"cost_today_yuan", "proof_age_s", "proof_took_s"',
        CHANNEL,
        OF_GATEWAY,
        within=LATELY,
        by='"channel"',
    )
    terms = words.terms
    columns = (
        Column("Time", terms["time"], is_hidden=True),
        Column("channel", terms["channel"], 150),
        Column("is_up", terms["state"], 90, mapping=mappings.up_down(words)),
        Column("reason", terms["why"]),
        Column("signal_dbm", terms["signal"], 110, unit="dBm"),
        Column("texts_today", terms["texts_today"], 120),
        Column("parts_today", terms["parts_today"], 120),
        Column("cost_today_yuan", terms["cost_today"], 120, unit="currency:¥"),
        Column("proof_age_s", terms["proof_age"], 150, unit="dtdhms", steps=_LATE_PROOF),
        Column("proof_took_s", terms["proof_took"], 130, unit=terms["unit_s"]),
    )
    return table(words.said("gateway.channels"), tables(query), columns)


def _attempts(words: Words) -> Json:
    colours = {
        Outcome.DELIVERED: GREEN,
        Outcome.SENT: SKY,
        Outcome.UNCONFIRMED: YELLOW,
        Outcome.FAILED_TEMPORARY: ORANGE,
        Outcome.FAILED_PERMANENT: RED,
        Outcome.NOT_TRIED: GREY,
    }
    asked = [
        (
            words.outcomes[outcome],
            select(
                'count("outcome")',
                ATTEMPT,
                OF_GATEWAY,
                f"\"outcome\" = '{outcome}'",
                by="time($__interval) fill(none)",
            ),
        )
        for outcome in colours
    ]
    return timeseries(
        words.said("gateway.attempts"),
        targets(*asked),
        Look(decimals=0, minimum=0),
        style="bars",
        stacking="normal",
        colours={words.outcomes[each]: colour for each, colour in colours.items()},
        interval="15m",
    )


def _budget(words: Words) -> Json:
    return _line(
        words,
        "gateway.budget",
        Look(minimum=0, decimals=0),
        ("parts_today", 'max("parts_today")', GATEWAY),
        ("parts_a_day", 'max("parts_a_day")', GATEWAY),
        colours={"parts_today": BLUE, "parts_a_day": RED},
    )


def _sent(words: Words) -> Json:
    query = select('sum("parts")', CHANNEL_DAY, OF_GATEWAY, by='time(1d), "channel" fill(none)')
    return timeseries(
        words.said("gateway.sent"),
        [target(query, alias="$tag_channel")],
        Look(minimum=0, decimals=0),
        style="bars",
        stacking="normal",
        interval="1d",
    )


def _each_alone(
    words: Words, *shown: tuple[str, Look, str, str, str]
) -> Iterator[tuple[int, Json]]:
    """Draw one line a panel: its key and look, the line's term, what is asked, its colour."""
    for key, look, term, what, colour in shown:
        yield 8, _line(words, f"gateway.{key}", look, (term, what, GATEWAY), colours={term: colour})


def _disk(words: Words) -> Iterator[tuple[int, Json]]:
    room, size = Look("bytes", steps=_DISK, minimum=0), Look("bytes", minimum=0)
    written = 'mean("disk_written_bytes_per_s")'
    return _each_alone(
        words,
        ("room", room, "free", 'min("disk_free_bytes")', GREEN),
        ("wear", Look("Bps", minimum=0), "written", written, ORANGE),
        ("database", size, "database", 'max("database_bytes")', BLUE),
    )


def _machine(words: Words) -> Iterator[tuple[int, Json]]:
    yield from _each_alone(
        words,
        ("memory", Look("bytes", minimum=0), "memory", 'max("memory_bytes")', BLUE),
        ("cpu", Look("percent", minimum=0), "cpu", 'mean("cpu_pct")', BLUE),
    )
    yield 8, _heat(words)


def _heat(words: Words) -> Json:
    made = _line(
        words,
        "gateway.heat",
        Look("celsius", steps=_HOT),
        ("heat", 'max("temperature_c")', GATEWAY),
        colours={"heat": RED},
    )
    made["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] = {"mode": "line"}
    return made


def _months(words: Words) -> Iterator[tuple[int, Json]]:
    """Draw what is kept for years: the gateway by the hour."""
    shown = (
        ("well", 'mean("is_well") * 100', Look("percent", minimum=0, maximum=100), GREEN),
        ("free", 'mean("disk_free_bytes")', Look("bytes", minimum=0), BLUE),
        ("written", 'mean("disk_written_bytes_per_s")', Look("Bps", minimum=0), ORANGE),
    )
    for key, what, look, colour in shown:
        query = select(
            what,
            GATEWAY_HOUR,
            OF_GATEWAY,
            "\"statistic\" = 'mean'",
            by="time($__interval) fill(none)",
        )
        made = timeseries(
            words.said(f"gateway.months_{key}"),
            targets((words.terms[key], query)),
            look,
            colours={words.terms[key]: colour},
            interval="6h",
            disconnect_ms=None,
        )
        yield 8, over(made, "90d")


def _refused(words: Words) -> Json:
    """What was refused or lost, counted since the start: a line that rises is news."""
    query = select(
        'non_negative_difference(max("total"))',
        COUNTER,
        OF_GATEWAY,
        '"name" =~ /(undecodable|refused|lost|removed_for_room|passed_over|failed|unconfirmed)/',
        by='time($__interval), "name" fill(none)',
    )
    return timeseries(
        words.said("gateway.counted"),
        [target(query, alias="$tag_name")],
        Look("short", minimum=0, decimals=0),
        style="bars",
        stacking="normal",
        interval="5m",
    )
