"""Every dashboard in every language, as files."""

from __future__ import annotations

from gateway.grafana.area import area
from gateway.grafana.board import TIMEZONE
from gateway.grafana.devices import devices
from gateway.grafana.home import home
from gateway.grafana.itself import itself
from gateway.grafana.languages import LANGUAGES
from gateway.grafana.query import Json
from gateway.grafana.team import team

BOARDS = (area, home, team, devices, itself)
"""From the whole to the one, then what all of it runs on."""


def dashboards(language: str, timezone: str = TIMEZONE) -> dict[str, Json]:
    """Return each dashboard of a language by its file's name."""
    words = LANGUAGES[language]
    made = (make(words) for make in BOARDS)
    return {f"{board.key}.json": board.to_json(words, timezone) for board in made}
