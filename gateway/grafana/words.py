"""What the dashboards say, by language. Words that the status page or texts have are theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Said(NamedTuple):
    """What a panel is called, how it is read, and what it says where there is nothing."""

    title: str
    what: str
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    tag: str
    folder: str
    nothing: str  # of a panel that has no word of its own for it
    boards: Mapping[str, Said]  # by the dashboard's key
    panels: Mapping[str, Said]  # by dashboard and panel
    terms: Mapping[str, str]  # columns, series, variables, links
    states: Mapping[str, str]
    kinds: Mapping[str, str]
    matters: Mapping[str, str]
    causes: Mapping[str, str]
    notice_kinds: Mapping[str, str]
    conditions: Mapping[str, str]  # those whose text fills in a figure
    reasons: Mapping[str, str]
    consumers: Mapping[str, str]
    outcomes: Mapping[str, str]  # of attempts

    def said(self, key: str) -> Said:
        """Return the words of a panel."""
        said = self.panels[key]
        return said if said.nothing else said._replace(nothing=self.nothing)
