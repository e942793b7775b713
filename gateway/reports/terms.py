"""What a report has words for, beside those of texts, of the status page and of the audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.wording import Wording
from gateway.homes.look import Standing
from gateway.reports.log import What
from gateway.reports.period import Kind


@dataclass(frozen=True, slots=True)
class ReportWords:
    """One language."""

    tag: str
    title: Mapping[Kind, str]
    made: str
    so_far: str
    as_of: str
    masked: str
    in_full: str
    area: str
    released: str
    # headings
    map: str
    ledger: str
    log: str
    figures: str
    by_day: str
    by_team: str
    by_matter: str
    by_level: str
    by_cause: str
    faults: str
    before: Mapping[Kind, str]
    before_anew: str
    # figures
    under_order: str
    begun: str
    ended: str
    released_homes: str
    incidents: str
    open_now: str
    in_time: str
    in_time_of: str
    taken: str
    on_site: str
    closed: str
    median: str
    p95: str
    openings: str
    announced: str
    announced_late: str
    unannounced: str
    at_night: str
    found: str
    unknown_time: str
    unknown_share: str
    unknown_homes: str
    deaf_time: str
    devices_failing: str
    permits: str
    texts: str
    parts: str
    delivered: str
    no_report: str
    failed: str
    cost: str
    # columns
    street: str
    community: str
    grid: str
    building: str
    home: str
    house_code: str
    address: str
    order: str
    order_from: str
    order_until: str
    state: str
    devices: str
    day: str
    time: str
    team: str
    matter: str
    level: str
    cause: str
    number: str
    what: str
    where: str
    who: str
    since: str
    device: str
    figure: str
    count: str
    now: str
    # sentences
    more: str
    nothing: str
    no_place: str
    gateway: str
    until: str
    lasts: str
    blind: str
    times: str
    matters: Mapping[str, str]
    causes: Mapping[str, str]
    blind_why: Mapping[str, str]
    log_says: Mapping[What, str]
    system: str
    operator: str
    announce_button: str
    how_heading: str
    how: tuple[str, ...]
    """What figures mean; at the end of the page."""
    # taken from elsewhere
    standing: Mapping[Standing, str]
    wording: Wording
    purposes: Mapping[str, str]
    actions: Mapping[str, str]
    roles: Mapping[str, str]
