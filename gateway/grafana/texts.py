"""What became of texts: a panel of more than one dashboard."""

from __future__ import annotations

from alerts.model import NoticeState
from gateway.export.schema import NOTICE
from gateway.grafana import mappings
from gateway.grafana.panels import Look, timeseries
from gateway.grafana.query import Json, select, targets
from gateway.grafana.words import Words


def fates(words: Words, key: str, *where: str) -> Json:
    """Return texts over time, by what became of them."""
    said = mappings.notice_states(words).values
    asked = [
        (
            said[state][0],
            select(
                'sum("count")',
                NOTICE,
                *where,
                f"\"state\" = '{state}'",
                by="time($__interval) fill(none)",
            ),
        )
        for state in NoticeState
    ]
    return timeseries(
        words.said(key),
        targets(*asked),
        Look(decimals=0, minimum=0),
        style="bars",
        stacking="normal",
        colours=dict(said.values()),
        interval="15m",
    )
