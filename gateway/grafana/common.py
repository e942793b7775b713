"""Panels and columns that more than one dashboard has."""

from __future__ import annotations

from gateway.export.schema import HOME, INCIDENT
from gateway.grafana import mappings
from gateway.grafana.board import link
from gateway.grafana.colours import GREEN, RED, YELLOW
from gateway.grafana.panels import Column, Look, Steps
from gateway.grafana.query import ABOUT_A_DOOR, LATELY, Json, Query, select, targets
from gateway.grafana.words import Words
from gateway.health import BUDGET_WARNS_AT

TARGET_S = 900
"""Somebody reports in within 15 minutes (Taiwan's rule for a contact or visit)."""
ANSWERED: Steps = ((None, GREEN), (TARGET_S, RED))
"""Colours of a response time."""
IN_TIME: Steps = ((None, RED), (80, YELLOW), (95, GREEN))
"""Colours of the share answered in time (ours)."""
SPENT: Steps = ((None, GREEN), (BUDGET_WARNS_AT * 100, YELLOW), (100, RED))
"""Colours of the share of a day's texts that is used."""
NONE_IS_GOOD: Steps = ((None, GREEN), (1, RED))
SOME_IS_BAD: Steps = ((None, GREEN), (1, YELLOW))


def to_home(words: Words) -> Json:
    """Return a link from a row with a home to its timeline, in the range shown."""
    return link("home", words, words.terms["to_home"], home="${__data.fields.home}")


def to_incident(words: Words) -> Json:
    """Return a link from an incident to its home's timeline, exactly as long as it lasted."""
    return link(
        "home",
        words,
        words.terms["to_incident"],
        "from=${__data.fields.since_ms.numeric}&to=${__data.fields.end_ms.numeric}",
        home="${__data.fields.home}",
        number="${__data.fields.number}",
    )


def home_column(words: Words) -> Column:
    """Return the column of house codes, each of which leads to its home."""
    return Column("home", words.terms["home"], 170, link=to_home(words))


def incident_columns(words: Words) -> tuple[Column, ...]:
    """Return the columns of `INCIDENT_FIELDS`."""
    terms = words.terms
    return (
        Column("Time", terms["opened_at"], 165, is_hidden=True),
        Column("since_ms", terms["since"], 150, unit="time:MM-DD HH:mm:ss"),
        Column("number", terms["number"], 80, link=to_incident(words)),
        home_column(words),
        Column("headline", terms["what"], 150, mapping=mappings.conditions(words)),
        Column("severity", terms["severity"], 80, mapping=mappings.severities(words)),
        Column("level", terms["level"], 90),
        Column("state", terms["state"], 130, mapping=mappings.incident_states(words)),
        Column("reported_in", terms["reported_in"], 130, mapping=mappings.reporters(words)),
        Column("end_ms", terms["ended_at"], 150, unit="time:MM-DD HH:mm:ss", is_hidden=True),
    )


INCIDENT_FIELDS = ", ".join(
    f'"{name}"'
    for name in (
        *("since_ms", "number", "home", "headline", "severity", "level"),
        *("state", "reported_in", "end_ms"),
    )
)
"""What tables of incidents have first."""


def response(words: Words, *where: str) -> list[Json]:
    """Return median and 95th percentile of the time to the first report-in."""
    asked = (*where, ABOUT_A_DOOR)
    return targets(
        (words.terms["median"], select('median("acknowledged_s")', INCIDENT, *asked)),
        (words.terms["p95"], select('percentile("acknowledged_s", 95)', INCIDENT, *asked)),
    )


def in_time(*where: str) -> Query:
    """Return the share of incidents that somebody reported in for within 15 minutes."""
    return select('mean("in_time") * 100', INCIDENT, *where, ABOUT_A_DOOR)


def by_day(what: str, *where: str) -> Query:
    """Return a figure of incidents for each local day."""
    query = select(what, INCIDENT, *where, ABOUT_A_DOOR, by="time(1d) fill(none)")
    return Query(query.bucket, query.text + " tz('$timezone')")


SECONDS = Look("dthms", steps=ANSWERED, minimum=0)
SHARE = Look("percent", steps=IN_TIME, decimals=0, minimum=0, maximum=100)


def lately(what: str, *where: str, by: str = "") -> Query:
    """Return how homes stood at the end of the range."""
    return select(what, HOME, *where, within=LATELY, by=by)
