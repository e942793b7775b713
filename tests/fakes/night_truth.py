"""What each panel must show of the night, written by hand from what happened (see `night`).

By dashboard and English title; of panels with the same title, with their type and span.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.fakes.grafana import Asked
from tests.fakes.night import BARE, HELP, LEFT, MEAL, QUIET, SILENT, WEAK, clock
from tests.fakes.shows import (
    Truth,
    about,
    at,
    by_name,
    constant,
    figures,
    has,
    local_ms,
    ms,
    points,
    rows,
    states,
)

DELIVERED = {"20 20:15": 1, "20 20:30": 4, "02:00": 2, "02:15": 8, "02:30": 5} | {
    "05:00": 1,
    "07:00": 2,
    "07:30": 5,
    "07:45": 15,
}
FAILED = {"20 20:30": 1, "02:00": 1, "02:15": 4, "02:30": 5, "07:30": 1, "07:45": 5}
SUPERSEDED = {"20 20:30": 1, "01:30": 2, "02:15": 1}
"""Notices by the quarter of an hour in which they were written: 43, 17 and 4.

Visit: the worker; after 15 min doctor, police (whose phone fails) and lead; when the doctor takes
it worker and lead are told, and the police no more. Departure: the three; after 3 min the lead too,
then every 3 min police and lead, as a role is missing. Help: two, then every 3 min all four. Silent
devices: maintainer and worker, in the night not before morning, by when it is over.
"""
OFF_S = 601.0
"""The gateway was off from 04:00:00 to 04:10:01."""
_OFF = "04:00:00.001 unknown, 04:10:01"
_OF_LEFT = ("door-1203", "seal-1203", "camera-1203")
HOUR_S, DAY_S = 3600.0, 86_400.0
_HELP = {"number": "4826", "home": HELP, "headline": "help", "severity": 4, "state": "open"}
_SILENT = {"number": "4825", "home": QUIET, "headline": "silent", "state": "open"}
_TEXTS = points({"delivered": DELIVERED, "failed": FAILED, "superseded": SUPERSEDED})
_WORK = {"worker": {"02:00": 3}, "doctor": {"20 20:00": 2}, "lead": {"07:00": 1}}


def every_hour_of_homes(asked: Sequence[Asked]) -> None:
    """By the samples, one every 10 minutes: 20:20 to 20:40 a visit; 01:30 unknown, 01:40 and 01:50
    an incident of the silent door; 02:20 to 02:40 somebody left; 07:00 unknown, 07:10 to 07:50 an
    incident of the other silent door, 07:40 and 07:50 a call for help. One home is always unknown.
    """
    found = by_name(asked)
    said = {
        when: tuple(found[name].get(local_ms(when)) for name in _STANDINGS)
        for when in ("20 19:00", "20 20:00", "01:00", "02:00", "04:00", "07:00")
    }
    assert said == {
        "20 19:00": (0, 1, 6, 1),
        "20 20:00": (0.5, 1, 5.5, 1),
        "01:00": (about(2 / 6), about(7 / 6), 5.5, 1),
        "02:00": (0.5, 1, 5.5, 1),
        "04:00": (0, 1, 6, 1),
        "07:00": (about(7 / 6), about(7 / 6), about(4 + 4 / 6), 1),
    }


_STANDINGS = ("incident", "unknown", "quiet", "not watched")

_BY_MATTER = {"departure": 1, "visit": 1, "help": 1, "device": 2, "outage": 1}
_QUARTERS = ("20 08:00", "20 14:00", "20 20:00", "02:00")
"""Six hours each, as Grafana cuts them in UTC."""
WELL = 340 / 360 * 100
"""In the last: the channel was down for 20 minutes."""

AREA: dict[str, Truth] = {
    "With an incident": figures(2),  # the call for help; the silent door
    "Unknown": figures(1),  # where nothing hangs yet
    "Quiet": figures(4),
    "Not watched": figures(1),  # no notice was served
    "Open incidents (stat)": figures(2),
    "Answered in 15 min": figures(100 / 3),  # after 4 min; after 20; never
    "Open incidents (table)": rows(_HELP, _SILENT),
    "Homes by state": every_hour_of_homes,
    "Unknown time by community": rows(
        {"community": "nanling", "unknown_h": (HOUR_S + 4 * OFF_S) / HOUR_S},
        # The sample of 08:00, and the ten minutes before it, are of the hour that begins then.
        {"community": "xinan", "unknown_h": (DAY_S + 5400 - 600 + 2 * OFF_S) / HOUR_S},
    ),
    "Unknown time by building": rows(
        {"building": "nl-3", "share": (HOUR_S + 4 * OFF_S) / (4 * DAY_S) * 100},
        {"building": "xa-1", "share": (DAY_S + 5400 + 2 * OFF_S) / (3 * DAY_S) * 100},
    ),
    "Unknown time by home": rows(
        *({"home": each, "share": OFF_S / DAY_S * 100} for each in (LEFT, MEAL, HELP, WEAK)),
        {"home": SILENT, "share": (HOUR_S + OFF_S) / DAY_S * 100},
        {"home": QUIET, "share": (5400 + OFF_S) / DAY_S * 100},
        {"home": BARE, "share": 100.0},
    ),
    "Incidents by day over three months": points(
        {each: {"20 08:00": count} for each, count in _BY_MATTER.items()}
    ),
    "Failing devices": rows({"kind": "silent", "devices": 1}),
    "Time to a report-in": figures(720.0, 1200),
    "Report-in by day": points(
        {
            "median": {"20 00:00": 1200, "21 00:00": 240},
            "95th percentile": {"20 00:00": 1200, "21 00:00": 240},
        }
    ),
    "What fails": rows(
        {"kind": "silent", "device": "door-0102", "home": QUIET, "reason": "reporting_time_passed"}
    ),
    "Budget of texts today": figures(8.6),  # 43 of 500
    "Texts": figures(64),
    "What became of texts": _TEXTS,
}

HOME: dict[str, Truth] = {
    "Now": figures("quiet"),
    "Open incidents": figures(0),
    "Doors open": figures(0),
    "Silent devices": figures(0),
    "Unknown": figures(OFF_S / (DAY_S + 600) * 100),  # 145 samples of 10 minutes
    "Order ends in": figures(7 * 86400),
    "Door, seal, permit, devices": states(
        {
            "Door main · door-1203": f"closed, 02:13:07.250 open, 02:21:40 closed, {_OFF} closed",
            "Seal main · seal-1203": "applied, 02:13:05.200 broken, 02:38:00 applied, "
            f"{_OFF} applied",
            "Power main · camera-1203": f"mains, {_OFF} mains, 06:40:00 battery",
            **{f"Path main · {each}": f"online, {_OFF} online" for each in _OF_LEFT},
            "Permit": "none",
        }
    ),
    "Incidents": rows(
        {"number": "4821", "headline": "camera_entry", "acknowledged_s": 1200, "on_site_s": None}
        | {"resolved_s": 1800, "cause": "innocent", "state": "resolved", "level": 0},
        {"number": "4823", "headline": "seal_broken", "acknowledged_s": 240, "on_site_s": 900}
        | {"resolved_s": 1800, "cause": "left_home", "state": "reviewed", "level": 4}
        | {"since_ms": ms(clock("02:13:05.200")), "end_ms": ms(clock("02:43:05.200"))},
    ),
    "What was done": has(
        21,
        {"number": "4823", "to": "open", "reason": "seal_broken", "role": "system", "after_s": 0},
        {"number": "4823", "to": "acknowledged", "role": "worker", "after_s": 240},
        {"number": "4823", "to": "on_site", "role": "worker", "after_s": 900},
        {"number": "4823", "to": "resolved", "role": "worker", "after_s": 1800},
        {"number": "4823", "to": "reviewed", "role": "lead", "after_s": 18_000},
        {"number": "4821", "to": "acknowledged", "role": "doctor", "after_s": 1200},
    ),
    "Texts": has(
        33,
        {"role": "worker", "kind": "alarm", "state": "delivered", "Time": ms(clock("02:13:05.200"))}
        | {"channel": "gsm", "settled_s": 7},
        {"role": "police", "kind": "alarm", "state": "failed_permanent", "settled_s": 4},
        {"role": "lead", "kind": "taken", "state": "delivered"},
    ),
    "What devices said": rows(
        {"device": "camera-1203", "state": "mains", "Time": ms(clock("12:00:00", 20))},
        {"device": "camera-1203", "state": "entry", "Time": ms(clock("20:15:30", 20))},
        {"device": "seal-1203", "state": "broken", "Time": ms(clock("02:13:05.200"))},
        {"device": "door-1203", "state": "open", "Time": ms(clock("02:13:07.250"))},
        {"device": "camera-1203", "state": "exit", "Time": ms(clock("02:13:12"))},
        {"device": "door-1203", "state": "closed", "Time": ms(clock("02:21:40"))},
        {"device": "seal-1203", "state": "applied", "Time": ms(clock("02:38:00"))},
        {"device": "camera-1203", "state": "battery", "Time": ms(clock("06:40:00"))},
    ),
    "What was found": rows(
        {"kind": "camera_entry", "device": "camera-1203", "stands": 0, "lasted_s": 120},
        {"kind": "seal_broken", "device": "seal-1203", "stands": 0, "lasted_s": 1494.8},
        {"kind": "opened", "device": "door-1203", "reason": "opened_at_night", "lasted_s": 512.75},
        {"kind": "left_open", "device": "door-1203", "stands": 0, "lasted_s": 512.75},
        {"kind": "camera_exit", "device": "camera-1203", "stands": 0, "lasted_s": 120},
    ),
    "When nobody could say": rows(
        {"device": None, "reason": "gateway_off", "lasted_s": OFF_S, "stands": 0}
    ),
    "Silence": constant({"door-1203": 0, "seal-1203": 0, "camera-1203": 0}),
    "Battery": constant({"door-1203": 88, "seal-1203": 88, "camera-1203": 88}),
    "Radio": constant({"door-1203": -61, "seal-1203": -61, "camera-1203": -61}),
}

TEAM: dict[str, Truth] = {
    "Incidents": figures(3),
    "Time to a report-in": figures(720.0, 1200),
    "Answered in 15 min": figures(100 / 3),
    "Time to arrival": figures(900),
    "Time to the end": figures(1800),
    "Report-in times": points({"To report-in": {"20 20:15:30": 1200, "02:13:05.200": 240}}),
    "Arrival times": points({"To arrival": {"02:13:05.200": 900}}),
    "Closing times": points({"To the end": {"20 20:15:30": 1800, "02:13:05.200": 1800}}),
    "Medians by day": points(
        {
            "To report-in": {"20 00:00": 1200, "00:00": 240},
            "To arrival": {"00:00": 900},
            "To the end": {"20 00:00": 1800, "00:00": 1800},
        }
    ),
    "Answered in 15 min, by day": points({"in 15 min": {"00:00": 50}}),  # the visit: 0
    "Who works when": rows({"worker": 3}, {"doctor": 2}, {"lead": 1}),
    "Workload": points({**_WORK}),
    "Nobody within 15 minutes": rows(
        _HELP | {"acknowledged_s": None}, {"number": "4821", "acknowledged_s": 1200}
    ),
    "What became of texts": _TEXTS,
    "What texts were for": rows(
        {"kind": "alarm", "texts": 6},
        {"kind": "escalation", "texts": 47},
        {"kind": "health", "texts": 5},
        {"kind": "taken", "texts": 6},
    ),
}

DEVICES: dict[str, Truth] = {
    "Devices": figures(11),
    "Silent": figures(1),
    "Unknown": figures(1),
    "Battery low": figures(0),
    "Mains lost": figures(0),
    # 2 % a day; 36 % on the mean of the last two days
    "Days of battery left": rows(
        {"device": "door-0101", "home": WEAK, "charge": 36.0, "days_left": 18.0}
    ),
    "Weakest batteries": has(
        11, {"device": "door-0101", "home": WEAK, "charge": 34.01}, {"charge": 88}
    ),
    "Silent longest": rows(
        {"device": "door-0102", "home": QUIET, "silent_s": 5400, "owes_every_s": 1800}
    ),
    "Share silent and unknown": figures(100 / 11, 100 / 11),
    "New faults": points({"device silent": {"01:00": 1, "07:00": 1}}),
    "Weakest radio": has(11, {"device": "door-1203", "home": LEFT, "rssi_dbm": -61}),
    "Clocks that are off": rows({"device": "button-1206", "home": HELP, "clock_off_s": 120}),
}

GATEWAY: dict[str, Truth] = {
    "Well (stat)": figures(1),
    "Well (timeseries, 90d)": points({"well": dict.fromkeys(_QUARTERS[:3], 100) | {"02:00": WELL}}),
    "Broker": figures(1),
    "Clock trusted": figures(1),
    "Running for": figures(13_799),  # since 04:10:01
    "Records to apply": figures(0),
    "Budget of texts today": figures(8.6),
    "What was found": has(
        10,
        {"part": "channel gsm", "level": 0, "reason": "ready"},
        {"part": "budget", "level": 0, "reason": "within", "detail": "43/500"},
        {"part": "heartbeat", "level": 1, "reason": "no_address"},
    ),
    "What was found before": at(
        {"channel gsm": {"04:58": 0, "05:00": 2, "05:18": 2, "05:20": 0}, "broker": {"05:00": 0}}
    ),
    "Taken in": at({"messages": {"07:50": 5 / 60, "07:52": 0}, "commits": {"07:50": 0.5 / 60}}),
    "Texts waiting": figures(0, 0),
    "How far behind": constant({"alerts": 0, "influx": 12}),
    "Channels": rows(
        {"channel": "gsm", "is_up": 1, "reason": "ready", "signal_dbm": -71, "texts_today": 43}
        | {"cost_today_yuan": 2.15, "proof_age_s": 90_000}
    ),
    "Attempts": points(
        {
            "sent": {name: count for name, count in DELIVERED.items() if name != "05:00"}
            | {"05:15": 1},
            "failed": FAILED,
        }
    ),
    "Parts today": figures(43, 500),
    "Parts by day": points({"gsm": {"20 08:00": 43}}),
    "Disk free (timeseries, 90d)": points({"free": dict.fromkeys(_QUARTERS, 21 * 2**30)}),
    "Disk free (timeseries)": constant({"free": 21 * 2**30}),
    "Written to disk (timeseries, 90d)": points({"written": dict.fromkeys(_QUARTERS, 4000.0)}),
    "Written to disk (timeseries)": constant({"written": 4000.0}),
    "Database": constant({"database": 8_000_000}),
    "Memory": constant({"memory": 70_000_000}),
    "Processor": constant({"processor": 3.0}),
    "Temperature": constant({"temperature": 51}),
    "Refused, lost, not understood": points({"intake_undecodable": {"03:00": 3}}),
}

TRUTH = {
    f"{board}: {title}": truth
    for board, truths in (
        ("area", AREA),
        ("home", HOME),
        ("team", TEAM),
        ("devices", DEVICES),
        ("gateway", GATEWAY),
    )
    for title, truth in truths.items()
}
