"""The facts of a running gateway in Prometheus' text format; nothing personal is among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from alerts.model import IncidentState
from gateway.export.status import STOPPED, behind
from gateway.health import Facts, Finding, Level, assess
from gateway.homes.look import Standing

UNREVIEWED = tuple(state for state in IncidentState if state is not IncidentState.REVIEWED)
_STORE = {"channel_stored": "Messages in", "channel_store_size": "Room for messages in"}
K = TypeVar("K")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(facts: Facts, homes: Mapping[str, int], incidents: Mapping[str, int]) -> str:
    """Return all metrics; `homes` and `incidents` are counted by state, none of it left out."""
    return (
        "\n".join(
            [
                *_gauges(facts),
                *_telling(facts),
                *_export(facts),
                *_by_state(homes, incidents),
                *_totals(facts),
            ]
        )
        + "\n"
    )


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


def _telling(facts: Facts) -> Iterator[str]:
    """How each channel stands, what it sent today, and when it last proved that texts arrive."""
    channels, today, proofs = facts.channels, facts.today, facts.proofs
    signal = {name: _figure(each.facts.get("signal_dbm", "")) for name, each in channels.items()}
    yield from _many("channel_signal_dbm", "Signal of the modem.", "channel", _known(signal))
    for part, place in (("channel_stored", 0), ("channel_store_size", 2)):
        stored = {
            name: _figure(each.facts.get("stored", "").partition("/")[place])
            for name, each in channels.items()
        }
        yield from _many(part, f"{_STORE[part]} the modem's store.", "channel", _known(stored))
    yield from _pairs(
        "channel_events_total",
        "What a channel counted since the start.",
        ("channel", "event"),
        _known(_events(facts)),
        "counter",
    )
    yield from _pairs(
        "texts_today",
        "Texts since midnight, by what became of them.",
        ("channel", "outcome"),
        {(name, fate): n for name, each in today.items() for fate, n in each.outcomes.items()},
    )
    parts = {name: each.parts for name, each in today.items()}
    yield from _many("parts_today", "Parts sent since midnight.", "channel", parts)
    cost = {name: each.cost_fen / 100 for name, each in today.items()}
    yield from _many("cost_today_yuan", "What they cost.", "channel", cost)
    yield from _one("parts_spent_today", "Parts over all channels that cost.", facts.parts_today)
    yield from _one("parts_a_day", "How many there may be in a day.", facts.parts_a_day)
    yield from _many("notices_held", "Notices held back, by why.", "reason", facts.held)
    yield from _many(
        "pushes_total", "What SMS providers pushed here.", "result", facts.pushes, "counter"
    )
    took = {name: each.took_s for name, each in proofs.items()}
    yield from _many("proof_seconds", "How long the last test text took.", "channel", _known(took))
    age = {
        name: None if each.at is None else (facts.now - each.at).total_seconds()
        for name, each in proofs.items()
    }
    yield from _many("proof_age_seconds", "Since it arrived.", "channel", _known(age))


def _events(facts: Facts) -> dict[tuple[str, ...], float | None]:
    """Return what channels count, by channel and event: attempts by outcome, what came in."""
    return {
        (name, key.removesuffix("_count")): _figure(value)
        for name, each in facts.channels.items()
        for key, value in each.facts.items()
        if key.endswith("_count") or key.startswith("received_")
    }


def _export(facts: Facts) -> Iterator[str]:
    """How InfluxDB follows; nothing where nothing is exported."""
    status, left = facts.export, facts.export_left
    if status is None:
        return
    lag = max(0, status.journal_seq - status.cursor_seq)
    is_up = status.state not in STOPPED
    late_s = behind(status, facts.now).total_seconds()
    yield from _one("export_up", "1 while InfluxDB takes what it is given.", is_up)
    yield from _one("export_lag_records", "Records that InfluxDB does not have yet.", lag)
    yield from _one("export_behind_seconds", "Age of the oldest of what waits.", late_s)
    yield from _one("export_rows_waiting", "Changed rows that wait.", status.feed_waiting)
    yield from _one("export_samples_waiting", "Samples that wait.", status.samples_waiting)
    if status.last_written_at is not None:
        age_s = (facts.now - status.last_written_at).total_seconds()
        yield from _one("export_success_age_seconds", "Since InfluxDB last took any.", age_s)
    yield from _one("export_lines_refused", "Refused lines that are kept.", left.refused)
    yield from _one("export_erasures_unproven", "Releases not proven there.", left.erasures)
    for name, what, total in (
        ("points_written", "Points that InfluxDB took.", status.points_written),
        ("points_refused", "Points that it refused.", status.points_refused),
        ("points_too_old", "Points older than it keeps.", status.points_too_old),
        ("passed_over", "Facts of nobody who is watched.", status.passed_over),
        ("failures", "Mistakes of the exporter itself.", status.failures),
    ):
        yield from _one(f"export_{name}_total", what, total, "counter")


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


def _many(
    name: str, what: str, label: str, values: Mapping[str, float], kind: str = "gauge"
) -> Iterator[str]:
    by_label: dict[tuple[str, ...], float] = {(key,): value for key, value in values.items()}
    yield from _pairs(name, what, (label,), by_label, kind)


def _pairs(
    name: str,
    what: str,
    labels: tuple[str, ...],
    values: Mapping[tuple[str, ...], float],
    kind: str = "gauge",
) -> Iterator[str]:
    """Yield one sample for each combination of labels; nothing where there is none."""
    if not values:
        return
    yield f"# HELP menshen_{name} {what}"
    yield f"# TYPE menshen_{name} {kind}"
    for key, value in sorted(values.items()):
        pairs = zip(labels, key, strict=True)
        said = ",".join(f'{label}="{_escaped(each)}"' for label, each in pairs)
        yield f"menshen_{name}{{{said}}} {_number(value)}"


def _figure(written: str) -> float | None:
    """Read a whole number that a channel tells; None where it does not know."""
    return float(written) if written.removeprefix("-").isdecimal() else None


def _known(values: Mapping[K, float | None]) -> dict[K, float]:
    return {key: value for key, value in values.items() if value is not None}


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.3f}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
