"""The facts of a running gateway in Prometheus' text format; nothing personal is among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from alerts.model import IncidentState
from gateway.health import Facts, Finding, Level, assess
from gateway.homes.look import Standing

UNREVIEWED = tuple(state for state in IncidentState if state is not IncidentState.REVIEWED)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(facts: Facts, homes: Mapping[str, int], incidents: Mapping[str, int]) -> str:
    """Return all metrics; `homes` and `incidents` are counted by state, none of it left out."""
    return "\n".join([*_gauges(facts), *_by_state(homes, incidents), *_totals(facts)]) + "\n"


def _gauges(facts: Facts) -> Iterator[str]:
    up_s = (facts.now - facts.started_at).total_seconds()
    waited_s = 0.0
    if facts.oldest_due_at is not None:
        waited_s = max(0.0, (facts.now - facts.oldest_due_at).total_seconds())
    yield from _one("up_seconds", "Since the gateway started.", up_s)
    yield from _one("broker_connected", "1 while the broker is connected.", facts.broker_connected)
    yield from _one("journal_seq", "Number of the last record.", facts.journal_seq)
    lag = facts.journal_seq - facts.cursor_seq
    yield from _one("cursor_lag_records", "Records not yet applied by the engine.", lag)
    yield from _one("clock_trusted", "1 while orders may end by this clock.", facts.clock_trusted)
    yield from _one("notices_waiting", "Notices no channel took yet.", facts.notices_waiting)
    yield from _one("notice_wait_seconds", "How long the oldest due one has waited.", waited_s)
    if facts.disk_free_bytes is not None:
        yield from _one("disk_free_bytes", "Room for the journal.", facts.disk_free_bytes)
    up = {name: int(channel.is_up) for name, channel in facts.channels.items()}
    yield from _many("channel_up", "1 while the channel could send.", "channel", up)
    levels = {finding.part: int(finding.level is not Level.BAD) for finding in _findings(facts)}
    yield from _many("part_well", "0 while this part keeps the work undone.", "part", levels)


def _by_state(homes: Mapping[str, int], incidents: Mapping[str, int]) -> Iterator[str]:
    every_home = {state.value: homes.get(state.value, 0) for state in Standing}
    unreviewed = {state.value: incidents.get(state.value, 0) for state in UNREVIEWED}
    yield from _many("homes", "Homes by what is known of them.", "state", every_home)
    yield from _many("incidents", "Incidents not yet reviewed.", "state", unreviewed)


def _totals(facts: Facts) -> Iterator[str]:
    for name, total in sorted(facts.counts.items()):
        yield from _one(f"{name}_total", f"Total of {name.replace('_', ' ')}.", total, "counter")


def _findings(facts: Facts) -> tuple[Finding, ...]:
    return assess(facts).findings


def _one(name: str, what: str, value: float, kind: str = "gauge") -> Iterator[str]:
    yield f"# HELP menshen_{name} {what}"
    yield f"# TYPE menshen_{name} {kind}"
    yield f"menshen_{name} {_number(value)}"


def _many(name: str, what: str, label: str, values: Mapping[str, float]) -> Iterator[str]:
    if not values:
        return
    yield f"# HELP menshen_{name} {what}"
    yield f"# TYPE menshen_{name} gauge"
    for key, value in sorted(values.items()):
        yield f'menshen_{name}{{{label}="{_escaped(key)}"}} {_number(value)}'


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.3f}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
